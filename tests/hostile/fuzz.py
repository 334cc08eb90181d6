"""One reader under a coverage-guided fuzzer: `python -m tests.hostile.fuzz READER [options]`.

It grows files that reach new branches of our readers and of the pure libraries below them, out of
the samples. Recognition is left out: it is slow, and its code is not Python.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

_OURS = ["verifiers.readers", "evidence.mail", "evidence.media", "evidence.xmlpages"]
# What lies below a reader. To watch all of it for each takes longer than the runs.
_BELOW = {"pdf": ["pypdf"], "office": ["openpyxl"], "old_office": ["xlrd"], "mail": ["email"]}


def target_of(reader: str) -> Callable[[bytes], None]:
    """What the fuzzer calls: any error is a finding, and so is a sentence that is none."""
    from tests.verifiers.documents import received
    from verifiers.readers import ocr, pdf_pages
    from verifiers.readers.inside import one_item
    from verifiers.readers.registry import READERS

    ocr.available = lambda: False  # type: ignore[assignment]
    pdf_pages.available = lambda: False  # type: ignore[assignment]
    one = next(each for each in READERS if each.name == reader)

    def read(data: bytes) -> None:
        item = received(data)
        with one_item():
            facts = one.read(item)
        for fact in facts:
            if fact.name == "reading.failed":
                assert 10 < len(fact.text) < 500 and "Traceback" not in fact.text, fact.text
        one.text_of(item)

    return read


def main() -> None:
    import atheris

    reader, *options = sys.argv[1:]
    watched = _OURS + _BELOW.get(reader, [])
    with atheris.instrument_imports(include=watched, enable_loader_override=False):
        read = target_of(reader)
    from tests.hostile.samples import samples

    with tempfile.TemporaryDirectory() as folder:
        for name, data in samples().items():
            (Path(folder) / name.replace(" ", "-")).write_bytes(data)
        atheris.Setup([sys.argv[0], *options, folder], read)
        atheris.Fuzz()  # ends the process


if __name__ == "__main__":
    main()
