#!/usr/bin/env bash
# Deploys IMAGE_REPOSITORY@DIGEST: a new revision that differs from PREVIOUS in this image alone,
# then one deployment of it, followed by its id to its end.
# Outputs: deployment, task_definition.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

readonly IMAGE=$IMAGE_REPOSITORY@$DIGEST
: "${DEPLOY_SECONDS:=900}"

# image_of FILE: the image of the service's container in a described task definition.
image_of() {
  jq -r "${OURS_ARGUMENTS[@]}" "$OURS"' .taskDefinition.containerDefinitions | ours[0].image' "$1"
}

# find_earlier: into `earlier`, the task definition that last ran DIGEST to the end of its deployment,
# if ECS remembers one.
find_earlier() {
  local arns
  earlier=''
  ask ecs list-service-deployments --cluster "$CLUSTER" --service "$SERVICE" --status SUCCESSFUL
  jq -r '[.serviceDeployments[]?] | sort_by(.createdAt) | reverse | .[:20][].targetServiceRevisionArn' \
    "$scratch/out" >"$scratch/arns"
  mapfile -t arns <"$scratch/arns"
  if ((${#arns[@]} > 0)); then
    ask ecs describe-service-revisions --service-revision-arns "${arns[@]}"
    earlier=$(jq -r --arg digest "$DIGEST" '
      [.serviceRevisions[] | select(any(.containerImages[]?; .imageDigest == $digest))]
      | sort_by(.createdAt) | last | .taskDefinition // empty
    ' "$scratch/out")
  fi
}

# differences OLD NEW: what else than the image differs between two described task definitions.
differences() {
  jq -r --slurp "${OURS_ARGUMENTS[@]}" "$OURS"'
    def settings: .taskDefinition as $t
      | ($t.containerDefinitions | ours[0]) as $c
      | [$c.environment[]? | {key: "variable \(.name)", value: .value}]
        + [$c.secrets[]? | {key: "secret \(.name)", value: .valueFrom}]
        + [{key: "cpu", value: $t.cpu}, {key: "memory", value: $t.memory}, {key: "command", value: $c.command}]
      | from_entries;
    (.[0] | settings) as $old | (.[1] | settings) as $new
    | [($old + $new | keys)[] | select($old[.] != $new[.])] | join(", ")
  ' "$1" "$2"
}

ask ecs describe-task-definition --task-definition "$PREVIOUS" --include TAGS
keep previous

target=''
if [[ $(image_of "$scratch/previous") == "$IMAGE" ]]; then
  target=$PREVIOUS
elif [[ ${RETURN:-} == true ]]; then
  find_earlier
  if [[ -n $earlier ]]; then
    ask ecs describe-task-definition --task-definition "$earlier" --include TAGS
    if [[ $(jq -r '.taskDefinition.status' "$scratch/out") == ACTIVE && $(image_of "$scratch/out") == "$IMAGE" ]]; then
      target=$earlier
      keep earlier
      changed=$(differences "$scratch/previous" "$scratch/earlier")
      printf '%s\n' "$(revision "$target") ran this image before and is used again; it differs from $(revision "$PREVIOUS") in: ${changed:-nothing else}"
    fi
  fi
  if [[ -z $target ]]; then
    warn "no revision that ran this image before can be used: its environment will be that of $(revision "$PREVIOUS")"
  fi
fi

if [[ -z $target ]]; then
  jq --arg container "$CONTAINER" --arg image "$IMAGE" '
    [.tags[]? | select(.key | startswith("aws:") | not)] as $tags
    | .taskDefinition
    | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities,
          .registeredAt, .registeredBy, .deregisteredAt, .deleteRequestedAt)
    | .containerDefinitions |= map(if .name == $container then .image = $image else . end)
    | if ($tags | length) > 0 then .tags = $tags else . end
  ' "$scratch/previous" >"$scratch/request.json"
  # Done twice, when an answer is lost, it leaves an unused revision behind and nothing else.
  ask ecs register-task-definition --cli-input-json "file://$scratch/request.json"
  target=$(jq -r '.taskDefinition.taskDefinitionArn' "$scratch/out")
fi
output task_definition "$target"
printf '%s\n' "deploying $(revision "$target"): $IMAGE"

# known_deployment: whether ECS has, or had since SINCE, a deployment of the target.
known_deployment() {
  ask ecs list-service-deployments --cluster "$CLUSTER" --service "$SERVICE" --created-at "after=$since"
  jq -r '[.serviceDeployments[]?.targetServiceRevisionArn | values] | unique[:20][]' "$scratch/out" >"$scratch/arns"
  mapfile -t arns <"$scratch/arns"
  if ((${#arns[@]} == 0)); then
    return 1
  fi
  ask ecs describe-service-revisions --service-revision-arns "${arns[@]}"
  jq -e --arg target "$target" 'any(.serviceRevisions[]; .taskDefinition == $target)' "$scratch/out" >/dev/null
}

# start: asks ECS for the deployment, once. Where the answer is lost, the request may not be: it is
# looked for, and repeated only where ECS knows nothing of it.
start() {
  local until=$((SECONDS + 240)) status
  while :; do
    status=0
    aws_once ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$target" || status=$?
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
      fail "ECS started the deployment of $(revision "$target") and has already ended it"
    fi
    if ((SECONDS > until)); then
      fail "ECS did not take the deployment of $(revision "$target")"
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
  local group
  printf '%s\n' '--- why'
  if aws_call ecs list-service-deployments --cluster "$CLUSTER" --service "$SERVICE" --created-at "after=$since"; then
    jq -r '.serviceDeployments[]? | "deployment \(.status): \(.statusReason // "no reason given")"' "$scratch/out"
  fi
  jq -r '(.service // .services[0]).events[:5][]? | "event: \(.message)"' "$scratch/service"
  if (read_tasks STOPPED >/dev/null); then
    jq -r '.tasks[] |
      "stopped task \(.taskArn | split("/") | last): \(.stoppedReason // .stopCode // "no reason given")"
      + ([.containers[]? | " · \(.name) exit code \(.exitCode // "none") \(.reason // "")"] | join(""))
    ' "$scratch/tasks" | head -n 5
  fi
  jq -r '(.service // .services[0]).loadBalancers[]?.targetGroupArn // empty' "$scratch/service" >"$scratch/groups"
  while read -r group; do
    if aws_call elbv2 describe-target-health --target-group-arn "$group"; then
      jq -r '.TargetHealthDescriptions[]? | "target \(.Target.Id): \(.TargetHealth.State) \(.TargetHealth.Reason // "") \(.TargetHealth.Description // "")"' "$scratch/out"
    fi
  done <"$scratch/groups"
  jq -r '
    .taskDefinition.containerDefinitions[] | select(.logConfiguration.logDriver? == "awslogs")
    | "logs of \(.name): aws logs tail \(.logConfiguration.options["awslogs-group"]) --since 30m"
  ' "$scratch/previous"
}

read_service
# A minute's difference between two clocks must not hide the deployment from us.
since=$((EPOCHSECONDS - 60))
if [[ ${found[revision]} == "$target" && ${found[primary_revision]} == "$target" ]]; then
  printf '%s\n' "$(revision "$target") is what the service already asks for"
else
  start
fi
deployment=${found[primary]}
if [[ ${found[primary_revision]} != "$target" || -z $deployment ]]; then
  fail "another deployment took over at once: $(revision "${found[primary_revision]}")"
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
      fail "deployment $deployment completed, but $(revision "${found[primary_revision]}") took over"
      ;;
    FAILED)
      explain
      fail "deployment $deployment failed: ${found[own_reason]:-ECS gives no reason}"
      ;;
    GONE)
      explain
      fail "deployment $deployment is gone: ECS rolled it back, or another took its place; the service now asks for $(revision "${found[revision]}")"
      ;;
  esac
  if [[ ${found[primary]} != "$deployment" ]]; then
    explain
    fail "deployment $deployment was overtaken: the service now asks for $(revision "${found[primary_revision]}")"
  fi
  if ((SECONDS >= until)); then
    explain
    fail "deployment $deployment did not complete within $DEPLOY_SECONDS s"
  fi
  pause 10
  read_service
done
