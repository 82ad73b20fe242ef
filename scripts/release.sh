#!/usr/bin/env bash
# Builds the files of a release into dist/: a zip per function and architecture, a template that deploys the authorizer's zip
# without a Rust toolchain, a list of all components (SBOM, CycloneDX) and the checksums.
#
#   scripts/release.sh [x86_64] [arm64]      both, if none is named
#
# It needs cargo-lambda (`pip install cargo-lambda`), which links with Zig, cargo-cyclonedx
# (`cargo install --locked cargo-cyclonedx@0.5.9`), and for the other architecture its standard library, which
# cargo-lambda adds by rustup. The same commit and the same versions of the tools give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

architectures=("$@")
[ $# -gt 0 ] || architectures=(x86_64 arm64)
for architecture in "${architectures[@]}"; do
  case $architecture in
    x86_64 | arm64) ;;
    *)
      echo "error: $architecture: expected x86_64 or arm64" >&2
      exit 2
      ;;
  esac
done
for tool in cargo-lambda cargo-cyclonedx python3; do
  command -v "$tool" >/dev/null || { echo "error: $tool is missing; the head of this script says how to install it" >&2; exit 1; }
done

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
[ -n "$version" ] || { echo 'error: Cargo.toml has no version in [workspace.package]' >&2; exit 1; }
grep -qx "    SemanticVersion: $version" publish/template.yaml ||
  { echo "error: publish/template.yaml: expected SemanticVersion: $version, as in Cargo.toml" >&2; exit 1; }

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

rm -rf dist
mkdir dist
for architecture in "${architectures[@]}"; do
  flag=--${architecture/_/-}
  cargo lambda build --release --locked "$flag"
  for function in authorizer api-handler; do
    zip=dist/$function-$version-$architecture.zip
    scripts/package.py "target/lambda/$function/bootstrap" "$zip"
    scripts/check-package.py "$zip" "$function" "$architecture"
  done
  scripts/release-template.sh "$version" "$architecture" >"dist/authorizer-$version-$architecture.yaml"
done
cp LICENSE publish/README.md dist/

# Both architectures have the same components. The time in the SBOM is SOURCE_DATE_EPOCH.
for function in authorizer api-handler; do
  cargo cyclonedx --quiet --format json --target x86_64-unknown-linux-gnu --manifest-path "$function/Cargo.toml" --override-filename sbom
  sbom=dist/$function-sbom.cdx.json
  sed "s|$PWD|/source|g" "$function/sbom.json" >"$sbom"
  python3 - "$sbom" "$version" <<'PYTHON'
import json
import sys

path, version = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    sbom = json.load(file)
if sbom["metadata"]["component"]["version"] != version or len(sbom["components"]) < 50:
    sys.exit(f"error: {path}: expected version {version} and all components")
PYTHON
done
find . -name sbom.json -not -path './target/*' -not -path '*/node_modules/*' -delete

(cd dist && sha256sum -- * >SHA256SUMS)
cat dist/SHA256SUMS
