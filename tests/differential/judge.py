"""Reads the file in the argument and prints one opinion per input."""

import json
import sys


def main(judge):
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    for one in document["inputs"]:
        try:
            opinion = judge(one, document["settings"]) or {"outcome": "accepted"}
        except Exception as error:  # Every kind of error is a refusal.
            opinion = {"outcome": "refused", "reason": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(opinion))
