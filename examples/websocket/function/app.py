"""The function that you already have: it echoes each message to its sender."""

import json
import time


def handler(event, _context):
    request = event["requestContext"]
    caller = request["authorizer"]
    # A connection lasts up to two hours and outlives its token, and API Gateway asks the authorizer only at `$connect`.
    # So every message checks the expiry. Close the connection from here if that is what your protocol wants.
    if time.time() >= float(caller["exp"]):
        return {"statusCode": 401, "body": json.dumps({"error": "the token has expired; connect again"})}
    if request["routeKey"] == "$connect":
        return {"statusCode": 200}
    return {"statusCode": 200, "body": json.dumps({"principal": caller["principal"], "echo": event.get("body")})}
