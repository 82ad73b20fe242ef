#!/usr/bin/env python3
"""Checks a function's zip before it is released: scripts/check-package.py ZIP FUNCTION ARCHITECTURE.

The program must be for that architecture, need no newer glibc than that of Amazon Linux 2023, contain no path of the
builder's home, and answer sample events, if this machine can run it.
"""

import http.server
import json
import os
import platform
import queue
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Amazon Linux 2023 has glibc 2.34.
MAX_GLIBC = (2, 34)
# `e_machine` of an ELF header.
MACHINES = {"x86_64": 62, "arm64": 183}
ANSWER_SECONDS = 20

SETTINGS = {
    "authorizer": {"ISSUER": "http://127.0.0.1:9/oauth2/default", "AUDIENCE": "api://default"},
    # Nothing listens at the endpoint, which is connected to at the start.
    "api-handler": {
        "STATE_TABLE": "state", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
    },
}
# Events that need neither an issuer nor a database, each with a part of its answer.
EVENTS = {
    "authorizer": {
        "authorizer/token-not-a-bearer.json": '"errorMessage":"Unauthorized"',
        "authorizer/unknown-shape.json": "the event has no known shape",
    },
    "api-handler": {"api-handler/session-signed-out.json": "signedIn"},
}


def fail(text):
    sys.exit(f"error: {sys.argv[1]}: {text}")


class RuntimeApi(http.server.ThreadingHTTPServer):
    """The part of the Lambda Runtime API that one program needs."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.events = queue.Queue()
        self.answers = queue.Queue()

    def handle_error(self, *_):
        """The program is killed while it waits for the next event."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        event = self.server.events.get()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000001")
        self.send_header("Lambda-Runtime-Deadline-Ms", "99999999999999")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:111122223333:function:check")
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self):
        self.server.answers.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def answers(program, function):
    """Runs the program on each event and checks its answers."""
    api = RuntimeApi()
    threading.Thread(target=api.serve_forever, daemon=True).start()
    environment = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_REGION": "eu-west-1",
        **SETTINGS[function],
    }
    with subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            for name, expected in EVENTS[function].items():
                api.events.put((ROOT / "events" / name).read_bytes())
                try:
                    answer = api.answers.get(timeout=ANSWER_SECONDS)
                except queue.Empty:
                    process.kill()
                    fail(f"no answer to {name}: {process.stderr.read()[-2000:]}")
                if expected not in answer.replace('": "', '":"'):
                    fail(f"{name}: expected {expected}, found {answer}")
        finally:
            process.kill()


def main():
    path, function, architecture = sys.argv[1:]
    with zipfile.ZipFile(path) as archive:
        [entry] = archive.infolist()
        if entry.filename != "bootstrap" or entry.external_attr >> 16 != 0o100755:
            fail("expected one executable file, bootstrap")
        program = archive.read(entry)
    if program[:4] != b"\x7fELF" or int.from_bytes(program[18:20], "little") != MACHINES[architecture]:
        fail(f"expected a program for {architecture}")
    versions = {tuple(map(int, version.split(b"."))) for version in re.findall(rb"\0GLIBC_(\d+\.\d+)", program)}
    if not versions or max(versions) > MAX_GLIBC:
        fail(f"needs glibc {max(versions, default=None)}, expected at most {MAX_GLIBC}")
    for home in {str(Path.home()), str(ROOT)} - {"/"}:
        # Other names begin with `/root` too, so a slash must follow.
        if re.search(re.escape(home.encode()) + rb"/", program):
            fail(f"contains the path {home}")
    if platform.machine().replace("aarch64", "arm64") == architecture:
        with tempfile.TemporaryDirectory() as folder:
            bootstrap = Path(folder) / "bootstrap"
            bootstrap.write_bytes(program)
            bootstrap.chmod(0o755)
            answers(bootstrap, function)
    newest = ".".join(map(str, max(versions)))
    print(json.dumps({"zip": os.path.basename(path), "bytes": os.path.getsize(path), "program": len(program), "glibc": newest}))


main()
