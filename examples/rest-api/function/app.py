"""The function that you already have. It reads the caller from the authorizer's context, never from the token."""

import json


def handler(event, _context):
    caller = event["requestContext"]["authorizer"]
    body = {
        "call": f"{event['httpMethod']} {event['path']}",
        "principal": caller["principal"],
        # A REST API passes every value of the context as a string.
        "groups": json.loads(caller.get("groups", "[]")),
    }
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
