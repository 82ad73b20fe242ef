"""Counts the cost of an invocation and a start of each function, compared with a bare runtime, and fails above the limits.

    count.py DIRECTORY [FILE]

DIRECTORY has the release builds. With FILE, the profiles are kept as FILE.same-token and so on: see groups.py.
"""

import re
import sys
import tempfile
import zlib

import authorizer
import handler

# The maximum cost of each figure, as a ratio to another: instructions and allocations. The limits are a little above the
# measured ratios, so that a more expensive invocation is noticed. docs/performance.md explains ratios above their target.
LIMITS = [
    ("same token", "runtime", 1.9, 1.4),
    ("distinct tokens", "runtime + verification", 1.4, 2.0),
    ("wrong signature", "distinct tokens", 1.0, 1.0),
    ("start, http", "start of the runtime", 2.6, 3.9),
    ("start, https", "start of the runtime", 7.1, 5.5),
    ("start, JWKS_FILE", "start of the runtime", 2.7, 4.2),
    ("GET /session", "handler's runtime", 1.8, 1.9),
    ("GET /state/{id}", "runtime + GetItem", 1.25, 1.2),
    ("PUT with If-Match", "runtime + PutItem", 1.4, 1.35),
    ("start, GET /state/{id}", "start, runtime + GetItem", 1.22, 1.16),
    ("start, PUT with If-Match", "start, runtime + PutItem", 1.26, 1.22),
]
MAX_ZIP_BYTES = {"authorizer": 2_610_000, "api-handler": 4_190_000}


def zip_bytes(binary):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    with open(binary, "rb") as file:
        return len(deflate.compress(file.read()) + deflate.flush())


def main(directory, out=None):
    def profile(name):
        return f"{out}.{re.sub('[^A-Za-z]+', '-', name)}" if out else None

    with tempfile.TemporaryDirectory() as folder:
        figures = authorizer.measure(f"{directory}/authorizer", f"{directory}/examples/authorizer-floor", folder, profile)
    figures.update(handler.measure(f"{directory}/api-handler", f"{directory}/examples/api-handler-floor", profile))
    for name, (instructions, allocations) in figures.items():
        print(f"{name:24} {instructions:12,.0f} instructions {allocations:8.1f} allocations")
    faults = []
    for name, base, *limits in LIMITS:
        for what, mine, other, limit in zip(("instructions", "allocations"), figures[name], figures[base], limits):
            print(f"{name} / {base}, {what}: {mine / other:.2f}, at most {limit}")
            if mine > limit * other:
                faults.append(f"{name}: {what} are {mine / other:.2f} of {base}, expected at most {limit}")
    for binary, limit in MAX_ZIP_BYTES.items():
        size = zip_bytes(f"{directory}/{binary}")
        print(f"zip of {binary}: {size:,} bytes, at most {limit:,}")
        if size > limit:
            faults.append(f"the zip of {binary} has {size:,} bytes, expected at most {limit:,}")
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
