#!/usr/bin/env bash
# Sends thousands of well-formed and malformed requests that are generated from /openapi.json, and checks every answer
# against it.
#
#   API_URL=http://127.0.0.1:3000/prod TOKEN="$(cargo -q local token alice)" api-handler/tests/schemathesis.sh [options]
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${API_URL:?set API_URL to the URL of the API, such as http://127.0.0.1:3000/prod}"
: "${TOKEN:?set TOKEN to an access token, such as the output of \`cargo -q local token alice\`}"

folder="target/schemathesis/venv"
[ -x "$folder/bin/schemathesis" ] || { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet 'schemathesis==4.*'; }

# A resource to read.
curl --silent --show-error --output /dev/null --request PUT "$API_URL/state/hello" \
  --header "Authorization: Bearer $TOKEN" --header "If-None-Match: *" --header "Content-Type: application/json" \
  --data '{"value": {"title": "Plan", "done": [1, 2]}, "visibility": "public"}'

# Schemathesis stores its data in the folder in which it runs.
config="$PWD/api-handler/tests/schemathesis.toml"
cd target/schemathesis
venv/bin/schemathesis --config-file "$config" run "$API_URL/openapi.json" \
  --url "$API_URL" --header "Authorization: Bearer $TOKEN" --max-examples 60 --workers 1 --continue-on-failure "$@"
