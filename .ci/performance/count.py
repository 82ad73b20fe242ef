"""Counts what one invocation of a function costs: instructions and allocations, by valgrind.

Each binary runs twice behind a Runtime API of one file, with few and with many invocations; the difference is free of
what init costs. No figure depends on the speed or the load of the machine.
"""

import base64
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import zlib

FEW, MANY = 100, 300
ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/PUT/state/bench"
ISSUER = "http://127.0.0.1:9/oauth2/bench"
RULES = [
    {"methods": ["GET"], "path": "/session", "anonymous": True},
    {"methods": ["GET"], "path": "/state", "anonymous": True},
    {"methods": ["GET", "HEAD"], "path": "/state/*", "anonymous": True},
    {"methods": ["PUT", "PATCH", "DELETE"], "path": "/state/*", "scopes": ["state:write"]},
]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


class Issuer:
    """A key pair, its key set and its tokens."""

    def __init__(self, folder):
        self.key = os.path.join(folder, "key.pem")
        openssl("genrsa", "-out", self.key, "2048")
        modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().split("=")[1]
        jwk = {"kty": "RSA", "kid": "bench", "alg": "RS256", "use": "sig", "n": base64url(bytes.fromhex(modulus)), "e": "AQAB"}
        self.public_key = base64.b64encode(openssl("rsa", "-in", self.key, "-pubout", "-outform", "DER")).decode()
        self.keys = json.dumps({"keys": [jwk]}).encode()

    def token(self, number):
        claims = {
            "ver": 1, "jti": f"AT.bench-{number}", "iss": ISSUER, "aud": "api://default", "iat": 1767225600,
            "exp": 4102444800, "cid": "0oa1b2c3d4e5f6g7h8i9", "uid": "00u1b2c3d4e5f6g7h8i9",
            "scp": ["openid", "profile", "state:write"], "auth_time": 1767225000, "sub": "alice@example.com",
            "groups": ["Everyone", "Engineering"],
        }
        parts = [{"kid": "bench", "alg": "RS256"}, claims]
        text = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        return f"{text}.{base64url(openssl('dgst', '-sha256', '-sign', self.key, data=text.encode()))}"


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    """Hands out the events, and ends the function by closing its connection after the last one."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):  # noqa: N802, the name is the library's
        if self.path == "/keys":
            self.reply(200, self.server.keys, {"Cache-Control": "max-age=86400"})
            return
        body = next(self.server.events, None)
        if body is None:
            self.close_connection = True
            self.server.done.set()
            return
        self.reply(200, body, {
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": "4102444800000",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:bench",
        })

    def do_POST(self):  # noqa: N802
        answer = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.expected not in answer:
            self.server.wrong.append(answer)
        self.reply(202, b'{"status":"OK"}', {})

    def reply(self, status, body, headers):
        self.send_response_only(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def run(tool, binary, environment, events, expected, keys):
    """Runs a function under a tool of valgrind until the events are used up; what the tool wrote."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    server.events, server.expected, server.wrong, server.done = iter(events), expected, [], threading.Event()
    server.keys = keys
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    environment = {
        "AWS_LAMBDA_RUNTIME_API": address, "JWKS_URI": f"http://{address}/keys", "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "PATH": os.environ["PATH"],
        **environment,
    }
    process = subprocess.Popen(["valgrind", *tool, binary], env=environment, text=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        report = process.communicate(timeout=240)[1]
    finally:
        process.kill()
        server.shutdown()
        server.server_close()
    if server.wrong or not server.done.is_set():
        sys.exit(f"{binary}: expected answers with {expected!r}, found {server.wrong[:1] or report}")
    return report


def number(pattern, report):
    return int(re.search(pattern, report)[1].replace(",", ""))


def cost(binary, environment, events, expected, keys, out=None):
    """Instructions and allocations of one invocation."""
    figures = []
    for count in (FEW, MANY):
        profile = out if out and count == MANY else "/dev/null"
        callgrind = ["--tool=callgrind", f"--callgrind-out-file={profile}"]
        memcheck = ["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"]
        subject = (binary, environment, events[:count], expected, keys)
        figures.append((number(r"Collected : ([\d,]+)", run(callgrind, *subject)),
                        number(r"total heap usage: ([\d,]+) allocs", run(memcheck, *subject))))
    (few, few_allocations), (many, many_allocations) = figures
    return (many - few) / (MANY - FEW), (many_allocations - few_allocations) / (MANY - FEW)


def start(binary, environment, event, expected, keys, out=None):
    """Instructions and allocations from the start of the process to the end of its first invocation, and of its end."""
    callgrind = ["--tool=callgrind", f"--callgrind-out-file={out or '/dev/null'}"]
    memcheck = ["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"]
    subject = (binary, environment, [event], expected, keys)
    return (number(r"Collected : ([\d,]+)", run(callgrind, *subject)),
            number(r"total heap usage: ([\d,]+) allocs", run(memcheck, *subject)))


def measure(authorizer, floor, out=None):
    with tempfile.TemporaryDirectory() as folder:
        issuer = Issuer(folder)
        settings = {"ISSUER": ISSUER, "AUDIENCE": "api://default", "ACCESS_RULES": json.dumps(RULES)}

        def event(token):
            return json.dumps({"type": "TOKEN", "methodArn": ARN, "authorizationToken": f"Bearer {token}"}).encode()

        tokens = [issuer.token(index) for index in range(MANY)]
        distinct = [event(token) for token in tokens]
        # The signature of another token: of the right length, and wrong.
        shifted = tokens[1:] + tokens[:1]
        forged = [event(f"{text.rpartition('.')[0]}.{other.rpartition('.')[2]}") for text, other in zip(tokens, shifted)]
        same = distinct[:1] * MANY
        verifies = {"FLOOR": "verify", "FLOOR_KEY": issuer.public_key, "FLOOR_TOKEN": tokens[0]}
        allowed, floors = b'"Effect":"Allow"', b"floor"
        profile = (lambda name: f"{out}.{name}") if out else (lambda _: None)
        return {
            "runtime": cost(floor, {}, same, floors, b"", profile("runtime")),
            "runtime + verification": cost(floor, verifies, same, floors, b"", profile("verification")),
            "same token": cost(authorizer, settings, same, allowed, issuer.keys, profile("same")),
            "distinct tokens": cost(authorizer, settings, distinct, allowed, issuer.keys, profile("distinct")),
            "wrong signature": cost(authorizer, settings, forged, b"Unauthorized", issuer.keys, profile("refused")),
            "runtime, start": start(floor, {}, same[0], floors, b"", profile("start-floor")),
            "start": start(authorizer, settings, same[0], allowed, issuer.keys, profile("start")),
        }


# What each may cost, as a ratio to another: instructions, and allocations. A little above what was measured, so that a
# step that makes an invocation dearer is noticed. docs/performance.md explains those that are above their target.
LIMITS = [
    ("same token", "runtime", 1.9, 1.4),
    ("distinct tokens", "runtime + verification", 1.4, 2.0),
    ("wrong signature", "distinct tokens", 1.0, 1.0),
    ("start", "runtime, start", 2.6, 3.9),
]
MAX_ZIP_BYTES = 2_680_000


def zip_bytes(binary):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    with open(binary, "rb") as file:
        return len(deflate.compress(file.read()) + deflate.flush())


if __name__ == "__main__":
    figures = measure(*sys.argv[1:])
    for name, (instructions, allocations) in figures.items():
        print(f"{name:24} {instructions:12,.0f} instructions {allocations:8.1f} allocations")
    faults = []
    for name, base, *limits in LIMITS:
        for what, mine, other, limit in zip(("instructions", "allocations"), figures[name], figures[base], limits):
            print(f"{name} / {base}, {what}: {mine / other:.2f}, at most {limit}")
            if mine > limit * other:
                faults.append(f"{name}: {what} are {mine / other:.2f} of {base}, expected at most {limit}")
    size = zip_bytes(sys.argv[1])
    print(f"zip: {size:,} bytes, at most {MAX_ZIP_BYTES:,}")
    if size > MAX_ZIP_BYTES:
        faults.append(f"the zip has {size:,} bytes, expected at most {MAX_ZIP_BYTES:,}")
    sys.exit("\n".join(faults) or 0)
