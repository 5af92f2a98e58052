"""Validates bills of materials with what others wrote: cyclonedx-python-lib and spdx-tools.

Usage: validate.py FILE…; the ending tells the form: .cdx.json, .cdx.xml, .spdx.json, .spdx. The version of CycloneDX
is the one that the file claims. Prints a line for each file that is not valid, and `N passed, N failed`.
"""

import functools
import json
import re
import sys
import warnings
from pathlib import Path

import license_expression

# spdx-tools builds the list of licences anew for each expression that it reads, which takes most of its time.
license_expression.get_spdx_licensing = functools.cache(license_expression.get_spdx_licensing)

from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from cyclonedx.validation.xml import XmlValidator
from spdx_tools.spdx.parser.error import SPDXParsingError
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

warnings.simplefilter("ignore")


def cyclonedx_json(path):
    text = path.read_text()
    document = json.loads(text)
    error = JsonStrictValidator(SchemaVersion.from_version(document["specVersion"])).validate_str(text)
    return [str(error)] if error else references(document)


def references(document):
    """What the schema can't say: each name is given once, and each reference leads somewhere."""
    given = [document["metadata"]["component"]["bom-ref"]]
    given += [part["bom-ref"] for part in document["components"]]
    given += [part["bom-ref"] for key in ("vulnerabilities", "annotations") for part in document.get(key, [])]
    complaints = [f"{name} is given twice" for name in {name for name in given if given.count(name) > 1}] \
        if len(given) < 3000 else (["a name is given twice"] if len(set(given)) != len(given) else [])
    used = []
    for dependency in document["dependencies"]:
        used += [dependency["ref"], *dependency.get("dependsOn", [])]
    for vulnerability in document.get("vulnerabilities", []):
        used += [target["ref"] for target in vulnerability["affects"]]
    complaints += [f"{name} is not there" for name in set(used) - set(given)]
    stated = {dependency["ref"] for dependency in document["dependencies"]}
    components = {part["bom-ref"] for part in document["components"]}
    return complaints + [f"{name} has no entry in the graph" for name in components - stated]


def cyclonedx_xml(path):
    text = path.read_text()
    version = re.search(r"http://cyclonedx.org/schema/bom/([0-9.]+)", text).group(1)
    error = XmlValidator(SchemaVersion.from_version(version)).validate_str(text)
    return [str(error)] if error else []


def spdx(path):
    try:
        document = parse_file(str(path))
    except SPDXParsingError as error:
        return error.get_messages()
    return [message.validation_message for message in validate_full_spdx_document(document)]


def validator(path):
    endings = {".cdx.json": cyclonedx_json, ".cdx.xml": cyclonedx_xml, ".spdx.json": spdx, ".spdx": spdx}
    return next(check for ending, check in endings.items() if path.name.endswith(ending))


def main():
    failed = 0
    for path in map(Path, sys.argv[1:]):
        complaints = validator(path)(path)
        failed += bool(complaints)
        for complaint in complaints[:5]:
            print(f"{path.name}: {complaint[:1500]}")
    print(f"{len(sys.argv) - 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
