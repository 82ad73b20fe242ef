"""The alarms and the dashboard read metrics that the functions write, and that AWS writes."""

import json
import re
import unittest

import translation

# The metrics of AWS that the template reads, by namespace, with their dimensions.
AWS = [
    ("AWS/ApiGateway", {"Count", "4XXError", "5XXError", "Latency"}, {"ApiName", "Stage"}),
    ("AWS/Lambda", {"Duration", "Errors", "Invocations", "Throttles"}, {"FunctionName"}),
    # The metrics of a version to which an alias shifts callers.
    ("AWS/Lambda", {"Errors", "Invocations"}, {"FunctionName", "Resource", "ExecutedVersion"}),
]


def written():
    """Every metric that a function's log lines carry, as (namespace, name, dimensions)."""
    found = set()
    for path in [*translation.ROOT.glob("authorizer/src/**/*.rs"), *translation.ROOT.glob("api-handler/src/**/*.rs")]:
        for text in re.findall(r'r#"(\{"Namespace".*?\})"#', path.read_text(encoding="utf-8")):
            directive = json.loads(text)
            found |= {
                (directive["Namespace"], metric["Name"], frozenset(dimensions))
                for metric in directive["Metrics"]
                for dimensions in directive["Dimensions"]
            }
    for namespace, names, dimensions in AWS:
        found |= {(namespace, name, frozenset(dimensions)) for name in names}
    return found


def of_alarms(resources):
    for resource in resources.values():
        if resource["Type"] != "AWS::CloudWatch::Alarm":
            continue
        alarm = resource["Properties"]
        parts = [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", []) if "MetricStat" in part]
        for metric in parts or [alarm]:
            yield metric["Namespace"], metric["MetricName"], frozenset(dimension["Name"] for dimension in metric["Dimensions"])


def of_dashboard(resources):
    [dashboard] = [resource["Properties"] for resource in resources.values() if resource["Type"] == "AWS::CloudWatch::Dashboard"]
    body = dashboard["DashboardBody"]["Fn::Sub"]
    for widget in json.loads(body)["widgets"]:
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0], dict):
                namespaces, name = re.search(r"\{([^}]+)\}.*MetricName=\"(\w+)\"", metric[0]["expression"]).groups()
                namespace, *dimensions = namespaces.split(",")
                yield namespace, name, frozenset(dimensions)
            elif metric[0] != "...":
                path = [part for part in metric if isinstance(part, str)]
                yield path[0], path[1], frozenset(path[2::2])


class Metrics(unittest.TestCase):
    def test_every_metric_is_written(self):
        known = written()
        self.assertGreaterEqual({namespace for namespace, *_ in known}, {"Authorizer", "StateApi"})
        resources = translation.deployed({"Deployment": "Canary10Percent5Minutes"})
        for metric in [*of_alarms(resources), *of_dashboard(resources)]:
            with self.subTest(metric):
                self.assertIn(metric, known)


if __name__ == "__main__":
    unittest.main()
