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
options=(--silent --show-error --max-time 10 --output "$scratch/body" --write-out '%{http_code}')
if [[ -n ${SMOKE_TEST_HEADER:-} ]]; then
  (umask 077 && printf '%s\n' "$SMOKE_TEST_HEADER" >"$scratch/header")
  options+=(--header "@$scratch/header")
fi

# round: 0 if each path answers 2xx; else `problem` says what went wrong.
round() {
  local path status
  for path in "${paths[@]}"; do
    status=0
    attempt curl "${options[@]}" "${BASE_URL%/}$path" || status=$?
    code=$(<"$scratch/out")
    if ((status != 0)); then
      problem="$path: $(why)"
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
