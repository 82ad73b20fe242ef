#!/usr/bin/env bash
# Measures the figures that do not depend on the speed or the load of the machine: instructions and allocations of one
# invocation and of a start, compared with a bare runtime, and the size of the zips. Builds the release programs if they are
# missing. With FILE, it keeps the profiles as FILE.same-token and so on, for `.ci/performance/groups.py`.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { apt-get update -qq && apt-get install -y -qq valgrind >/dev/null; }
# Runs the benchmarks once, so that they keep working.
cargo test --locked --bench hot_path -- --test
# One feature resolution for all, as in `cargo local bench`.
cargo build --locked --release --bin authorizer --bin api-handler
cargo build --locked --release --example authorizer-floor --example api-handler-floor
python3 .ci/performance/count.py target/release "$@"
