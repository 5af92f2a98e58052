"""Asks the `univers` library about apk and NuGet versions: the argument is the name of its class.

Reads `a<TAB>b` lines, prints <, = or > for each, ? where univers refuses.
"""

import sys

from univers import versions

kind = getattr(versions, sys.argv[1])
for line in sys.stdin:
    a, b = line.rstrip("\n").split("\t")
    try:
        a, b = kind(a), kind(b)
        print("<" if a < b else ">" if a > b else "=")
    except Exception:  # univers has no common class for its refusals
        print("?")
