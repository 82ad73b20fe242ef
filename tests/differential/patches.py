"""jsonpatch."""

import jsonpatch
from judge import main
from normal import normal


def judge(one, settings):
    patched = jsonpatch.JsonPatch(one["patch"]).apply(one["document"])
    return {"outcome": normal(patched), "reason": "applied"}


main(judge)
