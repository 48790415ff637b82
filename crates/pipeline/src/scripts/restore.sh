#!/usr/bin/env bash
# Puts PREVIOUS back after a deployment that did not prove itself. Always ends red; the last line
# says what serves. GitHub gives a cancelled job five minutes: the update comes first, and watching
# ends after four.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

until=$((SECONDS + ${RESTORE_SECONDS:-240}))
CALL_SECONDS=120
printf '%s\n' "restoring ${PREVIOUS##*/}"

# The same revision twice is one deployment, so this may be repeated.
update() {
  if ! aws_call ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$PREVIOUS" --query status; then
    error "aws ecs update-service: $(why)"
    return 1
  fi
}

look() {
  if ! describe_service; then
    error "aws ecs describe-services: $(why)"
    return 1
  fi
  service_facts
}

# settled: every task that should run does, and from PREVIOUS.
settled() {
  local task status revision
  read_tasks
  for task in "${tasks[@]}"; do
    IFS=$'\t' read -r status _ revision _ <<<"$task"
    if [[ $status != RUNNING || $revision != "$PREVIOUS" ]]; then
      return 1
    fi
  done
  ((${#tasks[@]} >= found[desired]))
}

restored=false
if update; then
  while ((SECONDS < until)); do
    CALL_SECONDS=$((until - SECONDS))
    look || break
    if [[ ${found[primary_revision]} != "$PREVIOUS" ]]; then
      # A request that was still on its way when the deployment was cancelled may land after ours.
      update || break
    elif [[ ${found[rollout]} == COMPLETED ]] && ((found[deployments] == 1)) && (settled); then
      restored=true
      break
    fi
    printf '%s\n' "${found[primary_revision]##*/} ${found[rollout]} with ${found[running]} of ${found[desired]} tasks"
    pause 10
  done
fi

if [[ $restored == true ]]; then
  printf '%s\n' "restored: ${PREVIOUS##*/} serves again"
else
  warn "restore started, unconfirmed: $SERVICE was told to go back to ${PREVIOUS##*/} and has not been seen to"
fi
CALL_SECONDS=20
say_what_serves
exit 1
