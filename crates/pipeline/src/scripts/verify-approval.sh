#!/usr/bin/env bash
# Ends red unless somebody who may do so approved this very run for ENVIRONMENT.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

# Who belongs to a team cannot be read with a run's token; there GitHub's own check must do.
ask_github "repos/$GITHUB_REPOSITORY/environments/$ENVIRONMENT" '
  [.protection_rules[]? | select(.type == "required_reviewers")]
  | any(.[]; .prevent_self_review == true), any(.[].reviewers[]?; .type == "Team"),
    (.[].reviewers[]?.reviewer.login | values)
'
mapfile -t settings <"$scratch.out"
not_self=${settings[0]}
teams=${settings[1]}
reviewers=" ${settings[*]:2} "

ask_github "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/approvals" '
  .[] | select(.state == "approved" and .user.login != null)
  | "\(.user.login) \(.environments[]?.name)"
'
approver=''
while read -r login approved_for; do
  if [[ $approved_for == "$ENVIRONMENT" && ($teams == true || $reviewers == *" $login "*) &&
    ! ($not_self == true && $login == "${GITHUB_TRIGGERING_ACTOR:-$GITHUB_ACTOR}") ]]; then
    approver=$login
    break
  fi
done <"$scratch.out"
if [[ -z $approver ]]; then
  fail "nobody who may do so approved this run for $ENVIRONMENT; nothing was deployed"
fi
printf '%s\n' "approved by $approver"
