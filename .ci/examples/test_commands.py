"""CI runs every command of the pages, or commands.py has a reason why not; a command that is not run is at least spelt right."""

import json
import re
import shlex
import subprocess
import unittest
from pathlib import Path

import botocore
import botocore.session
from commands import COMMANDS, CONSOLE, RUNNING, By

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["docs", "examples", "publish"]
FOUND = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("**/*.md")) if "node_modules" not in path.parts]
PAGES = ["README.md", "CONTRIBUTING.md", *(str(path.relative_to(ROOT)) for path in FOUND)]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# A block of another language that begins with one of these words has commands that the tests would miss.
PROGRAMS = r"(\$ |[A-Z_]+=\S+ )?(aws|cargo|cdk|curl|git|jq|node|npm|npx|pip|python3?|sam|sh|terraform|valgrind|\.ci/|fuzz/|scripts/|tests/)"


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def blocks(page):
    """The language and the text of each fenced block."""
    for indent, language, block in FENCE.findall(text_of(page)):
        yield language, re.sub(f"^{indent}", "", block, flags=re.MULTILINE)


def is_complete(script):
    """Whether the text is a complete command, so that a shell would run it and not wait for more."""
    return subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False).returncode == 0


def commands(block):
    """The commands of a block: a continued line is one command, and each side of `&&` is a command."""
    command = ""
    for line in block.splitlines(keepends=True):
        line = re.sub(r" +# .*", "", line)
        command += line.lstrip() if command.endswith(" ") else line
        if re.search(r"[\\|]\n\Z", command) or not is_complete(command):
            command = re.sub(r" *\\\n\Z", " ", command)
            command = re.sub(r"\|\n\Z", "| ", command)
            continue
        command = command.strip()
        yield from [command] if command.startswith("(") else command.split(" && ")
        command = ""
    assert not command, f"no end: {command}"


def listed():
    """Each command of the `sh` blocks, with its page."""
    for page in PAGES:
        for language, block in blocks(page):
            if language == "sh":
                yield from ((page, command) for command in commands(block))


def words(command):
    """The words of a command, without variables that are set for it."""
    found = shlex.split(command)
    while re.match(r"[A-Z_]+=", found[0]):
        found.pop(0)
    return found


class Commands(unittest.TestCase):
    def test_every_command_is_run_or_has_a_reason(self):
        in_pages = {(page, command) for page, command in listed() if words(command)[:2] != ["cargo", "test"]}
        in_table = {(page, command) for page, of_page in COMMANDS.items() for command in of_page}
        self.assertEqual(in_pages - in_table, set(), "add these to commands.py, with the script that runs them or the reason why none does")
        self.assertEqual(in_table - in_pages, set(), "no page has these")

    def test_a_script_has_the_command_that_it_is_listed_for(self):
        for page, of_page in COMMANDS.items():
            for command, how in of_page.items():
                if isinstance(how, By):
                    self.assertIn(how.words, text_of(how.script), f"{page}: {command}: {how.script}")
        for script in {how.script for of_page in COMMANDS.values() for how in of_page.values() if isinstance(how, By)}:
            if script.endswith(".sh"):
                self.assertIn(script, text_of(".ci/run"))

    def test_every_block_of_commands_is_sh_or_console(self):
        for page in PAGES:
            for language, block in blocks(page):
                self.assertNotIn(language, ["", "shell", "bash"], f"{page}: expected `sh` or `console`:\n{block}")
                if language == "console":
                    self.assertIn(page, CONSOLE, block)
                elif language != "sh":
                    self.assertNotRegex(block, rf"\A\s*{PROGRAMS}", f"{page}: expected `sh` or `console`:\n{block}")
        self.assertEqual({page for page in PAGES if any(language == "console" for language, _ in blocks(page))}, set(CONSOLE))

    def test_flags_of_commands_that_are_not_run_exist(self):
        local = ROOT / "target" / "debug" / "local"
        checked = 0
        for page, of_page in COMMANDS.items():
            for command, how in of_page.items():
                # The command is the end of the pipe.
                arguments = words(command.rpartition("| ")[2] if "| cargo" in command else command)
                arguments = [word.replace("…", "x") for word in arguments if word != "-q"]
                if how == RUNNING or arguments[:2] != ["cargo", "local"]:
                    continue
                # A flag that does not exist is refused before the help is printed.
                ended = subprocess.run([local, *arguments[2:], "--help"], capture_output=True, text=True, check=False)
                self.assertEqual(ended.returncode, 0, f"{page}: {command}\n{ended.stderr}")
                checked += 1
        self.assertGreater(checked, 5)


class AwsCommands(unittest.TestCase):
    """The operations and options of the `aws` commands are those of AWS's own service models."""

    # The AWS command line has more than the models: whole commands, other names of services, options.
    COMMANDS = {("s3", "cp"), ("cloudformation", "deploy"), ("lambda", "wait"), ("logs", "tail")}
    SERVICES = {"deploy": "codedeploy"}
    OPTIONS = {"query", "output", "region"}
    REPLACED = {("publish-layer-version", "zip-file"): "content"}

    def test_each_is_an_operation_with_its_options(self):
        session = botocore.session.get_session()
        checked = 0
        for page, command in listed():
            for service, operation, rest in re.findall(r"\baws ([\w-]+) ([\w-]+)([^|;)]*)", command):
                if (service, operation) in self.COMMANDS:
                    continue
                model = session.get_service_model(self.SERVICES.get(service, service))
                operations = {botocore.xform_name(name, "-"): name for name in model.operation_names}
                self.assertIn(operation, operations, f"{page}: {command}")
                shape = model.operation_model(operations[operation]).input_shape
                members = {botocore.xform_name(name, "-") for name in shape.members}
                required = {botocore.xform_name(name, "-") for name in shape.required_members}
                options = {self.REPLACED.get((operation, option), option) for option in re.findall(r"--([\w-]+)", rest)} - self.OPTIONS
                self.assertEqual(options - members, set(), f"{page}: {command}")
                self.assertEqual(required - options, set(), f"{page}: {command}")
                checked += 1
        self.assertGreater(checked, 10)


class Tests(unittest.TestCase):
    """Each `cargo test` of the pages selects at least one test."""

    @classmethod
    def setUpClass(cls):
        """The test programs, by package, kind and name; CI has built them."""
        built = subprocess.run(
            ["cargo", "test", "--locked", "--no-run", "--quiet", "--message-format=json"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        cls.programs = {}
        for line in built.stdout.splitlines():
            message = json.loads(line)
            if message["reason"] == "compiler-artifact" and message["executable"] and message["profile"]["test"]:
                # The id ends in the version: `#0.1.0` after a folder with the package's name, or `#name@0.1.0`.
                package = re.search(r"([\w-]+)(?:#|@)[\d.]+$", message["package_id"])[1]
                cls.programs[package, message["target"]["kind"][0], message["target"]["name"].replace("_", "-")] = message["executable"]

    def selected(self, arguments):
        """The names of the tests that `cargo test` would run with these arguments."""
        wanted, filters, rest = {}, [], iter(arguments)
        for argument in rest:
            if argument == "--":
                break
            if argument in ("-p", "--test", "--lib"):
                wanted[argument] = "" if argument == "--lib" else next(rest).replace("_", "-")
            else:
                self.assertFalse(argument.startswith("-"), argument)
                filters.append(argument)
        for (package, kind, name), program in self.programs.items():
            if wanted.get("-p", package) != package or ("--lib" in wanted and kind != "lib"):
                continue
            if "--test" in wanted and (kind, name) != ("test", wanted["--test"]):
                continue
            listing = subprocess.run([program, "--list", *filters], capture_output=True, text=True, check=True).stdout
            yield from re.findall(r"^(.+): test$", listing, re.MULTILINE)

    def test_each_selects_a_test(self):
        found = [(page, words(command)) for page, command in listed()]
        for page in PAGES:
            prose = FENCE.sub("", text_of(page))
            found += [(page, shlex.split(code)) for code in re.findall(r"`(cargo test [^`…]+)`", prose)]
        found = [(page, words[2:]) for page, words in found if words[:2] == ["cargo", "test"]]
        self.assertGreater(len(found), 10)
        for page, arguments in found:
            self.assertTrue(list(self.selected(arguments)), f"{page}: cargo test {shlex.join(arguments)}")


if __name__ == "__main__":
    unittest.main()
