"""How a story begins and ends: a sandbox that plays its file, and who accepts the bundle."""

from __future__ import annotations

import asyncio
import contextlib
import io
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from auditor.keys import Keys
from auditor.verify import verify_path
from evidence.canonical import canonical
from service.profiles import paper
from service.sandbox.app import served
from service.sandbox.authority import PATH, SandboxAuthority
from service.sandbox.scenario import load_scenario
from service.settings import AuthoritySettings
from tests.cases.house import Clock
from tests.scenarios.desk import Desk, desk
from tests.scenarios.stories.outsiders import DEEP, accept, archived
from verifiers.forms.lint import lint


@dataclass(slots=True)
class Story(Desk):
    """authority   the time authority that stamps what is sealed, by the story's clock"""

    authority: SandboxAuthority


@contextlib.asynccontextmanager
async def told(
    name: str, folder: Path, *vendors: str, at: str, **changes: Any
) -> AsyncIterator[Story]:
    """The service at that time, with what NAME.toml says played to it."""
    if not paper.available():
        pytest.skip("the extra `report` or its fonts are not installed")
    story = load_scenario(Path(__file__).with_name(f"{name}.toml"))
    begun = datetime.fromisoformat(at)
    clock: list[Clock] = []
    authority = SandboxAuthority.make(clock=lambda: clock[0]() if clock else begun)
    app = web.Application()
    app.add_routes(authority.routes())
    tsa, root = authority.leave(folder / "authority")
    async with served(app) as url:
        stamps = AuthoritySettings(
            name="here", url=url + PATH, certificate_file=tsa, roots_file=root
        )
        changes = {"authorities": (stamps,)} | changes
        async with desk(folder, *vendors, at=begun, story=story, **changes) as here:
            clock.append(here.clock)
            known = {each.name: getattr(here, each.name) for each in fields(here)}
            yield Story(**known, authority=authority)


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


async def ends(here: Story, order: str, folder: Path, *, platform: str = "amazon") -> Path:
    """An order's account and its report, as everybody who is not ours believes them."""
    if DEEP:
        path = f"/v1/orders/{platform}/{order}/report?form=pdfa-3a"
        answer = await here.ask.get(path)
        assert answer.status == 200, answer.body
        await asyncio.to_thread(archived, [answer.body], folder, standard="PDFA-3A")
    return await believed(here, await here.bundle(order, platform=platform), folder)


async def believed(here: Story, bundle: Path, folder: Path) -> Path:
    """A bundle that a stranger who knows the keys believes, by ours and by others' tools.

    Returns the unpacked folder.
    """
    settings = here.runtime.settings
    public = dict(here.runtime.vault.public_keys("default", settings.origin_of("default")))
    known = Keys.parse(canonical(public | {"tsa": [here.authority.pin]}))
    report = await asyncio.to_thread(verify_path, bundle, key=known)
    assert (report.ok, report.trust) == (True, "pinned"), report.lines()
    to = folder / f"unpacked-{bundle.stem}"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(to)
    (bag,) = to.iterdir()
    await asyncio.to_thread(accept, bag, public, here.authority)
    return bag


def _papers(files: Mapping[str, bytes], folder: Path) -> None:
    """Every PDF that claims PDF/A-1a is one, as veraPDF judges."""
    papers = {name: data for name, data in files.items() if name.endswith(".pdf")}
    for name in [name for name in files if name.endswith(".zip")]:
        with zipfile.ZipFile(io.BytesIO(files[name])) as inner:
            papers |= {each: inner.read(each) for each in inner.namelist() if each.endswith("pdf")}
    claimed = [data for data in papers.values() if b"pdfaid:part" in data and b"Typst" in data]
    archived(claimed, folder, standard="PDFA-1A")
