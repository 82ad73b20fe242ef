"""Runs the commands of examples and guides that `cargo local` can run, with the functions, commands and output of the pages."""

import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".ci" / "template"))
import test_commands  # noqa: E402
import translation  # noqa: E402
from commands import COMMANDS, CONSOLE, RUNNING  # noqa: E402
LOCAL = ROOT / "target" / "debug" / "local"
AUTHORIZER = ROOT / "target" / "debug" / "authorizer"
# The Python that has AWS's runtime client comes first, as in a shell that has activated it.
PYTHON_FIRST = {**os.environ, "PATH": f"{ROOT}/target/ci/runtime-client/bin:{os.environ['PATH']}"}
READY_SECONDS = 300
PORTS = ["--web-port", "0", "--api-port", "0", "--database-port", "0"]
MARK = "~~~ next command ~~~"
# The pages with commands that run in the root of the repository, and the page with commands that write files.
GUIDES = ["CONTRIBUTING.md", "docs/access.md", "examples/websocket/README.md"]
KEYS = "docs/keys-in-the-package.md"


def steps(page):
    """The commands of a page's `console` blocks, each with its expected output."""
    found = []
    for block in (block for language, block in test_commands.blocks(page) if language == "console"):
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


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(*arguments, issuer_port="0"):
    """`cargo local` on free ports: its folder, and the addresses of its parts."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w", encoding="utf-8") as output:
            command = [LOCAL, *arguments, *PORTS, "--issuer-port", issuer_port, "--data", folder]
            stack = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=PYTHON_FIRST)
        try:
            wait_until_ready(stack, log)
            yield folder, json.loads((Path(folder) / "stack.json").read_text(encoding="utf-8"))
        finally:
            stack.terminate()
            stack.wait()


def printed(page, folder, replaced):
    """Each command of a page with its expected and its actual output."""
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
        """Checks that the commands of a page's console blocks print the output in the blocks."""
        for command, expected, output in printed(page, folder, replaced):
            pattern = "(?s:.*)".join(map(re.escape, expected.split("…")))
            self.assertRegex(output, rf"\A{pattern}\Z", f"$ {command}")

    def run_example(self, name, documented_api):
        page = f"examples/{name}/README.md"
        self.assertGreaterEqual(len(steps(page)), 4)
        *before, command = [command for command, how in COMMANDS[page].items() if how == RUNNING]
        self.run_script(page, before, ROOT)
        issuer_port = str(free_port())
        arguments = shlex.split(command.replace("127.0.0.1:9000", f"127.0.0.1:{issuer_port}"))[2:]
        with running(*arguments, issuer_port=issuer_port) as (folder, addresses):
            self.check(page, folder, {documented_api: addresses["api"]})

    def test_rest_api(self):
        self.run_example("rest-api", "http://127.0.0.1:3000/prod")

    def test_http_api(self):
        self.run_example("http-api", "http://127.0.0.1:3000")

    def test_shared(self):
        self.run_example("shared", "http://127.0.0.1:3000/prod")

    def run_script(self, page, commands, work):
        """Runs these commands of a page in one shell, in this folder."""
        script = "\n".join(commands)
        ended = subprocess.run(["bash", "-euo", "pipefail"], input=script, cwd=work, capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, 0, f"{page}: {script}{ended.stdout}{ended.stderr}")

    def run_commands(self, page, work, replaced):
        """Runs the commands of a page, in its order, in this folder."""
        script = [command for of, command in test_commands.listed() if of == page and COMMANDS[page].get(command) == RUNNING]
        self.assertEqual(len(script), [*COMMANDS[page].values()].count(RUNNING), page)
        for documented, here in replaced.items():
            script = [command.replace(documented, here) for command in script]
        self.run_script(page, script, work)

    def test_every_page_with_such_commands_is_below(self):
        pages = {page for page, of_page in COMMANDS.items() if RUNNING in of_page.values()}
        self.assertEqual(pages, {*GUIDES, KEYS, *(f"examples/{name}/README.md" for name in ["http-api", "rest-api", "shared"])})

    def test_the_guides(self):
        with running() as (folder, addresses):
            for page, test in CONSOLE.items():
                if page.startswith("docs/") and (ROOT / test).samefile(__file__):
                    self.check(page, folder, {})
            local = shlex.join([str(LOCAL), "--data", folder])
            # A clone of one branch has no branch `main`.
            replaced = {"cargo -q local": local, "cargo local": local, "origin/main": "HEAD"}
            for page in GUIDES:
                self.run_commands(page, ROOT, replaced)
            work = Path(folder) / "keys"
            (work / "target").mkdir(parents=True)
            (work / "scripts").symlink_to(ROOT / "scripts")
            issuers = ["http://127.0.0.1:9000/oauth2/default", "https://dev-1.okta.com/oauth2/default"]
            self.run_commands(KEYS, work, dict.fromkeys(issuers, addresses["issuer"]))
            with zipfile.ZipFile(work / "layer.zip") as layer:
                self.assertEqual(layer.namelist(), ["jwks.json"])
                self.assertEqual(layer.read("jwks.json"), (work / "target" / "jwks.json").read_bytes())


class Published(unittest.TestCase):
    """The authorizer takes the settings that the published template gives it."""

    def start(self, given):
        """The authorizer's messages at its start with these parameters, without a Runtime API."""
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
