"""The examples that `cargo local` can run, run as their READMEs say: the same function, the same commands, the same output."""

import json
import re
import shlex
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "target" / "debug" / "local"
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


if __name__ == "__main__":
    unittest.main()
