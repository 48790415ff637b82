#!/usr/bin/env bash
# Ends red unless IMAGE_TAG names an image that may go to production: built from a commit of the
# branch, and verified by staging or served by production before. DIGEST, where given, is what the
# reviewer saw.
# Outputs: digest, return.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

if [[ ! $IMAGE_TAG =~ ^[0-9a-f]{40}$ ]]; then
  fail "image_tag must be the full commit (40 hexadecimal digits) whose image staging verified"
fi
if ! git merge-base --is-ancestor "$IMAGE_TAG" "$GITHUB_SHA" 2>/dev/null; then
  fail "commit $IMAGE_TAG is not on ${GITHUB_REF#refs/heads/}"
fi
if ! aws_call ecr describe-images --repository-name "$REPOSITORY" --region "$REGISTRY_REGION" \
  --image-ids "imageTag=$IMAGE_TAG" --query "imageDetails[0].[imageDigest, imageStatus || 'ACTIVE', join(' ', imageTags || [''])]"; then
  if complained ImageNotFoundException; then
    fail "$REPOSITORY has no image $IMAGE_TAG: it was never built, or a lifecycle rule removed it"
  fi
  fail "aws ecr describe-images: $(why)"
fi
IFS=$'\t' read -r image status tags <"$scratch.out"
verified=false
if [[ " $tags " == *" staging-verified-$IMAGE_TAG "* ]]; then
  verified=true
fi
served=false
if [[ " $tags " == *" production-served-$IMAGE_TAG "* ]]; then
  served=true
fi
if [[ ! $image =~ ^sha256:[0-9a-f]{64}$ ]]; then
  fail "$REPOSITORY gives no digest for $IMAGE_TAG"
fi
if [[ $status != ACTIVE ]]; then
  fail "image $image is $status and cannot be pulled"
fi
if [[ $verified != true && $served != true ]]; then
  fail "$IMAGE_TAG ($image) was neither verified by staging nor served by production before: no tag staging-verified-$IMAGE_TAG or production-served-$IMAGE_TAG is on it"
fi
if [[ -n ${DIGEST:-} && $image != "$DIGEST" ]]; then
  fail "since this deployment was requested $IMAGE_TAG moved from $DIGEST to $image: what the reviewer saw is no longer true. Dispatch again."
fi
printf '%s\n' "$IMAGE_TAG is $image; verified by staging: $verified; served by production before: $served"
output digest "$image"
output return "$served"
