#!/usr/bin/env python3
"""Removes each defence in SECURITY.md's table of threats from a copy of the source, one at a time, and runs its tests.

    tests/mutants/defences.py [--check] [WORD]

With `--check` it only compares the table with defences.toml, and defences.toml with the source. With a word it tries only
the defences with this word in their file or tests. Exit status: 1 if a test passes without its defence, or a list is wrong.
"""

import argparse
import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "target" / "mutants"
COPY = OUTPUT / "defences"
ENVIRONMENT = {"CARGO_TARGET_DIR": str(OUTPUT / "target"), "CARGO_PROFILE_DEV_DEBUG": "0"} | os.environ
# Without a defence a test may hang. A build does not, and the first one takes minutes.
MAX_TEST_SECONDS = 300


def defences():
    return tomllib.loads((Path(__file__).parent / "defences.toml").read_text())["defence"]


def faults():
    """The faults of the list: the table of SECURITY.md has other tests, or the source no longer has the text."""
    page = (ROOT / "SECURITY.md").read_text()
    table = page.split("| threat | defence | tests |\n")[1].split("\n\n")[0]
    promised = collections.Counter(re.findall(r"`(\w+)`", " ".join(row.split(" | ")[-1] for row in table.splitlines()[1:])))
    tried = collections.Counter(test.split()[1] for defence in defences() for test in defence["tests"])
    for heading, difference in (("no defence for the test", promised - tried), ("not in SECURITY.md", tried - promised)):
        yield from (f"{heading}: {test}" for test in difference.elements())
    for defence in defences():
        found = (ROOT / defence["file"]).read_text().count(defence["find"])
        if found != 1:
            yield f"{defence['file']} has {found} times: {defence['find'].strip()}"


def copy_source():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    shutil.rmtree(COPY, ignore_errors=True)
    for name in filter(None, files.split("\0")):
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        # The copy gets the current time. Otherwise cargo would treat the build of an interrupted run as newer.
        shutil.copy(ROOT / name, COPY / name)


def run(tests):
    """The outcome of each test: `ok`, `FAILED`, or that it hangs or does not run."""
    names = collections.defaultdict(list)
    for test in tests:
        target, name = test.split()
        names[target].append(name)
    return {f"{target} {name}": outcome for target in names for name, outcome in run_target(target, names[target]).items()}


def run_target(target, names):
    package, target = target.split("/")
    command = ["cargo", "test", "--package", package, *(["--lib"] if target == "lib" else ["--test", target])]
    built, printed = cargo([*command, "--no-run"])
    if built != 0:
        sys.exit(f"{target}: does not compile\n{printed}")
    status, printed = cargo([*command, "--", *names], MAX_TEST_SECONDS)
    if status is None:
        return dict.fromkeys(names, "hangs")
    outcomes = {}
    for name in names:
        found = set(re.findall(rf"^test (?:\S+::)?{name} \.\.\. (ok|FAILED)$", printed, re.MULTILINE))
        outcomes[name] = found.pop() if len(found) == 1 else "does not run"
    return outcomes


def cargo(command, seconds=None):
    """The exit status, or `None` after a timeout, and the output."""
    process = subprocess.Popen(
        command, cwd=COPY, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        printed, _nothing = process.communicate(timeout=seconds)
        return process.returncode, printed
    except subprocess.TimeoutExpired:
        # Kills cargo and the test that it started.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("word", nargs="?", default="")
    arguments = parser.parse_args()
    wrong = list(faults())
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if arguments.check or wrong:
        return 1 if wrong else 0
    copy_source()
    selected = [row for row in defences() if arguments.word in f"{row['file']} {row['tests']}"]
    for test, outcome in run(sorted({test for row in selected for test in row["tests"]})).items():
        if outcome != "ok":
            wrong.append(f"{test}: {outcome} with every defence in place")
    for number, row in enumerate(selected, 1):
        file = COPY / row["file"]
        source = file.read_text()
        file.write_text(source.replace(row["find"], row["put"]))
        for test, outcome in run(row["tests"]).items():
            print(f"{number}/{len(selected)} {row['file']}: {test}: {outcome}", flush=True)
            if outcome not in ("FAILED", "hangs"):
                wrong.append(f"{test}: {outcome} without its defence in {row['file']}: {row['find'].strip()}")
        file.write_text(source)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{len(selected)} defences, {sum(len(row['tests']) for row in selected)} tests, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
