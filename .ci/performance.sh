#!/usr/bin/env bash
# What does not depend on the speed or the load of the machine: instructions and allocations of one invocation, against
# a bare runtime, and the size of the zip. A release build is made if there is none. With FILE, the profiles are kept as
# FILE.same, FILE.distinct and so on, for `callgrind_annotate`.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { apt-get update -qq && apt-get install -y -qq valgrind >/dev/null; }
# The benchmarks once, so that they keep working.
cargo test --locked --bench hot_path -- --test
cargo build --locked --release --bin authorizer
cargo build --locked --release --example authorizer-floor
python3 .ci/performance/count.py target/release/authorizer target/release/examples/authorizer-floor "$@"
