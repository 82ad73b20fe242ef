#!/usr/bin/env python3
"""What AWS's own translator makes of the templates in local/tests/translations, as the JSON files beside them.

A test of the package `local` compares what the gateway reads with these files, so `cargo test` needs no Python. Without
arguments this script checks that the files are still what the translator says; with `--write` it writes them.
"""

import json
import logging
import pathlib
import sys

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# Each translation warns of telemetry that is not published.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

FOLDER = pathlib.Path(__file__).parent.parent / "local" / "tests" / "translations"
SOURCES = {
    "method.request.header.": "header ",
    "method.request.querystring.": "query ",
    "stageVariables.": "stage ",
    "context.": "context ",
    "$request.header.": "header ",
    "$request.querystring.": "query ",
    "$stageVariables.": "stage ",
    "$context.": "context ",
}


def source(text):
    for prefix, kind in SOURCES.items():
        if text.startswith(prefix):
            return kind + text.removeprefix(prefix)
    raise ValueError(text)


def sources(value):
    values = value if isinstance(value, list) else (value or "").split(",")
    return [source(text.strip()) for text in values if text.strip()]


def authorizer(scheme, rest):
    found = scheme.get("x-amazon-apigateway-authorizer")
    if found is None:
        return None
    kind = found["type"]
    if kind == "jwt":
        configuration = found["jwtConfiguration"]
        return {
            "type": kind,
            "sources": sources(found["identitySource"]),
            "issuer": configuration["issuer"],
            "audience": configuration["audience"],
        }
    read = {"type": kind, "sources": sources(found.get("identitySource"))}
    if kind == "token":
        read["sources"] = read["sources"] or ["header " + scheme["name"]]
        read["validation"] = found.get("identityValidationExpression")
    if not rest:
        read["payload"] = str(found["authorizerPayloadFormatVersion"])
        read["simple"] = bool(found.get("enableSimpleResponses"))
    # What API Gateway takes when the document says nothing: 300 for REST APIs, no cache for HTTP APIs.
    read["ttl"] = found.get("authorizerResultTtlInSeconds", 300 if rest else 0)
    return read


def route(path, verb, operation):
    verb = "ANY" if verb == "x-amazon-apigateway-any-method" else verb.upper()
    integration = operation["x-amazon-apigateway-integration"]
    [(name, scopes)] = [pair for item in operation.get("security") or [{"NONE": []}] for pair in item.items()]
    path = path if path == "/" else path.rstrip("/")
    key = "$default" if path == "$default" else f"{verb} {path}"
    kind = "preflight" if integration["type"] == "mock" else "function"
    read = {"key": key, "kind": kind, "authorizer": name, "scopes": scopes}
    if kind == "preflight":
        parameters = integration["responses"]["default"]["responseParameters"]
        read["headers"] = {
            name.removeprefix("method.response.header.").lower(): value.strip("'") for name, value in parameters.items()
        }
    else:
        read["payload"] = integration.get("payloadFormatVersion", "1.0")
    return read


def response(found):
    return {
        "status": int(found["statusCode"]) if "statusCode" in found else None,
        "headers": {
            name.removeprefix("gatewayresponse.header.").lower(): value
            for name, value in found.get("responseParameters", {}).items()
        },
        "templates": found.get("responseTemplates", {}),
    }


def summary(body):
    rest = "swagger" in body
    schemes = body.get("securityDefinitions") or body.get("components", {}).get("securitySchemes", {})
    authorizers = {name: authorizer(scheme, rest) for name, scheme in schemes.items()}
    routes = [
        route(path, verb, operation) for path, item in body["paths"].items() for verb, operation in item.items()
    ]
    read = {
        "routes": sorted(routes, key=lambda route: route["key"]),
        "authorizers": {name: found for name, found in authorizers.items() if found},
    }
    if rest:
        responses = body.get("x-amazon-apigateway-gateway-responses", {})
        read["responses"] = {name: response(found) for name, found in responses.items()}
    else:
        read["cors"] = body.get("x-amazon-apigateway-cors")
    return read


def translate(path):
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    resources = translator.translate(yaml_parse(path.read_text()), {})["Resources"]
    bodies = [found["Properties"]["Body"] for found in resources.values() if "Body" in found.get("Properties", {})]
    [body] = bodies
    return summary(body)


def main():
    differing = []
    for path in sorted(FOLDER.glob("*.yaml")):
        text = json.dumps(translate(path), indent=2, sort_keys=True) + "\n"
        target = path.with_suffix(".json")
        if "--write" in sys.argv:
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            differing.append(f"{target.name} is not what the translator makes of {path.name}: run with --write")
    sys.exit("\n".join(differing) or 0)


main()
