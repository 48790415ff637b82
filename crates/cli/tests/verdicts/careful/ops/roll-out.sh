#!/usr/bin/env bash
# Brings one digest into service: roll-out.sh CLUSTER DIGEST SITE. Red leaves what served before.
set -euo pipefail
cluster=$1 digest=$2 site=$3 service=seats-api
image=123456789012.dkr.ecr.ca-central-1.amazonaws.com/seats@$digest

aws() {
  local try
  for try in 1 2 3 4 5 6 7 8; do
    command aws "$@" && return 0
    sleep 15
  done
  command aws "$@"
}
service() { aws ecs describe-services --cluster "$cluster" --services "$service" --query "services[0].$1" --output text; }
serving() {
  local tasks
  tasks=$(aws ecs list-tasks --cluster "$cluster" --service-name "$service" --desired-status RUNNING --query 'taskArns' --output text)
  if [ -z "$tasks" ] || [ "$tasks" = None ]; then return 0; fi
  # shellcheck disable=SC2086
  aws ecs describe-tasks --cluster "$cluster" --tasks $tasks --query 'tasks[].containers[].imageDigest' --output text | tr '\t' '\n' | sort -u
}
# Follows the newest deployment to its end, and fails unless it is the revision asked for.
settled() {
  local state revision
  for _ in $(seq 80); do
    state=$(service "deployments[?status=='PRIMARY'] | [0].rolloutState")
    revision=$(service "deployments[?status=='PRIMARY'] | [0].taskDefinition")
    if [ "$revision" != "$1" ]; then echo "$revision took the place of $1"; return 1; fi
    case $state in COMPLETED) return 0 ;; FAILED) return 1 ;; esac
    sleep 10
  done
  return 1
}
healthy() {
  local page
  for page in health ready; do
    curl -fsS --retry 6 --retry-delay 5 --retry-all-errors -o /dev/null "$site/$page" || return 1
  done
}

before=$(service taskDefinition)
echo "before=$before" >> "$GITHUB_OUTPUT"
aws ecs describe-task-definition --task-definition "$before" --query taskDefinition --output json \
  | jq --arg image "$image" '.containerDefinitions[0].image = $image
      | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, .registeredBy)' > revision.json
after=$(aws ecs register-task-definition --cli-input-json file://revision.json --query taskDefinition.taskDefinitionArn --output text)
aws ecs update-service --cluster "$cluster" --service "$service" --task-definition "$after" > /dev/null
settled "$after"
healthy
# A task that dies after a while is still the old one's better: watch for three minutes.
for _ in $(seq 18); do
  sleep 10
  [ "$(serving)" = "$digest" ] || { echo "not only $digest runs"; exit 1; }
  [ "$(service runningCount)" = "$(service desiredCount)" ] || { echo "tasks die"; exit 1; }
done
healthy
