"""The saved queries of CloudWatch Logs Insights."""

import json
import re
import unittest

import translation

# Functions and keywords of the query language, and the fields that CloudWatch adds.
LANGUAGE = set("fields filter stats sort display by as in or asc desc count max coalesce timestamp message".split())


def members(name):
    """The log fields that a struct of `cargo local why` reads, as the lines have them."""
    source = (translation.ROOT / "local/src/commands/why/lines.rs").read_text(encoding="utf-8")
    body = source.partition(f"struct {name} {{")[2].partition("}")[0]
    fields = re.findall(r"pub\(super\) (\w+):", body)
    return {re.sub("_(.)", lambda match: match[1].upper(), field) for field in fields}


def used(query):
    """The fields that a query reads: neither strings, nor comments, nor names that it defines."""
    text = re.sub(r'"[^"]*"|^#.*$', "", query, flags=re.MULTILINE)
    defined = set(re.findall(r" as (\w+)", text))
    return set(re.findall(r"[A-Za-z]\w*", text)) - defined - LANGUAGE


class Queries(unittest.TestCase):
    def queries(self, changed):
        resources = translation.deployed(changed).values()
        return [resource["Properties"] for resource in resources if resource["Type"] == "AWS::Logs::QueryDefinition"]

    def test_they_exist_with_the_access_log(self):
        self.assertEqual(self.queries({}), [])
        names = [query["Name"] for query in self.queries({"AccessLog": "on"})]
        self.assertEqual(names, ["state/one request", "state/refusals by reason"])

    def test_they_read_the_logs_that_why_joins(self):
        for query in self.queries({"AccessLog": "on"}):
            groups = [group["Ref"] for group in query["LogGroupNames"]]
            self.assertEqual(groups, ["AccessLogGroup", "AuthorizerLogGroup", "ApiHandlerLogGroup"])

    def test_they_read_fields_that_the_lines_have(self):
        resources = translation.deployed({"AccessLog": "on"})
        access = set(json.loads(resources["ApiprodStage"]["Properties"]["AccessLogSetting"]["Format"]))
        functions = members("AuthorizerLine") | members("HandlerLine") | {"function"}
        self.assertLess({"apiRequestId", "reason", "cause"}, functions)
        for query in self.queries({"AccessLog": "on"}):
            self.assertLessEqual(used(query["QueryString"]), access | functions, query["Name"])
            self.assertIn("coalesce(apiRequestId, requestId)", query["QueryString"])


if __name__ == "__main__":
    unittest.main()
