#!/usr/bin/env bash
# Pushes the OCI layout in `image` under the immutable tag COMMIT, after making sure that it is the
# image DIGEST that was built and scanned. A tag that exists keeps its image.
# Outputs: digest.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

readonly REGISTRY=${IMAGE_REPOSITORY%%/*}

# published: the digest that COMMIT names in the registry, into `found`; empty if none.
published() {
  found=''
  if aws_call ecr describe-images --repository-name "$REPOSITORY" --region "$REGISTRY_REGION" \
    --image-ids "imageTag=$COMMIT" --query 'imageDetails[0].imageDigest'; then
    found=$(<"$scratch.out")
  elif ! complained ImageNotFoundException; then
    fail "aws ecr describe-images: $(why)"
  fi
}

# login: through standard input, because arguments can be seen by every process. Each attempt has a
# process of its own, which this becomes.
login() {
  exec skopeo login --username AWS --password-stdin "$REGISTRY" <<<"$password"
}

published
if [[ -n $found ]]; then
  printf '%s\n' "$COMMIT was pushed before and stays $found"
  output digest "$found"
  exit 0
fi

layout=$(jq -r '.manifests | if length == 1 then .[0].digest else "several images" end' image/index.json)
sum=$(sha256sum "image/blobs/sha256/${DIGEST#sha256:}")
if [[ $layout != "$DIGEST" || sha256:${sum%% *} != "$DIGEST" ]]; then
  fail "the image that arrived ($layout) is not the one that was built and scanned ($DIGEST)"
fi

call aws ecr get-login-password --region "$REGISTRY_REGION" || fail "aws ecr get-login-password: $(why)"
password=$(<"$scratch.out")
: >"$scratch.out"
call login || fail "skopeo login: $(why)"

# Long, so in the background, and asked about afterwards: an answer that is lost is no failure.
until=$((SECONDS + 420))
while :; do
  complaint=''
  attempt skopeo copy --preserve-digests oci:image "docker://$IMAGE_REPOSITORY:$COMMIT" || complaint=$(why)
  published
  if [[ -n $found || -z $complaint ]]; then
    break
  fi
  if ((SECONDS >= until)); then
    fail "skopeo copy: $complaint"
  fi
  printf '%s\n' "$complaint; trying again"
  pause 10
done
if [[ $found != "$DIGEST" ]]; then
  fail "$COMMIT names ${found:-nothing} in the registry, and not $DIGEST that was pushed"
fi
printf '%s\n' "pushed $IMAGE_REPOSITORY:$COMMIT, $DIGEST"
output digest "$DIGEST"
