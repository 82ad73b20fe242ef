#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets from the repository's own samples and tests: `fuzz/seeds.py`.

With `--check` it writes nothing, and fails if a seed is out of date.
"""

import base64
import json
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
NOW = 1_790_000_000
ISSUER = "https://example.okta.com/oauth2/default"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def without_comments(text):
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return "\n".join(line for line in lines if line.strip()) + "\n"


def bearer():
    yield from ["Bearer a.b.c", "bearer  e30.e30.AA", "DPoP a.b.c", "\tBearer a.b.c ", "Bearer a.b.c, Bearer d.e.f"]
    yield from ["Basic YTpi", "Bearer", "Bearer a\n", "Bearer h\u00e9", "Bearer " + "a" * 60]


def token():
    header = {"kid": "k1", "alg": "EdDSA"}
    claims = {
        "ver": 1, "jti": "AT.1", "iss": ISSUER, "aud": "api://default", "iat": NOW - 10, "exp": NOW + 3590,
        "cid": "web", "uid": "00u1", "scp": ["openid", "state:write"], "auth_time": NOW - 10,
        "sub": "alice@example.com", "groups": ["Everyone"],
    }  # fmt: skip
    yield compact(header) + "\n" + compact(claims)
    yield compact(header | {"typ": "at+jwt"}) + "\n" + compact({
        "iss": ISSUER, "aud": ["api://other", "api://default"], "exp": NOW + 0.5, "nbf": NOW, "sub": "bob",
        "client_id": "web", "scope": "a b",
    })  # fmt: skip
    for changes in [
        {"iss": "https://example.okta.com"}, {"aud": []}, {"exp": NOW - 61}, {"nbf": NOW + 61}, {"sub": ""},
        {"nonce": "n"}, {"cnf": {"jkt": "A" * 43}}, {"uid": None}, {"uid": "\u001f" * 40},
    ]:  # fmt: skip
        yield compact(header) + "\n" + compact(claims | changes)
    for changes in [{"alg": "none"}, {"kid": "k2"}, {"crit": ["exp"]}, {"typ": "dpop+jwt"}, {"b64": False}]:
        yield compact(header | changes) + "\n" + compact(claims)
    yield '{"kid":"k1","alg":"EdDSA"}\n{"sub":"a","sub":"b"}'
    encoded = base64.urlsafe_b64encode(compact(header).encode()).rstrip(b"=").decode()
    yield f"{encoded}.e30.AAAA"


def dpop():
    header = '{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{jwk}}}'
    url = "https://api.example.com/prod/state/42"
    claims = {"jti": "proof-1", "htm": "GET", "htu": url, "iat": NOW, "ath": "{{ath}}"}
    yield header + "\n" + compact(claims)
    for changes in [
        {"htu": "HTTPS://API.example.com:443/prod/./x/../state/%34%32?q#f"}, {"htm": "get"}, {"iat": NOW + 121},
        {"iat": NOW - 119.9}, {"jti": ""}, {"ath": "x"}, {"htu": "https://api.example.com/prod/state/43"},
    ]:  # fmt: skip
        yield header + "\n" + compact(claims | changes)
    for old, new in [("EdDSA", "ES256"), ("dpop+jwt", "JWT"), ('"jwk"', '"crit":[],"jwk"')]:
        yield header.replace(old, new) + "\n" + compact(claims)
    yield "e30.e30.AA"


def cache_control():
    for value in [
        "max-age=600", "public, max-age=600, must-revalidate", "no-store", "max-age=0", "Max-Age = \"60\"",
        "private=\"a, max-age=5\", max-age=7", "max-age=99999999999999999999", "max-age=-1", "max-age", "",
    ]:  # fmt: skip
        yield b"\x00\x05" + value.encode()


def jwks():
    keys = [
        {"kty": "OKP", "crv": "Ed25519", "kid": "e", "use": "sig", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "EC", "crv": "P-256", "kid": "p", "key_ops": ["verify"],
         "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
    ]  # fmt: skip
    published = json.loads((ROOT / "authorizer/tests/data/rfc7638_jwks.json").read_text())
    yield compact(published)
    yield compact({"keys": keys})
    yield compact({"keys": keys + [{"kty": "oct", "kid": "h", "k": "c2VjcmV0"}, None, keys[0] | {"use": "enc"}]})
    yield compact({"keys": [keys[0] | {"d": "AQ"}, keys[0] | {"kid": 5}, keys[1] | {"y": "AA"}, keys[1]]})
    yield compact({"keys": []})
    yield '{"keys":[],"keys":[{}]}'


def metadata():
    document = {"issuer": ISSUER, "jwks_uri": ISSUER + "/v1/keys", "introspection_endpoint": ISSUER + "/v1/introspect"}
    yield compact(document)
    for changes in [
        {"issuer": ISSUER + "/"}, {"jwks_uri": 5}, {"jwks_uri": "http://a.example/k"}, {"jwks_uri": "http://127.0.0.1/k"},
        {"jwks_uri": "https://[::ffff:127.0.0.1]/k"}, {"jwks_uri": "https://u:p@a.example/k"}, {"more": [1e300, {}]},
    ]:  # fmt: skip
        yield compact(document | changes)


def event():
    arn = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/prod"
    for path in sorted((ROOT / "events/authorizer").glob("*.json")):
        text = compact(json.loads(path.read_text()))
        text = re.sub(r"\{\{bound-token:[^}]*\}\}", "{{bound}}", text)
        yield re.sub(r"\{\{(token|proof):[^}]*\}\}", r"{{\1}}", text)
    context = {"domainName": "api.example.com", "path": "/prod/state/42", "requestId": "g"}
    headers = {"Authorization": "DPoP {{bound}}", "DPoP": "{{proof}}"}
    rest = {"type": "REQUEST", "methodArn": arn + "/GET/state/42", "headers": headers, "requestContext": context}
    yield compact(rest)
    yield compact({"version": "2.0", "routeArn": arn + "/GET/state/42", "rawPath": "/prod/state/42",
                   "headers": {"authorization": "DPoP {{bound}}", "dpop": "{{proof}}"}, "requestContext": context})  # fmt: skip
    yield compact(rest | {"headers": {"Authorization": "Bearer {{bound}}"}})
    yield compact(rest | {"multiValueHeaders": {"authorization": ["Bearer {{token}}"]}, "headers": None})
    yield compact({"type": "REQUEST", "methodArn": arn + "/$connect", "queryStringParameters": {"access_token": "{{token}}"}})


def rules():
    template = (ROOT / "template.yaml").read_text()
    text = re.search(r"ACCESS_RULES: .*?(\[\n.*?\n *\])\n", template, re.DOTALL).group(1)
    yield compact(json.loads(re.sub(r"\$\{\w+\}", "", text)))
    yield compact([{"methods": ["GET"], "path": "/public", "anonymous": True}, {"methods": ["*"], "path": "/*"}])
    yield compact([{
        "methods": ["GET", "PUT"], "path": "/state/*", "scopes": ["state:write"], "groups": ["Everyone"],
        "claims": {"/address/country": ["DE", 1.0, True, {"like": "a*?"}]}, "notClaims": {"ver": [2]},
        "clients": ["web"], "issuers": ["*"], "acr": ["urn:mfa"], "maxAgeSeconds": 60,
    }])  # fmt: skip
    for wrong in [
        {"methods": ["*"], "path": "/*", "anonymous": True, "scopes": ["a"]}, {"methods": ["get"], "path": "x"},
        {"methods": [], "path": "/"}, {"methods": ["GET"], "path": "/", "unknown": 1}, {"methods": ["GET"], "path": "/?"},
    ]:  # fmt: skip
        yield compact([wrong])


def json_patch():
    document = {"value": {"a": 1, "b": [1, 2], "~/": None}, "visibility": "private"}
    for patch in [
        [], [{"op": "add", "path": "/value/b/-", "value": 3}, {"op": "remove", "path": "/value/a"}],
        [{"op": "replace", "path": "/value/~0~1", "value": 0}], [{"op": "move", "from": "/value/b/0", "path": "/value"}],
        [{"op": "copy", "from": "/value/b", "path": "/value/a"}, {"op": "test", "path": "/value/a", "value": [1.0, 2]}],
        [{"op": "add", "path": "/value/b/01", "value": 1}], [{"op": "move", "from": "/value", "path": "/value/a"}],
        [{"op": "replace", "path": "", "value": {"value": "x"}}],
    ]:  # fmt: skip
        yield compact(document) + "\n" + compact(patch)


def merge_patch():
    document = {"value": {"a": 1, "b": {"c": 2}}, "visibility": "private"}
    for patch in [
        {}, {"value": {"a": None, "b": {"d": [None]}}}, {"value": [1]}, {"value": None, "visibility": "public"},
        {"value": {"b": 1, "c": {"d": None, "e": {}}}}, [1], None,
    ]:  # fmt: skip
        yield compact(document) + "\n" + compact(patch)


def cursor():
    yield from [b"board.7", b"a", b"board.7\nboard.9", b"\nboard.9", b"a\n" + b"b" * 128]
    yield from ["1:board.7", "1:", "2:a:" + "x" * 160, "2::" + "x" * 156, "3:a"]
    for text in [b"1:board.7", b"2:a:" + b"x" * 156]:
        yield b"=" + base64.urlsafe_b64encode(text).rstrip(b"=")


def entity_tags():
    yield from ['"a"', 'W/"a"', "*", '"a", W/"b" ,, "c"', '"a"\n"b"', "a", '"a" "b"', ' , "a",\t', '"a b"', '""', "*, *"]


def handler_event():
    for path in sorted((ROOT / "events/api-handler").glob("*.json")):
        yield compact(json.loads(path.read_text()))
    context = {"authorizer": {"signedIn": True, "principal": "alice", "exp": "1767229200", "groups": "[\"Admins\"]"}}
    event = {"resource": "/state/{id}", "path": "/state/a", "requestContext": context}
    yield compact(event | {
        "httpMethod": "PATCH", "headers": {"Content-Type": "application/json-patch+json", "If-Match": "\"t\""},
        "body": "[{\"op\":\"add\",\"path\":\"/value/x\",\"value\":1}]",
    })  # fmt: skip
    yield compact(event | {"httpMethod": "DELETE", "headers": {"If-Match": "*"}})
    yield compact({"httpMethod": "OPTIONS", "path": "/state", "headers": {
        "Origin": "https://app.example.com", "Access-Control-Request-Method": "PUT"}})  # fmt: skip
    yield compact({"httpMethod": "GET", "path": "/openapi.json", "resource": "/openapi.json"})
    yield compact(event | {
        "httpMethod": "PATCH", "headers": {"Content-Type": "application/merge-patch+json", "If-Match": "W/\"t\", \"t\""},
        "body": "{\"value\":{\"x\":null,\"y\":[1]},\"visibility\":\"public\"}",
    })  # fmt: skip
    yield compact(event | {
        "httpMethod": "GET", "resource": "/state", "path": "/state",
        "queryStringParameters": {"limit": "5", "owner": "me", "cursor": "MTpib2FyZC43"}, "headers": {"If-None-Match": "\"t\""},
    })  # fmt: skip


def template():
    for name in ["http-authorizers", "rest-authorizers", "rest-cors-members", "rest-globals-merged", "rest-merge-keys",
                 "rest-gateway-responses", "rest-document"]:  # fmt: skip
        yield without_comments((ROOT / f"local/tests/translations/{name}.yaml").read_text())
    yield "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    yield without_comments((ROOT / "examples/websocket/template.yaml").read_text())[:3000]


def open_api():
    source = (ROOT / "local/src/template/tests/open_api.rs").read_text()
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": {
        "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations"}}  # fmt: skip
    get = {"security": [{"Guard": []}], "x-amazon-apigateway-integration": integration}
    authorizer = {"type": "request", "authorizerUri": integration["uri"], "authorizerResultTtlInSeconds": 60,
                  "identitySource": "method.request.header.Authorization"}  # fmt: skip
    scheme = {"type": "apiKey", "name": "Authorization", "in": "header",
              "x-amazon-apigateway-authtype": "custom", "x-amazon-apigateway-authorizer": authorizer}  # fmt: skip
    body = {"openapi": "3.0.1", "paths": {"/state/{id}": {"get": get}},
            "components": {"securitySchemes": {"Guard": scheme}}}  # fmt: skip
    assert "securitySchemes" in source
    yield compact(body)
    yield compact({"swagger": "2.0", "paths": {"/": {"x-amazon-apigateway-any-method": get}},
                   "securityDefinitions": {"Guard": scheme}, "x-amazon-apigateway-binary-media-types": ["*/*"]})  # fmt: skip
    yield compact(body | {"x-amazon-apigateway-gateway-responses": {
        "DEFAULT_4XX": {"statusCode": 401, "responseParameters": {"gatewayresponse.header.X": "'y'"}}}})  # fmt: skip
    yield compact({"openapi": "3.0.1", "paths": {}, "x-amazon-apigateway-cors": {"allowOrigins": ["*"], "maxAge": 5}})


def why():
    access = {
        "requestId": "g-1", "httpMethod": "GET", "path": "/prod/x", "resourcePath": "/x", "status": "403",
        "responseType": "ACCESS_DENIED", "authorizerRequestId": "l-1", "principalId": "alice", "integrationStatus": "-",
    }  # fmt: skip
    decision = {"level": "INFO", "message": "decision", "requestId": "l-1", "apiRequestId": "g-1", "decision": "deny",
                "reason": "route_not_granted", "cache": "miss"}  # fmt: skip
    handled = {"message": "request", "requestId": "l-2", "apiRequestId": "g-2", "method": "PUT", "route": "/state/{id}",
               "status": 412, "cause": "x"}  # fmt: skip
    yield compact(access) + "\n" + compact(decision) + "\n"
    yield "2026-01-01T00:00:00 stream{1} " + compact(handled) + "\nSTART RequestId: l-2\n"
    yield compact({"message": compact(decision | {"decision": "error", "reason": "keys_unavailable", "detail": "d"})})
    yield compact(access | {"responseType": "-", "status": "200", "integrationStatus": "200", "integrationRequestId": "l-2"})
    yield compact({"requestId": "g-3", "status": "401", "routeKey": "GET /x", "authorizerError": "e"})
    lines = [compact(access), compact(decision), "START RequestId: l-1"]
    event = {"eventId": "1", "timestamp": 1, "logStreamName": "s"}
    yield compact({"events": [event | {"message": line + "\n"} for line in lines], "searchedLogStreams": []})
    yield compact({"results": [[{"field": "@message", "value": line}, {"field": "@ptr", "value": "p"}] for line in lines]})
    yield "@timestamp,@message\n" + "".join('2026,"' + line.replace('"', '""') + '"\n' for line in lines)
    yield "".join(f"2026-01-01T00:00:00.000Z {line}\n" for line in lines)
    yield "2026-01-01T00:00:00+00:00 s \n" + json.dumps(access, indent=4) + "\n"


TARGETS = [
    bearer, cache_control, cursor, dpop, entity_tags, event, handler_event, json_patch, jwks, merge_patch, metadata, open_api,
    rules, template, token, why,
]  # fmt: skip


def main():
    wanted = {}
    for target in TARGETS:
        for number, seed in enumerate(target()):
            data = seed if isinstance(seed, bytes) else seed.encode()
            wanted[FOLDER / "seeds" / target.__name__ / f"{number:02}"] = data
    # A seed whose name is not a number is an earlier finding, which is kept.
    generated = [path for path in FOLDER.glob("seeds/*/*") if path.name.isdigit()]
    stale = [path for path in generated if path not in wanted]
    stale += [path for path, data in wanted.items() if not path.exists() or path.read_bytes() != data]
    if "--check" in sys.argv:
        sys.exit(f"out of date: {', '.join(map(str, stale))}" if stale else 0)
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[path])
        else:
            path.unlink()


main()
