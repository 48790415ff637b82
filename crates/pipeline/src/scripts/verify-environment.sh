#!/usr/bin/env bash
# Ends red unless the environment ENVIRONMENT exists and asks a reviewer, for runs of BRANCH only.
# GitHub creates a missing environment by itself, without any gate, and then lets the job run.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

readonly API=repos/$GITHUB_REPOSITORY/environments/$ENVIRONMENT
readonly SETTINGS="See DEPLOYMENT.md, \"Setting the repository up\"."

if ! call gh api --method GET "$API"; then
  if [[ $(<"$scratch/err") == *'(HTTP 404)'* ]]; then
    fail "the environment $ENVIRONMENT does not exist, so nobody would be asked. $SETTINGS"
  fi
  fail "GitHub, $API: $(why)"
fi
if [[ $APPROVAL == true ]]; then
  if ! jq -e '[.protection_rules[]? | select(.type == "required_reviewers") | .reviewers[]?] | length > 0' "$scratch/out" >/dev/null; then
    fail "the environment $ENVIRONMENT has no required reviewers, so nobody would be asked. $SETTINGS"
  fi
fi
case $(jq -r '.can_admins_bypass | if . == null then "unknown" else tostring end' "$scratch/out") in
  true) warn "administrators may bypass the reviewers of $ENVIRONMENT" ;;
  unknown) printf '%s\n' "GitHub does not say whether administrators may bypass the reviewers of $ENVIRONMENT" ;;
esac
if ! jq -e '.deployment_branch_policy.custom_branch_policies == true' "$scratch/out" >/dev/null; then
  fail "the environment $ENVIRONMENT is not limited to the branch $BRANCH: any branch could deploy with a workflow of its own. $SETTINGS"
fi
ask_github "$API/deployment-branch-policies?per_page=100"
if ! jq -e --arg branch "$BRANCH" '
  [.branch_policies[]?] | length == 1 and .[0].name == $branch and ((.[0].type // "branch") == "branch")
' "$scratch/out" >/dev/null; then
  fail "the environment $ENVIRONMENT must be limited to exactly the branch $BRANCH; it allows: $(jq -r '[.branch_policies[]?.name] | join(", ")' "$scratch/out"). $SETTINGS"
fi
printf '%s\n' "$ENVIRONMENT exists and is protected as the rules ask"
