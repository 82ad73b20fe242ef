#!/usr/bin/env python3
"""Translates the APIs of this project's templates, and of those in local/tests/translations, with AWS's own translator.

The results are JSON files in that folder, by logical id of the API. A test of the package `local` compares the gateway's
routes with these files, so `cargo test` needs no Python. Without arguments this script checks that the files still equal
the translator's output; with `--write` it writes them.

Every template of the repository is compared, except those in `project/refused.json`. The gateway refuses these, and the same
test compares its messages with those in that file. Their API is another kind of resource (examples/cloudformation,
examples/websocket), its authorizer is in a nested stack (examples/shared/api-with-rules.yaml), or they have no API (publish,
web).
"""

import copy
import json
import pathlib
import re
import sys

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "local" / "tests" / "translations"
sys.path.insert(0, str(ROOT / ".ci" / "template"))
from translation import PSEUDO, Resolver  # noqa: E402

# The templates of the project, each with its parameters: the test reads the same list.
PROJECT = json.loads((FOLDER / "project" / "cases.json").read_text(encoding="utf-8"))
REFUSED = json.loads((FOLDER / "project" / "refused.json").read_text(encoding="utf-8"))
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


def function(uri):
    """The logical id of the function that a URI invokes: by its ARN, or by an alias that SAM names after the function."""
    forms = [
        r'"Fn::GetAtt": \["(\w+)", "Arn"\]', r"\$\{(\w+)\.Arn\}", r'\{"Ref": "(\w+?)Alias\w+"\}', r"\$\{(\w+?)Alias\w+\}",
        # An ARN from a parameter or another stack.
        r":function:(\w+)",
    ]  # fmt: skip
    [name] = re.findall("|".join(forms), json.dumps(uri))
    return "".join(name)


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
    read = {"type": kind, "function": function(found["authorizerUri"]), "sources": sources(found.get("identitySource"))}
    if kind == "token":
        read["sources"] = read["sources"] or ["header " + scheme["name"]]
        read["validation"] = found.get("identityValidationExpression")
    if not rest:
        read["payload"] = str(found["authorizerPayloadFormatVersion"])
        read["simple"] = bool(found.get("enableSimpleResponses"))
    # API Gateway's defaults: 300 for REST APIs, no cache for HTTP APIs.
    read["ttl"] = int(found.get("authorizerResultTtlInSeconds", 300 if rest else 0))
    return read


def route(path, verb, operation):
    verb = "ANY" if verb == "x-amazon-apigateway-any-method" else verb.upper()
    integration = operation["x-amazon-apigateway-integration"]
    [(name, scopes)] = [pair for item in operation.get("security") or [{"NONE": []}] for pair in item.items()]
    path = path if path == "/" else path.rstrip("/")
    # API Gateway itself exports the default route as `/$default`.
    key = "$default" if path.lstrip("/") == "$default" and verb == "ANY" else f"{verb} {path}"
    kind = "preflight" if integration["type"] == "mock" else "function"
    read = {"key": key, "kind": kind, "authorizer": name, "scopes": scopes}
    if kind == "preflight":
        parameters = integration["responses"]["default"]["responseParameters"]
        read["headers"] = {
            name.removeprefix("method.response.header.").lower(): value.strip("'") for name, value in parameters.items()
        }
    else:
        read["function"] = function(integration["uri"])
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


def summary(kind, body):
    rest = kind == "AWS::ApiGateway::RestApi"
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


def included(value, folder):
    """The value with each `AWS::Include` replaced by its file, as CloudFormation does before the SAM transform."""
    if isinstance(value, list):
        return [included(item, folder) for item in value]
    if not isinstance(value, dict):
        return value
    transform = value.get("Fn::Transform")
    if transform and transform["Name"] == "AWS::Include":
        return included(yaml_parse((folder / transform["Parameters"]["Location"]).read_text(encoding="utf-8")), folder)
    return {name: included(member, folder) for name, member in value.items()}


def packaged(template):
    """The template with the address of the uploaded code, which `sam package` puts there."""
    functions = [found["Properties"] for found in template["Resources"].values() if found["Type"].endswith("Function")]
    for properties in [template.get("Globals", {}).get("Function", {}), *functions]:
        if "CodeUri" in properties:
            properties["CodeUri"] = "s3://bucket/key"
    return template


def translate(path, changed, imports):
    template = packaged(included(yaml_parse(path.read_text(encoding="utf-8")), path.parent))
    defaults = {name: each["Default"] for name, each in template.get("Parameters", {}).items() if "Default" in each}
    values = {name: str(value) for name, value in {**defaults, **changed}.items()}
    try:
        translated = Translator({}, Parser()).translate(copy.deepcopy(template), {**values, **PSEUDO})
    except InvalidDocumentException as refusal:
        # The gateway must refuse it too.
        return " ".join(cause.message for cause in refusal.causes)
    resolver = Resolver(translated, values, imports)
    apis = {
        name: (found["Type"], found["Properties"]["Body"])
        for name, found in translated["Resources"].items()
        if "Body" in found.get("Properties", {}) and ("Condition" not in found or resolver.condition(found["Condition"]))
    }
    return {name: summary(kind, resolver.resolve(body)) for name, (kind, body) in apis.items()}


def cases():
    """Each template with its parameters, the exports of other stacks, and the file of its translation."""
    for path in sorted(FOLDER.glob("*.yaml")):
        yield path, {}, {}, path.with_suffix(".json")
    for name, case in PROJECT.items():
        yield ROOT / case["template"], case["parameters"], case.get("imports", {}), FOLDER / "project" / f"{name}.json"


def unlisted():
    """The templates of the repository that are neither compared nor known to be refused."""
    patterns = ["*.yaml", "examples/*/*.yaml", "publish/*.yaml", "web/*.yaml"]
    found = {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(found - {case["template"] for case in PROJECT.values()} - REFUSED.keys())


def main():
    differing = [f"{name} is in neither cases.json nor refused.json of {FOLDER}/project" for name in unlisted()]
    for path, changed, imports, target in cases():
        text = json.dumps(translate(path, changed, imports), indent=2, sort_keys=True) + "\n"
        if "--write" in sys.argv:
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            differing.append(f"{target.name} differs from the translator's output for {path.name}: run with --write")
    sys.exit("\n".join(differing) or 0)


main()
