#!/usr/bin/env bash
# Ends red where what serves, or is being deployed, was built from a newer commit than COMMIT. Runs
# inside the lock, because an older build may arrive here last.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

read_service
read_tasks
running_images
ask ecs describe-task-definition --task-definition "${found[revision]}" \
  --query "taskDefinition.containerDefinitions | $OURS | [].[image]"
while read -r image; do
  if [[ " ${images[*]} " != *" ${image##*@} "* ]]; then
    images+=("${image##*@}")
  fi
done <"$scratch.out"

for image in "${images[@]}"; do
  if [[ $image != sha256:* || $image == "$DIGEST" ]]; then
    continue
  fi
  if ! aws_call ecr describe-images --repository-name "$REPOSITORY" --region "$REGISTRY_REGION" \
    --image-ids "imageDigest=$image" --query 'imageDetails[0].imageTags[].[@]'; then
    if complained ImageNotFoundException; then
      continue
    fi
    fail "aws ecr describe-images: $(why)"
  fi
  mapfile -t tags <"$scratch.out"
  for other in "${tags[@]}"; do
    if [[ ! $other =~ ^[0-9a-f]{40}$ || $other == "$COMMIT" ]]; then
      continue
    fi
    # Neither does a commit that is not in this history contain ours.
    if git merge-base --is-ancestor "$COMMIT" "$other" 2>/dev/null; then
      fail "superseded: $ENVIRONMENT has $other, which contains $COMMIT. Nothing was deployed. See $GITHUB_SERVER_URL/$GITHUB_REPOSITORY/commit/$other"
    fi
  done
done
printf '%s\n' "nothing newer than $COMMIT is in $ENVIRONMENT"
