#!/usr/bin/env bash
# Writes down which revision to go back to, before anything is touched.
# Outputs: task_definition, container.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

if [[ -n ${BASE_URL+set} && $BASE_URL != https://* ]]; then
  fail "the smoke test has no https URL to ask: set the variable $BASE_URL_VARIABLE (it is \"$BASE_URL\")"
fi

read_service
if [[ ${found[status]} != ACTIVE ]]; then
  fail "service $SERVICE in cluster $CLUSTER is ${found[status]}"
fi
if ((found[desired] == 0)); then
  fail "service $SERVICE is scaled to zero: nothing would serve what is deployed; scale it up first"
fi

if [[ ${found[rollout]} != COMPLETED ]]; then
  warn "an unfinished deployment is in the way: ${found[primary]} of ${found[primary_revision]##*/} is ${found[rollout]}"
fi

# What was last seen to work, which in the middle of a deployment is not what the service names.
previous=${found[settled_revision]:-${found[revision]}}
if [[ -z ${found[settled_revision]} ]]; then
  warn "no revision of $SERVICE ever completed its deployment: there may be nothing good to go back to"
fi

if [[ -n ${EXPECTED_REVISION:-} && ${found[revision]} != "$EXPECTED_REVISION" ]]; then
  fail "since this deployment was requested the service moved from ${EXPECTED_REVISION##*/} to ${found[revision]##*/}: what the reviewer saw is no longer true. Dispatch again."
fi

ask ecs describe-task-definition --task-definition "$previous" --query "taskDefinition.containerDefinitions | $OURS | [].[name]"
mapfile -t names <"$scratch.out"
if ((${#names[@]} != 1)); then
  fail "which container of ${previous##*/} runs $IMAGE_REPOSITORY? Candidates: ${names[*]:-none}. Name the container in the deployment rules."
fi

printf '%s\n' "before this deployment: ${previous##*/}, container ${names[0]}, ${found[running]} of ${found[desired]} tasks run"
output task_definition "$previous"
output container "${names[0]}"
