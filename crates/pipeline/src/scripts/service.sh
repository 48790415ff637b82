# shellcheck shell=bash
# Sourced by the scripts that look at the service SERVICE of CLUSTER. Its container is CONTAINER
# where that is set, else the one whose image comes from IMAGE_REPOSITORY, else the only one.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

# They become part of queries, where a quote would end them.
if [[ ! ${CONTAINER:-}$IMAGE_REPOSITORY =~ ^[A-Za-z0-9._:/-]+$ ]]; then
  fail "not a container's or a repository's name: \"${CONTAINER:-}\", \"$IMAGE_REPOSITORY\""
fi

# For `aws --query`, of a list of containers: the one that is deployed.
if [[ -n ${CONTAINER:-} ]]; then
  readonly OURS="[?name == '$CONTAINER']"
else
  readonly OURS="([?starts_with(image || '', '$IMAGE_REPOSITORY:') || starts_with(image || '', '$IMAGE_REPOSITORY@')] || @)"
fi

# Of a service in a description or in the answer to an update: a line about it, and one about each
# of its deployments.
readonly FACTS="(service || services[0]).[
  [status, taskDefinition, desiredCount, runningCount,
   deploymentController.type || 'ECS', deploymentConfiguration.strategy || 'ROLLING',
   deploymentConfiguration.deploymentCircuitBreaker | enable && rollback],
  deployments[].[id, status, taskDefinition, rolloutState || 'UNKNOWN',
   runningCount, pendingCount, failedTasks || '0', rolloutStateReason || '']
]"

# Of tasks: a line each.
readonly TASKS="sort_by(tasks, &taskArn)[].[
  lastStatus, (containers | $OURS | [0].imageDigest) || 'unknown', taskDefinitionArn, taskArn
]"

declare -A found

describe_service() {
  aws_call ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" --query "$FACTS"
}

# read_service: the main facts about the service, into `found`.
read_service() {
  describe_service || fail "aws ecs describe-services: $(why)"
  service_facts
  if [[ ${found[status]} == None ]]; then
    fail "there is no service $SERVICE in cluster $CLUSTER"
  fi
}

# service_facts: the same from the last answer, of a description or of an update. `settled_revision`
# is the task definition that last completed its deployment, of those that still have one. What is
# called `own_…` is about `deployment`, where that is set.
service_facts() {
  local id status revision rollout running pending failed reason
  found=(
    [primary]='' [primary_revision]='' [rollout]=UNKNOWN [settled_revision]='' [deployments]=0
    [own_state]=GONE [own_running]=0 [own_pending]=0 [own_failed]=0 [own_reason]=''
  )
  {
    IFS=$'\t' read -r "found[status]" "found[revision]" "found[desired]" "found[running]" \
      "found[controller]" "found[strategy]" "found[breaker]"
    while IFS=$'\t' read -r id status revision rollout running pending failed reason; do
      found[deployments]=$((found[deployments] + 1))
      if [[ $status == PRIMARY ]]; then
        found[primary]=$id
        found[primary_revision]=$revision
        found[rollout]=$rollout
      fi
      if [[ $rollout == COMPLETED && ($status == PRIMARY || -z ${found[settled_revision]}) ]]; then
        found[settled_revision]=$revision
      fi
      if [[ $id == "${deployment:-}" ]]; then
        found[own_state]=$rollout
        found[own_running]=$running
        found[own_pending]=$pending
        found[own_failed]=$failed
        found[own_reason]=$reason
      fi
    done
  } <"$scratch.out"
}

# read_tasks: into `tasks`, what ECS says of each task that is meant to run: its status, the digest
# of its image, its task definition and its ARN, with tabs between them.
read_tasks() {
  local arns first some
  ask ecs list-tasks --cluster "$CLUSTER" --service-name "$SERVICE" --desired-status RUNNING --query 'taskArns[].[@]'
  mapfile -t arns <"$scratch.out"
  # Of one answer the query makes a fixed order; of several, this.
  if ((${#arns[@]} > 100)); then
    sort -o "$scratch.out" "$scratch.out"
    mapfile -t arns <"$scratch.out"
  fi
  tasks=()
  for ((first = 0; first < ${#arns[@]}; first += 100)); do
    ask ecs describe-tasks --cluster "$CLUSTER" --tasks "${arns[@]:first:100}" --query "$TASKS"
    mapfile -t some <"$scratch.out"
    tasks+=("${some[@]}")
  done
}

# running_images: into `images`, the different digests among the tasks that were read.
running_images() {
  local task image
  images=()
  for task in "${tasks[@]}"; do
    IFS=$'\t' read -r _ image _ <<<"$task"
    if [[ " ${images[*]} " != *" $image "* ]]; then
      images+=("$image")
    fi
  done
}

# what_serves: into `line`, what the last read_service and read_tasks found.
what_serves() {
  local task status image
  local -A counts=()
  for task in "${tasks[@]}"; do
    IFS=$'\t' read -r status image _ <<<"$task"
    if [[ $status == RUNNING ]]; then
      counts[$image]=$((${counts[$image]:-0} + 1))
    fi
  done
  line=''
  running_images
  for image in "${images[@]}"; do
    if [[ -n ${counts[$image]:-} ]]; then
      line+="${line:+ and }${image/#unknown/an unknown image} (${counts[$image]} of ${found[desired]} tasks)"
    fi
  done
  line="Serving in $ENVIRONMENT now: ${line:-nothing, no task runs}, service revision ${found[revision]##*/}"
}

# say_what_serves: reads and prints it. Never fails: where AWS does not answer, it says so.
say_what_serves() {
  local line
  line=$(
    read_service >/dev/null
    read_tasks >/dev/null
    what_serves
    printf '%s\n' "$line"
  ) || line="Serving in $ENVIRONMENT now: unknown, AWS did not say ($(why)); look at service $SERVICE in cluster $CLUSTER"
  printf '%s\n' "$line"
  summary "$line"
}
