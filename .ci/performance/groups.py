#!/usr/bin/env python3
"""Sums up profiles by groups of functions, as a Markdown table with one column per profile.

    .ci/performance.sh FILE
    .ci/performance/groups.py FILE.runtime FILE.same-token [INVOCATIONS]

Profiles are those of unstripped builds. With INVOCATIONS, each figure is divided by it; the start is in it, spread.
"""

import re
import subprocess
import sys
from collections import Counter

# The first pattern that matches a function with its library decides.
GROUPS = [
    ("loading the program (`ld.so`)", r"ld-linux|/elf/|_dl_"),
    ("SHA-2 and HMAC", r"(?i)sha(256|384|512)|hmac"),
    ("P-256: ECDSA", r"(?i)nistz256|p256|ecdsa|beeu_mod|(^|_)ec_|ec_group"),
    ("X25519", r"25519"),
    ("RSA and other crypto", r"aws_lc_"),
    ("TLS, certificates", r"rustls|webpki"),
    ("allocator", r"malloc|calloc|realloc|free(@|$| )|_int_free|alloc::alloc|__rust_(re|de)?alloc"),
    ("`memcpy`, `memcmp` and the like", r"string/|mem(cpy|move|cmp|set|chr)"),
    ("the SDK: signature", r"sigv4"),
    ("the SDK: DynamoDB's JSON", r"aws_sdk_dynamodb::protocol_serde|aws_smithy_json"),
    ("the SDK: the rest", r"aws_(s(dk|mithy)|runtime|types|credential|config)"),
    ("writing JSON", r"serde_json::(value::)?ser|serde_core::ser|Serialize"),
    ("reading JSON", r"serde_json|serde_core::|strict_json|Deserialize"),
    ("base64", r"base64"),
    ("URLs", r"url::|idna|percent_encoding|icu_|fluent_uri"),
    ("the function's own code", r"authorizer|api_handler|lambda_support"),
    ("runtime, HTTP, tokio", r"hyper|tokio|httparse|http::|lambda_runtime|tower|futures|mio::|bytes::|reqwest|tracing"),
    ("strings, maps, formatting", r"core::|alloc::|std::|hashbrown"),
    ("thread attributes", r"vfscanf|strtoul|getdelim|pthread_getattr"),
    ("name of a host (`getaddrinfo`)", r"getaddrinfo|nss|resolv|inet_|gaih|getsockname"),
]
REST = "the rest"


def group(function):
    return next((name for name, pattern in GROUPS if re.search(pattern, function)), REST)


def sums(profile):
    report = subprocess.run(
        ["callgrind_annotate", "--auto=no", "--threshold=100", profile], capture_output=True, text=True, check=True).stdout
    counts = Counter()
    for line in report.splitlines():
        found = re.match(r"\s*([\d,]+) \([ \d.]+%\)\s+(\S.*)", line)
        if found and found[2] != "PROGRAM TOTALS":
            counts[group(found[2])] += int(found[1].replace(",", ""))
    return counts


def main(*arguments):
    invocations = int(arguments[-1]) if arguments[-1].isdigit() else 1
    profiles = [argument for argument in arguments if not argument.isdigit()]
    columns = [sums(profile) for profile in profiles]
    print("| functions |", " | ".join(profile.rpartition(".")[2].replace("-", " ") for profile in profiles), "|")
    print("| --- |", " | ".join("---:" for _ in profiles), "|")
    for name in [*dict(GROUPS), REST]:
        figures = [column[name] / invocations for column in columns]
        if any(figure >= 0.5 for figure in figures):
            print(f"| {name} |", " | ".join(f"{figure:,.0f}" for figure in figures), "|")
    print("| all |", " | ".join(f"{sum(column.values()) / invocations:,.0f}" for column in columns), "|")


if __name__ == "__main__":
    main(*sys.argv[1:])
