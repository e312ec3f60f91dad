#!/usr/bin/env bash
# Checks as the action's inputs say. Annotations go to the standard output, the changes between services into the summary of the run; the exit
# code is that of the check.
set -euo pipefail

since=()
if [ -n "$CHECK_CHANGED_SINCE" ]; then
  # A shallow clone has the last commit alone.
  if ! git -C "$CHECK_PATH" cat-file -e "$CHECK_CHANGED_SINCE^{commit}" 2>/dev/null; then
    git -C "$CHECK_PATH" fetch --quiet --no-tags --depth=1 origin "$CHECK_CHANGED_SINCE"
  fi
  since=(--changed-since "$CHECK_CHANGED_SINCE")
  portolan diff -C "$CHECK_PATH" "$CHECK_CHANGED_SINCE" --format markdown >> "$GITHUB_STEP_SUMMARY"
fi

if [ -n "$CHECK_SARIF" ]; then
  # Code scanning does not know of suppressions: what is accepted would be an alert.
  portolan check "$CHECK_PATH" --quiet --fail-on never --format sarif |
    jq '.runs[].results |= map(select(has("suppressions") | not))' > "$CHECK_SARIF"
fi

# Files are named from the root of the repository.
prefix=$(git -C "$CHECK_PATH" rev-parse --show-prefix)
code=0
found=$(portolan check "$CHECK_PATH" "${since[@]}" --fail-on "$CHECK_FAIL_ON" --format github) || code=$?
if [ -n "$found" ]; then
  sed "s|^\(::[a-z]* file=\)|\1$prefix|" <<< "$found"
fi
exit "$code"
