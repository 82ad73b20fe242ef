#!/usr/bin/env python3
"""Runs the fuzz targets one after another and prints a table: `fuzz/run.py [--seconds N] [TARGET...]`.

It needs `cargo install cargo-fuzz`. Exit status: 1 if a target has a finding, whose input is then in `fuzz/artifacts`.
"""

import argparse
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent
# The pinned toolchain is stable. With this variable it accepts the nightly options that the fuzzer needs.
ENVIRONMENT = os.environ | {"RUSTC_BOOTSTRAP": "1"}
TRIPLE = "x86_64-unknown-linux-gnu"


def bins():
    manifest = tomllib.loads((FOLDER / "Cargo.toml").read_text())
    return {entry["name"]: entry["required-features"][0] for entry in manifest["bin"]}


def build(features):
    # One build for each tested package, so that it needs no dependencies of the others.
    for feature in sorted(set(features)):
        command = ["cargo", "fuzz", "build", "--no-default-features", "--features", feature]
        subprocess.run(command, cwd=FOLDER, env=ENVIRONMENT, check=True)


def run(target, seconds):
    corpus, artifacts = FOLDER / "corpus" / target, FOLDER / "artifacts" / target
    corpus.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(parents=True, exist_ok=True)
    command = [
        FOLDER / "target" / TRIPLE / "release" / target, corpus, FOLDER / "seeds" / target,
        f"-artifact_prefix={artifacts}/", f"-dict={FOLDER / 'words.dict'}", f"-max_total_time={seconds}",
        "-timeout=60", "-rss_limit_mb=1024", "-print_final_stats=1",
    ]  # fmt: skip
    started = time.monotonic()
    done = subprocess.run(command, cwd=FOLDER, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, errors="replace")
    spent = round(time.monotonic() - started)
    coverage = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
    executions = re.findall(r"stat::number_of_executed_units: (\d+)", done.stderr)
    if done.returncode != 0:
        (FOLDER / "artifacts" / f"{target}.log").write_text(done.stderr)
    return {
        "target": target, "executions": int(executions[-1]) if executions else 0, "seconds": spent,
        "edges": coverage[-1][0] if coverage else "?", "features": coverage[-1][1] if coverage else "?",
        "finding": "none" if done.returncode == 0 else f"artifacts/{target}.log",
    }  # fmt: skip


def main():
    known = bins()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="the time for each target")
    parser.add_argument("--no-build", action="store_true", help="run the targets as they are built")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join(known)}; default: all")
    arguments = parser.parse_args()
    targets = arguments.targets or list(known)
    unknown = [target for target in targets if target not in known]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    if not arguments.no_build:
        build(known[target] for target in targets)
    print("| target | executions | seconds | edges | features | findings |\n| --- | ---: | ---: | ---: | ---: | --- |")
    found = False
    for target in targets:
        row = run(target, arguments.seconds)
        found |= row["finding"] != "none"
        print("| " + " | ".join(str(value) for value in row.values()) + " |", flush=True)
    sys.exit(found)


main()
