#!/usr/bin/env python3
"""The parts of the time of a cold start, kernel included, by `perf`: microseconds per start, as two Markdown tables.

    .ci/performance/cold.py DIRECTORY [STARTS]

DIRECTORY has unstripped release builds. Sampling makes a start slower, so only the shares mean something. It needs Linux's
`perf` and the right to see the kernel's symbols.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

import authorizer
import handler
from runtime_api import Server
from valgrind import environment

PERIOD_MICROS = 40
CALLS = [
    ("kernel: connections", r"connect|sendto|recv|writev?|readv?|socket|shutdown|accept|bind|getsockname|getpeername|[gs]etsockopt"),
    ("kernel: waiting and waking", r"epoll|eventfd|futex|poll"),
    ("kernel: threads", r"clone|set_robust|rseq|sigaltstack|rt_sig|madvise|exit"),
    ("kernel: files", r"open|close|stat|access|lseek|fcntl|getdents"),
    ("kernel: memory maps", r"mmap|munmap|mprotect|brk|mremap"),
    ("kernel: the new program", r"execve"),
]


def place(frames):
    """The place of a sample: `frames` are functions and files, the innermost first. `None` at the end of the process."""
    symbol, file = frames[0]
    if not file.startswith("["):
        library = re.search(r"ld-linux|libc\.so|libgcc", file)
        return {None: "the program", "ld-linux": "`ld.so`", "libc.so": "`libc`", "libgcc": "`libgcc`"}[library and library[0]]
    names = [name for name, _ in frames]
    if any("page_fault" in name for name in names):
        return "kernel: page faults"
    call = next((found[1] for name in names if (found := re.match(r"__(?:x64|se|do)_sys_(\w+)", name))), "")
    if call.startswith("exit"):
        return None
    return next((group for group, pattern in CALLS if re.search(pattern, call)), "kernel: the rest")


def samples(path):
    script = subprocess.run(["perf", "script", "-i", path, "-F", "ip,sym,dso", "--no-inline"], capture_output=True, text=True)
    for sample in script.stdout.split("\n\n"):
        frames = [found.groups() for line in sample.splitlines() if (found := re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line))]
        if frames:
            yield frames


def start(binary, settings, event, expected, keys, path):
    with Server([event], expected, keys) as server:
        subprocess.run(["perf", "record", "-q", "-g", "-F", str(1_000_000 // PERIOD_MICROS), "-e", "cpu-clock", "-o", path, binary],
                       env=environment(f"127.0.0.1:{server.port}", settings), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        if server.wrong or not server.done.is_set():
            sys.exit(f"{binary}: expected an answer with {expected!r}, found {server.wrong}")
    return Counter(place(frames) for frames in samples(path))


def authorizer_starts(directory, issuer, port):
    """The column, the program, its settings, and a string that its answer contains."""
    yield "runtime", f"{directory}/examples/authorizer-floor", {}, authorizer.FLOOR
    for name, settings in authorizer.starts(issuer, port).items():
        yield name, f"{directory}/authorizer", settings, authorizer.ALLOWED


def handler_starts(directory):
    for column, program, more in [
        ("runtime + GetItem", "examples/api-handler-floor", {"FLOOR": "get"}), ("GET /state/{id}", "api-handler", {}),
    ]:
        yield column, f"{directory}/{program}", {**handler.SETTINGS, **more}, handler.OK


def print_table(starts, event, keys, path, count):
    starts = list(starts)
    columns = {column: Counter() for column, *_ in starts}
    for _ in range(count):
        for column, binary, settings, expected in starts:
            columns[column].update(start(binary, settings, event, expected, keys, path))
    for counts in columns.values():
        del counts[None]
    floor = columns[starts[0][0]]
    print("| where |", " | ".join(columns), "|")
    print("| --- |", " | ".join("---:" for _ in columns), "|")
    for row in sorted(set().union(*columns.values()), key=lambda place: -floor[place]):
        print(f"| {row} |", " | ".join(f"{counts[row] * PERIOD_MICROS / count:.0f}" for counts in columns.values()), "|")
    print("| all |", " | ".join(f"{counts.total() * PERIOD_MICROS / count:.0f}" for counts in columns.values()), "|")


def main(original, count="60"):
    with tempfile.TemporaryDirectory() as folder:
        # Copied, as in compare.py.
        directory = os.path.join(folder, "programs")
        os.makedirs(os.path.join(directory, "examples"))
        for name in ["authorizer", "api-handler", "examples/authorizer-floor", "examples/api-handler-floor"]:
            shutil.copy(f"{original}/{name}", f"{directory}/{name}")
        issuer, path = authorizer.Issuer(folder), os.path.join(folder, "perf")
        event = authorizer.event(issuer.token(0))
        with Server(keys=issuer.keys, certificate=issuer.certificate) as tls:
            print_table(authorizer_starts(directory, issuer, tls.port), event, issuer.keys, path, int(count))
        print()
        print_table(handler_starts(directory), handler.READ, b"", path, int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
