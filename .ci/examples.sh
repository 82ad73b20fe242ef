#!/usr/bin/env bash
# Checks the examples, the published template and the scripts without an account: lints, SAM's own translation, `cdk
# synth`, and the syntax of Terraform. `.ci/run` calls it when its tools are installed and the binaries are built.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/target/ci"
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 CDK_DISABLE_CLI_TELEMETRY=true
templates=(publish/template.yaml examples/*/*.yaml)

"$tools/venv/bin/pip" install -q python-hcl2==8.1.4
"$tools/venv/bin/cfn-lint" -- "${templates[@]}"
for template in "${templates[@]}"; do
  "$tools/venv/bin/sam" validate --lint --template "$template" >/dev/null || {
    "$tools/venv/bin/sam" validate --lint --template "$template"
    exit 1
  }
done

# A folder of its own: it needs another `click` than SAM does.
if [ ! -x "$tools/schema-venv/bin/check-jsonschema" ]; then
  python3 -m venv "$tools/schema-venv"
  "$tools/schema-venv/bin/pip" install -q check-jsonschema==0.39.0 zizmor==1.32.0
fi
"$tools/schema-venv/bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml >/dev/null
# Actions that are not pinned to a commit, permissions that are too wide, expressions in scripts.
"$tools/schema-venv/bin/zizmor" --offline --quiet --min-severity medium .github/workflows

# The functions of the examples run by AWS's own runtime client.
if [ ! -x "$tools/runtime-client/bin/python" ]; then
  python3 -m venv "$tools/runtime-client"
  "$tools/runtime-client/bin/pip" install -q awslambdaric==4.2.2
fi

npm ci --prefix examples/cdk --no-audit --no-fund --ignore-scripts --loglevel error
# Synthesis needs no Rust build: any folder serves as the code.
mkdir -p "$tools/cdk-code" && touch "$tools/cdk-code/bootstrap"
(cd examples/cdk && npx --no-install cdk synth --quiet --output "$tools/cdk.out" \
  -c issuer=https://example.okta.com/oauth2/default -c "code=$tools/cdk-code" >"$tools/cdk.log" 2>&1) || {
  cat "$tools/cdk.log"
  exit 1
}

# No package registry has Terraform. Where it is installed, its own formatter checks the files too.
"$tools/venv/bin/python" -c '
import pathlib
import hcl2

for path in sorted(pathlib.Path("examples/terraform").glob("*.tf")):
    with path.open(encoding="utf-8") as file:
        assert hcl2.load(file), path
'
if command -v terraform >/dev/null; then
  terraform fmt -check -diff examples/terraform
fi

"$tools/venv/bin/python" -m unittest discover -s .ci/examples
