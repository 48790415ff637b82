#!/usr/bin/env bash
# Puts the immutable tag EVIDENCE on DIGEST: what this run proved, where the next one can look it up.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

images=(--repository-name "$REPOSITORY" --region "$REGISTRY_REGION")

ask ecr batch-get-image "${images[@]}" --image-ids "imageDigest=$DIGEST" --output json --accepted-media-types \
  application/vnd.oci.image.manifest.v1+json application/vnd.docker.distribution.manifest.v2+json
# The digest is that of the manifest's very bytes: no newline may be added, and none lost.
jq -jr '.images[0] // empty | .imageManifestMediaType, "\n", .imageManifest' "$scratch.out" >"$scratch.image"
{
  IFS= read -r media_type || true
  IFS= read -r -d '' manifest || true
} <"$scratch.image"
# A miss is reported inside a successful answer.
if [[ -z $manifest ]]; then
  fail "$REPOSITORY has no image $DIGEST: $(jq -r '[.failures[]?.failureReason] | join(", ")' "$scratch.out")"
fi
printf '%s' "$manifest" >"$scratch.manifest"

if aws_call ecr put-image "${images[@]}" --image-tag "$EVIDENCE" --image-digest "$DIGEST" \
  --image-manifest "file://$scratch.manifest" --image-manifest-media-type "$media_type"; then
  printf '%s\n' "$EVIDENCE names $DIGEST"
elif complained ImageAlreadyExistsException; then
  printf '%s\n' "$EVIDENCE names $DIGEST already"
elif complained ImageTagAlreadyExistsException; then
  ask ecr describe-images "${images[@]}" --image-ids "imageTag=$EVIDENCE" --query 'imageDetails[0].imageDigest'
  if [[ $(<"$scratch.out") != "$DIGEST" ]]; then
    fail "$EVIDENCE names another image and cannot move"
  fi
  printf '%s\n' "$EVIDENCE names $DIGEST already"
else
  fail "aws ecr put-image: $(why)"
fi
