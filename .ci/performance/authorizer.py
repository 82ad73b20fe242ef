"""The figures of the authorizer: an issuer, its tokens, and the events with them."""

import base64
import json
import os
import subprocess

from runtime_api import Server
from valgrind import Function

FEW, MANY = 100, 300
ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/PUT/state/bench"
ISSUER = "http://127.0.0.1:9/oauth2/bench"
SETTINGS = {
    "AUDIENCE": "api://default",
    "ISSUER": ISSUER,
    "JWKS_URI": "http://{address}/keys",
    "ACCESS_RULES": json.dumps([
        {"methods": ["GET"], "path": "/session", "anonymous": True},
        {"methods": ["GET"], "path": "/state", "anonymous": True},
        {"methods": ["GET", "HEAD"], "path": "/state/*", "anonymous": True},
        {"methods": ["PUT", "PATCH", "DELETE"], "path": "/state/*", "scopes": ["state:write"]},
    ]),
}
ALLOWED, FLOOR = b'"Effect":"Allow"', b"floor"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


# The curve, the hash, and the length of a coordinate, by algorithm.
CURVES = {"ES256": ("P-256", "-sha256", 32), "ES384": ("P-384", "-sha384", 48)}


class Issuer:
    """A key pair, its key set, its tokens, and a certificate for `localhost`."""

    def __init__(self, folder, algorithm="RS256"):
        self.algorithm = algorithm
        self.key = os.path.join(folder, "key.pem")
        jwk = {"kid": "bench", "alg": algorithm, "use": "sig"}
        if algorithm in CURVES:
            curve, _, length = CURVES[algorithm]
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", self.key)
            point = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-2 * length:]
            jwk.update({"kty": "EC", "crv": curve, "x": base64url(point[:length]), "y": base64url(point[length:])})
        else:
            openssl("genrsa", "-out", self.key, "2048")
            modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().split("=")[1]
            jwk.update({"kty": "RSA", "n": base64url(bytes.fromhex(modulus)), "e": "AQAB"})
        self.public_key = base64.b64encode(openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")).decode()
        self.keys = json.dumps({"keys": [jwk]}).encode()
        self.file = os.path.join(folder, "jwks.json")
        with open(self.file, "wb") as file:
            file.write(self.keys)
        self.certificate = os.path.join(folder, "tls.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE",
                "-keyout", self.certificate, "-out", f"{self.certificate}.crt")
        with open(f"{self.certificate}.crt", encoding="ascii") as public, open(self.certificate, "a", encoding="ascii") as both:
            both.write(public.read())

    def token(self, number):
        claims = {
            "ver": 1, "jti": f"AT.bench-{number}", "iss": ISSUER, "aud": "api://default", "iat": 1767225600,
            "exp": 4102444800, "cid": "0oa1b2c3d4e5f6g7h8i9", "uid": "00u1b2c3d4e5f6g7h8i9",
            "scp": ["openid", "profile", "state:write"], "auth_time": 1767225000, "sub": "alice@example.com",
            "groups": ["Everyone", "Engineering"],
        }
        parts = [{"kid": "bench", "alg": self.algorithm}, claims]
        text = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        return f"{text}.{base64url(self.sign(text.encode()))}"

    def sign(self, data):
        if self.algorithm not in CURVES:
            return openssl("dgst", "-sha256", "-sign", self.key, data=data)
        _, digest, length = CURVES[self.algorithm]
        der = openssl("dgst", digest, "-sign", self.key, data=data)
        # SEQUENCE { INTEGER r, INTEGER s }, each length in one byte (RFC 3279, section 2.2.3); a JWS has r and s as
        # plain numbers (RFC 7518, section 3.4).
        end = 4 + der[3]
        return b"".join(int.from_bytes(number).to_bytes(length) for number in (der[4:end], der[end + 2:]))


def event(token):
    return json.dumps({"type": "TOKEN", "methodArn": ARN, "authorizationToken": f"Bearer {token}"}).encode()


def starts(issuer, tls_port):
    """The settings of the cold starts, by name."""
    https = {"JWKS_URI": f"https://localhost:{tls_port}/keys", "CA_FILE": f"{issuer.certificate}.crt"}
    return {
        "http": SETTINGS,
        "https": {**SETTINGS, **https},
        "JWKS_FILE": {**SETTINGS, "JWKS_FILE": issuer.file},
        # The connection is refused at once, so only the start of the refresh is measured.
        "JWKS_FILE, no issuer": {**SETTINGS, "JWKS_FILE": issuer.file, "JWKS_URI": "http://127.0.0.1:9/keys"},
    }


def measure(binary, floor, folder, profile):
    """The figures by name. `profile` names the file where the profile of a figure is kept."""
    issuer = Issuer(folder)
    tokens = [issuer.token(index) for index in range(MANY)]
    distinct = [event(token) for token in tokens]
    # The signature of another token: of the right length, and wrong.
    shifted = tokens[1:] + tokens[:1]
    forged = [event(f"{text.rpartition('.')[0]}.{other.rpartition('.')[2]}") for text, other in zip(tokens, shifted)]
    same = distinct[:1] * MANY
    verifies = {"FLOOR": "verify", "FLOOR_KEY": issuer.public_key, "FLOOR_TOKEN": tokens[0]}

    def warm(name, events, binary=binary, settings=SETTINGS, expected=ALLOWED):
        return Function(binary, settings, expected, issuer.keys, profile(name)).invocation(events[:FEW], events)

    figures = {
        "runtime": warm("runtime", same, floor, {}, FLOOR),
        "runtime + verification": warm("runtime + verification", same, floor, verifies, FLOOR),
        "same token": warm("same token", same),
        "distinct tokens": warm("distinct tokens", distinct),
        "wrong signature": warm("wrong signature", forged, expected=b"Unauthorized"),
        "start of the runtime": Function(floor, {}, FLOOR, profile=profile("start of the runtime")).start(same[0]),
    }
    with Server(keys=issuer.keys, certificate=issuer.certificate) as tls:
        for name, settings in starts(issuer, tls.port).items():
            name = f"start, {name}"
            figures[name] = Function(binary, settings, ALLOWED, issuer.keys, profile(name)).start(same[0])
    return figures
