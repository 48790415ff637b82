#!/usr/bin/env bash
# Ends red unless the service can take a deployment and go back by itself; shows the reviewer what
# would change. DIGEST is what is asked for, RETURN whether production served it before.
# Outputs: task_definition.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

: "${STEADY_SECONDS:=600}"

until=$((SECONDS + STEADY_SECONDS))
while :; do
  read_service
  if [[ ${found[status]} != ACTIVE ]]; then
    fail "service $SERVICE in cluster $CLUSTER is ${found[status]}"
  fi
  if [[ ${found[rollout]} == COMPLETED ]] && ((found[deployments] == 1)); then
    break
  fi
  # A way back must stay open when the service never comes to rest.
  if [[ $RETURN == true ]]; then
    warn "an unfinished deployment is in the way: ${found[primary]} of ${found[primary_revision]##*/} is ${found[rollout]}"
    break
  fi
  printf '%s\n' "waiting for the unfinished deployment ${found[primary]} of ${found[primary_revision]##*/}: ${found[rollout]}"
  if ((SECONDS >= until)); then
    fail "the unfinished deployment ${found[primary]} of ${found[primary_revision]##*/} has not ended; end it, or return to an image that production served before"
  fi
  pause 15
done
if ((found[desired] == 0)); then
  fail "service $SERVICE is scaled to zero: nothing would serve what is deployed; scale it up first"
fi
if [[ ${found[controller]} != ECS || ${found[strategy]} != ROLLING ]]; then
  fail "service $SERVICE does not use ECS rolling deployments, the only kind that this pipeline can follow"
fi
if [[ ${found[breaker]} != True ]]; then
  fail "service $SERVICE has no deployment circuit breaker with rollback: a bad image would be tried for ever. Turn it on first."
fi
base=${found[revision]}
read_tasks
running_images
current=${images[*]}

# The commit of what serves, and whether its own deployment was seen to its end.
commit=''
if [[ $current =~ ^sha256:[0-9a-f]{64}$ ]] &&
  aws_call ecr describe-images --repository-name "$REPOSITORY" --region "$REGISTRY_REGION" \
    --image-ids "imageDigest=$current" --query 'imageDetails[0].imageTags[].[@]'; then
  finished=false
  while read -r tag; do
    if [[ $tag =~ ^[0-9a-f]{40}$ ]]; then
      commit=$tag
    elif [[ $tag == production-served-* ]]; then
      finished=true
    fi
  done <"$scratch.out"
  if [[ $finished == false ]]; then
    warn "what serves, $current, has no tag production-served-…: the deployment that brought it did not finish, or another tool made it"
  fi
fi

summary "## Deploy to $ENVIRONMENT: what will change" '' \
  '| | now | requested |' '| --- | --- | --- |' \
  "| image | \`${current:-nothing}\` | \`$DIGEST\` |" \
  "| commit | \`${commit:-unknown}\` | \`$IMAGE_TAG\` |" \
  "| task definition | \`${base##*/}\` | a copy with this image |" \
  "| tasks | ${found[running]} of ${found[desired]} run | ${found[desired]} |" ''
if [[ $RETURN == true ]]; then
  summary 'Production served this image before: this is a return.' ''
else
  summary 'Staging verified this very image.' ''
fi
if [[ -n $commit && $commit != "$IMAGE_TAG" ]]; then
  summary "[Compare the two commits]($GITHUB_SERVER_URL/$GITHUB_REPOSITORY/compare/$commit...$IMAGE_TAG)" ''
  read -r -a folders <<<"${MIGRATIONS:-}"
  if ((${#folders[@]} > 0)) && git diff --name-only "$commit" "$IMAGE_TAG" -- "${folders[@]}" >"$scratch.migrations" 2>/dev/null; then
    if [[ -s $scratch.migrations ]]; then
      summary 'Database migrations between them:' ''
      while read -r file; do
        summary "- \`${file//\`/}\`"
      done <"$scratch.migrations"
    else
      summary 'No database migration between them.'
    fi
  fi
fi
printf '%s\n' "now: ${current:-nothing}" "requested: $DIGEST"
output task_definition "$base"
