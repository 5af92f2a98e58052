#!/usr/bin/env python3
"""What findings a list of packages must have, worked out from raw OSV zips with the ecosystems' own comparators.

Usage: script/matching/expected.py MIRROR < list

The list has lines of `ecosystem TAB name TAB version [TAB source name]`, the ecosystem as OSV spells it with its
release (`Debian:11`, `npm`). Prints `ecosystem TAB name TAB version TAB vulnerability`, one line for each finding,
sorted; a record that can't be judged gives `unknown` and its id in place of the vulnerability.

Nothing here is shared with the program: neither code nor the order in which things are done. The rules:

- A record counts for a package where an `affected` entry has its ecosystem and name. Withdrawn records and errata
  that mend no fault (ALBA, ALEA, RLBA, RLEA) do not count.
- A version is affected where a range holds it, or where `versions` lists it or one equal to it. Events are
  judged by version, not by their place. What ends and begins at one version goes on; begun and fixed at one
  version is empty; fixed in `0` means never. Ranges of commits are passed over; where nothing else is left the
  record is unknown, as it is where a version can't be ordered and nothing else says affected.
- An rpm advisory whose fixed version was built in a module counts for packages of modules only, and others for
  others only.
- Each CVE among id, aliases and upstream (AlmaLinux: also related) is a finding. Without one, each upstream is;
  else the record's own id, joined with records of the same package that name it as alias or that it names.
"""

import json
import re
import sys
import zipfile
from collections import defaultdict
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from itertools import product
from pathlib import Path

HERE = Path(__file__).resolve().parent

SCHEMES = {
    "Debian": "dpkg",
    "Ubuntu": "dpkg",
    "AlmaLinux": "rpm",
    "Rocky Linux": "rpm",
    "Alpine": "apk",
    "Wolfi": "apk",
    "Chainguard": "apk",
    "PyPI": "pep440",
    "npm": "npm",
    "crates.io": "semver",
    "Go": "go",
    "RubyGems": "rubygems",
    "Packagist": "composer",
    "Maven": "maven",
}
ERRATA = ("ALBA-", "ALEA-", "RLBA-", "RLEA-")
# Names under which feeds file advisories of an installed package.
BY_SOURCE = {"Debian", "Ubuntu", "Alpine"}
BY_BOTH = {"Wolfi", "Chainguard", "Rocky Linux"}


@cache
def comparators():
    """The comparators of script/versions/check, which installs what is missing."""
    path = HERE.parent / "versions" / "check"
    loader = SourceFileLoader("version_check", str(path))
    module = module_from_spec(spec_from_loader("version_check", loader))
    loader.exec_module(module)
    return module


class Order:
    """The order of one ecosystem's versions. Questions are collected, asked at once, and remembered."""

    def __init__(self, scheme, check):
        self.scheme = scheme
        self.check = check
        self.known = {}
        self.wanted = set()

    def want(self, a, b):
        if a != b and (a, b) not in self.known:
            self.wanted.add((a, b))

    def ask(self):
        pairs = sorted(self.wanted)
        self.wanted.clear()
        if pairs:
            compare = self.check.SCHEMES[self.scheme].comparator()
            self.known.update(zip(pairs, compare([self.written(pair) for pair in pairs]), strict=True))

    def written(self, pair):
        """As the comparator wants it: Go's feed leaves out the v of modules."""
        if self.scheme == "go":
            return tuple(v if v.startswith(("v", "go")) else f"v{v}" for v in pair)
        return pair

    def __call__(self, a, b):
        """`<`, `=`, `>`, or `?` where one of them is no version."""
        if a == b:
            # Whether it is a version at all shows in a comparison with any other.
            answers = [answer for pair, answer in self.known.items() if a in pair]
            return "=" if not answers or any(answer != "?" for answer in answers) else "?"
        return self.known[(a, b)]


def normal_name(ecosystem, name):
    if ecosystem == "PyPI":
        return re.sub(r"[-_.]+", "-", name).lower()
    if ecosystem in ("Packagist", "NuGet"):
        return name.lower()
    return name


def load(mirror, ecosystem):
    """Entries of an ecosystem's records: (ecosystem with release, name) -> record id -> (record, entries)."""
    found = defaultdict(dict)
    with zipfile.ZipFile(mirror / ecosystem / "all.zip") as archive:
        for name in archive.namelist():
            record = json.loads(archive.read(name))
            if "withdrawn" in record or record["id"].startswith(ERRATA):
                continue
            for entry in record.get("affected", []):
                package = entry.get("package")
                if package:
                    key = (package["ecosystem"], normal_name(ecosystem, package["name"]))
                    found[key].setdefault(record["id"], (record, []))[1].append(entry)
    return found


def ranges_of(entry):
    """The ranges of an entry that speak of versions, each a list of (event, version)."""
    for found in entry.get("ranges") or []:
        if found["type"] != "GIT":
            yield [(event, version) for item in found["events"] for event, version in item.items()]


def is_modular(version):
    return ".module" in version


def is_relevant(ecosystem, entry, version):
    if SCHEMES[ecosystem] != "rpm":
        return True
    fixed = [v for events in ranges_of(entry) for event, v in events if event == "fixed"]
    return all(is_modular(v) == is_modular(version) for v in fixed)


def questions(order, entry, version):
    for events in ranges_of(entry):
        versions = {v for event, v in events if not (event == "introduced" and v == "0") and v != "*"}
        for a, b in product(versions | {version}, repeat=2):
            order.want(a, b)
    for listed in entry.get("versions") or []:
        order.want(listed, version)


def is_held(order, events, version):
    """Whether a range holds a version: True, False, or None where an event or the version is no version."""
    if any(event == "fixed" and v == "0" for event, v in events):
        return False
    everything = ("introduced", "0") in events
    events = [(event, v) for event, v in events if (event, v) != ("introduced", "0") and v != "*"]
    if any(order(v, version) == "?" for _, v in events):
        return None
    at = defaultdict(list)
    for event, v in events:
        at[event].append(v)
    if at["limit"] and not any(order(version, v) == "<" for v in at["limit"]):
        return False

    def opened_before(point, inclusive):
        """Whether the range is open just before a point, or at it where that is inclusive."""
        wanted = ("<", "=") if inclusive else ("<",)
        starts = [v for v in at["introduced"] if order(v, point) in wanted]
        start = None
        for v in starts:
            if start is None or order(v, start) == ">":
                start = v
        if start is None and not everything:
            return False
        after = lambda v: start is None or order(v, start) == ">"
        if any(after(v) and order(v, point) in wanted for v in at["fixed"]):
            return False
        if any(after(v) and order(v, point) == "<" for v in at["last_affected"]):
            return False
        if start is None:
            return True
        # What ends where this begins: it goes on if it was open, else it is empty or one version alone.
        if any(order(v, start) == "=" for v in at["fixed"]):
            return opened_before(start, False)
        if any(order(v, start) == "=" for v in at["last_affected"]) and order(start, point) == "<":
            return opened_before(start, False)
        return True

    return opened_before(version, True)


def judge(order, ecosystem, entries, version):
    """True, False, or None for unknown."""
    unknown = False
    for entry in entries:
        if not is_relevant(ecosystem, entry, version):
            continue
        listed = entry.get("versions") or []
        if version in listed or any(order(v, version) == "=" for v in listed):
            return True
        ranges = list(ranges_of(entry))
        if not ranges and not listed:
            unknown = True
        for events in ranges:
            held = is_held(order, events, version)
            if held:
                return True
            # Everything is affected, whatever the version is.
            if held is None and events == [("introduced", "0")]:
                return True
            unknown = unknown or held is None
    return None if unknown else False


def names(ecosystem, record):
    """The CVEs of a record, else what lies upstream of it, else nothing."""
    told = [record["id"], *(record.get("aliases") or []), *(record.get("upstream") or [])]
    if ecosystem == "AlmaLinux":
        told += record.get("related") or []
    return {name for name in told if name.startswith("CVE-")} or set(record.get("upstream") or [])


def name_each_other(a, b):
    return a["id"] in (b.get("aliases") or []) or b["id"] in (a.get("aliases") or [])


def faults(ecosystem, records):
    """The findings that the affecting records of one package give together."""
    records = sorted(records, key=lambda record: record["id"])
    told = set()
    leaders = []
    for record in records:
        found = names(ecosystem, record)
        told |= found
        if found:
            leaders.append(record)
    for record in records:
        if not names(ecosystem, record) and not any(name_each_other(record, leader) for leader in leaders):
            leaders.append(record)
            told.add(record["id"])
    return told


def expected(mirror, packages):
    """(ecosystem, name, version, source) -> set of vulnerabilities and ("unknown", record id) pairs."""
    check = comparators()
    results = {}
    by_ecosystem = defaultdict(list)
    for package in packages:
        by_ecosystem[package[0].split(":")[0]].append(package)
    for ecosystem, wanted in sorted(by_ecosystem.items()):
        entries = load(Path(mirror), ecosystem)
        order = Order(SCHEMES[ecosystem], check)
        candidates = []
        for package in wanted:
            release, name, version, source = package
            looked_up = {source if ecosystem in BY_SOURCE else name}
            looked_up |= {source} if ecosystem in BY_BOTH else set()
            found = {}
            for name in looked_up:
                found |= entries.get((release, normal_name(ecosystem, name)), {})
            candidates.append((package, found))
            for _, of_record in found.values():
                for entry in of_record:
                    questions(order, entry, version)
        order.ask()
        for package, found in candidates:
            affecting, told = [], set()
            for record, of_record in found.values():
                verdict = judge(order, ecosystem, of_record, package[2])
                if verdict is None:
                    told.add(("unknown", record["id"]))
                elif verdict:
                    affecting.append(record)
            results[package] = told | faults(ecosystem, affecting)
    return results


def read_list(lines):
    for line in lines:
        fields = line.rstrip("\n").split("\t")
        yield (*fields[:3], fields[3] if len(fields) > 3 else fields[1])


def main():
    packages = list(dict.fromkeys(read_list(sys.stdin)))
    lines = []
    for (ecosystem, name, version, _), told in expected(sys.argv[1], packages).items():
        for fault in told:
            fault = "\t".join(fault) if isinstance(fault, tuple) else fault
            lines.append(f"{ecosystem}\t{name}\t{version}\t{fault}")
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    main()
