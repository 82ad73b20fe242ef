#!/bin/sh
# Writes the template of a release, which deploys the authorizer's zip without a Rust toolchain: the published template with
# the zip instead of the source.
#
#   scripts/release-template.sh VERSION ARCHITECTURE >authorizer-VERSION-ARCHITECTURE.yaml
set -eu
version=$1
architecture=$2
sed -e "s|^      CodeUri: \.\.$|      CodeUri: authorizer-$version-$architecture.zip|" \
  -e '/BuildMethod: rust-cargolambda/d' \
  -e "s|^    Default: arm64$|    Default: $architecture|" \
  -e "s|^    AllowedValues: \[arm64, x86_64\]$|    AllowedValues: [$architecture]|" \
  -e 's|LicenseUrl: \.\./LICENSE|LicenseUrl: LICENSE|' \
  "$(dirname "$0")/../publish/template.yaml"
