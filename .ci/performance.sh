#!/usr/bin/env bash
# What does not depend on the speed or the load of the machine: instructions and allocations of one invocation and of a
# start, against a bare runtime, and the size of the zips. Release builds are made if there are none. With FILE, the
# profiles are kept as FILE.same-token and so on, for `.ci/performance/groups.py`.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { apt-get update -qq && apt-get install -y -qq valgrind >/dev/null; }
# The benchmarks once, so that they keep working.
cargo test --locked --bench hot_path -- --test
# One feature resolution for all, as in `cargo local bench`.
cargo build --locked --release --bin authorizer --bin api-handler
cargo build --locked --release --example authorizer-floor --example api-handler-floor
python3 .ci/performance/count.py target/release "$@"
