#!/usr/bin/env python3
"""Mutates the modules that decide, one after another, and prints a table: `tests/mutants/run.py [MODULE...]`.

A mutant that no test notices must be a row of survivors.toml with the reason, and the mutant of each row must still
survive. `--check` only checks that the lines of the list exist. The script needs
`cargo install --locked cargo-mutants@27.1.0`. Exit status: 1 if the list is wrong.
"""

import argparse
import collections
import fnmatch
import os
import resource
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).parent / "survivors.toml"
OUTPUT = ROOT / "target" / "mutants"

A, H = "authorizer/src", "api-handler/src"
# The files of each module, and its groups of tests in order: the next group runs on the mutants that survive the first.
# Each group is one build: cargo's options, and words in the names of the tests to run.
MODULES = {
    "token": (
        [f"{A}/{name}.rs" for name in ("bearer", "claim_name", "claims", "compact_jws", "credential", "header", "key_id",
                                       "algorithm", "strict_json", "times")],
        [["--lib"], ["--test=attacks"]],
    ),
    "verifier": ([f"{A}/verifier.rs", f"{A}/verifier/**"], [["--lib"], ["--test=attacks"]]),
    "access": ([f"{A}/access.rs", f"{A}/access/**"], [["--lib"], ["--test=attacks"]]),
    "answer": ([f"{A}/answer.rs", f"{A}/answer_size.rs", f"{A}/answer/**"], [["--lib"], ["--test=attacks"]]),
    "jwks": (
        [f"{A}/issuer/jwks.rs", f"{A}/issuer/jwks/**"],
        [["--lib"], ["--test=key_fetch"], ["--test=key_cache_properties", "--test=key_cache_model", "--test=attacks"]],
    ),
    "introspection": (
        [f"{A}/issuer/introspection.rs", f"{A}/issuer/introspection/**"],
        [["--lib"], ["--test=introspection", "--test=attacks"]],
    ),
    "dpop": ([f"{A}/dpop.rs", f"{A}/dpop/**"], [["--lib"], ["--test=attacks"]]),
    "caller": ([f"{H}/caller.rs", f"{H}/caller/**"], [["--lib"], ["--test=api", "leaks::", "preconditions::", "events::", "walk::"]]),
    "precondition": ([f"{H}/precondition.rs"], [["--lib"], ["--test=api", "preconditions::", "calls::", "walk::"]]),
    "patch": ([f"{H}/patch.rs", f"{H}/patch/**"], [["--lib"], ["--test=api", "patches::", "patches_of_many_operations"]]),
    "listing": ([f"{H}/listing.rs", f"{H}/listing/**"], [["--lib"], ["--test=api", "listing::", "lagging_index::", "leaks::", "store_reads::", "calls::a_page"]]),
}  # fmt: skip
# Tests that take most of the time, with the module for which they run. The differential tests never run, because they would
# install packages for each copy of the source.
SLOW = {
    "differential": "", "dpop::replay::tests": "dpop", "more_headers_than_a_map_holds": "", "copy_and_move_take_at_most": "patch",
}  # fmt: skip
# No test reads the line numbers of a backtrace; without them a mutant is built in half the time.
ENVIRONMENT = {"CARGO_TARGET_DIR": str(OUTPUT / "target"), "CARGO_PROFILE_DEV_DEBUG": "0"} | os.environ
# A mutant that allocates without end fails its tests before the machine runs out of memory.
MAX_MEMORY_BYTES = 6 << 30
OUTCOMES = ("caught", "timeout", "unviable", "missed")


def mutate(module, timeout):
    """Runs the groups of tests, and returns the number of mutants by outcome and the survivors."""
    files, groups = MODULES[module]
    output = OUTPUT / module
    output.mkdir(parents=True, exist_ok=True)
    sources = {str(path.relative_to(ROOT)): path.read_text() for path in ROOT.glob("*/src/**/*.rs")}
    counts = collections.Counter()
    timeouts = set()
    started = time.monotonic()
    for number, tests in enumerate(groups):
        command = ["cargo", "mutants", "--no-shuffle", "--colors=never", "--output", output]
        command += ["--package", "authorizer" if files[0].startswith(A) else "api-handler"]
        command += [option for file in files for option in ("--file", file)]
        command += [f"--cargo-arg={test}" for test in tests if test.startswith("--")]
        command += ["--iterate"] if number > 0 else []
        command += ["--timeout", str(timeout), "--build-timeout=600"] if timeout else []
        command += ["--", "--", *(test for test in tests if not test.startswith("--"))]
        command += [f"--skip={test}" for test, own in SLOW.items() if module != own]
        # The table is the only output.
        done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdout=sys.stderr)
        # 2 and 3: mutants survived, or ran out of time.
        if done.returncode not in (0, 2, 3):
            sys.exit(f"cargo mutants failed with status {done.returncode}")
        found = {name: read(output, name) for name in OUTCOMES}
        counts["caught"] += len(found["caught"])
        counts["unviable"] += len(found["unviable"])
        # The next tests may end in time, but these did not.
        timeouts = timeouts - set(found["caught"]) | set(found["timeout"])
        missed = [name for name in found["missed"] if name not in timeouts]
        if not missed:
            break
    # On a busy machine a timeout may have another cause than the mutant.
    print(*(f"by a timeout: {name}" for name in sorted(timeouts)), sep="\n", file=sys.stderr)
    counts["timeout"] = len(timeouts)
    counts["missed"] = len(missed)
    counts["minutes"] = round((time.monotonic() - started) / 60)
    return counts, collections.Counter(survivor(name, sources) for name in missed)


def read(output, outcome):
    return (output / "mutants.out" / f"{outcome}.txt").read_text().splitlines()


def survivor(name, sources):
    """A mutant as its file, the source line and the change. The line number is left out, because every edit above moves it."""
    place, mutant = name.split(": ", 1)
    file, line, _column = place.rsplit(":", 2)
    return file, sources[file].splitlines()[int(line) - 1].strip(), mutant


def rows():
    return tomllib.loads(LIST.read_text()).get("survivor", [])


def listed(module):
    """The rows of the list for a module, with the number of times that each is in the list."""
    here = [row for row in rows() if any(fnmatch.fnmatch(row["file"], pattern) for pattern in MODULES[module][0])]
    return collections.Counter((row["file"], row["line"], row["mutant"]) for row in here)


def faults():
    """The faults of the list itself."""
    known = sum((listed(module) for module in MODULES), collections.Counter())
    for row in rows():
        if not row["why"] or (row["file"], row["line"], row["mutant"]) not in known:
            yield f"no reason, or a file of no module: {row}"
        elif row["line"] not in map(str.strip, (ROOT / row["file"]).read_text().splitlines()):
            yield f"{row['file']} has no line: {row['line']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--timeout", type=int, help="seconds for the tests of a mutant, for a busy machine; by default it is measured")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"one of {', '.join(MODULES)}; by default all run")
    arguments = parser.parse_args()
    unknown = set(arguments.modules) - set(MODULES)
    if unknown:
        parser.error(f"unknown modules: {', '.join(sorted(unknown))}")
    wrong = list(faults())
    if arguments.check or wrong:
        print(*wrong, sep="\n", end="\n" if wrong else "")
        return 1 if wrong else 0
    # Other systems refuse the limit.
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    table = ["| module | mutants | killed | by a timeout | do not compile | survive, explained | minutes |", "| --- |" + " ---: |" * 6]
    for module in arguments.modules or MODULES:
        counts, survivors = mutate(module, arguments.timeout)
        expected = listed(module)
        for row, heading in ((survivors - expected, "a test is missing"), (expected - survivors, "no longer survives")):
            for file, line, mutant in row.elements():
                wrong.append(f"{heading}: {file}: {mutant}, in: {line}")
        total = sum(counts[name] for name in OUTCOMES)
        cells = (module, total, *(counts[name] for name in OUTCOMES), counts["minutes"])
        table.append(f"| {' | '.join(map(str, cells))} |")
    print(*wrong, *table, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
