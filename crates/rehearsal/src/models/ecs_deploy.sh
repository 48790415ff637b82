# What the action does, with the AWS CLI.
jq 'del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, .registeredBy, .deregisteredAt)' \
  "$INPUT_FILE" >"$RUNNER_TEMP/register.json"
arn=$(aws ecs register-task-definition --cli-input-json "file://$RUNNER_TEMP/register.json" \
  --query taskDefinition.taskDefinitionArn --output text)
echo "Task definition ARN: $arn"
if [ -z "$INPUT_SERVICE" ]; then
  exit 0
fi
update=(--cluster "$INPUT_CLUSTER" --service "$INPUT_SERVICE" --task-definition "$arn")
if [ "$INPUT_FORCE" = true ]; then update+=(--force-new-deployment); fi
if [ -n "$INPUT_COUNT" ]; then update+=(--desired-count "$INPUT_COUNT"); fi
deployment=$(aws ecs update-service "${update[@]}" \
  --query "service.deployments[?status=='PRIMARY'].id | [0]" --output text)
if [ "$INPUT_WAIT" != true ]; then
  exit 0
fi
for round in 1 2 3; do
  if aws ecs wait services-stable --cluster "$INPUT_CLUSTER" --services "$INPUT_SERVICE"; then break; fi
  if [ "$round" = 3 ]; then exit 1; fi
done
if [ "$CHECKS_ROLLBACK" = true ]; then
  state=$(aws ecs describe-services --cluster "$INPUT_CLUSTER" --services "$INPUT_SERVICE" \
    --query "services[0].deployments[?id=='$deployment'].rolloutState | [0]" --output text)
  if [ "$state" != COMPLETED ]; then
    echo "Deployment $deployment did not complete: it was rolled back or replaced"
    exit 1
  fi
fi
