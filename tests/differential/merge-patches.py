"""json-merge-patch."""

import json_merge_patch
from judge import main
from normal import normal


def judge(one, settings):
    merged = json_merge_patch.merge(one["document"], one["patch"])
    return {"outcome": normal(merged), "reason": "applied"}


main(judge)
