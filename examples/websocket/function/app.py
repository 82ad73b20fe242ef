"""The function that you already have: it echoes each message to its sender."""

import json
import time


def handler(event, _context):
    request = event["requestContext"]
    caller = request["authorizer"]
    # A connection lasts up to two hours and can outlive its token, and API Gateway calls the authorizer only at
    # `$connect`. So the expiry is checked for every message. Close the connection here if your protocol requires it.
    if time.time() >= float(caller["exp"]):
        return {"statusCode": 401, "body": json.dumps({"error": "the token has expired; connect again"})}
    if request["routeKey"] == "$connect":
        return {"statusCode": 200}
    return {"statusCode": 200, "body": json.dumps({"principal": caller["principal"], "echo": event.get("body")})}
