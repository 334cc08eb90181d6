"""Bags in the form of a profile: an order's full account, and what a profile adds beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from evidence.canonical import digest
from evidence.errors import RequestError
from evidence.items import Content, InMemory
from evidence.orders import OrderRef
from evidence.profile import Added
from evidence.times import rfc3339
from service import custody
from service.profiles import court, reporting
from service.profiles.naming import order_folder
from service.profiles.order import Made, Maker
from service.profiles.pieces import Piece
from service.profiles.reporting import Reported
from service.profiles.writing import InFile
from service.steps import publish

_BAG = "bag.zip"


async def make(maker: Maker, place: int, number: int, ref: OrderRef, folder: Path) -> Made:
    """The order's bag; it lies in `folder` until it was written and `clear` is called."""
    async with maker.telling_reasons(place, ref):
        profile = maker.asked.profile
        if maker.asked.leave_out.get(ref):
            why = (
                f"{profile.id} is the sealed account in one piece, and nothing can be left out of "
                "it: a reviewer's copy shows only the items that you name with `show`"
            )
            raise RequestError(what="the order", why=why)
        report = None
        if (wanted := maker.asked.reported) is not None:
            await maker.account(ref)  # there is something to report of
            report = await reporting.made_of(maker.runtime, maker.tenant, ref, wanted, maker.by)
        # After the report is kept: the bag carries it with its record.
        account = await maker.account(ref)
        named = profile.id if profile.id in publish.PROFILES else publish.BAGIT
        path = folder / _BAG
        await publish.write(maker.runtime, account, profile=named, to=path)
    assert account.manifest and account.manifest_envelope  # `account` saw to it  # noqa: S101
    bag: Content = await asyncio.to_thread(InFile, path)
    files: dict[str, tuple[str, Content]] = {_BAG: ("application/zip", bag)}
    manifest, statement = account.manifest, account.statement
    if Added.CERTIFICATION in profile.adds:
        page = court.certification(manifest, statement, account.manifest_envelope)
        files["certification.txt"] = ("text/plain", InMemory(court.as_text(page)))
        if maker.press.available():
            pdf = await maker.press.pdf(page)
            files["certification.pdf"] = ("application/pdf", InMemory(pdf))
    if Added.HASHES in profile.adds:
        files["hashes.csv"] = ("text/csv", InMemory(court.hashes(manifest.items)))
    if Added.CUSTODY in profile.adds:
        had = await custody.report(maker.runtime, maker.tenant, ref)
        files["custody.json"] = ("application/json", InMemory(court.custody_log(had)))
    below = f"files/{order_folder(number, ref)}/"
    proof: list[dict[str, Any]] = []
    sha256, pdf_path = digest(account.manifest_envelope), below + "report.pdf"
    if Added.CERTIFICATION in profile.adds:
        where = {
            "order": {"platform": str(ref.platform), "id": ref.id, "site": ref.site},
            "file": below + "certification.txt",
        }
        proof += [where | each for each in court.proof(account)]
    if isinstance(report, Reported):
        files["report.pdf"] = ("application/pdf", report.content)
        proof.append(report.proof(ref, pdf_path, sha256, account.items))
    return Made(
        ref,
        [
            (below + name, Piece(field=name.partition(".")[0], media_type=kind, content=content))
            for name, (kind, content) in files.items()
        ],
        {
            "order": {"platform": str(ref.platform), "id": ref.id, "site": ref.site},
            "manifest": sha256,
            "sealed_at": rfc3339(manifest.at),
            "policy": manifest.policy.id,
            "complete": manifest.complete,
            "files": {below + name: name.partition(".")[0] for name in sorted(files)},
            "texts": {},
            "by_hand": [],
            "link": None,
            "left_out": [],
            "report": reporting.told(report, pdf_path),
        },
        proof,
    )


def clear(folder: Path) -> None:
    """Nothing of the last order's bag stays."""
    (folder / _BAG).unlink(missing_ok=True)
