#!/bin/sh
# cargo-lambda calls rustc through this script (CargoLambda.toml). Panics name their place in the source, so without it a
# deployed program holds paths of the machine that builds it, and with them the name of its user.
rustc=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
exec "$rustc" "$@" \
  --remap-path-prefix="${RUSTUP_HOME:-$HOME/.rustup}=/rustup" \
  --remap-path-prefix="${CARGO_HOME:-$HOME/.cargo}=/cargo" \
  --remap-path-prefix="$root=/source"
