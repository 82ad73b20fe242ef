"""The figures of the handler, over a table with one item that is always found, and for which every condition holds."""

import json

from valgrind import Function

FEW, MANY = 20, 70
SETTINGS = {
    "STATE_TABLE": "bench", "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_DYNAMODB": "http://{address}",
    "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
}
OK = b'"statusCode":200'


def event(method, path, headers=None, body=None):
    """A REST proxy event from a signed-in caller."""
    headers = {
        "Accept": "application/json", "Content-Type": "application/json", "User-Agent": "curl/8.5.0",
        "Host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", **(headers or {}),
    }
    resource = "/state/{id}" if path.startswith("/state/") else path
    return json.dumps({
        "resource": resource, "path": path, "httpMethod": method, "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None, "multiValueQueryStringParameters": None,
        "pathParameters": {"id": "bench"} if path.startswith("/state/") else None, "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123", "resourcePath": resource, "httpMethod": method, "path": f"/prod{path}",
            "accountId": "123456789012", "apiId": "a1b2c3d4e5", "stage": "prod",
            "requestId": "00000000-0000-4000-8000-000000000001", "requestTimeEpoch": 1767225600000, "protocol": "HTTP/1.1",
            "domainName": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "identity": {"sourceIp": "203.0.113.9", "userAgent": "curl/8.5.0"},
            "authorizer": {
                "principalId": "00u1bench", "signedIn": "true", "principal": "00u1bench", "sub": "bench@example.com",
                "iss": "https://example.okta.com/oauth2/default", "clientId": "web",
                "scope": "openid state:read state:write", "groups": '["Everyone"]', "exp": "4102444800", "jti": "AT.bench",
            },
        },
        "body": body, "isBase64Encoded": False,
    }).encode()


SESSION = event("GET", "/session")
READ = event("GET", "/state/bench")
WRITE = event("PUT", "/state/bench", {"If-Match": '"0123456789abcdef"'},
              json.dumps({"value": {"lamp": "on", "level": 7, "room": "kitchen"}}))


def measure(binary, floor, profile):
    """The figures by name. `profile` names the file where the profile of a figure is kept."""
    def function(name, call=None):
        settings = SETTINGS if call is None else {**SETTINGS, "FLOOR": call}
        return Function(binary if call is None else floor, settings, OK, profile=profile(name))

    def warm(name, event, call=None):
        return function(name, call).invocation([event] * FEW, [event] * MANY)

    return {
        "handler's runtime": warm("handler's runtime", SESSION, ""),
        "GET /session": warm("GET /session", SESSION),
        "runtime + GetItem": warm("runtime + GetItem", READ, "get"),
        "GET /state/{id}": warm("GET state", READ),
        "runtime + PutItem": warm("runtime + PutItem", WRITE, "put"),
        "PUT with If-Match": warm("PUT", WRITE),
        "start, runtime + GetItem": function("start of GetItem", "get").start(READ),
        "start, GET /state/{id}": function("start of GET state").start(READ),
        "start, runtime + PutItem": function("start of PutItem", "put").start(WRITE),
        "start, PUT with If-Match": function("start of PUT").start(WRITE),
    }
