#!/usr/bin/env python3
"""Compares builds of the functions in one run: zips, instructions, and time in alternating rounds, as a Markdown table.

    .ci/performance/compare.py [--rounds N] [--only WORD]... [--pause MS] BUILD OTHER...

A build is a directory with release builds of `authorizer`, `api-handler` or both. Variables for its processes may follow:
`DIRECTORY,LD_PRELOAD=/lib/x.so`. The table shows the median and range of each time for the first build. For the others it
shows the ratio to the first build, which is computed in each round. `--only` selects the figures with WORD in their names.
With `--pause` the first event comes MS milliseconds after init, and the wall time is counted from there.
"""

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial

import authorizer
import handler
from count import zip_bytes
from runtime_api import Server
from valgrind import Function, environment

MANY = 400
FUNCTIONS = ["authorizer", "api-handler"]


class Build:
    """The programs of a build, and environment variables in addition to the settings."""

    def __init__(self, text):
        self.name = text
        self.directory, *more = text.split(",")
        self.variables = dict(variable.split("=", 1) for variable in more)

    def copy_to(self, folder):
        """Copies the programs. The layout of a file in the page cache changes the time of a start by up to a fifth, so all
        are written in the same way."""
        self.folder = folder
        os.makedirs(folder)
        for name in FUNCTIONS:
            if os.path.exists(f"{self.directory}/{name}"):
                shutil.copy(f"{self.directory}/{name}", folder)

    def program(self, name):
        path = f"{self.folder}/{name}"
        return path if os.path.exists(path) else None


class Subject:
    """The measured function: its events, its settings, and a string of each answer."""

    def __init__(self, function, settings, events, expected, keys=b""):
        self.function, self.settings, self.events, self.expected, self.keys = function, settings, events, expected, keys

    @property
    def is_start(self):
        return len(self.events) == 1

    def instructions(self, build):
        settings = {**self.settings, **build.variables}
        function = Function(build.program(self.function), settings, self.expected, self.keys)
        if self.is_start:
            return function.instructions(self.events)
        return (function.instructions(self.events[:120]) - function.instructions(self.events[:20])) / 100

    def micros(self, build, pause):
        """CPU and wall time of an invocation, or of a start up to its answer, in microseconds."""
        if self.is_start:
            return self.run(build, self.events, pause)
        many, one = self.run(build, self.events, 0), self.run(build, self.events[:1], 0)
        return [(all - start) / (len(self.events) - 1) for all, start in zip(many, one)]

    def run(self, build, events, pause):
        with Server(events, self.expected, self.keys, pause=pause) as server:
            variables = environment(f"127.0.0.1:{server.port}", {**self.settings, **build.variables})
            started = time.monotonic()
            process = subprocess.Popen(
                [build.program(self.function)], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            usage = os.wait4(process.pid, 0)[2]
            process.returncode = 0
            if server.wrong or not server.done.is_set():
                sys.exit(f"{build.name}: expected answers of {self.function} with {self.expected!r}, found {server.wrong[:1]}")
            wall = server.answered - (server.handed_out if pause else started)
        return [1e6 * (usage.ru_utime + usage.ru_stime), 1e6 * wall]


def authorizer_subjects(folder, servers):
    """The figures by name. Each is prepared only if it is selected."""
    def issuer(algorithm):
        place = os.path.join(folder, algorithm)
        os.makedirs(place, exist_ok=True)
        return authorizer.Issuer(place, algorithm)

    def warm(algorithm, count):
        with_key = issuer(algorithm)
        events = [authorizer.event(with_key.token(number)) for number in range(count)] * (MANY // count)
        settings = {**authorizer.SETTINGS, "ALGORITHMS": algorithm}
        return Subject("authorizer", settings, events, authorizer.ALLOWED, with_key.keys)

    def start(name):
        with_key = issuer("RS256")
        tls = servers.enter_context(Server(keys=with_key.keys, certificate=with_key.certificate))
        settings = authorizer.starts(with_key, tls.port)[name]
        return Subject("authorizer", settings, [authorizer.event(with_key.token(0))], authorizer.ALLOWED, with_key.keys)

    yield "same token", partial(warm, "RS256", 1)
    for algorithm in ["RS256", *authorizer.CURVES]:
        yield f"distinct tokens, {algorithm}", partial(warm, algorithm, MANY)
    for name in ["http", "https", "JWKS_FILE"]:
        yield f"start, {name}", partial(start, name)


def handler_subjects():
    for name, event in [("GET /session", handler.SESSION), ("GET /state/{id}", handler.READ), ("PUT with If-Match", handler.WRITE)]:
        for prefix, count in [("", MANY), ("start, ", 1)]:
            yield prefix + name, partial(Subject, "api-handler", handler.SETTINGS, [event] * count, handler.OK)


def row(name, cells):
    print("|", name, "|", " | ".join(cells), "|", flush=True)


def spread(values, decimals):
    return "{:,.{d}f} ({:,.{d}f} to {:,.{d}f})".format(statistics.median(values), min(values), max(values), d=decimals)


def compare(name, subject, builds, rounds, pause):
    if not all(build.program(subject.function) for build in builds):
        return
    row(f"{name}, instructions", [f"{subject.instructions(build):,.0f}" for build in builds])
    times = []
    for number in range(rounds):
        # The order alternates, so that no build is always measured first.
        order = builds if number % 2 else builds[::-1]
        taken = {build: subject.micros(build, pause) for build in order}
        times.append([taken[build] for build in builds])
    for index, what in enumerate(["CPU", "wall"] if subject.is_start else ["CPU"]):
        first, *others = [[taken[build][index] for taken in times] for build in range(len(builds))]
        ratios = [[taken / base for taken, base in zip(other, first)] for other in others]
        row(f"{name}, {what}", [f"{spread(first, 1)} µs", *(spread(ratio, 2) for ratio in ratios)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", action="append")
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("builds", nargs="+", type=Build)
    given = parser.parse_args()
    row("figure", [build.name for build in given.builds])
    row("---", ["---:"] * len(given.builds))
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as servers:
        for index, build in enumerate(given.builds):
            build.copy_to(f"{folder}/build-{index}")
        for function in FUNCTIONS:
            programs = [build.program(function) for build in given.builds]
            if all(programs):
                row(f"zip of {function}", [f"{zip_bytes(program):,}" for program in programs])
        for name, make in [*authorizer_subjects(folder, servers), *handler_subjects()]:
            if not given.only or any(word in name for word in given.only):
                compare(name, make(), given.builds, given.rounds, given.pause / 1000)


if __name__ == "__main__":
    main()
