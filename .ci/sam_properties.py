#!/usr/bin/env python3
"""Compares the tables of docs/local-gateway.md with the properties that AWS's own translator knows.

A test of the package `local` compares the page with the code, and this script compares it with SAM. It needs
aws-sam-translator.
"""

import pathlib
import re
import sys

from samtranslator.internal.schema_source import (
    aws_serverless_api as api,
    aws_serverless_function as function,
    aws_serverless_httpapi as http_api,
)
from samtranslator.plugins.globals.globals import Globals

# The models of each table, by its heading.
MODELS = {
    "`AWS::Serverless::Api`": [api.Properties],
    "`Auth` of a REST API": [api.Auth],
    "An authorizer of a REST API": [api.CognitoAuthorizer, api.LambdaTokenAuthorizer, api.LambdaRequestAuthorizer],
    "`Identity` of a REST API's authorizer": [
        api.CognitoAuthorizerIdentity,
        api.LambdaTokenAuthorizerIdentity,
        api.LambdaRequestAuthorizerIdentity,
    ],
    "`Cors` of a REST API": [api.Cors],
    "`Domain` of a REST API": [api.Domain],
    "`AWS::Serverless::HttpApi`": [http_api.Properties],
    "`Auth` of an HTTP API": [http_api.Auth],
    "An authorizer of an HTTP API": [http_api.OAuth2Authorizer, http_api.LambdaAuthorizer],
    "`Identity` of an HTTP API's authorizer": [http_api.LambdaAuthorizerIdentity],
    "`CorsConfiguration`": [http_api.CorsConfiguration],
    "`Domain` of an HTTP API": [http_api.Domain],
    "`AWS::Serverless::Function`": [function.Properties],
    "An event of type `Api`": [function.ApiEventProperties],
    "`Auth` of an event of type `Api`": [function.ApiAuth],
    "An event of type `HttpApi`": [function.HttpApiEventProperties],
    "`Auth` of an event of type `HttpApi`": [function.HttpApiAuth],
}
GLOBALS = {
    "`AWS::Serverless::Api`": "AWS::Serverless::Api",
    "`AWS::Serverless::HttpApi`": "AWS::Serverless::HttpApi",
    "`AWS::Serverless::Function`": "AWS::Serverless::Function",
}


def tables(page):
    """The names in each table, and those that Globals may have."""
    found = {}
    for section in page.split("\n### ")[1:]:
        title, _, rest = section.partition("\n")
        rows = re.findall(r"^\| `(\w+)`( \(G\))? \|", rest, re.MULTILINE)
        found[title] = ({name for name, _ in rows}, {name for name, in_globals in rows if in_globals})
    return found


def main():
    page = pathlib.Path(__file__).parent.parent / "docs" / "local-gateway.md"
    found = tables(page.read_text())
    faults = []
    for title, models in MODELS.items():
        known = {name for model in models for name in getattr(model, "model_fields", None) or model.__fields__}
        faults += [f"{title}: `{name}` is missing" for name in sorted(known - found[title][0])]
    for title, kind in GLOBALS.items():
        difference = set(Globals.supported_properties[kind]) ^ found[title][1]
        faults += [f"{title}: only one of the two has `{name}` in Globals" for name in sorted(difference)]
    sys.exit("\n".join(faults) or 0)


main()
