"""The last job of the release workflow, as written there, against servers on loopback instead of AWS's."""

import json
import os
import re
import subprocess
import tempfile
import threading
import tomllib
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target" / "ci" / "venv" / "bin"
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]
# Patterns from AWS's documentation of the metadata `AWS::ServerlessRepo::Application`.
MEMBERS = {"name": "[a-zA-Z0-9-]{1,140}", "description": "[^\\n]{1,256}", "author": "[a-z0-9]([a-z0-9]|-(?!-)){0,125}[a-z0-9]"}
# All are in AWS's "List of supported AWS resources": with a type that is not in the list, `sam publish` fails.
TYPES = {"AWS::IAM::Role", "AWS::Lambda::Permission", "AWS::Logs::LogGroup", "AWS::Serverless::Function"}
APPLICATION = "arn:aws:serverlessrepo:us-east-1:111122223333:applications/x"


class Aws(ThreadingHTTPServer):
    """As much of S3 and of the Serverless Application Repository as `sam` needs."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects = {}
        self.applications = []
        self.unexpected = []


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_HEAD(self):
        self.answer(200 if self.path in self.server.objects else 404)

    def do_PUT(self):
        self.server.objects[self.path] = self.body()
        self.answer(200)

    def do_POST(self):
        body = self.body()
        if self.path != "/applications":
            self.server.unexpected.append(self.path)
            self.answer(404)
            return
        self.server.applications.append(json.loads(body))
        self.answer(201, json.dumps({"applicationId": APPLICATION}).encode())

    def log_message(self, *_):
        pass


class Publishing(unittest.TestCase):
    def setUp(self):
        self.aws = Aws()
        self.addCleanup(self.aws.server_close)
        threading.Thread(target=self.aws.serve_forever, daemon=True).start()
        self.addCleanup(self.aws.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dist = Path(folder.name)

    def run_script(self, script, **variables):
        environment = {
            **os.environ,
            **variables,
            "PATH": f"{TOOLS}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.aws.server_port}",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            "NO_PROXY": "127.0.0.1",
            "SAM_CLI_TELEMETRY": "0",
        }
        command = ["bash", "-euo", "pipefail", "-c", script]
        ended = subprocess.run(command, cwd=self.dist, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, 0, f"{script}\n{ended.stdout}{ended.stderr}")

    def write_template(self, architecture):
        """The template of a release, linted; its name without the ending."""
        name = f"authorizer-{VERSION}-{architecture}"
        command = [ROOT / "scripts/release-template.sh", VERSION, architecture]
        template = subprocess.run(command, capture_output=True, text=True, check=True)
        (self.dist / f"{name}.yaml").write_text(template.stdout, encoding="utf-8")
        self.run_script(f"cfn-lint -- {name}.yaml")
        return name

    def test_the_role_of_the_workflow_can_only_publish(self):
        resources = yaml_parse((ROOT / ".github/publishing.yaml").read_text(encoding="utf-8"))["Resources"]
        role = resources["Role"]["Properties"]
        [assumed] = role["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(
            assumed["Condition"],
            {
                "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
                "StringLike": {"token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:ref:refs/tags/v*"}},
            },
        )
        [policy] = role["Policies"]
        template = yaml_parse((ROOT / "publish/template.yaml").read_text(encoding="utf-8"))
        applications = "arn:${AWS::Partition}:serverlessrepo:${AWS::Region}:${AWS::AccountId}:applications/"
        self.assertEqual(
            [(statement["Action"], statement["Resource"]["Fn::Sub"]) for statement in policy["PolicyDocument"]["Statement"]],
            [
                # `sam package` first asks whether an object exists, and treats an error as no.
                ("s3:PutObject", "${Bucket.Arn}/*"),
                ("serverlessrepo:CreateApplication", f"{applications}*"),
                (
                    ["serverlessrepo:UpdateApplication", "serverlessrepo:CreateApplicationVersion"],
                    applications + template["Metadata"]["AWS::ServerlessRepo::Application"]["Name"],
                ),
            ],
        )
        [bucket] = resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        self.assertEqual(
            (bucket["Principal"], bucket["Action"], bucket["Condition"]),
            ({"Service": "serverlessrepo.amazonaws.com"}, "s3:GetObject", {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}),
        )

    def test_the_template_of_the_other_architecture_is_valid(self):
        self.write_template("x86_64")

    def test_a_release_is_packaged_and_published(self):
        name = self.write_template("arm64")
        # scripts/check-package.py checks the program in the zip.
        (self.dist / "bootstrap").write_text("arm64", encoding="utf-8")
        subprocess.run([ROOT / "scripts/package.py", self.dist / "bootstrap", self.dist / f"{name}.zip"], check=True)
        sources = {"LICENSE": ROOT / "LICENSE", "README.md": ROOT / "publish" / "README.md"}
        for file, source in sources.items():
            (self.dist / file).write_bytes(source.read_bytes())

        workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
        step = workflow["jobs"]["application-repository"]["steps"][-1]
        self.assertEqual((step["working-directory"], [*step["env"]]), ("dist", ["SAR_BUCKET"]))
        github = {"GITHUB_REF_NAME": f"v{VERSION}", "GITHUB_REPOSITORY": "owner/name", "GITHUB_SERVER_URL": "https://github.com"}
        self.run_script(step["run"], SAR_BUCKET="releases", **github)
        self.run_script("cfn-lint -- packaged.yaml && sam validate --lint --template packaged.yaml")

        files = [*sources, f"{name}.zip"]
        self.assertEqual(sorted(self.aws.objects.values()), sorted((self.dist / file).read_bytes() for file in files))
        self.assertEqual(self.aws.unexpected, [])
        [application] = self.aws.applications
        self.assertEqual((application["semanticVersion"], application["spdxLicenseId"]), (VERSION, "Apache-2.0"))
        for member, pattern in MEMBERS.items():
            self.assertRegex(application[member], rf"^(?:{pattern})$", member)
        self.assertLessEqual(len(application["labels"]), 10)
        self.assertEqual(application["homePageUrl"], "https://github.com/owner/name")
        self.assertEqual(application["sourceCodeUrl"], f"https://github.com/owner/name/tree/v{VERSION}")
        for file, url in {"LICENSE": "licenseUrl", "README.md": "readmeUrl"}.items():
            path = application[url].removeprefix("s3:/")
            self.assertEqual(self.aws.objects.get(path), (self.dist / file).read_bytes(), application[url])
        body = application["templateBody"]
        self.assertEqual(set(re.findall(r"^    Type: (AWS::\S+)$", body, re.MULTILINE)), TYPES)
        [code] = [path for path in self.aws.objects if f"CodeUri: s3:/{path}" in body]
        self.assertEqual(self.aws.objects[code], (self.dist / f"{name}.zip").read_bytes())
        self.assertIn("AllowedValues:\n    - arm64\n    Description", body)


if __name__ == "__main__":
    unittest.main()
