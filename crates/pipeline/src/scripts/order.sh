#!/usr/bin/env bash
# Ends red where what serves, or is being deployed, was built from a newer commit than COMMIT. Runs
# inside the lock, because an older build may arrive here last.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

read_service
read_tasks
task_digests >"$scratch/running"
while read -r _ image _; do
  printf '%s\n' "$image"
done <"$scratch/running" >"$scratch/found"
ask ecs describe-task-definition --task-definition "${found[revision]}"
jq -r "${OURS_ARGUMENTS[@]}" "$OURS"'
  .taskDefinition.containerDefinitions | ours[].image | split("@")[1] // empty
' "$scratch/out" >>"$scratch/found"
sort -u "$scratch/found" >"$scratch/images"
mapfile -t images <"$scratch/images"

for image in "${images[@]}"; do
  if [[ $image != sha256:* || $image == "$DIGEST" ]]; then
    continue
  fi
  if ! aws_call ecr describe-images --repository-name "$REPOSITORY" --region "$REGISTRY_REGION" --image-ids "imageDigest=$image"; then
    if complained ImageNotFoundException; then
      continue
    fi
    fail "aws ecr describe-images: $(why)"
  fi
  jq -r '.imageDetails[0].imageTags[]? | select(test("^[0-9a-f]{40}$"))' "$scratch/out" >"$scratch/commits"
  while read -r other; do
    if [[ $other == "$COMMIT" ]] || ! git cat-file -e "$other^{commit}" 2>/dev/null; then
      continue
    fi
    if git merge-base --is-ancestor "$COMMIT" "$other"; then
      fail "superseded: $ENVIRONMENT has $other, which contains $COMMIT. Nothing was deployed. See $GITHUB_SERVER_URL/$GITHUB_REPOSITORY/commit/$other"
    fi
  done <"$scratch/commits"
done
printf '%s\n' "nothing newer than $COMMIT is in $ENVIRONMENT"
