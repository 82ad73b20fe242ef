"""The templates as CloudFormation receives them: translated by AWS's own translator, with parameters filled in."""

import copy
import functools
import json
import logging
import os
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]

# One value for each parameter without a default.
GIVEN = {
    "Issuer": "https://example.okta.com/oauth2/default",
    "WebOrigin": "https://app.example.com",
}
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/state/0aa00000-0000-0000-0000-000000000000",
    "AWS::StackName": "state",
    "AWS::URLSuffix": "amazonaws.com",
}
# The translator takes the partition of the ARNs that it writes from here.
os.environ["AWS_DEFAULT_REGION"] = PSEUDO["AWS::Region"]
# Each translation logs a warning about telemetry that is not published.
logging.getLogger("samtranslator").setLevel(logging.ERROR)


def source(path="template.yaml"):
    """A template as it is written."""
    return yaml_parse((ROOT / path).read_text(encoding="utf-8"))


def parameters(template, changed=None):
    """The value of every parameter, as a string."""
    values = {name: str(definition["Default"]) for name, definition in template["Parameters"].items() if "Default" in definition}
    return {**values, **GIVEN, **(changed or {})}


def translated(changed=None):
    """`template.yaml` after the SAM transform, with its intrinsic functions unresolved."""
    template = source()
    # `sam package` puts the address of the uploaded code here.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    values = parameters(template, changed)
    template = with_json_strings(template, Resolver(template, values))
    return Translator({}, Parser()).translate(copy.deepcopy(template), {**values, **PSEUDO})


def with_json_strings(value, resolver):
    """The template after the transform AWS::LanguageExtensions, which CloudFormation applies before SAM's."""
    if isinstance(value, list):
        return [with_json_strings(item, resolver) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Fn::ToJsonString"]:
        return json.dumps(resolver.resolve(value["Fn::ToJsonString"]), separators=(",", ":"))
    return {name: with_json_strings(member, resolver) for name, member in value.items()}


def deployed(changed=None):
    """The resources of `template.yaml` as they are deployed: by logical id, conditions decided, parameters filled in."""
    return _deployed(tuple(sorted((changed or {}).items())))


@functools.cache
def _deployed(changed):
    return resources(translated(dict(changed)), parameters(source(), dict(changed)))


def resources(template, values):
    """The resources of a CloudFormation template whose condition holds, resolved."""
    resolver = Resolver(template, values)
    present = {}
    for name, resource in template["Resources"].items():
        if "Condition" not in resource or resolver.condition(resource["Condition"]):
            present[name] = resolver.resolve(resource)
    return present


class Resolver:
    """Resolves the values that depend only on parameters; references to resources are kept."""

    def __init__(self, template, values, imports=None):
        self.conditions = template.get("Conditions", {})
        self.mappings = template.get("Mappings", {})
        self.values = {**PSEUDO, **values}
        self.imports = imports or {}

    def condition(self, name):
        """Whether the named condition holds."""
        return self.resolve(self.conditions[name])

    def resolve(self, value):
        """The value with every intrinsic function over parameters replaced by its result."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" and argument == "AWS::NoValue":
                return None
            if name == "Ref" and argument in self.values:
                return self.values[argument]
            if name == "Condition" and isinstance(argument, str) and argument in self.conditions:
                return self.condition(argument)
            function = getattr(self, "_" + name.removeprefix("Fn::").lower(), None)
            if name.startswith("Fn::") and function is not None:
                return function(argument)
        members = {name: self.resolve(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not None}

    def _importvalue(self, argument):
        name = self.resolve(argument)
        return self.imports[name] if name in self.imports else {"Fn::ImportValue": name}

    def _if(self, argument):
        condition, yes, no = argument
        return self.resolve(yes if self.condition(condition) else no)

    def _equals(self, argument):
        one, other = map(self.resolve, argument)
        return one == other

    def _not(self, argument):
        return not self.resolve(argument[0])

    def _and(self, argument):
        return all(map(self.resolve, argument))

    def _or(self, argument):
        return any(map(self.resolve, argument))

    def _findinmap(self, argument):
        name, first, second = map(self.resolve, argument)
        return self.mappings[name][first][second]

    def _select(self, argument):
        index, items = map(self.resolve, argument)
        return items[int(index)]

    def _split(self, argument):
        separator, text = map(self.resolve, argument)
        return text.split(separator)

    def _join(self, argument):
        separator, items = map(self.resolve, argument)
        if all(isinstance(item, str) for item in items):
            return separator.join(items)
        return {"Fn::Join": [separator, items]}

    def _sub(self, argument):
        text, names = argument if isinstance(argument, list) else (argument, {})
        known = {**self.values, **{name: self.resolve(value) for name, value in names.items()}}
        for name, value in known.items():
            if isinstance(value, str):
                text = text.replace("${" + name + "}", value)
        left = {name: value for name, value in known.items() if name in names and not isinstance(value, str)}
        if "${" not in text:
            return text
        return {"Fn::Sub": [text, left] if left else text}
