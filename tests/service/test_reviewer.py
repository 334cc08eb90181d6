"""A reviewer's copy: the same seal, and of what is personal only the items that were named."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from auditor.keys import Keys
from auditor.report import State
from auditor.verify import verify_path
from evidence.canonical import canonical
from evidence.custody import Act
from evidence.errors import RequestError
from evidence.items import Role
from evidence.sealed import SealedItem
from service.custody import By, bundled, list_digest, note, report
from service.demo import story
from service.http.app import make_app
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import load_settings
from tests import shape
from tests.service.conftest import ORDER, REF, Checked
from tests.service.standin import InMemoryEvidence
from tests.service.standin_parts import AnItem
from tests.service.test_cli import orderproof

SECRET = {"ORDERPROOF_DEMO_UPS_SECRET": "demo-secret"}
SEALED = "proof/sealed/checkpoint"
# What the story's files, their names and what was asked of UPS would give away. None so short that
# a digest or a signature could hold it by chance.
CANARIES = [
    text.encode(encoding)
    for text in (
        story.ORDER.id, story.ORDER.id.replace("-", ""), story.TRACKING, story.NEIGHBOUR,
        "Jane Doe", "SE Sample", "Portland", "BrightLeaf", "brightleaf", "LAMP-OAK", "qwerty",
        "neighbors", "订单导出", "20261107", "平台订单号", "front door", story.TRACKING.lower(),
    )
    for encoding in ("utf-8", "gb18030", "utf-16-le")
]  # fmt: skip


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
        tenant = opened.settings.tenant
        made, _ = await opened.request_collection(story.ORDER, tenant=tenant, defect=story.DEFECT)
        assert await opened.walk(tenant, made.id) == "sealed"
        yield opened


async def items_of(runtime: Runtime) -> list[SealedItem]:
    account = await runtime.account(runtime.settings.tenant, story.ORDER)
    assert account.manifest is not None
    return list(account.manifest.items)


async def copy(
    runtime: Runtime, to: Path, *, show: list[int] | None = None, roles: list[str] | None = None
) -> dict[str, bytes]:
    """Write a reviewer's copy; its files, by path below the one folder."""
    await runtime.bundle(
        runtime.settings.tenant,
        story.ORDER,
        profile="reviewer",
        to=to,
        show=show or [],
        show_roles=roles or [],
    )
    return files_of(to)


def files_of(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def keys_of(runtime: Runtime) -> Keys:
    settings = runtime.settings
    public = runtime.vault.public_keys(settings.tenant, settings.origin_of(settings.tenant))
    return Keys.parse(canonical(dict(public)))


def given_away(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    found = [(path, c) for path, data in files.items() for c in CANARIES if c in data]
    return found + [(path, c) for path in files for c in CANARIES if c in path.encode()]


async def test_a_reviewers_copy_that_shows_nothing_verifies_and_holds_nothing_personal(
    runtime: Runtime, tmp_path: Path
) -> None:
    full = tmp_path / "full.zip"
    await runtime.bundle(runtime.settings.tenant, story.ORDER, profile="bagit", to=full)
    assert len(given_away(files_of(full))) > 20, "the canaries are in the full copy"

    files = await copy(runtime, tmp_path / "copy.zip")
    answer = verify_path(tmp_path / "copy.zip", key=keys_of(runtime))
    assert answer.ok, [c for c in answer.checks if c.state is State.FAIL]
    page = files.pop("verify.html")
    assert page == files_of(full)["verify.html"], "the same page for everybody"
    assert given_away(files) == []
    assert "proof/manifest.dsse.json" not in files and "README.txt" in files
    withheld = files["data/withheld.txt"].decode().splitlines()[1:]
    items = await items_of(runtime)
    assert [line.split()[:2] for line in withheld[:-1]] == [
        [str(item.seq), str(item.role)] for item in sorted(items, key=lambda item: item.seq)
    ]
    assert [line.split()[3] for line in withheld[:-1]] == [item.receipt for item in items]
    assert withheld[-1].split()[1] == "manifest"


async def test_only_the_bytes_of_the_item_that_is_shown_are_personal(
    runtime: Runtime, tmp_path: Path
) -> None:
    mail = next(item for item in await items_of(runtime) if item.role is Role.MESSAGE_MAIL)
    files = await copy(runtime, tmp_path / "copy.zip", show=[mail.seq])
    assert verify_path(tmp_path / "copy.zip", key=keys_of(runtime)).ok
    files.pop("verify.html")
    (path,) = (path for path in files if path.startswith(f"data/{mail.seq:04d}-"))
    assert path == f"data/{mail.seq:04d}-message.mail.eml"
    assert hashlib.sha256(files[path]).hexdigest() == mail.sha256
    assert {where for where, _ in given_away(files)} == {path}
    said = files["data/withheld.txt"].decode()
    assert f"\n{mail.seq} " not in said and "order.record" in said
    opened = json.loads(files["proof/openings.json"])["openings"]
    assert [each["seq"] for each in opened if each["path"].startswith("data/")] == [mail.seq]
    shown = {item.salt.hex().encode() for item in await items_of(runtime) if item.seq != mail.seq}
    assert not any(salt in data for salt in shown for data in files.values())


@pytest.mark.row("S0-35")
async def test_both_copies_verify_against_the_same_root(runtime: Runtime, tmp_path: Path) -> None:
    full = tmp_path / "full.zip"
    await runtime.bundle(runtime.settings.tenant, story.ORDER, profile="bagit", to=full)
    role = str(Role.TRACKING_HISTORY)
    theirs, ours = await copy(runtime, tmp_path / "copy.zip", roles=[role]), files_of(full)
    for bundle in (full, tmp_path / "copy.zip"):
        answer = verify_path(bundle, key=keys_of(runtime))
        assert (answer.ok, answer.trust) == (True, "pinned")
    same = [path for path in theirs if path.startswith("proof/") and not path.endswith("ings.json")]
    assert {SEALED, "proof/statement.dsse.json", "proof/receipts.jsonl"} <= set(same)
    assert all(theirs[path] == ours[path] for path in same)


async def test_a_flipped_byte_in_an_opened_item_is_named(runtime: Runtime, tmp_path: Path) -> None:
    (record,) = [item for item in await items_of(runtime) if item.role is Role.ORDER_RECORD][:1]
    bundle = tmp_path / "copy.zip"
    files = await copy(runtime, bundle, show=[record.seq])
    (path,) = (path for path in files if path.startswith(f"data/{record.seq:04d}-"))
    data = bytearray(bundle.read_bytes())
    data[data.index(files[path]) + record.size // 2] ^= 1
    bundle.write_bytes(data)
    answer = verify_path(bundle, key=keys_of(runtime))
    assert not answer.ok
    wrong = [check for check in answer.checks if check.state is State.FAIL]
    assert any(path in check.what for check in wrong), wrong

    # The same with the bag made to fit, unpacked: what the receipt commits to still tells.
    bag = tmp_path / "bag"
    flipped = bytearray(files[path])
    flipped[len(flipped) // 2] ^= 1
    manifest = files["manifest-sha256.txt"].replace(
        record.sha256.encode(), hashlib.sha256(flipped).hexdigest().encode()
    )
    tags = files["tagmanifest-sha256.txt"].replace(
        hashlib.sha256(files["manifest-sha256.txt"]).hexdigest().encode(),
        hashlib.sha256(manifest).hexdigest().encode(),
    )
    forged = files | {path: bytes(flipped)}
    forged |= {"manifest-sha256.txt": manifest, "tagmanifest-sha256.txt": tags}
    for name, raw in forged.items():
        (bag / name).parent.mkdir(parents=True, exist_ok=True)
        (bag / name).write_bytes(raw)
    wrong = [c for c in verify_path(bag, key=keys_of(runtime)).checks if c.state is State.FAIL]
    assert [c.where for c in wrong if c.name != "model-signature"] == [path], wrong
    altered = {path, "manifest-sha256.txt", "tagmanifest-sha256.txt"}
    assert {c.where for c in wrong if c.name == "model-signature"} == altered


async def test_what_is_no_item_cannot_be_shown(runtime: Runtime, tmp_path: Path) -> None:
    account = await runtime.account(runtime.settings.tenant, story.ORDER)
    own = {line.receipt.seq for line in account.items if line.receipt} - {
        item.seq for item in await items_of(runtime)
    }
    assert len(own) == 2, "manifest and statement"
    for seq in (*own, 9_999):
        with pytest.raises(RequestError, match=f"receipt {seq} is not that of an item"):
            await copy(runtime, tmp_path / "copy.zip", show=[seq])
    with pytest.raises(RequestError, match="no item has the role 'manifest'"):
        await copy(runtime, tmp_path / "copy.zip", roles=["manifest"])
    with pytest.raises(RequestError, match="shows all"):
        await runtime.bundle(
            runtime.settings.tenant, story.ORDER, profile="bagit", to=tmp_path / "b.zip", show=[0]
        )
    assert list(tmp_path.glob("*.zip")) == []


@pytest.mark.row("S0-35")
async def test_the_command_shows_what_it_is_told_to_and_custody_tells_which(
    runtime: Runtime, config: Path, tmp_path: Path
) -> None:
    items = await items_of(runtime)
    shown = sorted({items[0].seq} | {i.seq for i in items if i.role is Role.MESSAGE_MAIL})

    async def ran(*words: str) -> tuple[int, str, str]:
        said = await asyncio.to_thread(
            orderproof, "--config", str(config), *words, cwd=tmp_path, **SECRET
        )
        return said.code, said.out, said.err

    base = ("bundle", story.ORDER.id, "--profile", "reviewer", "-o", str(tmp_path / "c.zip"))
    words = ("--show", str(items[0].seq), "--show-role", "message.mail", "--json")
    code, out, err = await ran(*base, *words)
    assert code == 0, err
    assert (json.loads(out)["shown"], json.loads(out)["profile"]) == (shown, "reviewer")
    assert verify_path(tmp_path / "c.zip", key=keys_of(runtime)).ok
    (entry,) = (await report(runtime, runtime.settings.tenant, story.ORDER)).to_json()["entries"]
    digests = [item.sha256 for item in items if item.seq in shown]
    assert (entry["act"], entry["shown"], entry["items"]) == ("bundle", shown, len(shown))
    assert entry["list_sha256"] == list_digest(digests)
    assert entry["sha256"] == hashlib.sha256((tmp_path / "c.zip").read_bytes()).hexdigest()
    (tmp_path / "c.zip").unlink()
    for wrong in (("--show", "manifest"), ("--show", "1,,2"), ("--show", "9999"),
                  ("--show-role", "pod.photograph")):  # fmt: skip
        code, out, err = await ran(*base, *wrong)
        assert (code, out, err.count("\n")) == (2, "", 1), err
    assert list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*part")) == []
    _, out, _ = await ran("custody", story.ORDER.id)
    assert f"{len(shown)} items ({', '.join(map(str, shown))})" in out


async def test_over_http_the_same_with_receipts_in_the_query(config: Path, tmp_path: Path) -> None:
    client = TestClient(TestServer(make_app(load_settings(config, environment=SECRET))))
    await client.start_server()
    try:
        whole, order = Checked(client), f"/v1/orders/amazon/{story.ORDER.id}"
        await whole.post(f"{order}/collections", headers={"Prefer": "wait=30"})
        items = (await whole.get(f"{order}/items")).json["items"]
        seq = next(item["seq"] for item in items if item["role"] == "pod.document")
        answer = await whole.get(f"{order}/bundle?profile=reviewer&show={seq}")
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            data = [name for name in archive.namelist() if "/data/" in name]
        assert [name.rpartition("/")[2].partition(".")[0] for name in data] == [
            f"{seq:04d}-pod", "withheld",
        ]  # fmt: skip
        verified = await whole.post(
            "/v1/verify", data=answer.body, headers={"Content-Type": "application/zip"}
        )
        assert verified.json["answer"] == "ok"
        entry = (await whole.get(f"{order}/custody")).json["entries"][-1]
        assert (entry["act"], entry["shown"]) == ("bundle", [seq])
        assert (await whole.get(f"{order}/bundle?profile=reviewer&show=9999")).status == 422
    finally:
        await client.close()


# -- over a stand-in --------------------------------------------------------------------------


async def test_the_query_names_receipts_and_nothing_else(
    ask: Checked, held: InMemoryEvidence
) -> None:
    await ask.post(f"{ORDER}/collections")
    account = held.accounts["default", REF]
    account.items = [AnItem(b"%%PDF-%d" % at, at, account.order.commitment) for at in range(3)]
    held.seal("default", REF)
    for show in ("", "a", "1,", ",1", "1,,2", "-1", "1.5", "9", "1,9", "12345678"):
        answer = await ask.get(f"{ORDER}/bundle?profile=reviewer&show={show}")
        assert answer.status == 422, show
    assert held.noted == []
    for query, shown in (("", []), ("&show=2", [2]), ("&show=2,0,2", [0, 2])):
        assert (await ask.get(f"{ORDER}/bundle?profile=reviewer{query}")).status == 200
        assert held.noted[-1][3]["shown"] == shown
    assert (await ask.get(f"{ORDER}/bundle")).status == 200
    assert "shown" not in held.noted[-1][3]


async def test_custody_of_a_copy_that_shows_nothing_says_so(
    runtime: Runtime,
) -> None:
    tenant = runtime.settings.tenant
    order = await runtime.find(tenant, story.ORDER)
    await note(runtime, order, Act.BUNDLE, By("a", "b"), **bundled([], profile="reviewer"))
    (entry,) = (await report(runtime, tenant, story.ORDER)).to_json()["entries"]
    assert (entry["shown"], entry["items"]) == ([], 0)
