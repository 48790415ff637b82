# shellcheck shell=bash
# Sourced by the other scripts: calls that outlive an outage, waits that a signal can end, and
# words for people.

set -euo pipefail

# The scripts retry by themselves, because some calls must not simply be repeated.
export AWS_PAGER='' AWS_MAX_ATTEMPTS=1 AWS_DEFAULT_OUTPUT=text

# What this step's files begin with; the runner removes them when the job ends.
readonly scratch=$RUNNER_TEMP/$GITHUB_ACTION
umask 077
: >"$scratch.err"
child=''

# bash runs a trap only after the foreground command has ended, and GitHub kills a step ten seconds
# after it asked. So whatever may take time runs in the background, and a signal ends it. Only the
# step's own shell is asked: so the steps source these scripts.
stop() {
  if [[ -n $child ]]; then
    kill "$child" 2>/dev/null || true
  fi
  printf '%s\n' "stopped by $1; the steps that follow say what serves"
  exit 130
}
trap 'stop SIGINT' INT
trap 'stop SIGTERM' TERM

# pause SECONDS
pause() {
  sleep "$1" &
  child=$!
  wait "$child" || true
  child=''
}

# attempt COMMAND…: once. What it prints is in $scratch.out, its complaints in $scratch.err.
attempt() {
  local status=0
  "$@" >"$scratch.out" 2>"$scratch.err" &
  child=$!
  wait "$child" || status=$?
  child=''
  return "$status"
}

# transient STATUS: whether the attempt that ended so failed for a reason that passes.
transient() {
  local complaint
  complaint=$(<"$scratch.err")
  if [[ $complaint =~ 'An error occurred ('([A-Za-z0-9.]+)')' ]]; then
    case ${BASH_REMATCH[1]} in
      *Throttl* | *TooManyRequests* | RequestLimitExceeded | *SlowDown*) return 0 ;;
      *ServerException | *ServerError | Internal* | *ServiceUnavailable* | RequestTimeout*) return 0 ;;
      5[0-9][0-9] | 429) return 0 ;;
      *) return 1 ;;
    esac
  fi
  if [[ $complaint =~ '(HTTP '([0-9]+)')' ]]; then
    case ${BASH_REMATCH[1]} in
      5?? | 429) return 0 ;;
      403) [[ $complaint == *'rate limit'* ]] && return 0 || return 1 ;;
      *) return 1 ;;
    esac
  fi
  # No answer at all. 126 and 127: no such command; 252 and 253: wrong options, no credentials.
  case $1 in
    126 | 127 | 252 | 253) return 1 ;;
    *) return 0 ;;
  esac
}

# call COMMAND…: attempts until one succeeds, for at most CALL_SECONDS. Only for what may happen twice.
call() {
  local until=$((SECONDS + ${CALL_SECONDS:-150})) delay=2 status
  while :; do
    status=0
    attempt "$@" || status=$?
    if ((status == 0)); then
      return 0
    fi
    if ! transient "$status" || ((SECONDS + delay > until)); then
      return "$status"
    fi
    printf '%s\n' "$(why); trying again in $delay s" >&2
    pause "$delay"
    delay=$((delay < 16 ? delay * 2 : 16))
  done
}

# why: the last attempt's complaint, in one line.
why() {
  local text
  text=$(<"$scratch.err")
  text=${text//$'\r'/}
  text=${text#"${text%%[!$'\n']*}"}
  text=${text//$'\n'/ }
  printf '%s' "${text:-no answer}"
}

# complained CODE: whether the last attempt was refused with this error of AWS.
complained() {
  [[ $(<"$scratch.err") == *"An error occurred ($1)"* ]]
}

aws_once() {
  attempt aws "$@" --cli-connect-timeout 5 --cli-read-timeout 20
}

aws_call() {
  call aws "$@" --cli-connect-timeout 5 --cli-read-timeout 20
}

# ask SERVICE OPERATION …: an AWS call that must succeed. What `--query` picks is in $scratch.out as
# text: the items of a list side by side with tabs between them, those of a list of lists each on a
# line, and `None` for what is not there.
ask() {
  aws_call "$@" || fail "aws $1 $2: $(why)"
}

# ask_github PATH FILTER: the same for GitHub; what jq's FILTER picks, each on a line.
ask_github() {
  call gh api --method GET "$1" --jq "$2" || fail "GitHub, $1: $(why)"
}

# error TEXT: where people look first.
error() {
  local text=${1//'%'/'%25'}
  printf '::error::%s\n' "${text//$'\n'/'%0A'}"
}

# fail TEXT: ends the step, red.
fail() {
  error "$1"
  exit 1
}

warn() {
  local text=${1//'%'/'%25'}
  printf '::warning::%s\n' "${text//$'\n'/'%0A'}"
}

# output NAME VALUE
output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# summary LINE…
summary() {
  printf '%s\n' "$@" >>"$GITHUB_STEP_SUMMARY"
}
