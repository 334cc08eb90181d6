"""Copies of an order's items: made, kept, tied, handed on, and never taken for evidence."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from auditor.keys import Keys
from auditor.report import State
from auditor.verify import verify_path
from evidence.canonical import canonical
from evidence.custody import Act
from evidence.derivatives import Change, TransformRecord
from evidence.erasure import ErasureReason
from evidence.errors import HeldError, NotFoundError, RequestError
from evidence.items import OWN_ROLES, Role
from evidence.sealed import SealedItem
from service.audit.audit import Asked, audit
from service.audit.reverify import reverify
from service.cli import main
from service.custody import By, report
from service.demo import story
from service.derivatives import derivatives
from service.places import open_places
from service.retention.erasure import erase
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import RetentionSettings, load_settings
from service.steps import copies
from storage.ledger.records import State as Walked
from tests import shape
from tests.service.test_reviewer import SECRET, given_away
from tests.service.test_reviewer import files_of as unzipped

pytestmark = pytest.mark.timeout(240)  # each collects and seals a whole order, some of them twice

BY = By("local user erika", "orderproof test")


@pytest.fixture
async def config(tmp_path: Path) -> AsyncIterator[Path]:
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        config = story.write_story(
            tmp_path / "seller", sandbox_url=url, data=tmp_path / "data", keys=tmp_path / "keys"
        )
        yield shape.configured(config)


@pytest.fixture
async def runtime(config: Path) -> AsyncIterator[Runtime]:
    """The demo's order, collected and sealed."""
    async with await Runtime.open(load_settings(config, environment=SECRET)) as opened:
        await collect(opened)
        yield opened


async def collect(runtime: Runtime) -> None:
    tenant = runtime.settings.tenant
    made, _ = await runtime.request_collection(story.ORDER, tenant=tenant, defect=story.DEFECT)
    assert await runtime.walk(tenant, made.id) == "sealed"


async def item(runtime: Runtime, role: Role) -> SealedItem:
    account = await runtime.account(runtime.settings.tenant, story.ORDER)
    assert account.manifest is not None
    return next(each for each in account.manifest.items if each.role is role)


async def redacted(runtime: Runtime) -> copies.Derivative:
    original = await item(runtime, Role.POD_SIGNATURE)
    return await derivatives.make(
        runtime,
        runtime.settings.tenant,
        story.ORDER,
        original=original.seq,
        transform="picture.redact",
        parameters={"boxes": "0,0,20,20"},
        by=BY,
    )


async def bundle(runtime: Runtime, to: Path, profile: str = "bagit", **more: object) -> Path:
    await runtime.bundle(runtime.settings.tenant, story.ORDER, profile=profile, to=to, **more)  # type: ignore[arg-type]
    return to


def keys_of(runtime: Runtime) -> Keys:
    settings = runtime.settings
    public = runtime.vault.public_keys(settings.tenant, settings.origin_of(settings.tenant))
    return Keys.parse(canonical(dict(public)))


async def test_a_redacted_picture_verifies_in_a_copy_that_withholds_its_original(
    runtime: Runtime, tmp_path: Path
) -> None:
    made = await redacted(runtime)
    tenant, keys = runtime.settings.tenant, keys_of(runtime)
    copy = await bundle(runtime, tmp_path / "copy.zip", "reviewer", copies=[made.seq])
    told = verify_path(copy, key=keys)
    assert told.ok, told.lines()
    files = unzipped(copy)
    (path,) = (path for path in files if path.startswith("data/derived/"))
    with Image.open(io.BytesIO(files[path])) as picture:
        assert picture.convert("RGB").crop((0, 0, 20, 20)).getextrema() == ((0, 0),) * 3
    assert [name for name in files if name.startswith("data/0")] == []
    assert given_away(files) == []
    tied = [c.what for c in told.checks if c.name == "derived" and c.where == path]
    assert tied and "a redacted copy of item" in tied[0]

    full = verify_path(await bundle(runtime, tmp_path / "full.zip"), key=keys)
    assert full.ok, full.lines()
    assert any(c.where == path and c.state is State.PASS for c in full.checks)
    root = [check.what for check in told.checks if check.name == "statement-root"]
    assert root == [check.what for check in full.checks if check.name == "statement-root"]

    # Whoever had it in hand is in the custody log, as with any evidence.
    entries = (await report(runtime, tenant, story.ORDER)).entries
    (noted,) = [entry for entry in entries if entry.line.act is Act.DERIVE]
    assert noted.details["sha256"] == made.record.sha256


async def test_a_copy_is_no_evidence_and_changes_no_verdict(
    runtime: Runtime, tmp_path: Path
) -> None:
    tenant = runtime.settings.tenant
    await collect(runtime)  # a second time without a copy: only now is there a history to judge
    before = await runtime.account(tenant, story.ORDER)
    made = await redacted(runtime)
    await collect(runtime)
    after = await runtime.account(tenant, story.ORDER)
    assert before.manifest and after.manifest
    assert not {each.role for each in after.manifest.items} & OWN_ROLES
    said = [[(j.verifier, j.verdict) for j in a.manifest.judgements] for a in (before, after)]  # type: ignore[union-attr]
    assert said[0] == said[1]
    # The chain of the newer seal has the copy in it; it is carried and tied as before.
    told = verify_path(await bundle(runtime, tmp_path / "b.zip"), key=keys_of(runtime))
    assert told.ok, told.lines()
    assert any(f"{made.seq:04d}-derived.redacted" in check.where for check in told.checks)
    assert (await reverify(tmp_path / "b.zip", key=keys_of(runtime))).ok


async def test_asking_again_and_going_on_after_a_crash_gives_the_first_record(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TransformRecord, "signed_by", die)
        with pytest.raises(KeyboardInterrupt):
            await redacted(runtime)
    tenant = runtime.settings.tenant
    account = await runtime.account(tenant, story.ORDER)
    assert await copies.of(runtime, account.order, account.items) == []
    first = await redacted(runtime)
    second = await redacted(runtime)
    assert (first.record, first.kept.receipt) == (second.record, second.kept.receipt)
    account = await runtime.account(tenant, story.ORDER)
    assert len(await copies.of(runtime, account.order, account.items)) == 1
    assert len([each for each in account.items if each.role is Role.DERIVED_REDACTED]) == 1


async def test_nothing_is_kept_while_a_collection_is_under_way(runtime: Runtime) -> None:
    tenant = runtime.settings.tenant
    original = await item(runtime, Role.POD_SIGNATURE)
    made, _ = await runtime.request_collection(story.ORDER, tenant=tenant)
    with pytest.raises(HeldError, match="under way"):
        await redacted(runtime)
    # Also where it began after we looked: the ledger itself refuses.
    account = await runtime.account(tenant, story.ORDER)
    line = next(each for each in account.items if each.sha256 == original.sha256)
    shelf = runtime.shelf(account.order, line.collection)
    with pytest.raises(HeldError, match="under way"):
        await shelf.keep("orderproof", [line.item(runtime.stored(account.order, line))], alone=True)
    assert await runtime.walk(tenant, made.id) is Walked.SEALED
    assert (await redacted(runtime)).record.change is Change.REDACTED


async def test_only_a_sealed_item_has_copies_and_only_a_picture_is_redacted(
    runtime: Runtime, tmp_path: Path
) -> None:
    tenant = runtime.settings.tenant
    made = await redacted(runtime)
    mail = await item(runtime, Role.MESSAGE_MAIL)
    for original, error in (
        (made.seq, NotFoundError),
        (999, NotFoundError),
        (mail.seq, RequestError),
    ):
        with pytest.raises(error):
            await derivatives.make(
                runtime,
                tenant,
                story.ORDER,
                original=original,
                transform="picture.redact",
                parameters={"boxes": "0,0,1,1"},
                by=BY,
            )
    file = tmp_path / "same"
    account = await runtime.account(tenant, story.ORDER)
    line = next(each for each in account.items if each.receipt and each.receipt.seq == mail.seq)
    file.write_bytes(runtime.stored(account.order, line).read(1 << 20))
    with pytest.raises(RequestError, match="byte for byte"):
        await derivatives.take(
            runtime,
            tenant,
            story.ORDER,
            original=mail.seq,
            change=Change.TRANSLATED,
            file=file,
            parameters={},
            by=BY,
        )
    with pytest.raises(RequestError, match="copies to carry"):
        await bundle(runtime, tmp_path / "x.zip", "reviewer", copies=[mail.seq])
    with pytest.raises(RequestError, match="withholds"):
        await bundle(runtime, tmp_path / "x.zip", "bagit", copies=[made.seq])


async def test_a_translation_by_a_person_says_that_it_is_one(
    runtime: Runtime, tmp_path: Path
) -> None:
    mail = await item(runtime, Role.MESSAGE_MAIL)
    file = tmp_path / "translated.txt"
    file.write_text("包裹显示已送达,但我没有收到。", "utf-8")
    made = await derivatives.take(
        runtime,
        runtime.settings.tenant,
        story.ORDER,
        original=mail.seq,
        change=Change.TRANSLATED,
        file=file,
        parameters={"language": "zh"},
        by=BY,
    )
    copy = await bundle(runtime, tmp_path / "copy.zip", "reviewer", copies=[made.seq])
    told = verify_path(copy, key=keys_of(runtime))
    assert told.ok
    (tied,) = [c.what for c in told.checks if c.name == "derived" and c.where.endswith(".txt")]
    assert "a translated copy" in tied and "by hand" in tied
    assert file.read_bytes() in unzipped(copy).values()


@pytest.mark.row("S0-35")
async def test_the_command_makes_copies_and_the_bundle_carries_them(
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in SECRET.items():
        monkeypatch.setenv(name, value)
    async with await Runtime.open(load_settings(config, environment=SECRET)) as runtime:
        await collect(runtime)
        seq = (await item(runtime, Role.POD_SIGNATURE)).seq
        keys = keys_of(runtime)
    order = f"amazon:{story.ORDER.id}"

    async def run(*words: str, code: int = 0) -> str:
        assert await asyncio.to_thread(main, ["--config", str(config), *words]) == code
        told = capsys.readouterr()
        return told.out if code == 0 else told.err

    out = tmp_path / "small.jpg"
    said = await run("derive", order, str(seq), "--shrink", "64", "-o", str(out), "--json")
    told = json.loads(said)
    assert (told["change"], told["original"], told["by"][:11]) == ("shrunk", seq, "local user ")
    with Image.open(out) as picture:
        assert max(picture.size) <= 64
    assert "not NAME=TEXT" in await run(
        "derive", order, str(seq), "--from", str(out), "--change", "redacted", "--note", "x", code=2
    )
    assert "--change" in await run("derive", order, str(seq), "--from", str(out), code=2)
    assert "lies outside" in await run("derive", order, str(seq), "--redact", "9999,1,1,1", code=2)
    words = await run("derive", order, str(seq), "--convert", "png")
    assert "converted copy" in words and "--copy" in words
    copy = tmp_path / "copy.zip"
    await run(
        "bundle", order, "--profile", "reviewer", "--copy", str(told["receipt"]), "-o", str(copy)
    )
    answer = verify_path(copy, key=keys)
    assert answer.ok, answer.lines()
    assert len([path for path in unzipped(copy) if path.startswith("data/derived/")]) == 1


async def test_erasing_the_order_erases_its_copies(config: Path) -> None:
    settings = replace(
        load_settings(config, environment=SECRET), retention=RetentionSettings(days=0)
    )
    ahead = timedelta()
    async with await Runtime.open(settings, clock=lambda: datetime.now(UTC) + ahead) as runtime:
        await collect(runtime)
        made = await redacted(runtime)
        ahead = timedelta(days=400)
        reason = ErasureReason.SUBJECT_REQUEST
        await erase(runtime, settings.tenant, story.ORDER, reason=reason, by=BY)
        assert await runtime.ledger.find_order(settings.tenant, story.ORDER) is None
    objects = open_places(settings, lambda: datetime.now(UTC)).objects
    found = b"".join(objects.raw(made.line.stored))
    assert made.record.sha256 != hashlib.sha256(found).hexdigest()
    told = await asyncio.to_thread(audit, Asked(opening=True), lambda: settings)
    assert told.ok, told.lines()
