"""The workflow that keeps the keys in the package up to date, as written there, with a program in place of `aws`."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LAYER = "arn:aws:lambda:us-east-1:111122223333:layer"
# Answers as AWS does, and keeps the parameters of the update.
AWS = f"""#!/bin/sh
case "$1 $2" in
  "lambda publish-layer-version") echo {LAYER}:api-keys:8 ;;
  "cloudformation describe-stacks") cat described.json ;;
  "cloudformation update-stack") cp parameters.json updated.json ;;
  "cloudformation wait") ;;
  *) exit 1 ;;
esac
"""


class Keys(unittest.TestCase):
    def update(self, layers):
        """The parameters of the stack's update, if the stack has these layers."""
        workflow = yaml.safe_load((ROOT / ".github/workflows/keys.yml").read_text(encoding="utf-8"))
        script = workflow["jobs"]["redeploy"]["steps"][-1]["run"]
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "aws"
            program.write_text(AWS, encoding="utf-8")
            program.chmod(0o755)
            parameters = [
                {"ParameterKey": "HttpsProxy", "ParameterValue": "****"},
                {"ParameterKey": "Layers", "ParameterValue": layers},
            ]
            (Path(folder) / "described.json").write_text(json.dumps(parameters), encoding="utf-8")
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "STACK": "api"}
            # The shell of a step without `shell`.
            ended = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            updated = json.loads((Path(folder) / "updated.json").read_text(encoding="utf-8"))
        self.assertEqual(updated[0], {"ParameterKey": "HttpsProxy", "UsePreviousValue": True})
        self.assertEqual((len(updated), updated[1]["ParameterKey"]), (2, "Layers"))
        return updated[1]["ParameterValue"]

    def test_the_layer_with_the_keys_is_replaced_and_the_others_stay(self):
        for layers, expected in {
            "": f"{LAYER}:api-keys:8",
            f"{LAYER}:api-keys:7": f"{LAYER}:api-keys:8",
            f"{LAYER}:rules:3,{LAYER}:api-keys:7,{LAYER}:other-api-keys:1": f"{LAYER}:rules:3,{LAYER}:other-api-keys:1,{LAYER}:api-keys:8",
        }.items():
            self.assertEqual(self.update(layers), expected, layers)


if __name__ == "__main__":
    unittest.main()
