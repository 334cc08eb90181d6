"""`make bench`: every measurement, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

COMMANDS = (
    ("bench.end_to_end", "overhead"),
    ("bench.end_to_end", "rate"),
    ("bench.end_to_end", "memory"),
    ("bench.sources",),
    ("bench.storage",),
    ("bench.ledger",),
    ("bench.audit",),
    ("bench.webhooks",),
    ("bench.defects",),
    ("bench.verifiers",),
    ("bench.readers",),
    ("bench.matching",),
    ("bench.report",),
    ("bench.profiles",),
)


def main() -> int:
    worst = 0
    for module, *arguments in COMMANDS:
        print(f"\n== {module} {' '.join(arguments)}", flush=True)
        worst |= subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode
    return worst


if __name__ == "__main__":
    sys.exit(main())
