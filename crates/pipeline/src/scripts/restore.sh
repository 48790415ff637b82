#!/usr/bin/env bash
# Puts PREVIOUS back after a deployment that did not prove itself. Always ends red; the last line
# says what serves. GitHub gives a cancelled job five minutes: the update comes first, and watching
# ends after four.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

until=$((SECONDS + ${RESTORE_SECONDS:-240}))
CALL_SECONDS=120
printf '%s\n' "restoring $(revision "$PREVIOUS")"

# The same revision twice is one deployment, so this may be repeated.
update() {
  ask ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$PREVIOUS"
  service_facts
}

# settled: every task that should run does, and from PREVIOUS.
settled() {
  if [[ ${found[primary_revision]} != "$PREVIOUS" || ${found[rollout]} != COMPLETED ]] || ((found[deployments] > 1)); then
    return 1
  fi
  read_tasks
  jq -e --slurp --arg previous "$PREVIOUS" --argjson wanted "${found[desired]}" '
    [.[].tasks[]] | length >= $wanted and all(.[]; .lastStatus == "RUNNING" and .taskDefinitionArn == $previous)
  ' "$scratch/tasks" >/dev/null
}

restored=false
if (update); then
  while ((SECONDS < until)); do
    CALL_SECONDS=$((until - SECONDS))
    (read_service) || break
    service_facts
    if [[ ${found[primary_revision]} != "$PREVIOUS" ]]; then
      # A request that was still on its way when the deployment was cancelled may land after ours.
      (update) || break
    elif (settled); then
      restored=true
      break
    fi
    printf '%s\n' "$(revision "${found[primary_revision]}") ${found[rollout]} with ${found[running]} of ${found[desired]} tasks"
    pause 10
  done
fi

if [[ $restored == true ]]; then
  printf '%s\n' "restored: $(revision "$PREVIOUS") serves again"
else
  warn "restore started, unconfirmed: $SERVICE was told to go back to $(revision "$PREVIOUS") and has not been seen to"
fi
CALL_SECONDS=20
say_what_serves
exit 1
