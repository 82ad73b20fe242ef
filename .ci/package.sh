#!/usr/bin/env bash
# Builds both functions by the commands of the README and checks the programs that would be deployed: they need no newer
# glibc than that of Amazon Linux 2023, contain no path of the builder's home, and answer every sample event. It builds only
# for x86_64, because no package registry has the standard library of arm64; the release workflow builds for both.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/target/ci"
if [ ! -x "$tools/lambda-venv/bin/cargo-lambda" ]; then
  python3 -m venv "$tools/lambda-venv"
  "$tools/lambda-venv/bin/pip" install -q cargo-lambda==1.9.2
fi
export PATH="$tools/lambda-venv/bin:$tools/venv/bin:$PATH" SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1
# cargo-lambda would install a missing standard library with rustup. Here a missing one is an error.
export RUSTUP_DIST_SERVER=http://127.0.0.1:9
built="$tools/built"

rm -rf target/lambda "$built"
mkdir -p "$built"
cargo lambda build --release --locked
# No other program, such as the tools of `local`, is built for Lambda.
diff <(ls target/lambda) <(printf '%s\n' api-handler authorizer)
for function in api-handler authorizer; do
  zip=$built/$function.zip
  scripts/package.py "target/lambda/$function/bootstrap" "$zip"
  scripts/check-package.py "$zip" "$function" x86_64
  cp "target/lambda/$function/bootstrap" "$built/$function"
done
BOOTSTRAPS="$PWD/target/lambda" cargo test --locked --test events

# `sam build` calls `cargo lambda build` for each function, and must build the same programs as above.
sam_build() {
  sam build "$@" --parameter-overrides Architecture=x86_64 --build-dir "$built/sam" >"$built/sam.log" 2>&1 || {
    cat "$built/sam.log"
    exit 1
  }
}
sam_build
cmp "$built/sam/AuthorizerFunction/bootstrap" "$built/authorizer"
cmp "$built/sam/ApiHandlerFunction/bootstrap" "$built/api-handler"
sam_build --template publish/template.yaml
cmp "$built/sam/Authorizer/bootstrap" "$built/authorizer"
