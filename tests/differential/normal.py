"""JSON with sorted members, as this project's tests write it."""

import json


def whole(value):
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def normal(value):
    return json.dumps(whole(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
