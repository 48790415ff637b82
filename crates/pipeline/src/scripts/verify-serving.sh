#!/usr/bin/env bash
# Succeeds once the service runs DIGEST and nothing else, from DEPLOYMENT, in the very same tasks for
# STABLE_SECONDS. TASKS, where given, were seen to do so before.
# Outputs: tasks.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

: "${STABLE_SECONDS:=90}" "${SERVING_SECONDS:=300}"

until=$((SECONDS + SERVING_SECONDS))
seen=${TASKS:-}
since=$SECONDS
if [[ -n $seen ]]; then
  since=$((SECONDS - STABLE_SECONDS))
fi
while :; do
  read_service
  if ((found[desired] == 0)); then
    fail "service $SERVICE is scaled to zero: nothing serves"
  fi
  if [[ ${found[primary]} != "$DEPLOYMENT" ]]; then
    fail "deployment $DEPLOYMENT was overtaken or rolled back: the service now asks for $(revision "${found[primary_revision]}")"
  fi
  read_tasks
  now=''
  count=0
  state=''
  task_digests >"$scratch/digests"
  while read -r status image task; do
    if [[ $status != RUNNING ]]; then
      state="task $task is $status"
    elif [[ $image != "$DIGEST" ]]; then
      state="task $task runs $image"
    fi
    now+=" $task"
    count=$((count + 1))
  done <"$scratch/digests"
  now=${now# }
  if [[ ${found[rollout]} != COMPLETED ]]; then
    state="deployment $DEPLOYMENT is ${found[rollout]}"
  elif ((found[deployments] > 1)); then
    state='an older deployment still has tasks'
  elif ((count < found[desired])); then
    state="$count of ${found[desired]} tasks run"
  fi
  if [[ -n $state || $now != "$seen" ]]; then
    since=$SECONDS
    seen=$now
  fi
  if [[ -z $state ]] && ((SECONDS - since >= STABLE_SECONDS)); then
    printf '%s\n' "$count of ${found[desired]} tasks run $DIGEST, the same ones for at least $STABLE_SECONDS s"
    output tasks "$now"
    exit 0
  fi
  printf '%s\n' "${state:-all tasks run $DIGEST, for $((SECONDS - since)) s}"
  if ((SECONDS >= until)); then
    fail "no $STABLE_SECONDS s without change within $SERVING_SECONDS s: ${state:-tasks come and go}"
  fi
  pause 10
done
