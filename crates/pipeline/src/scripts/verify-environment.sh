#!/usr/bin/env bash
# Ends red unless the environment ENVIRONMENT exists and asks a reviewer, for runs of BRANCH only.
# GitHub creates a missing environment by itself, without any gate, and then lets the job run.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

readonly API=repos/$GITHUB_REPOSITORY/environments/$ENVIRONMENT
readonly SETTINGS="See DEPLOYMENT.md, \"Setting the repository up\"."

if ! call gh api --method GET "$API" --jq '
  ([.protection_rules[]? | select(.type == "required_reviewers") | .reviewers[]?] | length),
  (if .can_admins_bypass == null then "unknown" else .can_admins_bypass end),
  .deployment_branch_policy.custom_branch_policies == true
'; then
  if [[ $(<"$scratch.err") == *'(HTTP 404)'* ]]; then
    fail "the environment $ENVIRONMENT does not exist, so nobody would be asked. $SETTINGS"
  fi
  fail "GitHub, $API: $(why)"
fi
mapfile -t settings <"$scratch.out"
if [[ $APPROVAL == true ]] && ((settings[0] == 0)); then
  fail "the environment $ENVIRONMENT has no required reviewers, so nobody would be asked. $SETTINGS"
fi
case ${settings[1]} in
  true) warn "administrators may bypass the reviewers of $ENVIRONMENT" ;;
  unknown) printf '%s\n' "GitHub does not say whether administrators may bypass the reviewers of $ENVIRONMENT" ;;
esac
if [[ ${settings[2]} != true ]]; then
  fail "the environment $ENVIRONMENT is not limited to the branch $BRANCH: any branch could deploy with a workflow of its own. $SETTINGS"
fi

ask_github "$API/deployment-branch-policies?per_page=100" '.branch_policies[]? | "\(.type // "branch") \(.name)"'
mapfile -t policies <"$scratch.out"
if [[ ${#policies[@]} != 1 || ${policies[0]} != "branch $BRANCH" ]]; then
  allowed=("${policies[@]#* }")
  fail "the environment $ENVIRONMENT must be limited to exactly the branch $BRANCH; it allows: ${allowed[*]}. $SETTINGS"
fi
printf '%s\n' "$ENVIRONMENT exists and is protected as the rules ask"
