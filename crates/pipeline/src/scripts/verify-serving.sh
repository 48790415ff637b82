#!/usr/bin/env bash
# Succeeds once the service runs DIGEST and nothing else, from DEPLOYMENT, in the very same tasks for
# STABLE_SECONDS; for twice as long once one of them was replaced, since the next may die as it did.
# TASKS, where given, were seen to do so before.
# Outputs: tasks.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

: "${STABLE_SECONDS:=90}" "${SERVING_SECONDS:=300}"

until=$((SECONDS + SERVING_SECONDS))
seen=${TASKS:-}
since=$SECONDS
stable=$STABLE_SECONDS
steady=false
if [[ -n $seen ]]; then
  since=$((SECONDS - STABLE_SECONDS))
fi

# look: `state` says what is not as it should be, if anything; `now` are the tasks.
look() {
  local task status image arn
  state=''
  now=''
  for task in "${tasks[@]}"; do
    IFS=$'\t' read -r status image _ arn <<<"$task"
    if [[ $status != RUNNING ]]; then
      state="task ${arn##*/} is $status"
    elif [[ $image != "$DIGEST" ]]; then
      state="task ${arn##*/} runs $image"
    fi
    now+="${now:+ }${arn##*/}"
  done
  if [[ ${found[rollout]} != COMPLETED ]]; then
    state="deployment $DEPLOYMENT is ${found[rollout]}"
  elif ((found[deployments] > 1)); then
    state='an older deployment still has tasks'
  elif ((${#tasks[@]} < found[desired])); then
    state="${#tasks[@]} of ${found[desired]} tasks run"
  fi
}

while :; do
  read_service
  if ((found[desired] == 0)); then
    fail "service $SERVICE is scaled to zero: nothing serves"
  fi
  if [[ ${found[primary]} != "$DEPLOYMENT" ]]; then
    fail "deployment $DEPLOYMENT was overtaken or rolled back: the service now asks for ${found[primary_revision]##*/}"
  fi
  read_tasks
  look
  if [[ -n $state || $now != "$seen" ]]; then
    if [[ $steady == true ]]; then
      stable=$((2 * STABLE_SECONDS))
    fi
    since=$SECONDS
    seen=$now
  fi
  steady=false
  if [[ -z $state ]]; then
    steady=true
  fi
  left=$((since + stable - SECONDS))
  if [[ -z $state ]] && ((left <= 0)); then
    printf '%s\n' "${#tasks[@]} of ${found[desired]} tasks run $DIGEST, the same ones for at least $stable s"
    output tasks "$now"
    exit 0
  fi
  printf '%s\n' "${state:-all tasks run $DIGEST, for $((SECONDS - since)) s}"
  if ((SECONDS >= until)); then
    fail "no $stable s without change within $SERVING_SECONDS s: ${state:-tasks come and go}"
  fi
  # A task that ends leaves another name behind, so that nothing is missed in between.
  if [[ -z $state ]]; then
    pause $((left < 30 ? left : 30))
  else
    pause 10
  fi
done
