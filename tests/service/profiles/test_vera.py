"""veraPDF judges every PDF of every profile, and the report that goes along in each language."""

from __future__ import annotations

import zipfile
from itertools import product
from pathlib import Path

import pytest

from service.profiles import paper
from service.profiles.make import make
from service.report.wanted import Language, Wanted
from service.runtime import Runtime
from tests.service.profiles.test_make import BY, asked_for, runtime, uploads
from tests.service.report.vera import judged
from verifiers.forms.uploads import told
from verifiers.profilebook import profiles

__all__ = ["runtime"]  # the fixture
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]
REPORTS = [
    Wanted(language=language, signed=signed)
    for language, signed in product(Language, (False, True))
]


async def test_every_pdf_of_every_profile_is_pdf_a_in_each_language_signed_or_not(
    runtime: Runtime, tmp_path: Path
) -> None:
    if not paper.available():
        pytest.skip("the extra `report` is not installed")
    files: dict[str, bytes] = {}
    sent: set[str] = set()
    for number, name in enumerate(sorted(profiles())):
        # Papers are the same whatever the report is in: each profile takes another one.
        wanted = REPORTS[number % len(REPORTS)]
        to = tmp_path / f"{name}.zip"
        asked = asked_for(name, report=wanted)
        await make(runtime, runtime.settings.tenant, asked, to=to, by=BY)
        with zipfile.ZipFile(to) as bundle:
            found = {each: bundle.read(each) for each in bundle.namelist()}
        for path, data in pdfs_in(uploads(found)):
            files[f"{name}-{path.rpartition('/')[2]}"] = data
            sent.add(name)
    assert sent == {"amazon", "bagit", "bank", "court", "paypal", "shopify", "stripe"}
    # Those languages that no profile's turn brought.
    for wanted in REPORTS:
        to = tmp_path / f"{wanted.language}-{wanted.signed}.zip"
        asked = asked_for("bagit", report=wanted)
        await make(runtime, runtime.settings.tenant, asked, to=to, by=BY)
        with zipfile.ZipFile(to) as bundle:
            (path,) = [each for each in bundle.namelist() if each.endswith("report.pdf")]
            files[f"{wanted.language}-{'signed' if wanted.signed else 'bare'}.pdf"] = bundle.read(
                path
            )
    said = judged(tmp_path, files, standard="PDFA-1A")
    assert said == dict.fromkeys(files, "true")


def pdfs_in(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """The PDFs of ours; what lies in a bag is what sources sent, as they sent it."""
    return [(path, data) for path, data in files.items() if told(data).pages]
