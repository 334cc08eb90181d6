"""`make faults`: are faults known of what is locked? pip-audit asks the package index.

One library is asked about first. Where the index does not tell (a mirror seldom does), the others
are left out, and it is said that nothing was looked at. Exit 1 if a fault is known of something
that users install, 3 if nothing could be learnt.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from supply.licences import names
from supply.locks import FOLDER

PIP_AUDIT = Path(sys.executable).parent / "pip-audit"
FIRST = "idna"
ASKED_WITHIN_S = 300


def main() -> int:
    text = (FOLDER / "test.txt").read_text("utf-8")
    first = re.search(rf"^{FIRST}==.*\n(?: .*\n)*", text, re.MULTILINE)
    assert first is not None
    if (told := ask(first[0])) is None or not list(answered(told)):
        print(f"NOT LOOKED AT: the package index tells no faults, not even of {FIRST}.")
        return 3
    if (told := ask(text)) is None:
        print("NOT LOOKED AT: the package index stopped answering.")
        return 3
    for name in sorted(skipped := {each["name"] for each in told if "skip_reason" in each}):
        print(f"not told of: {name}")
    installed = set(names("extras.txt"))
    worst = 0
    for name, fault in faults(told):
        worst |= name in installed
        where = "INSTALLED" if name in installed else "tests only"
        mended = ", ".join(fault["fix_versions"]) or "no version yet"
        print(f"{where} {name}: {fault['id']}, mended in {mended}")
    print(f"{len(told) - len(skipped)} libraries looked at")
    return int(worst)


def ask(requirements: str) -> list[dict[str, Any]] | None:
    """What pip-audit says of each library; None if it got no answer."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(requirements)
        file.flush()
        arguments = ("--requirement", file.name, "--require-hashes", "--disable-pip")
        try:
            done = subprocess.run(
                [PIP_AUDIT, *arguments, "--format=json", "--progress-spinner=off"],
                capture_output=True, timeout=ASKED_WITHIN_S, check=False,
            )  # fmt: skip
            dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError):
            return None
    return dependencies


def answered(told: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (each for each in told if "skip_reason" not in each)


def faults(told: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in answered(told):
        for fault in each["vulns"]:
            yield each["name"], fault


if __name__ == "__main__":
    sys.exit(main())
