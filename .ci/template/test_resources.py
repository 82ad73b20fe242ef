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

    def test_concurrency_is_reserved_only_if_the_parameter_is_set(self):
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

    def test_versions_are_deployed_gradually_only_if_the_parameter_is_set(self):
        resources = translation.deployed()
        self.assertFalse([name for name, resource in resources.items() if "CodeDeploy" in resource["Type"] or "UpdatePolicy" in resource])
        self.assertNotIn("DeploymentRole", resources)

    def test_a_gradual_deployment_is_rolled_back_on_alarm(self):
        types = translation.source()["Parameters"]["Deployment"]["AllowedValues"]
        self.assertEqual(len(types), 9)
        for kind in types[1:]:
            resources = translation.deployed({"Deployment": kind})
            groups = {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == "AWS::CodeDeploy::DeploymentGroup"}
            self.assertEqual(sorted(groups), ["ApiHandlerFunctionDeploymentGroup", "AuthorizerFunctionDeploymentGroup"])
            for name, group in groups.items():
                alarms = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
                self.assertEqual({resources[alarm]["Type"] for alarm in alarms}, {"AWS::CloudWatch::Alarm"})
                # CodeDeploy accepts at most ten alarms.
                self.assertLessEqual({"ApiServerErrorAlarm", "ThrottleAlarm"}, alarms)
                self.assertLessEqual(len(alarms), 10)
                self.assertIn("DEPLOYMENT_STOP_ON_ALARM", group["AutoRollbackConfiguration"]["Events"])
                self.assertEqual(group["ServiceRoleArn"], {"Fn::GetAtt": ["DeploymentRole", "Arn"]})
                self.assertEqual(group["DeploymentConfigName"], "CodeDeployDefault.Lambda" + kind)
                alias = resources[name.replace("DeploymentGroup", "Aliaslive")]
                self.assertEqual(alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"], {"Ref": name})
            # SAM's own role could change every alias of the account.
            self.assertNotIn("CodeDeployServiceRole", resources)

    def test_everything_is_tagged(self):
        for kind in ["Lambda::Function", "IAM::Role", "CodeDeploy::Application", "CodeDeploy::DeploymentGroup", "DynamoDB::Table", "Logs::LogGroup", "ApiGateway::RestApi", "ApiGateway::Stage"]:
            for name, resource in self.of_kind(f"AWS::{kind}", {"AccessLog": "on", "Deployment": "Canary10Percent5Minutes"}).items():
                with self.subTest(name):
                    self.assertIn({"Key": "Service", "Value": "state"}, resource["Properties"]["Tags"])


if __name__ == "__main__":
    unittest.main()
