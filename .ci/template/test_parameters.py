"""A parameter reaches the version that serves, and accepts only values with which that version works."""

import re
import unittest
from unittest import mock

import translation
from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions

# Another value for each parameter that a function's settings name.
CHANGED = {
    "Issuer": "https://other.okta.com/oauth2/aus1",
    "Audience": "api://other",
    "ClientIds": "0oa2",
    "WebOrigin": "https://other.example.com",
    "AdminGroup": "Owners",
    "LogLevel": "debug",
    "JwksUri": "https://other.okta.com/oauth2/aus1/v1/keys",
    "PublicUrl": "https://api.example.com",
    "Algorithms": "ES256",
    "ClockLeewaySeconds": "30",
    "PolicyExpiry": "on",
    "JwksMaxAgeSeconds": "600",
    "JwksMaxStaleSeconds": "0",
    "TokenCacheEntries": "0",
    "Dpop": "require",
    "DeletionAcr": "urn:okta:loa:2fa:any",
    "Introspection": "on",
    "IntrospectionClientId": "0oa3",
    "IntrospectionSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:introspection",
    "IntrospectionTtlSeconds": "0",
    "Architecture": "x86_64",
}
# The properties that a version of a function keeps, in addition to its variables. A change of other properties, such as
# reserved concurrency, must not publish a version: CloudFormation fails to publish one that equals the previous one.
VERSIONED = ["Architectures", "Description", "Handler", "Layers", "LoggingConfig", "MemorySize", "Runtime", "Timeout", "VpcConfig"]

# Values of the parameters that CloudFormation must accept and refuse.
ACCEPTED = {
    "Issuer": [
        "https://example.okta.com/oauth2/default",
        "https://example.eu.auth0.com/",
        "http://127.0.0.1:9000/oauth2/default",
        "http://[::1]",
        "https://a.example.com/@tenant",
    ],
    "JwksUri": ["", "https://example.okta.com/oauth2/default/v1/keys", "http://localhost:9000/keys", "https://a.example.com?of=a@b"],
    "Audience": ["api://default", "a,b", "a, b"],
    "ClientIds": ["", "0oa1,0oa2"],
    "WebOrigin": ["https://app.example.com", "https://app.example.com:8443", "http://127.0.0.1:8080", "http://[::1]:8080"],
    "AdminGroup": ["", "Admins"],
    "PublicUrl": ["", "https://api.example.com", "https://api.example.com/v1", "https://api.example.com:8443/a_b/v1.0", "http://127.0.0.1:3000/prod", "http://[::1]"],
    "Algorithms": ["RS256", "RS256,ES256", "EdDSA,PS512"],
    "ClockLeewaySeconds": ["0", "300"],
    "TokenCacheEntries": ["0", "1000000"],
    "DeletionAcr": ["", "urn:okta:loa:2fa:any", "phr"],
    "IntrospectionSecretArn": ["", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:introspection-AbCdEf", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:introspection-AbCdEf:SecretString:::0a1b"],
    "Architecture": ["arm64", "x86_64"],
    "AuthorizerReservedConcurrency": ["0", "100"],
    "LogRetentionDays": ["1", "30", "3653"],
    "AlarmTopic": ["", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:alarms"],
}
REFUSED = {
    "Issuer": ["", "example.okta.com", "http://example.okta.com/oauth2/default", "http://127.0.0.1.example.com", "https://", "https://a.example.com,https://b.example.com", "https://a.example.com/?q", "https://user@a.example.com", "https:///a"],
    "JwksUri": ["/v1/keys", "http://example.okta.com/keys", "https://user:password@a.example.com/keys"],
    "Audience": ["", " ", "a,", ",a", "a,,b", "a, ,b"],
    "ClientIds": [",", " ", "a,,b", "a, ,b"],
    "PublicUrl": ["api.example.com", "https://api.example.com/", "https://api.example.com/'\"", "https://", "https://api.example.com?q", "https://api.example.com/#f", "http://api.example.com", "http://127.0.0.1.example.com", "https://user@api.example.com", "https://a.example.com,https://b.example.com", "https://api.example.com/a%zz"],
    "Algorithms": ["", "HS256", "none", "RS256,", "RS256,HS256", "ES512"],
    "ClockLeewaySeconds": ["-1", "301"],
    "TokenCacheEntries": ["-1", "1000001"],
    "DeletionAcr": ["a b", 'a"', "a,b"],
    "IntrospectionSecretArn": ["secret"],
    "Architecture": ["arm"],
    "AuthorizerReservedConcurrency": ["-1"],
    "ThrottlingRate": ["0"],
    "LogRetentionDays": ["0", "31"],
    "AlarmTopic": ["alarms"],
    "WebOrigin": ["", "*", "https://App.example.com", "https://user@app.example.com", "https://app.example.com?q", "app.example.com", "https://app.example.com/", "https://*.example.com", "https://a.example.com,https://b.example.com"],
}


def accepts(parameter, value):
    """Whether CloudFormation accepts the value for the parameter."""
    return (
        re.fullmatch(parameter.get("AllowedPattern", ".*"), value) is not None
        and value in map(str, parameter.get("AllowedValues", [value]))
        and len(value) >= int(parameter.get("MinLength", 0))
        and (parameter["Type"] != "Number" or parameter.get("MinValue", int(value)) <= int(value) <= parameter.get("MaxValue", int(value)))
    )


def walk(value):
    """The value and everything inside it."""
    yield value
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    for member in members:
        yield from walk(member)


def parameters_of(value, template):
    """The parameters on which a value of the template depends, through conditions too."""
    found = set()
    for part in walk(value):
        if not isinstance(part, dict):
            continue
        for text in walk(part.get("Fn::Sub")):
            found |= set(re.findall(r"\$\{(\w+)\}", text)) if isinstance(text, str) else set()
        if isinstance(part.get("Ref"), str):
            found.add(part["Ref"])
        condition = part.get("Condition") or (part["Fn::If"][0] if "Fn::If" in part else None)
        if isinstance(condition, str):
            found |= parameters_of(template["Conditions"][condition], template)
    return found & set(template["Parameters"])


def settings(template):
    """The template's values of all properties that a version of each function keeps, by the function's logical id."""
    common = template["Globals"]["Function"]
    functions = {name: resource["Properties"] for name, resource in template["Resources"].items() if resource["Type"] == "AWS::Serverless::Function"}
    return {name: [part.get(kept) for part in [common, properties] for kept in ["Environment", *VERSIONED]] for name, properties in functions.items()}


def functions(resources):
    """The functions, by logical id."""
    return {name: resource for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Function"}


def targets(resources):
    """The logical ids of the functions and aliases that the API invokes."""
    [api] = [resource for resource in resources.values() if resource["Type"] == "AWS::ApiGateway::RestApi"]
    found = set()
    for part in walk(api):
        address = part.get("Fn::Sub") if isinstance(part, dict) else None
        text, names = address if isinstance(address, list) else (address, {})
        if text is not None and ":lambda:path/" in text:
            [name] = re.findall(r"\$\{([\w.]+)\}", text)
            target = names.get(name, {"Ref": name})
            found.add(target.get("Ref") or target["Fn::GetAtt"][0])
    return {name.removesuffix(".Arn") for name in found}


def served(resources):
    """The code that runs when the API invokes each target: a function with its settings, or the version that an alias names.

    A version keeps the settings with which it was published, so only its logical id says whether it is another one.
    """
    serves = {}
    for name in targets(resources):
        properties = resources[name]["Properties"]
        serves[name] = properties.get("FunctionVersion", properties)
    return serves


class ParametersReachWhatServes(unittest.TestCase):
    def test_the_api_invokes_the_authorizer_and_the_handler(self):
        resources = translation.deployed()
        functions = {resources[name]["Properties"].get("FunctionName", {"Ref": name})["Ref"] for name in targets(resources)}
        self.assertEqual(functions, {"AuthorizerFunction", "ApiHandlerFunction"})

    def test_the_api_invokes_aliases_and_has_permission(self):
        resources = translation.deployed()
        aliases = {name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Alias"}
        self.assertEqual(targets(resources), aliases)
        permissions = [resource["Properties"]["FunctionName"] for resource in resources.values() if resource["Type"] == "AWS::Lambda::Permission"]
        self.assertEqual({name["Ref"] for name in permissions}, aliases)

    def test_a_property_that_a_version_does_not_keep_publishes_no_version(self):
        before = served(translation.deployed())
        for changed in [{"AuthorizerReservedConcurrency": "50"}, {"ThrottlingRate": "20"}, {"Deployment": "Canary10Percent5Minutes"}]:
            self.assertEqual(before, served(translation.deployed(changed)), changed)

    def test_a_changed_parameter_changes_the_version_that_serves(self):
        template = translation.source()
        before = served(translation.deployed())
        names = {function: parameters_of(kept, template) for function, kept in settings(template).items()}
        self.assertIn("ClientIds", names["AuthorizerFunction"])
        self.assertIn("WebOrigin", names["ApiHandlerFunction"])
        for name in sorted(set().union(*names.values())):
            after = served(translation.deployed({name: CHANGED[name]}))
            for function, own in names.items():
                with self.subTest(f"{function} {name}"):
                    alias = function + "Aliaslive"
                    self.assertEqual(before[alias] != after[alias], name in own, "whether a version is published")

    def test_sam_reads_the_values_of_the_parameters_too(self):
        template = translation.source()
        values = translation.parameters(template, {"ClientIds": "0oa2"})
        ours = translation.with_json_strings(template, translation.Resolver(template, values))
        theirs = expand_language_extensions(template, values, enabled=True).expanded_template
        for function in settings(template):
            found = [read["Resources"][function]["Properties"]["Environment"]["Variables"]["PUBLISHED_SETTINGS"] for read in (ours, theirs)]
            self.assertIsInstance(found[0], str)
            self.assertEqual(found[0], found[1])

    def test_every_deployment_of_the_stack_deploys_the_api(self):
        # A stage serves its deployment: without a new deployment a changed gateway response never reaches a caller.
        def deployment(time):
            with mock.patch("samtranslator.model.apigateway.time.time", return_value=time):
                resources = translation.translated()["Resources"].values()
            [stage] = [resource for resource in resources if resource["Type"] == "AWS::ApiGateway::Stage"]
            return stage["Properties"]["DeploymentId"]

        self.assertNotEqual(deployment(1), deployment(2))


class ParametersAreChecked(unittest.TestCase):
    def test_values(self):
        definitions = translation.source()["Parameters"]
        for values, expected in [(ACCEPTED, True), (REFUSED, False)]:
            for name, candidates in values.items():
                for value in candidates:
                    with self.subTest(f"{name}={value}"):
                        self.assertEqual(accepts(definitions[name], value), expected)


class CombinationsAreChecked(unittest.TestCase):
    def test_introspection_needs_a_client(self):
        def refused(changed):
            template = translation.translated(changed)
            resolver = translation.Resolver(template, translation.parameters(translation.source(), changed))
            return [
                assertion["AssertDescription"]
                for rule in template["Rules"].values()
                if resolver.resolve(rule["RuleCondition"])
                for assertion in rule["Assertions"]
                if not resolver.resolve(assertion["Assert"])
            ]

        self.assertEqual(refused({}), [])
        self.assertEqual(refused({"Introspection": "on"}), ["Introspection needs IntrospectionClientId."])
        self.assertEqual(refused({"Introspection": "on", "IntrospectionClientId": "0oa3"}), [])


class TheLogs(unittest.TestCase):
    def test_lambda_drops_no_line_that_the_functions_write(self):
        # From few lines to many, in the order of both sides.
        functions_levels = ["error", "warn", "info", "debug", "trace"]
        lambda_levels = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"]
        self.assertEqual(translation.source()["Parameters"]["LogLevel"]["AllowedValues"], functions_levels)
        for level in functions_levels:
            # A line without a level, such as that of a panic, is treated as INFO.
            needed = lambda_levels.index(max("info", level, key=functions_levels.index).upper())
            for name, function in functions(translation.deployed({"LogLevel": level})).items():
                with self.subTest(f"{name} {level}"):
                    logging = function["Properties"]["LoggingConfig"]
                    self.assertEqual(logging["LogFormat"], "JSON")
                    self.assertGreaterEqual(lambda_levels.index(logging.get("ApplicationLogLevel", "INFO")), needed)


class TheKeys(unittest.TestCase):
    def test_an_issuer_is_not_taken_for_okta(self):
        def address(changed):
            return translation.deployed(changed)["AuthorizerFunction"]["Properties"]["Environment"]["Variables"].get("JWKS_URI")

        self.assertIsNone(address({"Issuer": "https://example.eu.auth0.com/"}))
        self.assertEqual(address({"JwksUri": "https://example.com/keys"}), "https://example.com/keys")


if __name__ == "__main__":
    unittest.main()
