#!/usr/bin/env python3
"""The parts of a program's zip: groups of symbols, each compressed by itself, as a Markdown table.

    .ci/performance/sizes.py BINARY

BINARY is an unstripped build.
"""

import re
import subprocess
import sys
import zlib
from collections import defaultdict

GROUPS = [
    ("crypto library: curves, their tables", r"(?i)25519|p256|nistz|p384|p521|edwards"),
    ("crypto library: ML-KEM and ML-DSA", r"(?i)ml_?kem|ml_?dsa|kyber|dilithium"),
    ("crypto library: AES, hashes, ChaCha20", r"(?i)aes|gcm|ghash|sha(1|2|3|5)|keccak|md5|chacha|poly1305"),
    ("crypto library: the rest", r"aws_lc|(?i:_bn_|rsaz)"),
    ("the SDK", r"aws_(s(dk|mithy|igv4)|runtime|types|credential|config)"),
    ("TLS, certificates", r"rustls|webpki"),
    ("URLs, international names", r"url::|idna|icu_|percent_enc"),
    ("HTTP client", r"reqwest|tower_http"),
    ("runtime, HTTP, tokio", r"hyper|tokio|http::|httparse|lambda_runtime|tower|mio|futures|bytes::|tracing"),
    ("JSON", r"serde"),
    ("the function's own code", r"authorizer|api_handler|lambda_support"),
    ("`core`, `alloc`, `std`", r"^<?&?(core|alloc|std|gimli|addr2line|rustc_demangle|miniz|memchr)"),
]
REST = "the rest"


def deflated(data):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return len(deflate.compress(data) + deflate.flush())


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main(binary):
    with open(binary, "rb") as file:
        program = file.read()
    heads = re.findall(r"\] \S+\s+(?!NOBITS)[A-Z]+\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", output("readelf", "-SW", binary))
    sections = [tuple(int(number, 16) for number in head) for head in heads]

    def content(address, size):
        for start, offset, length in sections:
            if start and start <= address < start + length:
                return program[address - start + offset:][:size]
        return b""

    # Several symbols of one function are counted once.
    groups, seen = defaultdict(bytes), set()
    for line in output("nm", "-S", "-C", "--defined-only", binary).splitlines():
        found = re.match(r"([0-9a-f]+) ([0-9a-f]+) [a-zA-Z] (.*)", line)
        if found and found[1] not in seen:
            seen.add(found[1])
            group = next((name for name, pattern in GROUPS if re.search(pattern, found[3])), REST)
            groups[group] += content(int(found[1], 16), int(found[2], 16))
    print("| symbols | bytes | in the zip |")
    print("| --- | ---: | ---: |")
    for name, data in sorted(groups.items(), key=lambda group: -deflated(group[1])):
        print(f"| {name} | {len(data):,} | {deflated(data):,} |")
    print(f"| all symbols | {sum(map(len, groups.values())):,} | {sum(map(deflated, groups.values())):,} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
