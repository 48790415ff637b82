#!/usr/bin/env bash
# Cancels older runs of WORKFLOW that still wait for a reviewer: such a run holds the lock, for up to
# thirty days, and this one would queue behind it.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

readonly RUNS=repos/$GITHUB_REPOSITORY/actions/runs

ask_github "repos/$GITHUB_REPOSITORY/actions/workflows/$WORKFLOW/runs?status=waiting&per_page=100" '.workflow_runs[]?.id'
mapfile -t ids <"$scratch.out"
count=0
for id in "${ids[@]}"; do
  if ((id >= GITHUB_RUN_ID)); then
    continue
  fi
  count=$((count + 1))
  # Approved in the meantime, it deploys and must be left alone.
  ask_github "$RUNS/$id" '.status'
  if [[ $(<"$scratch.out") != waiting ]]; then
    printf '%s\n' "run $id no longer waits"
    continue
  fi
  if call gh api --method POST "$RUNS/$id/cancel"; then
    printf '%s\n' "cancelled run $id, which waited for a reviewer"
  elif [[ $(<"$scratch.err") == *'(HTTP 409)'* ]]; then
    printf '%s\n' "run $id is over"
  else
    fail "cannot cancel run $id, which holds the lock: $(why)"
  fi
done
printf '%s\n' "$count older runs waited"
