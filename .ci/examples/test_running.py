"""The examples that `cargo local` can run, run as their READMEs say: the same function, the same commands, the same output."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".ci" / "template"))
import translation  # noqa: E402
LOCAL = ROOT / "target" / "debug" / "local"
AUTHORIZER = ROOT / "target" / "debug" / "authorizer"
PYTHON = ROOT / "target" / "ci" / "runtime-client" / "bin" / "python"
READY_SECONDS = 300
PORTS = ["--web-port", "0", "--api-port", "0", "--database-port", "0", "--issuer-port", "0"]
MARK = "~~~ next command ~~~"


def blocks(page, language):
    """The fenced blocks of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def steps(page):
    """The commands of a page, each with what it should print."""
    found = []
    for block in blocks(page, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


class Running(unittest.TestCase):
    def run_example(self, name, documented_api):
        page = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
        [command] = [block for block in blocks(page, "sh") if block.startswith("cargo local")]
        arguments = [word.replace("python3", str(PYTHON)) for word in shlex.split(command.replace("\\\n", ""))[2:]]
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            with log.open("w", encoding="utf-8") as output:
                stack = subprocess.Popen([LOCAL, *arguments, *PORTS, "--data", folder], cwd=ROOT, stdout=output, stderr=output)
            try:
                self.wait_until_ready(stack, log)
                api = json.loads((Path(folder) / "stack.json").read_text(encoding="utf-8"))["api"]
                self.assertIn(documented_api, page)
                for command, expected, printed in self.printed(page, folder, documented_api, api):
                    pattern = ".*".join(map(re.escape, expected.split("…")))
                    self.assertRegex(printed, f"^{pattern}$", f"$ {command}")
            finally:
                stack.terminate()
                stack.wait()

    def wait_until_ready(self, stack, log):
        for _ in range(READY_SECONDS * 4):
            text = log.read_text(encoding="utf-8")
            if re.search("^ready$", text, re.MULTILINE):
                return
            self.assertIsNone(stack.poll(), text)
            time.sleep(0.25)
        self.fail(text)

    def printed(self, page, folder, documented_api, api):
        """Each command with what it should print and what it does."""
        local = shlex.join([str(LOCAL), "--data", folder])
        script = "".join(f"{command}\nprintf '\\n%s\\n' '{MARK}'\n" for command, _ in steps(page))
        script = script.replace("cargo -q local", local).replace(documented_api, api)
        ended = subprocess.run(["bash"], input=script, cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertGreaterEqual(len(steps(page)), 4)
        for (command, expected), output in zip(steps(page), ended.stdout.split(MARK)):
            yield command, expected, output.strip()

    def test_rest_api(self):
        self.run_example("rest-api", "http://127.0.0.1:3000/prod")

    def test_http_api(self):
        self.run_example("http-api", "http://127.0.0.1:3000")


class Published(unittest.TestCase):
    """The authorizer takes the settings that the published template gives it."""

    def start(self, given):
        """What the authorizer reports of its start with these parameters; the Runtime API is missing."""
        template = translation.source("publish/template.yaml")
        resolver = translation.Resolver(template, translation.parameters(template, given))
        variables = resolver.resolve(template["Resources"]["Authorizer"]["Properties"]["Environment"]["Variables"])
        lambda_variables = {
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1",
            "AWS_LAMBDA_FUNCTION_NAME": "authorizer",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        }
        ended = subprocess.run(
            [AUTHORIZER],
            env={"PATH": os.environ["PATH"], **lambda_variables, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        first = (ended.stdout + ended.stderr).splitlines()[0]
        self.assertIn('"message":"start"', first, ended.stderr)
        return json.loads(first)["settings"]

    def test_the_defaults(self):
        settings = self.start({"Issuer": "https://127.0.0.1:1/", "Audience": "a"})
        self.assertEqual((settings["accessRules"], settings["dpop"], settings["introspection"]), (1, "off", None))

    def test_several_issuers(self):
        issuers = [{"issuer": f"https://127.0.0.1:{port}", "audience": ["a"], "algorithms": ["ES256"]} for port in (1, 2)]
        settings = self.start({"Issuer": "", "TrustedIssuers": json.dumps(issuers)})
        self.assertEqual([issuer["algorithms"] for issuer in settings["issuers"]], [["ES256"], ["ES256"]])

    def test_every_value_that_is_not_the_default(self):
        with tempfile.TemporaryDirectory() as folder:
            rules = Path(folder) / "rules.json"
            rules.write_text('[{"methods": ["GET"], "path": "/*"}, {"methods": ["PUT"], "path": "/*", "scopes": ["w"]}]', encoding="utf-8")
            settings = self.start(
                {
                    "Issuer": "https://127.0.0.1:1",
                    "Audience": "a,b",
                    "ClientIds": "c",
                    "Algorithms": "ES256",
                    "TokenUse": "id",
                    "ClockLeewaySeconds": "5",
                    "Dpop": "accept",
                    "DpopPublicUrl": "https://api.example.com",
                    "AccessRulesFile": str(rules),
                    "PrincipalClaims": "sub",
                    "ContextClaims": "email",
                    "PolicyExpiry": "on",
                    "HttpApiResponse": "iam",
                    "JwksUri": "https://127.0.0.1:1/keys",
                    "Introspection": "on",
                    "IntrospectionUri": "https://127.0.0.1:1/introspect",
                    "IntrospectionClientId": "c",
                    "HttpsProxy": "http://127.0.0.1:3128",
                    "NoProxy": "example.com",
                    "TokenCacheEntries": "0",
                }
            )
        self.assertEqual(
            {name: settings[name] for name in ["accessRules", "dpop", "httpApiResponse", "policyExpiry", "tokenCacheEntries", "tokenUse"]},
            {"accessRules": 2, "dpop": "accept", "httpApiResponse": "iam", "policyExpiry": True, "tokenCacheEntries": 0, "tokenUse": "id"},
        )


if __name__ == "__main__":
    unittest.main()
