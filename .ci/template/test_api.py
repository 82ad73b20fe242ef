"""The only stage of the API: its limits, its access log, its answers."""

import json
import unittest

import translation

# The fields of a line of the access log, each with API Gateway's variable.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "httpMethod": "$context.httpMethod",
    "path": "$context.path",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "responseType": "$context.error.responseType",
    "errorMessage": "$context.error.message",
    "authorizeError": "$context.authorize.error",
    "authorizeStatus": "$context.authorize.status",
    "authorizerError": "$context.authorizer.error",
    "authorizerStatus": "$context.authorizer.status",
    "authorizerLatency": "$context.authorizer.latency",
    "authorizerRequestId": "$context.authorizer.requestId",
    "principalId": "$context.authorizer.principalId",
    "integrationStatus": "$context.integration.status",
    "integrationError": "$context.integration.error",
    "integrationLatency": "$context.integration.latency",
    "integrationRequestId": "$context.integration.requestId",
    "responseLatency": "$context.responseLatency",
    "sourceIp": "$context.identity.sourceIp",
    "protocol": "$context.protocol",
}


def stage(changed=None):
    """The properties of the stage."""
    [found] = [resource["Properties"] for resource in translation.deployed(changed).values() if resource["Type"] == "AWS::ApiGateway::Stage"]
    return found


def gateway_response(kind, changed=None):
    """The gateway response of a type."""
    return translation.deployed(changed)["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"][kind]


def authorizers(changed):
    """The authorizers by name."""
    definitions = translation.deployed(changed)["Api"]["Properties"]["Body"]["securityDefinitions"]
    return {name: definition["x-amazon-apigateway-authorizer"] for name, definition in definitions.items()}


class TheApi(unittest.TestCase):
    def test_there_is_one_stage(self):
        # Without OpenApiVersion, SAM adds a public stage `Stage`, which lacks the settings of ours.
        stages = [
            resource["Properties"]["StageName"]
            for resource in translation.deployed().values()
            if "StageName" in resource.get("Properties", {})
        ]
        self.assertEqual(stages, ["prod"])

    def test_requests_are_throttled(self):
        [settings] = stage({"ThrottlingRate": "20", "ThrottlingBurst": "40"})["MethodSettings"]
        self.assertEqual(settings, {"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": "20", "ThrottlingBurstLimit": "40"})

    def test_the_access_log(self):
        off = translation.deployed()
        self.assertNotIn("AccessLogSetting", off["ApiprodStage"]["Properties"])
        self.assertNotIn("AccessLogGroup", off)
        on = stage({"AccessLog": "on"})["AccessLogSetting"]
        self.assertEqual(on["DestinationArn"], {"Fn::GetAtt": ["AccessLogGroup", "Arn"]})
        self.assertNotIn("\n", on["Format"])
        self.assertEqual(list(json.loads(on["Format"]).items()), list(ACCESS_LOG.items()))

    def test_a_401_says_how_to_sign_in(self):
        metadata = 'resource_metadata="https://api.example.com/v1/.well-known/oauth-protected-resource"'
        proof = 'DPoP algs="RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 EdDSA"'
        public_url = "https://api.example.com/v1"
        for dpop, url, expected in [
            ("off", "", "Bearer"),
            ("off", public_url, f"Bearer {metadata}"),
            ("accept", "", f"Bearer, {proof}"),
            ("accept", public_url, f"Bearer {metadata}, {proof}, {metadata}"),
            ("require", "", proof),
            ("require", public_url, f"{proof}, {metadata}"),
        ]:
            with self.subTest(dpop=dpop, url=url):
                headers = gateway_response("UNAUTHORIZED", {"Dpop": dpop, "PublicUrl": url})["responseParameters"]
                self.assertEqual(headers["gatewayresponse.header.WWW-Authenticate"], f"'{expected}'")
                # Without this header, pages of another origin cannot read `WWW-Authenticate`.
                self.assertEqual(headers["gatewayresponse.header.Access-Control-Expose-Headers"], "'WWW-Authenticate, x-amzn-RequestId'")

    def test_each_gateway_response_shows_the_id_of_the_request_to_pages(self):
        body = translation.deployed({})["Api"]["Properties"]["Body"]
        responses = body["x-amazon-apigateway-gateway-responses"]
        self.assertEqual(sorted(responses), ["ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED"])
        for kind, response in responses.items():
            exposed = response["responseParameters"]["gatewayresponse.header.Access-Control-Expose-Headers"]
            self.assertIn("x-amzn-RequestId", exposed.strip("'").split(", "), kind)

    def test_a_403_lists_the_accepted_sign_ins(self):
        template = gateway_response("ACCESS_DENIED")["responseTemplates"]["application/json"]
        # API Gateway only replaces variables; these templates have no other language.
        rendered = template.replace("$context.error.messageString", '"no"').replace("$context.authorizer.stepUp", "a b")
        self.assertEqual(json.loads(rendered), {"Message": "no", "stepUp": "a b"})


class StepUp(unittest.TestCase):
    def test_a_strong_sign_in_is_required_for_deletions_only_if_the_parameter_is_set(self):
        def rules(acr):
            variables = translation.deployed({"DeletionAcr": acr})["AuthorizerFunction"]["Properties"]["Environment"]["Variables"]
            return json.loads(variables["ACCESS_RULES"])

        without, required = rules(""), rules("urn:okta:loa:2fa:any")
        step_up = {"acr": ["urn:okta:loa:2fa:any"], "maxAgeSeconds": 300}
        self.assertEqual([rule for rule in without if rule.keys() & step_up.keys()], [])
        changed = [rule | step_up if "DELETE" in rule["methods"] else rule for rule in without]
        self.assertEqual((required, [rule["methods"] for rule in required if "acr" in rule]), (changed, [["DELETE"]]))

    def test_each_call_gets_its_own_step_up(self):
        for acr, seconds in [("", 60), ("phr", 0)]:
            self.assertEqual(authorizers({"DeletionAcr": acr})["Required"]["authorizerResultTtlInSeconds"], seconds)


class ProofsOfKeyBoundTokens(unittest.TestCase):
    def test_each_proof_reaches_the_authorizer(self):
        for dpop, seconds in [("off", 60), ("accept", 0), ("require", 0)]:
            with self.subTest(dpop):
                found = authorizers({"Dpop": dpop})
                self.assertEqual({authorizer["type"] for authorizer in found.values()}, {"request"})
                self.assertEqual(found["Required"]["identitySource"], "method.request.header.Authorization")
                self.assertEqual(found["Required"]["authorizerResultTtlInSeconds"], seconds)
                self.assertEqual(found["Optional"]["authorizerResultTtlInSeconds"], 0)


if __name__ == "__main__":
    unittest.main()
