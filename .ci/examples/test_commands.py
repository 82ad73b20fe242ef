"""Every block of commands in the pages is run by a test, or stands here with the reason why not."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["docs", "examples", "publish"]
FOUND = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("**/*.md")) if "node_modules" not in path.parts]
PAGES = ["README.md", "CONTRIBUTING.md", *(str(path.relative_to(ROOT)) for path in FOUND)]

# Blocks of the language `sh` that test_running.py runs, whole, against a running stack.
RUN = [
    ("docs/access.md", "git show origin/main:template.yaml | cargo -q local access diff - --fail-on-widening\n"),
    ("docs/keys-in-the-package.md", "scripts/fetch-keys.sh http://127.0.0.1:9000/oauth2/default target/jwks.json\n"),
    ("examples/websocket/README.md", "cargo local invoke authorizer events/authorizer/websocket-connect.json\n"),
]
# The pages whose `console` blocks are run, and by which test.
CONSOLE = {
    "README.md": "tests/tests/readme.rs",
    "docs/access.md": ".ci/examples/test_running.py",
    "docs/sign-in.md": "tests/tests/readme.rs",
    "examples/http-api/README.md": ".ci/examples/test_running.py",
    "examples/rest-api/README.md": ".ci/examples/test_running.py",
}
ACCOUNT = "it needs an AWS account"
OKTA = "it needs an issuer on the Internet"
ELSEWHERE = "another test runs the same command"
LONG = "it runs for long; `cargo test` runs its short form"
# The first words of the other blocks of the language `sh`, by page.
NOT_RUN = {
    "CONTRIBUTING.md": {"cargo test ": "the tests themselves"},
    "README.md": {
        "cargo local\n": ELSEWHERE,
        "cargo local doctor": OKTA,
        "cargo local --issuer": OKTA,
        "cargo local --parameter": ELSEWHERE,
        "cargo test": "the tests themselves",
        "sam build": ACCOUNT,
        "cargo local smoke": ACCOUNT,
    },
    "docs/access.md": {"cargo -q local explain PUT": ELSEWHERE, "for group in": ACCOUNT},
    "docs/keys-in-the-package.md": {"mkdir -p layer": OKTA},
    "docs/okta.md": {"cargo local doctor --issuer": OKTA},
    "docs/proof.md": {
        "tests/differential/run.sh": LONG,
        "fuzz/run.py": LONG,
        "FAULTS=all": LONG,
        "cargo test ": "the tests themselves",
    },
    "docs/runbook.md": {
        "FUNCTION=$(aws": ACCOUNT,
        "VERSION=$(aws": ACCOUNT,
        "aws ": ACCOUNT,
        "curl -s https://dev-1.okta.com": OKTA,
        "for version in": ACCOUNT,
        "git checkout v0.1.0": ACCOUNT,
    },
    "docs/sign-in.md": {"cargo local token": OKTA},
    "examples/cdk/README.md": {"npm ci": ELSEWHERE, "npx cdk deploy": ACCOUNT},
    "examples/cloudformation/README.md": {"aws ": ACCOUNT},
    "examples/http-api/README.md": {"cargo local --template": ELSEWHERE, "sam build": ACCOUNT},
    "examples/rest-api/README.md": {"cargo local --template": ELSEWHERE, "sam build": ACCOUNT},
    "examples/shared/README.md": {"sam build": ACCOUNT},
    "examples/terraform/README.md": {"terraform init": ACCOUNT},
    "examples/websocket/README.md": {"sam build": ACCOUNT},
    "publish/README.md": {"sam deploy": ACCOUNT},
}


def blocks(page):
    """The language and the text of each fenced block that has commands."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for indent, language, block in re.findall(r"^( *)```(sh|shell|bash|console)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        yield language, re.sub(f"^{indent}", "", block, flags=re.MULTILINE)


class Commands(unittest.TestCase):
    def test_every_block_is_run_or_has_a_reason(self):
        used = set()
        for page in PAGES:
            for language, block in blocks(page):
                if language == "console":
                    self.assertIn(page, CONSOLE, block)
                    used.add(page)
                elif (page, block) in RUN:
                    used.add((page, block))
                else:
                    first = [words for words in NOT_RUN.get(page, {}) if block.startswith(words)]
                    self.assertEqual(len(first), 1, f"{page}: run this block, or say why not:\n{block}")
                    used.add((page, first[0]))
        listed = {*CONSOLE, *RUN, *((page, words) for page, reasons in NOT_RUN.items() for words in reasons)}
        self.assertEqual(listed - used, set())


if __name__ == "__main__":
    unittest.main()
