#!/usr/bin/env bash
# Asks BASE_URL for each of SMOKE_PATHS, three rounds in a row, as a user would. SMOKE_TEST_HEADER,
# where set, is sent and never shown.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

: "${SMOKE_SECONDS:=150}"

if [[ $BASE_URL != https://* ]]; then
  fail "the smoke test has no https URL to ask: \"$BASE_URL\""
fi
read -r -a paths <<<"$SMOKE_PATHS"
options=(--silent --max-time 10 --write-out '%{exitcode} %{http_code} %{errormsg}\n')
if [[ -n ${SMOKE_TEST_HEADER:-} ]]; then
  options+=(--header @-)
fi
for path in "${paths[@]}"; do
  options+=(--output /dev/null "${BASE_URL%/}$path")
done

# request: all paths, a line about each. The header comes through standard input, because arguments
# can be seen by every process. Each attempt has a process of its own, which this becomes.
request() {
  exec curl "${options[@]}" <<<"${SMOKE_TEST_HEADER:-}"
}

# round: 0 if each path answers 2xx; else `problem` says what went wrong.
round() {
  local path failed code complaint answers
  attempt request || true
  mapfile -t answers <"$scratch.out"
  for path in "${paths[@]}"; do
    read -r failed code complaint <<<"${answers[0]:-1}"
    answers=("${answers[@]:1}")
    if [[ $failed != 0 ]]; then
      problem="$path: ${complaint:-$(why)}"
      return 1
    fi
    if [[ $code != 2?? ]]; then
      problem="$path answers $code"
      return 1
    fi
  done
}

until=$((SECONDS + SMOKE_SECONDS))
good=0
while ((good < 3)); do
  if round; then
    good=$((good + 1))
    printf '%s\n' "round $good: ${paths[*]} answer well"
  else
    good=0
    printf '%s\n' "$problem"
    if ((SECONDS >= until)); then
      fail "smoke test of $BASE_URL failed: $problem"
    fi
  fi
  if ((good < 3)); then
    pause 5
  fi
done
