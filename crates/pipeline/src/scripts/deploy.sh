#!/usr/bin/env bash
# Deploys IMAGE_REPOSITORY@DIGEST: a new revision that differs from PREVIOUS in this image alone, or
# TARGET where that is given, then one deployment of it, followed by its id to its end.
# Outputs: deployment, task_definition.

# shellcheck source-path=SCRIPTDIR source=revision.sh
source "${BASH_SOURCE[0]%/*}/revision.sh"

: "${DEPLOY_SECONDS:=900}"

read_previous
target=${TARGET:-}
if [[ -z $target ]]; then
  find_revision
fi
output task_definition "$target"
printf '%s\n' "deploying ${target##*/}: $IMAGE"

# known_deployment: whether ECS has, or had since SINCE, a deployment of the target.
known_deployment() {
  local arn arns=()
  ask ecs list-service-deployments --cluster "$CLUSTER" --service "$SERVICE" --created-at "after=$since" \
    --query 'serviceDeployments[?targetServiceRevisionArn].[targetServiceRevisionArn]'
  while read -r arn; do
    if [[ " ${arns[*]} " != *" $arn "* ]]; then
      arns+=("$arn")
    fi
  done <"$scratch.out"
  if ((${#arns[@]} == 0)); then
    return 1
  fi
  ask ecs describe-service-revisions --service-revision-arns "${arns[@]:0:20}" \
    --query "serviceRevisions[?taskDefinition == '$target'].[taskDefinition]"
  [[ -s $scratch.out ]]
}

# start: asks ECS for the deployment, once. Where the answer is lost, the request may not be: it is
# looked for, and repeated only where ECS knows nothing of it.
start() {
  local until=$((SECONDS + 240)) status
  while :; do
    status=0
    aws_once ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$target" --query "$FACTS" || status=$?
    if ((status == 0)); then
      service_facts
      return
    fi
    if ! transient "$status"; then
      fail "aws ecs update-service: $(why)"
    fi
    printf '%s\n' "$(why); looking whether the deployment exists"
    pause 5
    read_service
    if [[ ${found[primary_revision]} == "$target" ]]; then
      return
    fi
    if known_deployment; then
      explain
      fail "ECS started the deployment of ${target##*/} and has already ended it"
    fi
    if ((SECONDS > until)); then
      fail "ECS did not take the deployment of ${target##*/}"
    fi
  done
}

# explain: on one screen, why the deployment failed. Each part is left out if AWS does not answer.
explain() {
  explanation &
  child=$!
  wait "$child" || true
  child=''
}

explanation() {
  set +e
  export CALL_SECONDS=0
  local kind text arn arns groups=()
  printf '%s\n' '--- why'
  if aws_call ecs list-service-deployments --cluster "$CLUSTER" --service "$SERVICE" --created-at "after=$since" \
    --query "serviceDeployments[].[status, statusReason || 'no reason given']"; then
    while IFS=$'\t' read -r kind text; do
      printf '%s\n' "deployment $kind: $text"
    done <"$scratch.out"
  fi
  if aws_call ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" \
    --query "services[0].[events[:5].['event', message], loadBalancers[?targetGroupArn].['group', targetGroupArn]]"; then
    while IFS=$'\t' read -r kind text; do
      case $kind in
        event) printf '%s\n' "event: $text" ;;
        group) groups+=("$text") ;;
      esac
    done <"$scratch.out"
  fi
  if aws_call ecs list-tasks --cluster "$CLUSTER" --service-name "$SERVICE" --desired-status STOPPED --query 'taskArns[].[@]'; then
    mapfile -t -n 5 arns <"$scratch.out"
    if ((${#arns[@]} > 0)) && aws_call ecs describe-tasks --cluster "$CLUSTER" --tasks "${arns[@]}" \
      --query "tasks[].[taskArn, stoppedReason || stopCode || 'no reason given', join('', containers[].join('', [
        '; ', name, ' exit code ', to_string(not_null(exitCode, 'none')), ' ', reason || '']))]"; then
      while IFS=$'\t' read -r arn text; do
        printf '%s\n' "stopped task ${arn##*/}: ${text/$'\t'/}"
      done <"$scratch.out"
    fi
  fi
  for arn in "${groups[@]}"; do
    if aws_call elbv2 describe-target-health --target-group-arn "$arn" --query "TargetHealthDescriptions[].[
      join('', [Target.Id, ': ', TargetHealth.State, ' ', TargetHealth.Reason || '', ' ', TargetHealth.Description || ''])]"; then
      while read -r text; do
        printf '%s\n' "target $text"
      done <"$scratch.out"
    fi
  done
  where_logs_are
}

read_service
# A minute's difference between two clocks must not hide the deployment from us.
since=$((EPOCHSECONDS - 60))
if [[ ${found[revision]} == "$target" && ${found[primary_revision]} == "$target" ]]; then
  printf '%s\n' "${target##*/} is what the service already asks for"
else
  start
fi
deployment=${found[primary]}
if [[ ${found[primary_revision]} != "$target" || -z $deployment ]]; then
  fail "another deployment took over at once: ${found[primary_revision]##*/}"
fi
output deployment "$deployment"
service_facts

until=$((SECONDS + DEPLOY_SECONDS))
while :; do
  printf '%s\n' "$deployment ${found[own_state]}: ${found[own_running]} of ${found[desired]} run, ${found[own_pending]} pending, ${found[own_failed]} failed"
  case ${found[own_state]} in
    COMPLETED)
      if [[ ${found[primary]} == "$deployment" ]]; then
        exit 0
      fi
      fail "deployment $deployment completed, but ${found[primary_revision]##*/} took over"
      ;;
    FAILED)
      explain
      fail "deployment $deployment failed: ${found[own_reason]:-ECS gives no reason}"
      ;;
    GONE)
      explain
      fail "deployment $deployment is gone: ECS rolled it back, or another took its place; the service now asks for ${found[revision]##*/}"
      ;;
  esac
  if [[ ${found[primary]} != "$deployment" ]]; then
    explain
    fail "deployment $deployment was overtaken: the service now asks for ${found[primary_revision]##*/}"
  fi
  if ((SECONDS >= until)); then
    explain
    fail "deployment $deployment did not complete within $DEPLOY_SECONDS s"
  fi
  pause 15
  read_service
done
