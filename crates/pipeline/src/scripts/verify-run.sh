#!/usr/bin/env bash
# Refuses a run that cannot stand for a fresh decision: a re-run, or one of another branch.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

if [[ $GITHUB_RUN_ATTEMPT != 1 ]]; then
  fail "this is attempt $GITHUB_RUN_ATTEMPT of an old run: what was approved then is not approved now. Dispatch again."
fi
if [[ $GITHUB_REF != "refs/heads/$BRANCH" ]]; then
  fail "$ENVIRONMENT is deployed from $BRANCH, not from $GITHUB_REF"
fi
