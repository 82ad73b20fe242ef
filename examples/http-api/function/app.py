"""The function that you already have. It reads the caller from the authorizer's context, never from the token."""

import json


def handler(event, _context):
    caller = event["requestContext"]["authorizer"]["lambda"]
    body = {
        "call": f"{event['requestContext']['http']['method']} {event['rawPath']}",
        "principal": caller["principal"],
        "groups": json.loads(caller.get("groups", "[]")),
    }
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
