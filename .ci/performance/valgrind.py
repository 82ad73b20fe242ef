"""Counts the cost of one invocation of a function with valgrind: instructions and allocations.

Each binary runs twice behind the Runtime API of runtime_api.py, with few and with many invocations; the difference
excludes the cost of init. No figure depends on the speed or the load of the machine.
"""

import os
import re
import subprocess
import sys

from runtime_api import Server

MAX_RUNS = 3


class WrongAnswer(Exception):
    """A function did not answer as expected."""


class Function:
    """A function, its settings, and what its answers contain. `profile` is where callgrind's output is kept."""

    def __init__(self, binary, environment, expected, keys=b"", profile=None):
        self.binary, self.environment, self.expected, self.keys = binary, environment, expected, keys
        self.profile = profile or "/dev/null"

    def run(self, tool, events):
        """Runs the function under a tool of valgrind until no event is left; returns the tool's output."""
        with Server(events, self.expected, self.keys) as server:
            address = f"127.0.0.1:{server.port}"
            process = subprocess.Popen(
                ["valgrind", *tool, self.binary], env=environment(address, self.environment), text=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                report = process.communicate(timeout=240)[1]
            finally:
                process.kill()
            if server.wrong or not server.done.is_set():
                raise WrongAnswer(f"{self.binary}: expected answers with {self.expected!r}, found {server.wrong[:1] or report}")
        return report

    def count(self, tool, pattern, events):
        """What the tool counts. On a busy machine valgrind makes a start so slow that a call of the store may reach its
        timeout and is repeated. So this is the least of three starts, or one warm run."""
        found, wrong = [], None
        for _ in range(MAX_RUNS):
            try:
                found.append(int(re.search(pattern, self.run(tool, events))[1].replace(",", "")))
            except WrongAnswer as answer:
                wrong = answer
            if found and len(events) > 1:
                break
        return min(found) if found else sys.exit(str(wrong))

    def instructions(self, events, profile="/dev/null"):
        tool = ["--tool=callgrind", f"--callgrind-out-file={profile}"]
        return self.count(tool, r"Collected : ([\d,]+)", events)

    def allocations(self, events):
        tool = ["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"]
        return self.count(tool, r"total heap usage: ([\d,]+) allocs", events)

    def invocation(self, few, many):
        """Instructions and allocations of one invocation: `few` and `many` are the events of the two runs."""
        count = len(many) - len(few)
        instructions = self.instructions(many, self.profile) - self.instructions(few)
        return instructions / count, (self.allocations(many) - self.allocations(few)) / count

    def start(self, event):
        """Instructions and allocations of a process that starts, answers one event and ends."""
        return self.instructions([event], self.profile), self.allocations([event])


def environment(address, settings):
    """The variables of a function with its Runtime API at `address`; in its settings `{address}` is replaced."""
    settings = {name: value.replace("{address}", address) for name, value in settings.items()}
    return {
        "AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "PATH": os.environ["PATH"], **settings,
    }
