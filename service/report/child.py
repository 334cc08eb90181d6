"""The rendering process: `python -m service.report.child FOLDER STANDARD MEMORY_BYTES CPU_SECONDS`.

It reads a folder that was written for it (report.typ, data.json, pictures, fonts/), and writes the
PDF to standard output; what went wrong goes to standard error as one line of JSON. Texts and
pictures come from outside, so it holds no key, sets its own limits first, and can write no file.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Literal, cast

REFUSED = 3


def main(arguments: list[str]) -> int:
    folder, standard, memory, cpu_s = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(float(cpu_s)) + 1, int(float(cpu_s)) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        import typst
    except ImportError:
        return _refuse("lacking", "typst")
    try:
        pdf = typst.compile(
            str(Path(folder, "report.typ")),
            root=folder,
            font_paths=[str(Path(folder, "fonts"))],
            ignore_system_fonts=True,
            pdf_standards=[cast(Literal["a-1a", "a-3a"], standard)],
        )
    except typst.TypstError as problem:
        return _refuse("typst", str(problem)[:2000])
    sys.stdout.buffer.write(pdf)
    return 0


def _refuse(kind: str, why: str) -> int:
    sys.stderr.write(json.dumps({"kind": kind, "why": why}) + "\n")
    return REFUSED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
