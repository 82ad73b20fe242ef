"""The function that you already have, with the rules of its own API."""

import json
import os

# The scopes that each method requires, from this API's own deployment.
RULES = json.loads(os.environ["RULES"])


def handler(event, _context):
    caller = event["requestContext"]["authorizer"]
    required = RULES.get(event["httpMethod"])
    granted = caller.get("scope", "").split()
    if required is None or not set(required) <= set(granted):
        return answer(403, {"error": "insufficient_scope", "required": required or []})
    return answer(200, {"call": f"{event['httpMethod']} {event['path']}", "principal": caller["principal"]})


def answer(status, body):
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
