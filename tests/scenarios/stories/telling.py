"""How a story begins and ends: a sandbox that plays its file, and who accepts the bundle."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import bagit
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer._key import SSlibKey

from auditor.keys import Keys
from auditor.verify import verify_path
from evidence.canonical import canonical
from service.profiles import paper
from service.sandbox.scenario import load_scenario
from tests.auditor.test_by_hand import TOOLS, blocks, good, run
from tests.scenarios.desk import Desk, desk
from tests.service.report.vera import judged
from verifiers.forms.lint import lint

# What takes a compiler or a Java machine; CI asks for it.
DEEP = os.environ.get("ORDERPROOF_EXTRAS") == "1"


@contextlib.asynccontextmanager
async def told(
    name: str, folder: Path, *vendors: str, at: str, **changes: Any
) -> AsyncIterator[Desk]:
    """The service at that time, with what NAME.toml says played to it."""
    if not paper.available():
        pytest.skip("the extra `report` or its fonts are not installed")
    story = load_scenario(Path(__file__).with_name(f"{name}.toml"))
    begun = datetime.fromisoformat(at)
    async with desk(folder, *vendors, at=begun, story=story, **changes) as here:
        yield here


async def taken(
    here: Desk, profile: str, orders: Sequence[Mapping[str, Any]], folder: Path, **texts: str
) -> dict[str, bytes]:
    """A bundle in the platform's form, that its own linter accepts: its files by name."""
    body: dict[str, Any] = {"profile": profile, "orders": list(orders)}
    body |= {"texts": texts} if texts else {}
    answer = await here.ask.post("/v1/bundles", json=body)
    assert answer.status == 200, answer.body
    found = lint(io.BytesIO(answer.body))
    assert found.ok, found.breaches
    with zipfile.ZipFile(io.BytesIO(answer.body)) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    if DEEP:
        await asyncio.to_thread(_papers, files, folder)
    return files


async def believed(here: Desk, bundle: Path, folder: Path) -> Path:
    """A bundle that a stranger who knows the keys believes, by tools that are not ours.

    bagit, securesystemslib and, by the commands of docs/verifying.md, sha256sum, openssl and, where
    CI asks for it, Go's tlog. Returns the unpacked folder.
    """
    settings = here.runtime.settings
    public = dict(here.runtime.vault.public_keys("default", settings.origin_of("default")))
    report = await asyncio.to_thread(verify_path, bundle, key=Keys.parse(canonical(public)))
    assert (report.ok, report.trust) == (True, "pinned"), report.lines()
    return await asyncio.to_thread(_outsiders, bundle, folder, public)


def _outsiders(bundle: Path, folder: Path, public: Mapping[str, Any]) -> Path:
    to = folder / f"unpacked-{bundle.stem}"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(to)
    (bag,) = to.iterdir()
    bagit.Bag(str(bag)).validate()
    keys = json.loads((bag / "proof" / "keys.json").read_text())
    (pem,) = [key["pem"] for key in keys["manifest"]]
    key = SSlibKey.from_crypto(load_pem_public_key(pem.encode()))
    envelopes = sorted((bag / "proof").glob("*.dsse.json"))
    for envelope in envelopes:
        assert Envelope.from_dict(json.loads(envelope.read_text())).verify([key], 1)
    if all(map(shutil.which, TOOLS)):
        (to / "seller.pem").write_text(pem)
        (to / "log.vkey").write_text(keys["log"][0]["vkey"] + "\n")
        (to / "logcheck.go").write_text(blocks("go")[0])
        said = run(bag, go=DEEP)
        assert good(said, envelopes=len(envelopes), go=DEEP), said
    return bag


def _papers(files: Mapping[str, bytes], folder: Path) -> None:
    """Every PDF that claims PDF/A-1a is one, as veraPDF judges."""
    papers = {name: data for name, data in files.items() if name.endswith(".pdf")}
    for name in [name for name in files if name.endswith(".zip")]:
        with zipfile.ZipFile(io.BytesIO(files[name])) as inner:
            papers |= {each: inner.read(each) for each in inner.namelist() if each.endswith("pdf")}
    claimed = {
        f"{place}.pdf": data
        for place, data in enumerate(papers.values())
        if b"pdfaid:part" in data and b"Typst" in data
    }
    if claimed and shutil.which("java"):
        work = folder / "papers"
        work.mkdir(exist_ok=True)
        assert judged(work, claimed, standard="PDFA-1A") == dict.fromkeys(claimed, "true")
