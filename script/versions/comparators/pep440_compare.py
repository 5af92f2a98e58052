"""Asks the `packaging` library. Reads `a<TAB>b` lines, prints <, = or > for each, ? where it refuses."""

import sys

from packaging.version import InvalidVersion, Version

for line in sys.stdin:
    a, b = line.rstrip("\n").split("\t")
    try:
        a, b = Version(a), Version(b)
        print("<" if a < b else ">" if a > b else "=")
    except InvalidVersion:
        print("?")
