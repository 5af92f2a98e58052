"""Asks Conan's own Version class. Reads `a<TAB>b` lines, prints <, = or > for each, ? where it refuses.

Conan checks the text of a version apart from the class, when it reads a reference: that check comes first.
"""

import re
import sys

from conan.internal.model.version import Version

REFERENCE_VERSION = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_+.-]*\Z")

for line in sys.stdin:
    a, b = line.rstrip("\n").split("\t")
    if not REFERENCE_VERSION.match(a) or not REFERENCE_VERSION.match(b):
        print("?")
        continue
    a, b = Version(a), Version(b)
    print("=" if a == b else "<" if a < b else ">")
