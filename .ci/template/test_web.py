"""The stack of the pages can be deployed beside any other, and the API's stack wherever API Gateway is available."""

import unittest
from unittest import mock

import translation

GIVEN = {
    "ApiUrl": "https://api.example.com/prod",
    "Issuer": "https://example.okta.com/oauth2/default",
    "WebOrigin": "https://app.example.com",
    "WebCertificate": "",
}
# The longest name that CloudFormation allows.
LONG_NAME = "n" * 128


def deployed(region, identifier, changed=None):
    """The resources of the pages' stack in a region."""
    stack = {
        "AWS::Region": region,
        "AWS::StackName": LONG_NAME,
        "AWS::StackId": f"arn:aws:cloudformation:{region}:123456789012:stack/{LONG_NAME}/{identifier}",
    }
    with mock.patch.dict(translation.PSEUDO, stack):
        return translation.resources(translation.source("web/template.yaml"), {**GIVEN, **(changed or {})})


class ThePagesStack(unittest.TestCase):
    def test_names_are_short_and_differ_between_regions(self):
        one = deployed("eu-west-1", "0aa00000-0000-0000-0000-000000000001")
        other = deployed("us-east-1", "0aa00000-0000-0000-0000-000000000002")
        for resource, path, longest in [
            ("WebHeaders", ["ResponseHeadersPolicyConfig", "Name"], 128),
            ("WebAccess", ["OriginAccessControlConfig", "Name"], 64),
        ]:
            names = []
            for resources in (one, other):
                value = resources[resource]["Properties"]
                for member in path:
                    value = value[member]
                names.append(value)
            with self.subTest(resource):
                self.assertNotEqual(*names)
                self.assertLessEqual(max(map(len, names)), longest)
        self.assertLessEqual(len(one["WebDistribution"]["Properties"]["DistributionConfig"]["Comment"]), 128)

    def test_pages_connect_to_the_api_and_the_issuer_only(self):
        for changed, expected in [
            ({}, "connect-src https://api.example.com https://example.okta.com;"),
            ({"Issuer": "https://example.eu.auth0.com/"}, "connect-src https://api.example.com https://example.eu.auth0.com;"),
        ]:
            config = deployed("eu-west-1", "0aa", changed)["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
            policy = config["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
            self.assertIn(expected, policy)

    def test_the_api_needs_no_cloudfront(self):
        # GovCloud and China lack types of CloudFront, and refuse a template that has one even under a false condition.
        kinds = [resource["Type"] for resource in translation.source()["Resources"].values()]
        self.assertEqual([kind for kind in kinds if kind.startswith("AWS::CloudFront::")], [])


if __name__ == "__main__":
    unittest.main()
