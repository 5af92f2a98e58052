"""Asks libalpm, the library behind pacman's vercmp. Reads `a<TAB>b` lines, prints <, = or > for each."""

import ctypes
import sys

alpm = ctypes.CDLL("libalpm.so.13")
for line in sys.stdin.buffer:
    a, b = line.rstrip(b"\n").split(b"\t")
    order = alpm.alpm_pkg_vercmp(a, b)
    print("<" if order < 0 else ">" if order > 0 else "=")
