"""The servers that a counted function talks to: the Runtime API, the keys of an issuer, and a table of one item."""

import http.server
import json
import ssl
import threading
import time
import zlib

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


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
        time.sleep(self.server.pause)
        self.server.handed_out = time.monotonic()
        self.reply(200, body, {
            "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
            "Lambda-Runtime-Deadline-Ms": "4102444800000",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:bench",
        })

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers.get("X-Amz-Target")
        if operation:
            answer = json.dumps(store_answer(operation.partition(".")[2], json.loads(body))).encode()
            self.reply(200, answer, {"x-amz-crc32": str(zlib.crc32(answer)), "x-amzn-RequestId": REQUEST_ID})
            return
        self.server.answered = time.monotonic()
        if self.server.expected not in body:
            self.server.wrong.append(body)
        self.reply(202, b'{"status":"OK"}', {})

    def reply(self, status, body, headers):
        self.send_response_only(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ITEM = {
    "id": {"S": "bench"}, "owner": {"S": "00u1bench"}, "visibility": {"S": "private"}, "version": {"N": "1"},
    "value": {"S": '{"lamp":"on","level":7,"room":"kitchen"}'}, "tag": {"S": "0123456789abcdef"},
    "createdAt": {"S": "2026-01-01T00:00:00Z"}, "updatedAt": {"S": "2026-01-01T00:00:00Z"},
}


def store_answer(operation, call):
    """The answers of DynamoDB for one item, for which every condition holds."""
    if operation == "Query":
        return {"Items": [ITEM], "Count": 1, "ScannedCount": 1}
    if operation == "GetItem":
        return {"Item": ITEM}
    if operation == "UpdateItem":
        return {"Attributes": {**ITEM, "tag": call["ExpressionAttributeValues"][":tag"]}}
    return {}


class Server(http.server.ThreadingHTTPServer):
    """The Runtime API with these events, each `pause` seconds after it is asked for; `expected` is in each answer of the
    function."""

    daemon_threads = True

    def __init__(self, events=(), expected=b"", keys=b"", certificate=None, pause=0):
        super().__init__(("127.0.0.1", 0), RuntimeApi)
        self.events, self.expected, self.keys = iter(events), expected, keys
        self.pause, self.handed_out, self.answered = pause, None, None
        self.wrong, self.done = [], threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The thread of the connection does the handshake.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
