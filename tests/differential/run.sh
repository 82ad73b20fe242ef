#!/usr/bin/env bash
# The long form of the differential tests: this project's code and other implementations judge the same generated inputs.
# The same seed makes the same inputs, except for keys and signatures.
#
#   tests/differential/run.sh [--seed N] [--cases N] [tokens|proofs|policies|patches]...
set -euo pipefail
cd "$(dirname "$0")/../.."
export DIFFERENTIAL_SEED=1 DIFFERENTIAL_CASES=20000
suites=()
usage() {
  echo 'usage: tests/differential/run.sh [--seed N] [--cases N] [tokens|proofs|policies|patches]...' >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case "$1" in
    --seed | --cases)
      [[ "${2-}" =~ ^[0-9]+$ ]] || usage
      if [ "$1" = --seed ]; then DIFFERENTIAL_SEED=$2; else DIFFERENTIAL_CASES=$2; fi
      shift 2
      ;;
    tokens | proofs | policies | patches) suites+=("$1"); shift ;;
    *) usage ;;
  esac
done
[ ${#suites[@]} -gt 0 ] || suites=(tokens proofs policies patches)
failed=0
for suite in "${suites[@]}"; do
  case "$suite" in
    tokens | proofs) test=(-p authorizer --test token_differential "$suite") ;;
    policies) test=(-p local --test policy_differential) ;;
    patches) test=(-p api-handler --lib patch::differential) ;;
  esac
  # A run without one of the judges would prove less.
  CI=true cargo test --quiet "${test[@]}" -- --nocapture || failed=1
done
exit $failed
