#!/usr/bin/env bash
# Runs the tests of the state API against another implementation of DynamoDB. This finds calls that only one
# implementation accepts or refuses.
#
#   api-handler/tests/second-opinion.sh dynalite|moto
set -euo pipefail
cd "$(dirname "$0")/../.."

name="${1:-dynalite}"
folder="target/second-opinion/$name"
mkdir -p "$folder"
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"

# `skip` has the tests that an implementation cannot pass.
case "$name" in
  dynalite)
    [ -x "$folder/node_modules/.bin/dynalite" ] || npm install --silent --no-audit --no-fund --prefix "$folder" dynalite@4
    # A table takes a moment to become active, as in DynamoDB.
    "$folder/node_modules/.bin/dynalite" --host 127.0.0.1 --port "$port" --createTableMs 30 >"$folder/log" 2>&1 &
    skip=()
    ;;
  moto)
    [ -x "$folder/bin/moto_server" ] || { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet 'moto[server]==5.*'; }
    "$folder/bin/moto_server" -H 127.0.0.1 -p "$port" >"$folder/log" 2>&1 &
    # moto checks the condition and writes in two steps, so another write can come in between: two of twenty writers
    # win.
    skip=(
      twenty_writers_lose_nothing
      every_write_is_applied_once_or_not_at_all
    )
    ;;
  *)
    echo "unknown store \`$name\`; expected dynalite or moto" >&2
    exit 2
    ;;
esac
store=$!
trap 'kill "$store" 2>/dev/null || true' EXIT

for _ in $(seq 100); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  kill -0 "$store" || { cat "$folder/log" >&2; exit 1; }
  sleep 0.1
done

STATE_TEST_ENDPOINT="http://127.0.0.1:$port" cargo test --quiet -p api-handler --test api -- "${skip[@]/#/--skip=}"
