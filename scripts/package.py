#!/usr/bin/env python3
"""Zips a function for Lambda: scripts/package.py BOOTSTRAP ZIP. The same program gives the same bytes.

A zip of other tools contains the time and the mode of the file on the build machine.
"""

import sys
import zipfile


def main():
    bootstrap, path = sys.argv[1:]
    with open(bootstrap, "rb") as file:
        program = file.read()
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, program, compresslevel=9)


main()
