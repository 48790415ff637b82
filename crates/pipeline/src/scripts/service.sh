# shellcheck shell=bash
# Sourced by the scripts that look at the service SERVICE of CLUSTER. Its container is CONTAINER
# where that is set, else the one whose image comes from IMAGE_REPOSITORY, else the only one.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

# For jq: `ours`, of a list of containers the one that is deployed, and its arguments.
read -r -d '' OURS <<'JQ' || true
def ours:
  if $container != "" then map(select(.name == $container))
  else
    map(select((.image // "") | (startswith($repository + ":") or startswith($repository + "@")))) as $matching
    | if ($matching | length) > 0 then $matching else . end
  end;
JQ
readonly OURS
readonly OURS_ARGUMENTS=(--arg container "${CONTAINER:-}" --arg repository "$IMAGE_REPOSITORY")

declare -A found

# read_service: what ECS says of the service into $scratch/service, the main facts into `found`.
read_service() {
  ask ecs describe-services --cluster "$CLUSTER" --services "$SERVICE"
  service_facts
  if [[ -z ${found[status]} ]]; then
    fail "there is no service $SERVICE in cluster $CLUSTER"
  fi
}

# service_facts: the same from the last answer, of a description or of an update. `settled_revision`
# is the task definition that last completed its deployment, of those that still have one. What is
# called `own_…` is about `deployment`, where that is set.
service_facts() {
  local facts
  keep service
  jq -r --arg id "${deployment:-}" '
    (.service // .services[0] // {})
    | ([.deployments[]? | select(.status == "PRIMARY")][0] // {}) as $primary
    | ([$primary, .deployments[]?] | map(select(.rolloutState == "COMPLETED"))[0] // {}) as $settled
    | ([.deployments[]? | select(.id == $id)][0] // {}) as $own
    | .status // "", .taskDefinition // "", .desiredCount // 0, .runningCount // 0,
      $primary.id // "", $primary.taskDefinition // "", $primary.rolloutState // "UNKNOWN",
      $settled.taskDefinition // "", (.deployments // [] | length),
      $own.rolloutState // "GONE", $own.runningCount // 0, $own.pendingCount // 0, $own.failedTasks // 0,
      $own.rolloutStateReason // ""
  ' "$scratch/service" >"$scratch/facts"
  mapfile -t facts <"$scratch/facts"
  found=(
    [status]=${facts[0]}
    [revision]=${facts[1]}
    [desired]=${facts[2]}
    [running]=${facts[3]}
    [primary]=${facts[4]}
    [primary_revision]=${facts[5]}
    [rollout]=${facts[6]}
    [settled_revision]=${facts[7]}
    [deployments]=${facts[8]}
    [own_state]=${facts[9]}
    [own_running]=${facts[10]}
    [own_pending]=${facts[11]}
    [own_failed]=${facts[12]}
    [own_reason]=${facts[13]}
  )
}

# read_tasks [RUNNING|STOPPED]: ECS's descriptions of the tasks that are meant to be so, a hundred in
# each, into $scratch/tasks. For jq with --slurp: `.[].tasks[]`.
read_tasks() {
  local arns=() first
  ask ecs list-tasks --cluster "$CLUSTER" --service-name "$SERVICE" --desired-status "${1:-RUNNING}"
  jq -r '.taskArns[]' "$scratch/out" >"$scratch/arns"
  mapfile -t arns <"$scratch/arns"
  : >"$scratch/tasks"
  for ((first = 0; first < ${#arns[@]}; first += 100)); do
    ask ecs describe-tasks --cluster "$CLUSTER" --tasks "${arns[@]:first:100}"
    printf '%s\n' "$(<"$scratch/out")" >>"$scratch/tasks"
  done
}

# task_digests: of each task that was read, "STATUS DIGEST ID", in a fixed order.
task_digests() {
  jq -r --slurp "${OURS_ARGUMENTS[@]}" "$OURS"'
    [.[].tasks[]] | sort_by(.taskArn)[]
    | "\(.lastStatus) \((.containers | ours)[0].imageDigest // "unknown") \(.taskArn | split("/") | last)"
  ' "$scratch/tasks"
}

# print_serving: in one line, what the last read_service and read_tasks found.
print_serving() {
  jq -r --slurp "${OURS_ARGUMENTS[@]}" --arg wanted "${found[desired]}" --arg environment "$ENVIRONMENT" \
    --arg revision "$(revision "${found[revision]}")" "$OURS"'
    [.[].tasks[] | select(.lastStatus == "RUNNING") | ((.containers | ours)[0].imageDigest // "an unknown image")]
    | group_by(.)
    | if length == 0 then "nothing, no task runs"
      else map("\(.[0]) (\(length) of \($wanted) tasks)") | join(" and ") end
    | "Serving in \($environment) now: \(.), service revision \($revision)"
  ' "$scratch/tasks"
}

# say_what_serves: reads and prints it. Never fails: where AWS does not answer, it says so.
say_what_serves() {
  local line
  line=$(
    read_service >/dev/null
    read_tasks >/dev/null
    print_serving
  ) || line="Serving in $ENVIRONMENT now: unknown, AWS did not say ($(why)); look at service $SERVICE in cluster $CLUSTER"
  printf '%s\n' "$line"
  summary "$line"
}
