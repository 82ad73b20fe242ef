"""The one stage of the API: its limits, its access log, its answers."""

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


class TheApi(unittest.TestCase):
    def test_there_is_one_stage(self):
        # SAM adds a public stage `Stage`, without what is set on ours, unless OpenApiVersion is given.
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

    def test_a_401_says_where_the_issuer_is_named(self):
        for public_url, expected in [
            ("", "'Bearer'"),
            ("https://api.example.com/v1", "'Bearer resource_metadata=\"https://api.example.com/v1/.well-known/oauth-protected-resource\"'"),
        ]:
            body = translation.deployed({"PublicUrl": public_url})["Api"]["Properties"]["Body"]
            headers = body["x-amazon-apigateway-gateway-responses"]["UNAUTHORIZED"]["responseParameters"]
            self.assertEqual(headers["gatewayresponse.header.WWW-Authenticate"], expected)
            # Pages of another origin see the header only so.
            self.assertEqual(headers["gatewayresponse.header.Access-Control-Expose-Headers"], "'WWW-Authenticate, x-amzn-RequestId'")


class ProofsOfKeyBoundTokens(unittest.TestCase):
    def authorizers(self, dpop):
        [api] = [resource for resource in translation.deployed({"Dpop": dpop}).values() if resource["Type"] == "AWS::ApiGateway::RestApi"]
        definitions = api["Properties"]["Body"]["securityDefinitions"]
        return {name: definition["x-amazon-apigateway-authorizer"] for name, definition in definitions.items()}

    def test_each_proof_reaches_the_authorizer(self):
        for dpop, seconds in [("off", 60), ("accept", 0), ("require", 0)]:
            with self.subTest(dpop):
                found = self.authorizers(dpop)
                self.assertEqual({authorizer["type"] for authorizer in found.values()}, {"request"})
                self.assertEqual(found["Required"]["identitySource"], "method.request.header.Authorization")
                self.assertEqual(found["Required"]["authorizerResultTtlInSeconds"], seconds)
                self.assertEqual(found["Optional"]["authorizerResultTtlInSeconds"], 0)


if __name__ == "__main__":
    unittest.main()
