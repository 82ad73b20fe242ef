"""Tests the promises of the examples and the published template, after AWS's own translator and CDK's synthesis."""

import copy
import importlib.util
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
import unittest
import unittest.mock
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".ci" / "template"))
import test_api  # noqa: E402
import test_parameters  # noqa: E402
import translation  # noqa: E402
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
logging.getLogger("samtranslator").setLevel(logging.ERROR)

# A value for each parameter that has no default.
GIVEN = {
    "AuthorizerArn": "arn:aws:lambda:eu-west-1:111122223333:function:authorizer",
    "BackendUrl": "https://backend.example.com",
    "CodeBucket": "bucket",
    "CodeKey": "authorizer.zip",
    "Issuer": "https://example.okta.com/oauth2/default",
}
# Parameters of the published template that are not variables of the authorizer.
NOT_VARIABLES = {
    "Architecture",
    "IntrospectionSecretArn",
    "Layers",
    "LogKeyArn",
    "LogRetentionDays",
    "MemorySize",
    "OrganizationId",
    "ReservedConcurrency",
    "SecurityGroupIds",
    "SubnetIds",
    "Timeout",
    "Tracing",
    "VariablesKeyArn",
}


def source(path):
    """A template as it is written."""
    return yaml_parse((ROOT / path).read_text(encoding="utf-8"))


def translated(path):
    """The resources of a template after the SAM transform."""
    template = source(path)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # `sam package` puts the address of the uploaded code here.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    values = {name: str(definition.get("Default", GIVEN.get(name))) for name, definition in template["Parameters"].items()}
    return Translator({}, Parser()).translate(copy.deepcopy(template), values)["Resources"]


def synthesized(stack):
    """The resources of a CDK stack."""
    path = ROOT / "target" / "ci" / "tree" / "examples" / "cdk" / "cdk.out" / f"{stack}.template.json"
    return json.loads(path.read_text(encoding="utf-8"))["Resources"]


def of_type(resources, kind):
    """The properties of all resources of a type."""
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def settings():
    """The names in the table of the authorizer's settings."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    section = page.partition("## Settings of the authorizer")[2].partition("\n## ")[0].partition("The handler's variables")[0]
    rows = [row for row in section.splitlines() if row.startswith("| `")]
    cells = [cell for row in rows for cell in row.split("|")[1:4:2]]
    return {name for cell in cells for name in re.findall(r"`([A-Z][A-Z0-9_]{3,})`", cell)} - {"RS256"}


class Published(unittest.TestCase):
    def setUp(self):
        self.template = source("publish/template.yaml")

    def test_every_setting_of_the_readme_is_a_parameter(self):
        [function] = of_type(translated("publish/template.yaml"), "AWS::Lambda::Function")
        variables = function["Environment"]["Variables"]
        named = {name for name in settings() if name not in ("AWS_LAMBDA_LOG_LEVEL",)}
        self.assertGreater(len(named), 25)
        self.assertEqual(named - set(variables), set())

    def test_every_parameter_reaches_its_variable(self):
        variables = self.template["Resources"]["Authorizer"]["Properties"]["Environment"]["Variables"]
        for name in set(self.template["Parameters"]) - NOT_VARIABLES:
            variable = re.sub(r"(?<!^)([A-Z])", r"_\1", name).upper()
            self.assertIn(name, json.dumps(variables[variable]), variable)
            description = self.template["Parameters"][name]["Description"]
            self.assertTrue(description.startswith(variable + ". "), f"{name}: {description}")

    def test_every_parameter_is_described_and_bounded(self):
        for name, definition in self.template["Parameters"].items():
            self.assertTrue(definition.get("Description"), name)
            bounds = {"AllowedPattern", "AllowedValues", *(["MinValue"] if definition["Type"] == "Number" else [])}
            self.assertTrue(bounds & set(definition), name)

    def test_every_parameter_is_in_a_group(self):
        groups = self.template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        grouped = [name for group in groups for name in group["Parameters"]]
        self.assertEqual(sorted(grouped), sorted(self.template["Parameters"]))

    def test_patterns_accept_real_values_and_refuse_mistakes(self):
        cases = {
            "Issuer": (
                ["https://dev-1.okta.com/oauth2/default", "https://example.eu.auth0.com/", "https://login.microsoftonline.com/t/v2.0"],
                ["http://dev-1.okta.com", "https://a.example/?x", "https://a.example,https://b.example"],
            ),
            "Audience": (["api://default", "a,b"], [",", "a,"]),
            "AccessRules": (["", '[\n{"methods": ["GET"], "path": "/*"}\n]'], ["{}"]),
            "Algorithms": (["RS256", "RS256,ES256,EdDSA"], ["HS256", "RS256,", "none"]),
            "HttpsProxy": (["", "http://user:p%40ss@proxy.example:3128"], ["proxy.example:3128", "https://proxy.example"]),
            "OrganizationId": (["", "o-abcdefghij"], ["o-short", "abcdefghij"]),
            "JwksFile": (["", "/opt/jwks.json"], ["jwks.json"]),
            "IntrospectionClientId": (["", "0oa1b2c3"], ["0oa 1"]),
            "IntrospectionSecretArn": (
                ["", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf:SecretString:::0a1b"],
                ["secret"],
            ),
            "Layers": (["", "arn:aws:lambda:eu-west-1:111122223333:layer:keys:3"], ["arn:aws:lambda:eu-west-1:111122223333:layer:keys"]),
            "NoProxy": (["", "*", "localhost,10.0.0.0/8, .example.com", "[::1]"], ["a b", ","]),
            "SecurityGroupIds": (["", "sg-0a1b"], ["subnet-0a1b"]),
            "SubnetIds": (["", "subnet-0a1b"], ["sg-0a1b"]),
            "VariablesKeyArn": (["", "arn:aws:kms:eu-west-1:111122223333:key/0"], ["alias/k"]),
        }
        for name, (good, bad) in cases.items():
            pattern = self.template["Parameters"][name]["AllowedPattern"]
            for value in good:
                self.assertRegex(value, f"^(?:{pattern})$", name)
            for value in bad:
                self.assertNotRegex(value, f"^(?:{pattern})$", name)

    def deployed(self, given):
        """The resources with these parameters, conditions decided."""
        resources = translated("publish/template.yaml")
        values = translation.parameters(self.template, given)
        return translation.resources({**self.template, "Resources": resources}, values)

    def permissions(self, given):
        """Every action that a role allows and its resource, managed policies, and the principals that may invoke the function."""
        resources = self.deployed(given)
        for role in of_type(resources, "AWS::IAM::Role"):
            yield from role.get("ManagedPolicyArns", [])
            for policy in role["Policies"]:
                yield from ((statement["Action"], statement["Resource"]) for statement in policy["PolicyDocument"]["Statement"])
        for permission in of_type(resources, "AWS::Lambda::Permission"):
            yield permission["Action"], permission["Principal"], permission["PrincipalOrgID"]

    def test_the_stack_grants_only_these_permissions(self):
        least = [
            (["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["LogGroup", "Arn"]}),
            ("lambda:InvokeFunction", {"Fn::GetAtt": ["Authorizer", "Arn"]}),
        ]
        self.assertEqual(list(self.permissions({})), least)
        everything = {"Tracing": "Active", "SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1", "OrganizationId": "o-abcdefghij"}
        self.assertEqual(
            [permission for permission in self.permissions(everything) if permission not in least],
            [
                # Network interfaces in the VPC.
                "arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess",
                # X-Ray has no resource-level permissions for these actions.
                (["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
                # Every account of the organization.
                ("lambda:InvokeFunction", "*", "o-abcdefghij"),
            ],
        )

    def test_only_services_of_this_account_assume_the_roles(self):
        assumed = {}
        for name, resource in self.deployed({}).items():
            if resource["Type"] == "AWS::IAM::Role":
                [assumed[name]] = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        account = translation.PSEUDO["AWS::AccountId"]
        self.assertEqual(
            assumed,
            {
                "ExecutionRole": {**trust, "Principal": {"Service": "lambda.amazonaws.com"}},
                "InvokeRole": {
                    **trust,
                    "Principal": {"Service": "apigateway.amazonaws.com"},
                    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                },
            },
        )

    def test_operators_set_the_function_and_its_keys(self):
        key = "arn:aws:kms:eu-west-1:111122223333:key/0"
        given = {"MemorySize": "512", "Timeout": "9", "Layers": "a,b", "LogRetentionDays": "7", "Tracing": "Active"}
        for keys in [{}, {"VariablesKeyArn": key, "LogKeyArn": key}]:
            resources = self.deployed({**given, **keys})
            [function] = of_type(resources, "AWS::Lambda::Function")
            [logs] = of_type(resources, "AWS::Logs::LogGroup")
            self.assertEqual(
                (function["MemorySize"], function["Timeout"], function["Layers"], function["TracingConfig"], function.get("KmsKeyArn")),
                ("512", "9", "a,b", {"Mode": "Active"}, keys.get("VariablesKeyArn")),
            )
            self.assertEqual((logs["RetentionInDays"], logs.get("KmsKeyId")), ("7", keys.get("LogKeyArn")))


class Examples(unittest.TestCase):
    # Of parameters that only the published template has.
    REFUSED = {
        "ContextClaims": [" ", "a, ,b"],
        "DpopPublicUrl": ["https://user@a.example.com", "https://a.example.com/%zz", "https://a.example.com/\"", "https://a.example.com?q"],
        "IntrospectionUri": ["https://user@a.example.com", "http://a.example.com"],
        "PrincipalClaims": ["", " ", "a, ,b"],
    }

    def test_values_that_the_authorizer_refuses_are_refused(self):
        found = set()
        for path in [*(ROOT / "examples").glob("*/*.yaml"), ROOT / "publish/template.yaml"]:
            for name, definition in yaml_parse(path.read_text(encoding="utf-8")).get("Parameters", {}).items():
                for value in [*test_parameters.REFUSED.get(name, []), *self.REFUSED.get(name, [])]:
                    # An empty value is the default where another parameter can replace this one.
                    if value != definition.get("Default"):
                        self.assertFalse(test_parameters.accepts(definition, value), f"{path}: {name}={value}")
                        found.add(name)
        self.assertLessEqual({"Issuer", "Audience", "ClientIds", "JwksUri", *self.REFUSED}, found)

    def test_the_log_of_each_authorizer_expires(self):
        templates = [*(ROOT / "examples").glob("*/*.yaml"), ROOT / "publish/template.yaml"]
        stacks = {str(path.relative_to(ROOT)): translated(path) for path in templates}
        stacks |= {name: synthesized(name) for name in ["RestApiExample", "HttpApiExample"]}
        found = 0
        for name, resources in stacks.items():
            for function in of_type(resources, "AWS::Lambda::Function"):
                if function["Runtime"] == "provided.al2023":
                    group = resources[function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
                    self.assertIn("RetentionInDays", group, name)
                    found += 1
        self.assertEqual(found, 7)

    def test_a_cached_simple_answer_applies_to_one_route(self):
        for name, resources in {
            "http-api": translated("examples/http-api/template.yaml"),
            "cdk": synthesized("HttpApiExample"),
        }.items():
            authorizers = of_type(resources, "AWS::ApiGatewayV2::Authorizer")
            for body in (api.get("Body") or {} for api in of_type(resources, "AWS::ApiGatewayV2::Api")):
                schemes = body.get("components", {}).get("securitySchemes", {}).values()
                authorizers += [scheme["x-amazon-apigateway-authorizer"] for scheme in schemes]
            self.assertEqual(len(authorizers), 1, name)
            [authorizer] = ({key[:1].lower() + key[1:]: value for key, value in each.items()} for each in authorizers)
            self.assertEqual(
                (
                    authorizer["authorizerPayloadFormatVersion"],
                    authorizer["enableSimpleResponses"],
                    authorizer["identitySource"],
                    authorizer["authorizerResultTtlInSeconds"],
                ),
                ("2.0", True, ["$request.header.Authorization", "$context.routeKey"], 60),
                name,
            )

    def test_terraform_caches_by_route_too(self):
        text = (ROOT / "examples/terraform/main.tf").read_text(encoding="utf-8")
        self.assertIn('["$request.header.Authorization", "$context.routeKey"]', text)

    def test_every_operation_of_the_rest_examples_has_the_authorizer(self):
        for path in ["rest-api/template", "shared/api", "shared/api-of-another-account", "shared/api-with-rules", "cloudformation/template"]:
            for api in of_type(translated(f"examples/{path}.yaml"), "AWS::ApiGateway::RestApi"):
                operations = [operation for item in api["Body"]["paths"].values() for operation in item.values()]
                self.assertGreaterEqual(len(operations), 2, path)
                for operation in operations:
                    self.assertTrue(operation["security"], path)

    def test_every_method_and_route_of_cdk_has_the_authorizer(self):
        for method in of_type(synthesized("RestApiExample"), "AWS::ApiGateway::Method"):
            self.assertEqual(method["AuthorizationType"], "CUSTOM")
        for route in of_type(synthesized("HttpApiExample"), "AWS::ApiGatewayV2::Route"):
            self.assertEqual(route["AuthorizationType"], "CUSTOM")

    def test_the_shared_authorizer_needs_no_permission_of_an_api(self):
        for path in ["shared/api", "shared/api-of-another-account", "shared/api-with-rules"]:
            for permission in of_type(translated(f"examples/{path}.yaml"), "AWS::Lambda::Permission"):
                self.assertEqual(permission["FunctionName"], {"Ref": "NotesFunction"}, path)

    def test_an_api_with_rules_nests_the_published_application(self):
        resource = source("examples/shared/api-with-rules.yaml")["Resources"]["Authorizer"]["Properties"]
        published = source("publish/template.yaml")
        self.assertEqual((ROOT / "examples/shared" / resource["Location"]).resolve(), ROOT / "publish/template.yaml")
        self.assertLessEqual(set(resource["Parameters"]), set(published["Parameters"]))
        rules = resource["Parameters"]["AccessRules"]
        self.assertRegex(rules, f"^(?:{published['Parameters']['AccessRules']['AllowedPattern']})$")
        self.assertEqual([rule["path"] for rule in json.loads(rules)], ["/notes/*"] * 2)
        authorizer = source("examples/shared/api-with-rules.yaml")["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"]["Own"]
        for attribute in [authorizer["FunctionArn"], authorizer["FunctionInvokeRole"]]:
            name, _, output = ".".join(attribute["Fn::GetAtt"]).partition(".Outputs.")
            self.assertEqual(name, "Authorizer")
            self.assertIn(output, published["Outputs"])

    def test_the_access_log_of_the_http_api_has_what_http_apis_have(self):
        resources = translated("examples/http-api/template.yaml")
        [stage] = of_type(resources, "AWS::ApiGatewayV2::Stage")
        settings = stage["AccessLogSettings"]
        self.assertEqual(settings["DestinationArn"], {"Fn::GetAtt": ["AccessLogGroup", "Arn"]})
        # The members of a REST API's line, with the route key instead of the resource's path.
        absent = {"authorizeError", "authorizeStatus", "authorizerStatus", "authorizerLatency", "authorizerRequestId"}
        expected = {name: variable for name, variable in test_api.ACCESS_LOG.items() if name not in absent}
        del expected["resourcePath"]
        # A simple answer has the principal only in the context.
        expected |= {"routeKey": "$context.routeKey", "principalId": "$context.authorizer.principal"}
        self.assertNotIn("\n", settings["Format"])
        self.assertEqual(json.loads(settings["Format"]), expected)

    def test_a_websocket_connection_has_the_authorizer(self):
        routes = {route["RouteKey"]: route for route in of_type(translated("examples/websocket/template.yaml"), "AWS::ApiGatewayV2::Route")}
        self.assertEqual(routes["$connect"]["AuthorizationType"], "CUSTOM")

    def test_the_answer_to_a_websocket_message_reaches_the_client(self):
        resources = translated("examples/websocket/template.yaml")
        [response] = of_type(resources, "AWS::ApiGatewayV2::RouteResponse")
        route = resources[response["RouteId"]["Ref"]]["Properties"]
        # CDK's `returnResponse` sets both.
        self.assertEqual((route["RouteKey"], response["RouteResponseKey"]), ("$default", "$default"))
        self.assertEqual(route.get("RouteResponseSelectionExpression"), "$default")


class Functions(unittest.TestCase):
    """The functions of the examples that `cargo local` does not run."""

    def handler(self, example, **variables):
        path = ROOT / "examples" / example / "function" / "app.py"
        with unittest.mock.patch.dict(os.environ, variables):
            spec = importlib.util.spec_from_file_location(f"app_of_{example}", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        return module.handler

    def test_the_shared_authorizer_leaves_the_rules_to_the_api(self):
        [function] = of_type(translated("examples/shared/api.yaml"), "AWS::Lambda::Function")
        handler = self.handler("shared", **function["Environment"]["Variables"])

        def status(method, scope):
            context = {"principal": "p"} if scope is None else {"principal": "p", "scope": scope}
            return handler({"httpMethod": method, "path": "/notes/1", "requestContext": {"authorizer": context}}, None)["statusCode"]

        cases = [("GET", None, 200), ("PUT", "openid state:write", 200), ("PUT", "state:read", 403), ("PUT", None, 403), ("DELETE", "state:write", 403)]
        for method, scope, expected in cases:
            self.assertEqual(status(method, scope), expected, (method, scope))

    def test_a_websocket_connection_ends_with_its_token(self):
        handler = self.handler("websocket")

        def answer(route, expiry):
            request = {"routeKey": route, "authorizer": {"principal": "p", "exp": expiry}}
            return handler({"requestContext": request, "body": "hello"}, None)

        self.assertEqual(answer("$connect", "9999999999"), {"statusCode": 200})
        # API Gateway passes the number as a number or as a string.
        for expiry in (9999999999, "9999999999"):
            self.assertEqual(json.loads(answer("$default", expiry)["body"]), {"principal": "p", "echo": "hello"})
        for route in ("$connect", "$default"):
            self.assertEqual(answer(route, "1")["statusCode"], 401)


class ForLambda(unittest.TestCase):
    """The builds of `cargo lambda build` and `sam build` without options."""

    CONFIGURATION = tomllib.loads((ROOT / "CargoLambda.toml").read_text(encoding="utf-8"))["build"]

    def test_they_build_the_functions_of_the_templates_only(self):
        resources = [resource for path in ["template.yaml", "publish/template.yaml"] for resource in source(path)["Resources"].values()]
        functions = {resource["Metadata"]["BuildProperties"]["Binary"] for resource in resources if resource["Type"] == "AWS::Serverless::Function"}
        self.assertEqual(set(self.CONFIGURATION["bin"]), functions)

    def test_the_compiler_writes_no_path_of_this_machine(self):
        [variable] = self.CONFIGURATION["env_var"]
        name, _, wrapper = variable.partition("=")
        self.assertEqual(name, "RUSTC_WRAPPER")
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "place.rs"
            place.write_text('fn main() { println!("{}", std::panic::Location::caller().file()); }', encoding="utf-8")
            program = Path(folder) / "place"
            for variables in [{"CARGO_HOME": folder}, {"RUSTUP_HOME": folder}]:
                environment = {**os.environ, "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")), **variables}
                # Calls the compiler itself, which does not look for toolchains in RUSTUP_HOME.
                sysroot = subprocess.run(["rustc", "--print", "sysroot"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
                compiler = Path(sysroot) / "bin" / "rustc"
                subprocess.run([ROOT / wrapper, compiler, place, "-o", program], cwd=ROOT, env=environment, check=True)
                printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
                self.assertRegex(printed, r"^/(cargo|rustup)/place\.rs$")


class FetchKeys(unittest.TestCase):
    """`scripts/fetch-keys.sh` against an issuer on loopback."""

    KEYS = {"keys": [{"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"}]}

    def run_script(self, pages, before=None, file="jwks.json"):
        """Runs the script against an issuer that serves these pages; returns the exit status and the file afterwards."""

        class Issuer(BaseHTTPRequestHandler):
            def do_GET(self):
                page = pages.get(self.path)
                if page == "redirect":
                    self.send_response(302)
                    self.send_header("Location", "/keys")
                    self.end_headers()
                    return
                if page == "not HTTP":
                    self.wfile.write(b"x\r\n\r\n")
                    return
                self.send_response(404 if page is None else 200)
                self.end_headers()
                self.wfile.write(json.dumps(page).replace("ISSUER", issuer).encode())

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Issuer)
        issuer = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / file
            if before is not None:
                path.write_text(before, encoding="utf-8")
            ended = subprocess.run(
                [ROOT / "scripts/fetch-keys.sh", issuer, path], capture_output=True, text=True, check=False, env={**os.environ, "no_proxy": "127.0.0.1"}
            )
            server.shutdown()
            server.server_close()
            self.assertEqual(sorted(os.listdir(folder)), ["jwks.json"] if path.is_file() else [], ended.stderr)
            self.assertNotIn("Traceback", ended.stderr)
            return ended.returncode, path.read_text(encoding="utf-8") if path.is_file() else None

    METADATA = {"issuer": "ISSUER", "jwks_uri": "ISSUER/keys"}
    WELL_KNOWN = "/.well-known/openid-configuration"

    def test_the_keys_are_written(self):
        status, text = self.run_script({self.WELL_KNOWN: self.METADATA, "/keys": self.KEYS})
        self.assertEqual((status, json.loads(text)), (0, self.KEYS))

    def test_a_bad_answer_leaves_the_file(self):
        for name, pages in {
            "no metadata": {"/keys": self.KEYS},
            "another issuer": {self.WELL_KNOWN: {**self.METADATA, "issuer": "ISSUER/"}, "/keys": self.KEYS},
            "no keys": {self.WELL_KNOWN: self.METADATA, "/keys": {"keys": []}},
            "not a set": {self.WELL_KNOWN: self.METADATA, "/keys": [1]},
            "a redirect": {self.WELL_KNOWN: {**self.METADATA, "jwks_uri": "ISSUER/moved"}, "/moved": "redirect", "/keys": self.KEYS},
            "a private key": {self.WELL_KNOWN: self.METADATA, "/keys": {"keys": [{"kty": "RSA", "kid": "a", "d": "x"}]}},
            "plain http": {self.WELL_KNOWN: {**self.METADATA, "jwks_uri": "http://keys.invalid/"}},
            "no URL": {self.WELL_KNOWN: {**self.METADATA, "jwks_uri": "https://[x"}},
            "a URL with a space": {self.WELL_KNOWN: {**self.METADATA, "jwks_uri": "https://a b/"}},
            "no HTTP": {self.WELL_KNOWN: self.METADATA, "/keys": "not HTTP"},
            "a kid that is not a string": {self.WELL_KNOWN: self.METADATA, "/keys": {"keys": [{"kty": "RSA", "kid": 5}]}},
        }.items():
            self.assertEqual(self.run_script(pages, before="old"), (1, "old"), name)

    def test_a_kid_that_is_not_a_string_is_not_counted(self):
        keys = {"keys": [{"kty": "RSA", "kid": 5}, *self.KEYS["keys"]]}
        status, text = self.run_script({self.WELL_KNOWN: self.METADATA, "/keys": keys})
        self.assertEqual((status, json.loads(text)), (0, keys))

    def test_a_file_that_cannot_be_written_is_an_error(self):
        pages = {self.WELL_KNOWN: self.METADATA, "/keys": self.KEYS}
        self.assertEqual(self.run_script(pages, file="missing/jwks.json"), (1, None))
        self.assertEqual(self.run_script(pages, file="."), (1, None))


if __name__ == "__main__":
    unittest.main()
