"""The setting process: `python -m service.typeset.child FOLDER AS MEMORY_BYTES CPU_SECONDS`.

AS is the name of a PDF standard, or `png:` and dots an inch. It reads a folder that was written for
it (paper.typ, data.json, pictures, fonts/), and writes each file that it made to standard output,
its length in 8 bytes before it; what went wrong goes to standard error as one line of JSON. Texts
and pictures come from outside, so it holds no key, sets its own limits first, and can write
no file.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from pathlib import Path
from typing import Any

REFUSED = 3
PICTURES = "png:"
TEMPLATE = "paper.typ"


def main(arguments: list[str]) -> int:
    folder, made_as, memory, cpu_s = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(float(cpu_s)) + 1, int(float(cpu_s)) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        import typst
    except ImportError:
        return _refuse("lacking", "typst")
    how: dict[str, Any] = {"pdf_standards": [made_as]}
    if made_as.startswith(PICTURES):
        how = {"format": "png", "ppi": float(made_as.removeprefix(PICTURES))}
    try:
        made = typst.compile(
            str(Path(folder, TEMPLATE)),
            root=folder,
            font_paths=[str(Path(folder, "fonts"))],
            ignore_system_fonts=True,
            **how,
        )
    except (typst.TypstError, RuntimeError) as problem:  # it raises the one or the other
        return _refuse("typst", str(problem)[:2000])
    for data in made if isinstance(made, list) else [made]:
        sys.stdout.buffer.write(struct.pack(">Q", len(data)) + data)
    return 0


def _refuse(kind: str, why: str) -> int:
    sys.stderr.write(json.dumps({"kind": kind, "why": why}) + "\n")
    return REFUSED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
