#!/usr/bin/env bash
# Runs the README as a new user would: `cargo local` on the documented ports, and every console block of the page.
# While the stack runs, schemathesis tests it against the OpenAPI document that it serves.
set -euo pipefail
cd "$(dirname "$0")/.."
log=target/ci/readme.log
mkdir -p target/ci
cargo local >"$log" 2>&1 </dev/null &
stack=$!
trap 'kill -INT $stack 2>/dev/null; wait $stack || true' EXIT
until grep -qx ready "$log"; do
  kill -0 $stack 2>/dev/null || { cat "$log"; exit 1; }
  sleep 1
done
README_STACK=running cargo test --locked --test readme
API_URL=http://127.0.0.1:3000/prod TOKEN="$(cargo -q local token alice)" api-handler/tests/schemathesis.sh
