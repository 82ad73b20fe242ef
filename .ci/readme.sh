#!/usr/bin/env bash
# Runs the README as a new user would: `cargo local` on the documented ports, and every console block of the page.
# While the stack runs, schemathesis tests it against the OpenAPI document that it serves.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p target/ci
log=target/ci/readme.log
stack=
trap '[ -z "$stack" ] || kill -INT "$stack" 2>/dev/null || true; wait' EXIT

# Starts the stack with these flags and runs the blocks that follow such a start.
run() {
  # Emptied before the start, so that the loop below never reads the log of the previous stack.
  : >"$log"
  cargo local "$@" >"$log" 2>&1 </dev/null &
  stack=$!
  until grep -qx ready "$log"; do
    kill -0 "$stack" 2>/dev/null || { cat "$log"; exit 1; }
    sleep 1
  done
  README_STACK="$*" cargo test --locked --test readme
}

run
API_URL=http://127.0.0.1:3000/prod TOKEN="$(cargo -q local token alice)" api-handler/tests/schemathesis.sh
sed -n 's/^cargo local \(--parameter .*\)/\1/p' README.md >target/ci/readme.starts
while read -ra flags <&3; do
  kill -INT "$stack"
  wait "$stack" || true
  run "${flags[@]}"
done 3<target/ci/readme.starts
