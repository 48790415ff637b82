#!/usr/bin/env bash
# Ends red unless somebody who may do so approved this very run for ENVIRONMENT.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

ask_github "repos/$GITHUB_REPOSITORY/environments/$ENVIRONMENT"
keep environment
ask_github "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/approvals"

# Who belongs to a team cannot be read with a run's token; there GitHub's own check must do.
jq -r --arg environment "$ENVIRONMENT" --arg actor "${GITHUB_TRIGGERING_ACTOR:-$GITHUB_ACTOR}" --slurpfile settings "$scratch/environment" '
  [$settings[0].protection_rules[]? | select(.type == "required_reviewers")] as $rules
  | [$rules[].reviewers[]?] as $reviewers
  | any($rules[]; .prevent_self_review == true) as $not_self
  | any($reviewers[]; .type == "Team") as $teams
  | [.[] | select(.state == "approved" and any(.environments[]?; .name == $environment)) | .user.login
      | select(. as $login | $teams or any($reviewers[]; .reviewer.login == $login))
      | select(($not_self and . == $actor) | not)]
  | .[0] // empty
' "$scratch/out" >"$scratch/approver"
read -r approver <"$scratch/approver" || approver=''
if [[ -z $approver ]]; then
  fail "nobody who may do so approved this run for $ENVIRONMENT; nothing was deployed"
fi
printf '%s\n' "approved by $approver"
