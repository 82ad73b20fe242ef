"""The functions, logs and table, as they are deployed."""

import unittest

import translation


class Resources(unittest.TestCase):
    def of_kind(self, kind, changed=None):
        return {name: resource for name, resource in translation.deployed(changed).items() if resource["Type"] == kind}

    def test_the_architecture_is_a_parameter(self):
        for architecture in ["arm64", "x86_64"]:
            found = self.of_kind("AWS::Lambda::Function", {"Architecture": architecture}).values()
            self.assertEqual([function["Properties"]["Architectures"] for function in found], [[architecture]] * 2)

    def test_concurrency_is_reserved_where_it_is_asked_for(self):
        def reserved(changed):
            found = self.of_kind("AWS::Lambda::Function", changed)
            return [found[name]["Properties"].get("ReservedConcurrentExecutions") for name in ("AuthorizerFunction", "ApiHandlerFunction")]

        self.assertEqual(reserved({}), [None, None])
        self.assertEqual(reserved({"AuthorizerReservedConcurrency": "50"}), ["50", None])
        self.assertEqual(reserved({"ApiHandlerReservedConcurrency": "20"}), [None, "20"])

    def test_every_log_has_a_group_with_a_retention(self):
        changed = {"AccessLog": "on", "LogRetentionDays": "7"}
        groups = self.of_kind("AWS::Logs::LogGroup", changed)
        self.assertEqual({group["Properties"]["RetentionInDays"] for group in groups.values()}, {"7"})
        functions = self.of_kind("AWS::Lambda::Function", changed).values()
        used = {function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for function in functions} | {"AccessLogGroup"}
        self.assertEqual(used, set(groups))

    def test_the_table_is_not_deleted_by_mistake(self):
        [table] = self.of_kind("AWS::DynamoDB::Table").values()
        self.assertEqual((table["DeletionPolicy"], table["UpdateReplacePolicy"]), ("Retain", "Retain"))
        self.assertTrue(table["Properties"]["DeletionProtectionEnabled"])

    def test_everything_is_tagged(self):
        for kind in ["Lambda::Function", "IAM::Role", "DynamoDB::Table", "Logs::LogGroup", "ApiGateway::RestApi", "ApiGateway::Stage"]:
            for name, resource in self.of_kind(f"AWS::{kind}", {"AccessLog": "on"}).items():
                with self.subTest(name):
                    self.assertIn({"Key": "Service", "Value": "state"}, resource["Properties"]["Tags"])


if __name__ == "__main__":
    unittest.main()
