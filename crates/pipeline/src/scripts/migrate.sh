#!/usr/bin/env bash
# Runs COMMAND in a task of its own, from the revision that will be deployed, and ends red unless it
# ends well: nothing else is touched before. Never two at once: what an earlier run left behind is
# waited for. A return to what was served before migrates nothing.
# Outputs: task_definition.

# shellcheck source-path=SCRIPTDIR source=revision.sh
source "${BASH_SOURCE[0]%/*}/revision.sh"

: "${MIGRATE_SECONDS:=600}"

if [[ ${RETURN:-} == true ]]; then
  printf '%s\n' "$DIGEST was served before: nothing is migrated, and no migration is undone"
  exit 0
fi

readonly OWNER=migrate-${SERVICE:0:100}
until=$((SECONDS + MIGRATE_SECONDS))

# follow ARN: until the task has stopped; into `exit_code` and `reason`, how.
follow() {
  local status
  while :; do
    ask ecs describe-tasks --cluster "$CLUSTER" --tasks "$1" --query "tasks[0].[
      lastStatus, (containers | $OURS | [0].exitCode), join(' ', [
        stoppedReason || '', (containers | $OURS | [0].reason) || ''])]"
    IFS=$'\t' read -r status exit_code reason <"$scratch.out"
    if [[ $status == STOPPED ]]; then
      return
    fi
    printf '%s\n' "task ${1##*/} is $status"
    if ((SECONDS >= until)); then
      fail "the migration ${1##*/} has not ended within $MIGRATE_SECONDS s. It goes on, nothing else was changed, and the next deployment waits for it."
    fi
    pause 10
  done
}

ask ecs list-tasks --cluster "$CLUSTER" --started-by "$OWNER" --desired-status RUNNING --query 'taskArns[].[@]'
mapfile -t earlier <"$scratch.out"
for arn in "${earlier[@]}"; do
  warn "the migration ${arn##*/} of an earlier run is still at work and comes first"
  follow "$arn"
done

read_previous
find_revision
output task_definition "$target"

ask ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" --query 'services[0].networkConfiguration' --output json
mapfile -t lines <"$scratch.out"
printf '%s\n' "${lines[@]}" >"$scratch.network"
overrides=$(jq -cn --arg container "$CONTAINER" --arg command "$COMMAND" \
  '{containerOverrides: [{name: $container, command: ($command | split(" "))}]}')
# With the same token it is the same task, also where an answer was lost.
ask ecs run-task --cluster "$CLUSTER" --task-definition "$target" --launch-type FARGATE --count 1 \
  --network-configuration "file://$scratch.network" --overrides "$overrides" --started-by "$OWNER" \
  --client-token "$ENVIRONMENT-$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT" --query '[tasks[0].taskArn, failures[0].reason]'
IFS=$'\t' read -r task reason <"$scratch.out"
if [[ $task == None ]]; then
  fail "ECS did not start the migration: $reason"
fi
printf '%s\n' "migrating with ${target##*/}: $COMMAND (task ${task##*/})"
follow "$task"
if [[ $exit_code != 0 ]]; then
  where_logs_are
  fail "the migration failed, exit code ${exit_code/#None/none} (${reason:-ECS gives no reason}). Nothing else was changed."
fi
printf '%s\n' "the migration ended well"
