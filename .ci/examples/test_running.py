"""What `cargo local` can run of the examples and guides, run as the pages say: the same function, the same commands, the same output."""

import contextlib
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
import test_commands  # noqa: E402
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


def wait_until_ready(stack, log):
    for _ in range(READY_SECONDS * 4):
        text = log.read_text(encoding="utf-8")
        if re.search("^ready$", text, re.MULTILINE):
            return
        assert stack.poll() is None, text
        time.sleep(0.25)
    raise AssertionError(text)


@contextlib.contextmanager
def running(*arguments):
    """`cargo local` on free ports: its folder, and the addresses of its parts."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w", encoding="utf-8") as output:
            stack = subprocess.Popen([LOCAL, *arguments, *PORTS, "--data", folder], cwd=ROOT, stdout=output, stderr=output)
        try:
            wait_until_ready(stack, log)
            yield folder, json.loads((Path(folder) / "stack.json").read_text(encoding="utf-8"))
        finally:
            stack.terminate()
            stack.wait()


def printed(page, folder, replaced):
    """Each command of a page with what it should print and what it does print."""
    script = "".join(f"{command}\nprintf '\\n%s\\n' '{MARK}'\n" for command, _ in steps(page))
    script = script.replace("cargo -q local", shlex.join([str(LOCAL), "--data", folder]))
    for documented, here in replaced.items():
        assert documented in script, documented
        script = script.replace(documented, here)
    ended = subprocess.run(["bash"], input=script, cwd=ROOT, capture_output=True, text=True, check=False)
    for (command, expected), output in zip(steps(page), ended.stdout.split(MARK), strict=False):
        yield command, expected, output.strip()


class Running(unittest.TestCase):
    def check(self, page, folder, replaced):
        """Whether the console blocks of a page print what stands in them."""
        for command, expected, output in printed(page, folder, replaced):
            pattern = "(?s:.*)".join(map(re.escape, expected.split("…")))
            self.assertRegex(output, rf"\A{pattern}\Z", f"$ {command}")

    def run_example(self, name, documented_api):
        page = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
        self.assertGreaterEqual(len(steps(page)), 4)
        [command] = [block for block in blocks(page, "sh") if block.startswith("cargo local")]
        arguments = [word.replace("python3", str(PYTHON)) for word in shlex.split(command.replace("\\\n", ""))[2:]]
        with running(*arguments) as (folder, addresses):
            self.check(page, folder, {documented_api: addresses["api"]})

    def test_rest_api(self):
        self.run_example("rest-api", "http://127.0.0.1:3000/prod")

    def test_http_api(self):
        self.run_example("http-api", "http://127.0.0.1:3000")

    def test_the_guides(self):
        with running() as (folder, addresses):
            for page, test in test_commands.CONSOLE.items():
                if page.startswith("docs/") and (ROOT / test).samefile(__file__):
                    self.check((ROOT / page).read_text(encoding="utf-8"), folder, {})
            keys = str(Path(folder) / "jwks.json")
            replaced = {
                "cargo -q local": shlex.join([str(LOCAL), "--data", folder]),
                "cargo local": shlex.join([str(LOCAL), "--data", folder]),
                # A clone of one branch has no other one.
                "origin/main": "HEAD",
                "http://127.0.0.1:9000/oauth2/default": addresses["issuer"],
                "target/jwks.json": keys,
            }
            for path, command in test_commands.RUN:
                for documented, here in replaced.items():
                    command = command.replace(documented, here)
                ended = subprocess.run(["bash", "-euo", "pipefail"], input=command, cwd=ROOT, capture_output=True, text=True, check=False)
                self.assertEqual(ended.returncode, 0, f"{path}: {command}{ended.stdout}{ended.stderr}")
            self.assertTrue(Path(keys).exists())


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
