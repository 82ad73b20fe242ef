#!/bin/sh
# cargo-lambda calls rustc through this script (CargoLambda.toml). Panic messages contain source paths: without the
# script a deployed binary would reveal the build machine's paths and the name of its user.
rustc=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
exec "$rustc" "$@" \
  --remap-path-prefix="${RUSTUP_HOME:-$HOME/.rustup}=/rustup" \
  --remap-path-prefix="${CARGO_HOME:-$HOME/.cargo}=/cargo" \
  --remap-path-prefix="$root=/source"
