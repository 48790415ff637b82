# shellcheck shell=bash
# Sourced by the scripts that need the revision to be deployed: one that differs from PREVIOUS in the
# image alone, IMAGE_REPOSITORY@DIGEST.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

readonly IMAGE=$IMAGE_REPOSITORY@$DIGEST

# find_earlier: into `earlier`, the task definition that last ran DIGEST to the end of its deployment,
# if ECS remembers one.
find_earlier() {
  local arns
  earlier=''
  ask ecs list-service-deployments --cluster "$CLUSTER" --service "$SERVICE" --status SUCCESSFUL \
    --query 'reverse(sort_by(serviceDeployments[?targetServiceRevisionArn], &createdAt))[].[targetServiceRevisionArn]'
  mapfile -t -n 20 arns <"$scratch.out"
  if ((${#arns[@]} > 0)); then
    ask ecs describe-service-revisions --service-revision-arns "${arns[@]}" \
      --query "sort_by(serviceRevisions[?containerImages[?imageDigest == '$DIGEST']], &createdAt)[-1].taskDefinition"
    earlier=$(<"$scratch.out")
    earlier=${earlier/#None/}
  fi
}

# compare: of two described task definitions, whether the newer is usable, its image, and what else
# than the image differs.
compare() {
  jq -r --slurp --arg container "$CONTAINER" '
    def ours: .containerDefinitions[] | select(.name == $container);
    def settings: . as $t | ours
      | [.environment[]? | {key: "variable \(.name)", value: .value}]
        + [.secrets[]? | {key: "secret \(.name)", value: .valueFrom}]
        + [{key: "cpu", value: $t.cpu}, {key: "memory", value: $t.memory}, {key: "command", value: .command}]
      | from_entries;
    (.[1].taskDefinition | .status, (ours | .image)),
    ((.[0].taskDefinition | settings) as $old | (.[1].taskDefinition | settings) as $new
      | [($old + $new | keys)[] | select($old[.] != $new[.])] | join(", "))
  ' "$1" "$2"
}

# read_previous: of PREVIOUS, into `serves` the image that it runs, into `request` what asks for a
# revision that differs in this alone.
read_previous() {
  local lines
  ask ecs describe-task-definition --task-definition "$PREVIOUS" --include TAGS --output json
  mapfile -t lines <"$scratch.out"
  printf '%s\n' "${lines[@]}" >"$scratch.previous"
  # The image that it runs, and below it the request for a revision that differs in this alone.
  jq -cr --arg container "$CONTAINER" --arg image "$IMAGE" '
    [.tags[]? | select(.key | startswith("aws:") | not)] as $tags
    | .taskDefinition
    | first(.containerDefinitions[] | select(.name == $container) | .image),
      (del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities,
          .registeredAt, .registeredBy, .deregisteredAt, .deleteRequestedAt)
      | .containerDefinitions |= map(if .name == $container then .image = $image else . end)
      | if ($tags | length) > 0 then .tags = $tags else . end)
  ' "$scratch.previous" >"$scratch.request"
  {
    read -r serves
    read -r request
  } <"$scratch.request"
}

# find_revision: into `target`, the revision to deploy, made where there is none.
find_revision() {
  local lines
  target=''
  if [[ $serves == "$IMAGE" ]]; then
    target=$PREVIOUS
  elif [[ ${RETURN:-} == true ]]; then
    find_earlier
    if [[ -n $earlier ]]; then
      ask ecs describe-task-definition --task-definition "$earlier" --include TAGS --output json
      compare "$scratch.previous" "$scratch.out" >"$scratch.comparison"
      mapfile -t lines <"$scratch.comparison"
      if [[ ${lines[0]} == ACTIVE && ${lines[1]} == "$IMAGE" ]]; then
        target=$earlier
        printf '%s\n' "${target##*/} ran this image before and is used again; it differs from ${PREVIOUS##*/} in: ${lines[2]:-nothing else}"
      fi
    fi
    if [[ -z $target ]]; then
      warn "no revision that ran this image before can be used: its environment will be that of ${PREVIOUS##*/}"
    fi
  fi

  if [[ -z $target ]]; then
    printf '%s\n' "$request" >"$scratch.json"
    # Done twice, when an answer is lost, it leaves an unused revision behind and nothing else.
    ask ecs register-task-definition --cli-input-json "file://$scratch.json" --query taskDefinition.taskDefinitionArn
    target=$(<"$scratch.out")
  fi
}

# where_logs_are: for people who look for more than ECS says.
where_logs_are() {
  jq -r '
    .taskDefinition.containerDefinitions[] | select(.logConfiguration.logDriver? == "awslogs")
    | "logs of \(.name): aws logs tail \(.logConfiguration.options["awslogs-group"]) --since 30m"
  ' "$scratch.previous"
}
