"""Every action, wildcard and public resource that the templates deploy, and the reason for each.

A change of access appears here as a difference: add the line with its reason, or remove the access.
"""

import json
import unittest

import test_web
import translation

# With every feature on that a parameter turns on.
EVERYTHING = {
    "AccessLog": "on",
    "Deployment": "Linear10PercentEvery1Minute",
    "PublicUrl": "https://api.example.com",
    "Introspection": "on",
    "IntrospectionClientId": "0oa3",
    "IntrospectionSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:introspection",
}

LOGS = "writes its log; the managed policy names every log group of the account"
ROLE = "the role of a function is assumed by Lambda only"
CALLED = "API Gateway calls the handler for one method of this API, in its one stage"
ASKED = "API Gateway calls the authorizer, for authorizers of this API only"
SHIFTS = "CodeDeploy shifts the callers of this function; only its own aliases"
SIGNED_OUT = "serves anonymous callers too; the authorizer rejects a bad token, and the handler shows public resources only"
PREFLIGHT = "preflights carry no token; the handler answers 404 and 405 here, and treats every caller as anonymous"

EXPECTED = {
    "AuthorizerFunctionRole: lambda.amazonaws.com may sts:AssumeRole": ROLE,
    "AuthorizerFunctionRole: has arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole": LOGS,
    "ApiHandlerFunctionRole: lambda.amazonaws.com may sts:AssumeRole": ROLE,
    "ApiHandlerFunctionRole: has arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole": LOGS,
    "ApiHandlerFunctionRole: may dynamodb:GetItem on StateTable.Arn": "reads one resource",
    "ApiHandlerFunctionRole: may dynamodb:Query on StateTable.Arn": "reads one resource for a caller who may see it",
    "ApiHandlerFunctionRole: may dynamodb:BatchGetItem on StateTable.Arn": "reads the resources of a page",
    "ApiHandlerFunctionRole: may dynamodb:PutItem on StateTable.Arn": "creates and replaces a resource",
    "ApiHandlerFunctionRole: may dynamodb:UpdateItem on StateTable.Arn": "replaces a resource for a caller who may write it",
    "ApiHandlerFunctionRole: may dynamodb:DeleteItem on StateTable.Arn": "deletes a resource",
    "ApiHandlerFunctionRole: may dynamodb:Query on ${StateTable.Arn}/index/owner": "lists by owner",
    "ApiHandlerFunctionRole: may dynamodb:Query on ${StateTable.Arn}/index/audience": "lists by audience",
    "DeploymentRole: codedeploy.amazonaws.com may sts:AssumeRole": "shifts the aliases, if parameter Deployment is gradual; there are no hooks to invoke",
    "DeploymentRole: may lambda:GetAlias on AuthorizerFunction.Arn": SHIFTS,
    "DeploymentRole: may lambda:GetAlias on ${AuthorizerFunction.Arn}:*": SHIFTS,
    "DeploymentRole: may lambda:GetAlias on ApiHandlerFunction.Arn": SHIFTS,
    "DeploymentRole: may lambda:GetAlias on ${ApiHandlerFunction.Arn}:*": SHIFTS,
    "DeploymentRole: may lambda:UpdateAlias on AuthorizerFunction.Arn": SHIFTS,
    "DeploymentRole: may lambda:UpdateAlias on ${AuthorizerFunction.Arn}:*": SHIFTS,
    "DeploymentRole: may lambda:UpdateAlias on ApiHandlerFunction.Arn": SHIFTS,
    "DeploymentRole: may lambda:UpdateAlias on ${ApiHandlerFunction.Arn}:*": SHIFTS,
    "DeploymentRole: may lambda:GetProvisionedConcurrencyConfig on AuthorizerFunction.Arn": SHIFTS,
    "DeploymentRole: may lambda:GetProvisionedConcurrencyConfig on ${AuthorizerFunction.Arn}:*": SHIFTS,
    "DeploymentRole: may lambda:GetProvisionedConcurrencyConfig on ApiHandlerFunction.Arn": SHIFTS,
    "DeploymentRole: may lambda:GetProvisionedConcurrencyConfig on ${ApiHandlerFunction.Arn}:*": SHIFTS,
    "DeploymentRole: may cloudwatch:DescribeAlarms on *": "reads whether an alarm went off; it asks for several alarms at once, which only `*` allows",
    "AuthorizerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/authorizers/*": ASKED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/GET/session": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/GET/state": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/GET/state/*": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/HEAD/state/*": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/PUT/state/*": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/PATCH/state/*": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/DELETE/state/*": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/GET/openapi.json": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/GET/.well-known/oauth-protected-resource": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/*/session": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/*/state": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/*/state/*": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/*/openapi.json": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/*/.well-known/oauth-protected-resource": CALLED,
    "ApiHandlerFunctionAliaslive: apigateway.amazonaws.com may lambda:InvokeFunction from ${Api}/*/*/*": CALLED,
    "anyone may call GET /session (Optional)": SIGNED_OUT,
    "anyone may call GET /state (Optional)": SIGNED_OUT,
    "anyone may call GET /state/{id} (Optional)": SIGNED_OUT,
    "anyone may call HEAD /state/{id} (Optional)": SIGNED_OUT,
    "anyone may call GET /openapi.json (NONE)": "the description of the API has no secret",
    "anyone may call GET /.well-known/oauth-protected-resource (NONE)": "a client without a token reads here where to get a token (RFC 9728)",
    "anyone may call ANY /session (NONE)": PREFLIGHT,
    "anyone may call ANY /state (NONE)": PREFLIGHT,
    "anyone may call ANY /state/{id} (NONE)": PREFLIGHT,
    "anyone may call ANY /openapi.json (NONE)": PREFLIGHT,
    "anyone may call ANY /.well-known/oauth-protected-resource (NONE)": PREFLIGHT,
    "anyone may call ANY /{proxy+} (NONE)": PREFLIGHT,
    "AuthorizerFunction: {{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:introspection}}":
        "the client secret for introspection is a variable of the function; a principal that may read its configuration sees it",
    "web WebBucketPolicy: cloudfront.amazonaws.com may s3:GetObject on ${WebBucket.Arn}/*": "serves the pages, for our distribution only",
    "web WebBucketPolicy: * may not s3:* on WebBucket.Arn": "a denial: without TLS nothing may be done",
    "web WebBucketPolicy: * may not s3:* on ${WebBucket.Arn}/*": "a denial: without TLS nothing may be done",
    "web: anyone may read from WebDistribution": "the pages are public",
}


def listed(value):
    return value if isinstance(value, list) else [value]


def name(value):
    """A resource in a policy: an ARN, or the reference that it comes from."""
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        return ".".join(value["Fn::GetAtt"])
    text = value.get("Fn::Sub") if isinstance(value, dict) else value
    return text[0] if isinstance(text, list) else text


def statements(policy):
    for statement in policy["Statement"]:
        may = {"Allow": "may", "Deny": "may not"}[statement["Effect"]]
        principal = statement.get("Principal", {})
        principals = [principal] if isinstance(principal, str) else [one for kind in principal.values() for one in listed(kind)]
        for who in principals or [None]:
            for action in listed(statement["Action"]):
                for resource in listed(statement.get("Resource", [None])):
                    yield " ".join(filter(None, [who, may, action, resource and f"on {name(resource)}"]))


def source_arn(value):
    """The part of an execute-api ARN that follows the account."""
    text, names = value["Fn::Sub"]
    for key, target in names.items():
        text = text.replace("${" + key + "}", "${" + target["Ref"] + "}" if isinstance(target, dict) else target)
    assert text.startswith("arn:aws:execute-api:eu-west-1:123456789012:"), text
    return text.split(":", 5)[5]


def access(resources):
    """Every permission, public method and secret among the resources."""
    for logical_id, resource in resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::IAM::Role":
            policies = [properties["AssumeRolePolicyDocument"], *(policy["PolicyDocument"] for policy in properties.get("Policies", []))]
            yield from (f"{logical_id}: {text}" for policy in policies for text in statements(policy))
            yield from (f"{logical_id}: has {arn}" for arn in properties.get("ManagedPolicyArns", []))
        elif kind == "AWS::Lambda::Permission":
            function = properties["FunctionName"]["Ref"] if "Ref" in properties["FunctionName"] else properties["FunctionName"]["Fn::GetAtt"][0]
            yield f"{function}: {properties['Principal']} may {properties['Action']} from {source_arn(properties['SourceArn'])}"
        elif kind == "AWS::ApiGateway::RestApi":
            for path, methods in properties["Body"]["paths"].items():
                for method, definition in methods.items():
                    [[authorizer]] = [list(requirement) for requirement in definition["security"]]
                    verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                    if authorizer != "Required":
                        yield f"anyone may call {verb} {path} ({authorizer})"
        elif kind == "AWS::S3::BucketPolicy":
            yield from (f"{logical_id}: {text}" for text in statements(properties["PolicyDocument"]))
        elif kind == "AWS::CloudFront::Distribution":
            yield f"anyone may read from {logical_id}"
        elif kind == "AWS::Lambda::Function":
            for value in properties["Environment"]["Variables"].values():
                if "{{resolve:" in json.dumps(value):
                    yield f"{logical_id}: {value}"
        elif kind.startswith(("AWS::IAM::", "AWS::Lambda::Url", "AWS::Lambda::Layer", "AWS::SecretsManager::", "AWS::KMS::")):
            yield f"{logical_id}: {kind}"


class Permissions(unittest.TestCase):
    maxDiff = None

    def test_every_permission_has_a_reason(self):
        found = [*access(translation.deployed(EVERYTHING))]
        found += [f"web {text}" if ": " in text else f"web: {text}" for text in access(test_web.deployed("eu-west-1", "0aa"))]
        self.assertEqual(sorted(set(found)), sorted(EXPECTED))

    def test_parameters_off_grant_less(self):
        self.assertLess(set(access(translation.deployed())), set(access(translation.deployed(EVERYTHING))))

    def test_no_bucket_is_public(self):
        bucket = test_web.deployed("eu-west-1", "0aa")["WebBucket"]["Properties"]
        self.assertEqual(set(bucket["PublicAccessBlockConfiguration"].values()), {True})

    def test_arns_name_the_partition(self):
        # An ARN that names `aws` does not exist in GovCloud and China. The translator writes the partition itself.
        for path in ["template.yaml", "web/template.yaml"]:
            with self.subTest(path):
                self.assertNotIn("arn:aws:", json.dumps(translation.source(path)["Resources"]))


if __name__ == "__main__":
    unittest.main()
