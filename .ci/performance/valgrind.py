"""Counts the cost of one invocation of a function with valgrind: instructions and allocations.

Each binary runs twice behind the Runtime API of runtime_api.py, with few and with many invocations; the difference
excludes the cost of init. No figure depends on the speed or the load of the machine.
"""

import os
import re
import subprocess
import sys

from runtime_api import Server


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
                sys.exit(f"{self.binary}: expected answers with {self.expected!r}, found {server.wrong[:1] or report}")
        return report

    def instructions(self, events, profile="/dev/null"):
        report = self.run(["--tool=callgrind", f"--callgrind-out-file={profile}"], events)
        return number(r"Collected : ([\d,]+)", report)

    def allocations(self, events):
        report = self.run(["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"], events)
        return number(r"total heap usage: ([\d,]+) allocs", report)

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


def number(pattern, report):
    return int(re.search(pattern, report)[1].replace(",", ""))
