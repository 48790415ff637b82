#!/usr/bin/env bash
# After a roll-out that did not end well: put-back.sh CLUSTER REVISION. Says what serves.
set -uo pipefail
cluster=$1 before=$2 service=seats-api
aws() {
  local try
  for try in 1 2 3 4 5 6 7 8; do
    command aws "$@" && return 0
    sleep 15
  done
  return 1
}
if [ -n "$before" ]; then
  aws ecs update-service --cluster "$cluster" --service "$service" --task-definition "$before" --force-new-deployment > /dev/null
  aws ecs wait services-stable --cluster "$cluster" --services "$service"
fi
tasks=$(aws ecs list-tasks --cluster "$cluster" --service-name "$service" --desired-status RUNNING --query taskArns --output text)
if [ -z "$tasks" ] || [ "$tasks" = None ]; then echo "serving now: nothing"; exit; fi
# shellcheck disable=SC2086
echo "serving now: $(aws ecs describe-tasks --cluster "$cluster" --tasks $tasks --query 'tasks[].containers[].imageDigest' --output text | tr '\t' '\n' | sort -u | tr '\n' ' ')"
