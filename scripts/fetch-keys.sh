#!/usr/bin/env bash
# Writes the issuer's keys to a file, for JWKS_FILE. Run it when the package or the layer is built.
#
#   scripts/fetch-keys.sh ISSUER FILE [JWKS_URI]
#
# Without JWKS_URI the script reads the address of the keys from the issuer's metadata, which must name exactly ISSUER. Only a
# key set with a key replaces the file. Exit status: 0 written, 1 failed, 2 wrong usage.
set -euo pipefail

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
  sed -n 's/^# \{0,1\}//; 2,7p' "$0" >&2
  exit 2
fi
command -v python3 >/dev/null || { echo 'error: python3 is missing; it reads the JSON' >&2; exit 1; }

# Only https URLs, and http for loopback, as in the authorizer.
exec python3 - "$@" <<'PYTHON'
import contextlib
import http.client
import json
import os
import sys
import tempfile
import urllib.parse
import urllib.request

issuer, path, *rest = sys.argv[1:]
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
MAX_BYTES = 1 << 20


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to another host's keys."""

    def redirect_request(self, *_):
        return None


def fail(text):
    sys.exit(f"error: {text}")


def may_fetch(url):
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def fetch(url):
    if not may_fetch(url):
        fail(f"{url}: expected an https URL (http only for loopback)")
    try:
        with urllib.request.build_opener(NoRedirect).open(url, timeout=10) as response:
            body = response.read(MAX_BYTES + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        fail(f"{url}: {str(error) or type(error).__name__}")
    if len(body) > MAX_BYTES:
        fail(f"{url}: expected at most {MAX_BYTES} bytes")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        fail(f"{url}: expected JSON: {error}")
    if not isinstance(document, dict):
        fail(f"{url}: expected a JSON object")
    return document


if rest:
    jwks_uri = rest[0]
else:
    metadata = fetch(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if metadata.get("issuer") != issuer:
        fail(f"the metadata names the issuer {metadata.get('issuer')!r}, expected {issuer!r} byte for byte")
    jwks_uri = metadata.get("jwks_uri")
    if not isinstance(jwks_uri, str):
        fail("the metadata has no jwks_uri; pass it as the third argument")

keys = fetch(jwks_uri).get("keys")
keys = keys if isinstance(keys, list) else []
ids = [key["kid"] for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str) and key["kid"]]
if not ids:
    fail(f"{jwks_uri}: expected a JWK Set with at least one key that has a kid")
if any("d" in key or "k" in key for key in keys if isinstance(key, dict)):
    fail(f"{jwks_uri}: the set has a private or symmetric key, which must not be published or packaged")

folder = os.path.dirname(os.path.abspath(path))
try:
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as new:
        json.dump({"keys": keys}, new, indent=1, sort_keys=True)
        new.write("\n")
    os.chmod(new.name, 0o644)
    os.replace(new.name, path)
except OSError as error:
    with contextlib.suppress(NameError, OSError):
        os.unlink(new.name)
    fail(f"{path}: {error.strerror}; expected a file in a folder that exists and can be written")
# As JSON, because an id may have any characters.
print(f"{path}: keys of {jwks_uri}: {json.dumps(ids)}")
PYTHON
