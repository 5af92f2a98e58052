"""Asks RPM's own library. Reads `a<TAB>b` lines, prints <, = or > for each, ? where RPM refuses."""

import sys

import rpm

for line in sys.stdin:
    a, b = line.rstrip("\n").split("\t")
    try:
        a, b = rpm.ver(a), rpm.ver(b)
        print("<" if a < b else ">" if a > b else "=")
    except ValueError:
        print("?")
