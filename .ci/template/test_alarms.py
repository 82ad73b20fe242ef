"""Every outage raises an alarm, and healthy traffic raises none: the alarms of the template, fed with metrics."""

import operator
import unittest

import translation

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
AUTHORIZER = {"FunctionName": "AuthorizerFunction"}
HANDLER = {"FunctionName": "ApiHandlerFunction"}
# The version to which an alias shifts callers.
NEW_VERSION = {**AUTHORIZER, "Resource": "${AuthorizerFunction}:live", "ExecutedVersion": "the new version"}
API = {"ApiName": "state", "Stage": "prod"}
COMPARE = {"GreaterThanThreshold": operator.gt, "GreaterThanOrEqualToThreshold": operator.ge}


def decisions(**by_verdict):
    """The metrics on the authorizer's lines: how many decisions of each kind."""
    function = {"function": "AuthorizerFunction"}
    kinds = {verdict: [count] for verdict, count in by_verdict.items() if count}
    lines = [("Authorizer", "Decisions", {**function, "decision": verdict}, value) for verdict, value in kinds.items()]
    return [*lines, ("Authorizer", "Decisions", function, [sum(by_verdict.values())])]


# 1,000 requests with 150 bad tokens among them, each of which Lambda reports as an error of the authorizer. One was slow: a
# cold start and a slow issuer.
HEALTHY = [
    ("AWS/ApiGateway", "5XXError", API, [0] * 1000),
    ("AWS/Lambda", "Invocations", AUTHORIZER, [1] * 1000),
    ("AWS/Lambda", "Invocations", HANDLER, [1] * 840),
    ("AWS/Lambda", "Errors", AUTHORIZER, [0] * 850 + [1] * 150),
    ("AWS/Lambda", "Errors", HANDLER, [0] * 840),
    ("AWS/Lambda", "Invocations", NEW_VERSION, [1] * 100),
    ("AWS/Lambda", "Errors", NEW_VERSION, [0] * 85 + [1] * 15),
    ("AWS/Lambda", "Throttles", AUTHORIZER, [0]),
    ("AWS/Lambda", "Throttles", HANDLER, [0]),
    ("AWS/Lambda", "Duration", AUTHORIZER, [1, 2, 2200]),
    ("AWS/Lambda", "Duration", HANDLER, [5, 10, 4600]),
    ("Authorizer", "StaleServed", {"function": "AuthorizerFunction"}, [0]),
    ("StateApi", "Faults", {"function": "ApiHandlerFunction"}, [0] * 840),
    *decisions(allow=840, deny=10, unauthorized=150),
]
# The same requests at the log level `error`, which leaves out the lines of allowed calls.
HEALTHY_AND_QUIET = [*HEALTHY, *decisions(deny=10, unauthorized=150)]

# The changed metrics of each outage.
OUTAGES = {
    "the authorizer's settings are wrong": {
        "metrics": [("AWS/ApiGateway", "5XXError", API, [1] * 1000), ("AWS/Lambda", "Errors", AUTHORIZER, [1] * 1000), *decisions(allow=0)],
        "alarms": {"ApiServerErrorAlarm"},
    },
    "the handler's settings are wrong": {
        "metrics": [("AWS/ApiGateway", "5XXError", API, [1] * 1000), ("AWS/Lambda", "Errors", HANDLER, [1] * 1000)],
        "alarms": {"ApiServerErrorAlarm", "ApiHandlerErrorAlarm"},
    },
    "API Gateway may not invoke the authorizer": {
        "metrics": [("AWS/ApiGateway", "5XXError", API, [1] * 1000), ("AWS/Lambda", "Invocations", AUTHORIZER, None)],
        "alarms": {"ApiServerErrorAlarm"},
    },
    "the authorizer is throttled": {
        "metrics": [("AWS/ApiGateway", "5XXError", API, [1] * 20), ("AWS/Lambda", "Throttles", AUTHORIZER, [1] * 20)],
        "alarms": {"ApiServerErrorAlarm", "ThrottleAlarm"},
    },
    "the handler is throttled, and the callers' retries hide it": {
        "metrics": [("AWS/Lambda", "Throttles", HANDLER, [1])],
        "alarms": {"ThrottleAlarm"},
    },
    "the authorizer times out": {
        "metrics": [("AWS/ApiGateway", "5XXError", API, [1] * 3), ("AWS/Lambda", "Duration", AUTHORIZER, [2, 5000])],
        "alarms": {"ApiServerErrorAlarm", "AuthorizerDurationAlarm"},
    },
    "the handler times out": {
        "metrics": [
            ("AWS/ApiGateway", "5XXError", API, [1] * 3),
            ("AWS/Lambda", "Errors", HANDLER, [1] * 3),
            ("AWS/Lambda", "Duration", HANDLER, [5, 20000]),
        ],
        "alarms": {"ApiServerErrorAlarm", "ApiHandlerErrorAlarm", "ApiHandlerDurationAlarm"},
    },
    "the database fails": {
        "metrics": [("AWS/ApiGateway", "5XXError", API, [1] * 1000), ("StateApi", "Faults", {"function": "ApiHandlerFunction"}, [1] * 840)],
        "alarms": {"ApiServerErrorAlarm", "ApiHandlerFaultAlarm"},
    },
    "the authorizer has no usable keys": {
        "metrics": [("AWS/ApiGateway", "5XXError", API, [1] * 1000), *decisions(error=1000)],
        "alarms": {"ApiServerErrorAlarm", "AuthorizerFailureAlarm"},
    },
    "the issuer is down, and its old keys are used": {
        "metrics": [("Authorizer", "StaleServed", {"function": "AuthorizerFunction"}, [1] * 1000)],
        "alarms": {"AuthorizerStaleKeysAlarm"},
    },
    "the audience is wrong": {
        "metrics": decisions(allow=300, unauthorized=700),
        "alarms": {"AuthorizerRefusalAlarm"},
    },
    "the audience is wrong, at the log level `error`": {
        "metrics": decisions(unauthorized=700),
        "alarms": {"AuthorizerRefusalAlarm"},
    },
    "the audience of a new version is wrong, which a tenth of the callers reach": {
        "metrics": [("AWS/Lambda", "Invocations", NEW_VERSION, [1] * 100), ("AWS/Lambda", "Errors", NEW_VERSION, [1] * 60 + [0] * 40)],
        "alarms": {"AuthorizerNewVersionAlarm"},
    },
}


def key(namespace, name, dimensions):
    return (namespace, name, tuple(sorted(dimensions.items())))


def name_of(value):
    """A dimension's value: a string, or the reference that it comes from."""
    if not isinstance(value, dict):
        return value
    return value.get("Ref") or value.get("Fn::Sub") or "the new version"


def value_of(metric, statistic, data):
    """One datapoint, or None where CloudWatch has none."""
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])}
    dimensions = {name: name_of(value) for name, value in dimensions.items()}
    values = data.get(key(metric["Namespace"], metric["MetricName"], dimensions))
    return None if values is None else {"Sum": sum, "Maximum": max}[statistic](values)


def evaluate(expression, names):
    """The value of a metric math expression; None if one of its metrics has no datapoint."""

    def fill(value, default):
        return default if value is None else value

    def choose(condition, yes, no):
        return yes if condition else no

    try:
        return eval(expression, {"__builtins__": {}, "FILL": fill, "IF": choose}, names)
    except TypeError:
        return None


def fires(alarm, data):
    """Whether an alarm is in ALARM when every period has this data."""
    metrics = alarm.get("Metrics", [])
    if metrics:
        names = {metric["Id"]: value_of(metric["MetricStat"]["Metric"], metric["MetricStat"]["Stat"], data) for metric in metrics if "MetricStat" in metric}
        [expression] = [metric["Expression"] for metric in metrics if metric.get("ReturnData", True)]
        value = evaluate(expression, names)
    else:
        value = value_of(alarm, alarm["Statistic"], data)
    if value is None:
        return alarm["TreatMissingData"] == "breaching"
    return COMPARE[alarm["ComparisonOperator"]](value, float(alarm["Threshold"]))


class Alarms(unittest.TestCase):
    def setUp(self):
        self.resources = translation.deployed({"AlarmTopic": TOPIC, "Deployment": "Canary10Percent5Minutes"})
        self.alarms = {
            name: resource["Properties"] for name, resource in self.resources.items() if resource["Type"] == "AWS::CloudWatch::Alarm"
        }

    def firing(self, *metrics):
        data = {key(*metric): values for *metric, values in metrics}
        return {name for name, alarm in self.alarms.items() if fires(alarm, data)}

    def test_healthy_traffic_raises_no_alarm(self):
        self.assertEqual(self.firing(*HEALTHY), set())
        self.assertEqual(self.firing(*HEALTHY_AND_QUIET), set())
        self.assertEqual(self.firing(), set())

    def test_every_outage_raises_its_alarms(self):
        for outage, expected in OUTAGES.items():
            with self.subTest(outage):
                self.assertEqual(self.firing(*HEALTHY, *expected["metrics"]), expected["alarms"])

    def test_every_alarm_has_an_outage(self):
        raised = set().union(*(expected["alarms"] for expected in OUTAGES.values()))
        self.assertEqual(raised, set(self.alarms))

    def test_every_alarm_notifies(self):
        for name, alarm in self.alarms.items():
            with self.subTest(name):
                self.assertEqual(alarm["AlarmActions"], [TOPIC])
        for name, resource in translation.deployed().items():
            self.assertNotIn("AlarmActions", resource.get("Properties", {}), name)

    def test_the_api_has_the_name_of_its_metrics(self):
        [api] = [resource["Properties"] for resource in self.resources.values() if resource["Type"] == "AWS::ApiGateway::RestApi"]
        self.assertEqual(api["Name"], API["ApiName"])

    def test_durations_are_near_the_timeouts(self):
        for alarm, function in [("AuthorizerDurationAlarm", "AuthorizerFunction"), ("ApiHandlerDurationAlarm", "ApiHandlerFunction")]:
            timeout = 1000 * self.resources[function]["Properties"]["Timeout"]
            with self.subTest(alarm):
                self.assertEqual(self.alarms[alarm]["Threshold"], 0.9 * timeout)


if __name__ == "__main__":
    unittest.main()
