"""Bundles in the form of each platform, of the demo's order: taken, proven, the same each time."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pypdf import PdfReader

from auditor.verify import verify_path
from evidence.archive import check_name
from evidence.canonical import parse_json
from evidence.custody import Act
from evidence.dsse import Envelope
from evidence.errors import HeldError, RequestError
from evidence.facts import Facts
from evidence.locators import resolve_pointer
from evidence.manifest import Manifest
from evidence.orders import order_ref
from evidence.profile import Profile
from service.custody import By, report
from service.demo import story
from service.profiles import paper
from service.profiles.asked import Asked, Link, Minting
from service.profiles.make import make
from service.profiles.order import note_all
from service.profiles.refusal import NotTakenError
from service.profiles.telling import words
from service.report.wanted import Language, Wanted
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import load_settings
from storage.ledger.access import Store
from tests.service.test_reviewer import SECRET
from verifiers.forms.lint import lint
from verifiers.forms.uploads import told as upload_told
from verifiers.profilebook import profile_named, read_profile

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

BY = By("local user erika", "orderproof test")
LINK = Link("https://drive.google.com/x", datetime(2026, 12, 24, tzinfo=UTC))
CHOSEN = {"defect_type": "Negative Review", "root_cause": "Carrier Delay"}
# Those that are made alike need not all be tried each time.
TRIED = [
    "amazon",
    "stripe",
    "bank",
    "ebay",
    "tiktok",
    pytest.param("shopify", marks=pytest.mark.slow),
    pytest.param("paypal", marks=pytest.mark.slow),
]
REPORTED = ("amazon", "paypal", "bank")
PAPERS = ("amazon", "stripe", "shopify", "paypal", "bank", "ebay")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runtime(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runtime]:
    """The demo's order, collected and sealed, in a store whose seller is known."""
    folder = tmp_path_factory.mktemp("made")
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        config = story.write_story(
            folder / "seller", sandbox_url=url, data=folder / "data", keys=folder / "keys"
        )
        async with await Runtime.open(load_settings(config, environment=SECRET)) as opened:
            tenant = opened.settings.tenant
            made, _ = await opened.request_collection(
                story.ORDER, tenant=tenant, defect=story.DEFECT
            )
            assert await opened.walk(tenant, made.id) == "sealed"
            await opened.ledger.put_store(
                Store(
                    tenant=tenant,
                    name="default",
                    platform=story.ORDER.platform,
                    seller="A1B2C3D4",
                    site="US",
                )
            )
            yield opened


def of_any_platform(name: str) -> Profile:
    """A profile, for the demo's order too, which is Amazon's."""
    return replace(profile_named(name), platforms=())


def asked_for(name: str, **more: Any) -> Asked:
    if name == "tiktok" and "texts" not in more:
        more |= {"texts": CHOSEN, "links": {story.ORDER: LINK}}
    return Asked(profile=of_any_platform(name), orders=more.pop("orders", [story.ORDER]), **more)


async def written(runtime: Runtime, to: Path, name: str, **more: Any) -> dict[str, bytes]:
    """The bundle's files, once the linter has taken it."""
    if name in PAPERS and not paper.available():
        pytest.skip("the extra `report` is not installed")
    await make(runtime, runtime.settings.tenant, asked_for(name, **more), to=to, by=BY)
    with to.open("rb") as file:
        found = lint(file)
    assert found.ok, found.breaches
    with zipfile.ZipFile(to) as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def lines(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in raw.splitlines()]


def uploads(files: dict[str, bytes]) -> dict[str, bytes]:
    """What goes to the platform, out of its archive if it is in one."""
    found = {name: data for name, data in files.items() if name.startswith("files/")}
    for name in [name for name in found if name.count("/") == 1 and name.endswith(".zip")]:
        with zipfile.ZipFile(io.BytesIO(found.pop(name))) as archive:
            found |= {member: archive.read(member) for member in archive.namelist()}
    return found


async def manifest_of(runtime: Runtime) -> Manifest:
    account = await runtime.account(runtime.settings.tenant, story.ORDER)
    assert account.manifest is not None
    return account.manifest


@pytest.mark.parametrize("name", TRIED)
async def test_each_bundle_is_taken_proven_and_the_same_each_time(
    runtime: Runtime, tmp_path: Path, name: str
) -> None:
    files = await written(runtime, tmp_path / "a.zip", name)
    await written(runtime, tmp_path / "b.zip", name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    for each in files:
        check_name(each)
    (line,) = lines(files["orders.jsonl"])
    assert line["order"]["id"] == story.ORDER.id
    said = " ".join(line["texts"].values())
    assert story.TRACKING in said
    assert story.NEIGHBOUR not in files["orders.jsonl"].decode() + files["proof.jsonl"].decode()
    # The ERP took UPS's local time for China's; whoever submits is told.
    if name != "tiktok":
        assert "probable-zone-mistake" in {each["code"] for each in line["against"]}

    for path, data in uploads(files).items():
        if path.endswith(".pdf"):
            assert upload_told(data).standard == "PDF/A-1a", path
    sent, report = uploads(files), line["report"]
    held = [path for path in sent if path.endswith("report.pdf")]
    assert held or name not in REPORTED
    if held:
        assert (held, report["language"], report["signed"]) == ([report["file"]], "en", "no")
        assert hashlib.sha256(sent[held[0]]).hexdigest() == report["sha256"]
    else:
        assert report is None or report["why"]

    await every_claim_holds(runtime, tmp_path, name, files)


async def every_claim_holds(
    runtime: Runtime, tmp_path: Path, name: str, files: dict[str, bytes]
) -> None:
    """Each claim leads to an item, a place in it and a receipt in the auditor's bag."""
    bag = tmp_path / "bag.zip"
    await runtime.bundle(runtime.settings.tenant, story.ORDER, profile="bagit", to=bag)
    assert verify_path(bag).ok
    with zipfile.ZipFile(bag) as archive:
        inside = {each.partition("/")[2]: archive.read(each) for each in archive.namelist()}
    digests = {hashlib.sha256(data).hexdigest(): path for path, data in inside.items()}
    receipts = {
        hashlib.sha256(raw).hexdigest(): json.loads(raw)
        for path in ("proof/receipts.jsonl", "proof/derived/receipts.jsonl")
        for raw in inside.get(path, b"").splitlines()
    }
    sealed = await manifest_of(runtime)
    facts = Facts(sealed.facts)
    items = {item.sha256: item for item in sealed.items}
    (order,) = lines(files["orders.jsonl"])
    sent = uploads(files)
    claims = lines(files["proof.jsonl"])
    assert claims
    told: set[str] = set()
    for claim in claims:
        if claim["what"] == "rendered":
            # The report is a rendering of the manifest; its own claims are walked in test_reports.
            told.add(claim["file"])
            assert digests[claim["item"]] == "proof/manifest.dsse.json"
            assert receipts[claim["receipt"]]["seq"] == claim["seq"]
            derived = claim["derivative"]
            assert digests[derived["sha256"]].startswith("data/derived/")
            assert hashlib.sha256(sent[claim["file"]]).hexdigest() == derived["sha256"]
            assert {derived["seq"], derived["record"]} <= {r["seq"] for r in receipts.values()}
            continue
        item = items[claim["item"]]
        assert (claim["seq"], claim["receipt"]) == (item.seq, item.receipt)
        assert receipts[claim["receipt"]]["seq"] == claim["seq"]
        assert digests[claim["item"]].startswith("data/"), "the item lies in the bag"
        if "field" in claim:
            text = order["texts"][claim["field"]]
            assert text[claim["begin"] : claim["begin"] + len(claim["says"])] == claim["says"]
        else:
            told.add(claim["file"])
        if claim["what"] == "told":
            there = [
                fact for fact in facts.named(claim["fact"])
                if fact.item == claim["item"] and str(fact.locator) == claim["locator"]
            ]  # fmt: skip
            assert claim["says"] in {words(fact) for fact in there}
        elif claim["what"] == "received":
            assert hashlib.sha256(sent[claim["file"]]).hexdigest() == claim["item"]
        else:
            derived = claim["derivative"]
            assert digests[derived["sha256"]].startswith("data/derived/")
            assert {derived["seq"], derived["record"]} <= {r["seq"] for r in receipts.values()}
            shown = pictures_in(sent[claim["file"]])
            if name != "ebay":  # there a page as a whole is one picture
                assert derived["sha256"] in shown, "the very bytes of the copy are on the page"
            assert claim["legible"]["measured"] or claim["legible"]["why"]
    # No file goes out of which nobody could say what it rests on.
    assert told == {name for name in sent if not name.endswith("_orders.pdf")}


def pictures_in(data: bytes) -> set[str]:
    """SHA-256 of a file, and of every JPEG that lies in it as it was."""
    found = {hashlib.sha256(data).hexdigest()}
    if data.startswith(b"%PDF-"):
        for page in PdfReader(io.BytesIO(data)).pages:
            for each in page.get("/Resources", {}).get("/XObject", {}).values():
                found.add(hashlib.sha256(each.get_object()._data).hexdigest())
    return found


async def test_a_short_explanation_has_whole_sentences_and_at_most_200_characters(
    runtime: Runtime, tmp_path: Path
) -> None:
    files = await written(runtime, tmp_path / "a.zip", "tiktok")
    (line,) = lines(files["orders.jsonl"])
    said = line["texts"]["explanation"]
    assert said.startswith("Delivered 2026-11-03 22:31:07 UTC.") and said.endswith(".")
    assert len(said) <= 200
    assert line["link"] == {"url": LINK.url, "expires_at": "2026-12-24T00:00:00.000000Z"}
    assert not uploads(files)


async def test_a_link_of_our_own_opens_what_the_form_asks_for_and_expires(
    runtime: Runtime, tmp_path: Path
) -> None:
    how = Minting("https://proof.example", timedelta(days=14))
    files = await written(runtime, tmp_path / "a.zip", "tiktok", texts=CHOSEN, minting=how)
    (line,) = lines(files["orders.jsonl"])
    assert line["link"]["url"].startswith("https://proof.example/v1/shared/ops_")
    order = await runtime.find(runtime.settings.tenant, story.ORDER)
    share = (await runtime.ledger.shares_of(order))[-1]
    roles = {i.role for i in (await manifest_of(runtime)).items if i.seq in share.show}
    assert {"tracking.history", "message.mail", "order.record"} <= roles
    if paper.available():
        # The report lies behind the link, with its record, though the manifest is withheld.
        (seq,) = share.copies
        opened = tmp_path / "opened.zip"
        await runtime.bundle(
            runtime.settings.tenant,
            story.ORDER,
            profile="reviewer",
            to=opened,
            show=list(share.show),
            copies=[seq],
        )
        told = verify_path(opened)
        assert told.ok, told.lines()
        assert any(c.name == "derived" and "is a report of" in c.what for c in told.checks)


async def refused(runtime: Runtime, to: Path, name: str, **more: Any) -> str:
    with pytest.raises(NotTakenError) as raised:
        await make(runtime, runtime.settings.tenant, asked_for(name, **more), to=to, by=BY)
    assert not to.exists()
    return " ".join(why.says for why in raised.value.whys)


async def test_every_reason_is_told_at_once(runtime: Runtime, tmp_path: Path) -> None:
    said = await refused(
        runtime,
        tmp_path / "a.zip",
        "tiktok",
        texts={"root_cause": "Weather", "explanation": "x" * 201},
    )
    for part in ("defect_type is empty", "root_cause is 'Weather'", "201 characters", "no link"):
        assert part in said, part
    assert "TTS-ODR-05" in said, "which limit, on whose word"


async def test_an_order_of_another_platform_or_not_collected_is_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    unknown = order_ref("amazon", "111-0000000-0000000")
    orders = [story.ORDER, unknown, order_ref("ebay", "12-12345-12345")]
    with pytest.raises(NotTakenError) as raised:
        asked = Asked(profile=profile_named("paypal"), orders=orders)
        await make(runtime, runtime.settings.tenant, asked, to=tmp_path / "a.zip", by=BY)
    # Without typst or its fonts the first order's own paper is refused as well.
    assert [why.order for why in raised.value.whys if why.order != 0] == [1, 2]
    with pytest.raises(NotTakenError, match="is for orders of ebay"):
        asked = Asked(profile=profile_named("ebay"), orders=[story.ORDER])
        await make(runtime, runtime.settings.tenant, asked, to=tmp_path / "a.zip", by=BY)


async def test_what_is_asked_for_wrongly_is_refused_before_anything_is_made() -> None:
    with pytest.raises(RequestError, match="twice"):
        asked_for("paypal", orders=[story.ORDER, story.ORDER])
    with pytest.raises(RequestError, match="no order"):
        asked_for("paypal", orders=[])
    with pytest.raises(RequestError, match="no text of paypal"):
        asked_for("paypal", texts={"mood": "fine"})


async def test_an_item_that_is_left_out_is_told_of_and_not_sent(
    runtime: Runtime, tmp_path: Path
) -> None:
    sealed = await manifest_of(runtime)
    mails = frozenset(item.seq for item in sealed.items if item.role == "message.mail")
    files = await written(runtime, tmp_path / "a.zip", "stripe", leave_out={story.ORDER: mails})
    (line,) = lines(files["orders.jsonl"])
    assert {each["seq"] for each in line["left_out"]} == mails
    assert "customer_communication" not in line["files"].values()
    assert not mails & {claim["seq"] for claim in lines(files["proof.jsonl"])}
    said = await refused(
        runtime, tmp_path / "b.zip", "stripe", leave_out={story.ORDER: frozenset({999})}
    )
    assert "receipt 999" in said


async def test_a_bundle_for_a_court_has_page_hashes_and_custody_beside_the_bag(
    runtime: Runtime, tmp_path: Path
) -> None:
    files = await written(runtime, tmp_path / "a.zip", "court")
    inside = {name.rpartition("/")[2]: data for name, data in files.items()}
    page = inside["certification.txt"].decode()
    sealed = await manifest_of(runtime)
    assert "902(13)" in page and "Signature: ____" in page
    assert "probable-zone-mistake" not in page and "16 hours apart" in page, "what speaks against"
    assert "It names the order" not in page, "what holds is no finding against the records"
    for item in sealed.items:
        assert item.sha256 in page and item.sha256 in inside["hashes.csv"].decode()
    assert json.loads(inside["custody.json"])["chain"]["holds"] is True
    bag = tmp_path / "bag.zip"
    bag.write_bytes(inside["bag.zip"])
    assert verify_path(bag).ok
    # Each record and each finding on the page leads into the bag.
    with zipfile.ZipFile(bag) as archive:
        held = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    digests = {hashlib.sha256(data).hexdigest(): path for path, data in held.items()}
    receipts = {
        hashlib.sha256(raw).hexdigest(): json.loads(raw)["seq"]
        for raw in held["proof/receipts.jsonl"].splitlines()
    }
    payload = parse_json(Envelope.from_json(held["proof/manifest.dsse.json"]).payload)
    claims = lines(files["proof.jsonl"])
    with_report = {"rendered"} if "report.pdf" in inside else set()  # without fonts there is none
    assert {claim["what"] for claim in claims} == {"listed", "found"} | with_report
    for claim in claims:
        assert claim["item"] in digests
        assert receipts[claim["receipt"]] == claim["seq"]
        if claim["what"] == "found":
            place = resolve_pointer(payload, claim["locator"].removeprefix("json:"))
            assert claim["says"] in json.dumps(place, ensure_ascii=False)
        assert claim["what"] == "rendered" or claim["says"] in page
    rows = [row for row in page.splitlines() if "json:/predicate/verdicts" in row]
    assert len(rows) == sum(claim["what"] == "found" for claim in claims)


async def test_a_bundle_for_a_court_is_the_same_until_somebody_had_the_evidence_in_hand(
    runtime: Runtime, tmp_path: Path
) -> None:
    await written(runtime, tmp_path / "first.zip", "court")  # its report is kept from now on
    one = await written(runtime, tmp_path / "a.zip", "court")
    two = await written(runtime, tmp_path / "b.zip", "court")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert one == two
    await note_all(runtime, runtime.settings.tenant, asked_for("court"), BY, "cd" * 32)
    later = await written(runtime, tmp_path / "c.zip", "court")
    grown = [name for name in one if later[name] != one[name]]
    assert [name.rpartition("/")[2] for name in grown] == ["custody.json"]
    custody = json.loads(later[grown[0]])
    assert custody["entries"][-1]["sha256"] == "cd" * 32
    assert custody["chain"]["lines"] == custody["entries"][-1]["seq"] + 1
    assert custody["as_of"] == custody["entries"][-1]["at"]


async def test_a_report_goes_along_signed_in_both_languages_or_not_at_all(
    runtime: Runtime, tmp_path: Path
) -> None:
    wanted = Wanted(language=Language.BOTH, signed=True)
    files = await written(runtime, tmp_path / "a.zip", "paypal", report=wanted)
    (line,) = lines(files["orders.jsonl"])
    assert (line["report"]["language"], line["report"]["signed"]) == ("both", "yes")
    pdf = uploads(files)[line["report"]["file"]]
    assert b"/ByteRange" in pdf and "证据报告" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    bare = await written(runtime, tmp_path / "b.zip", "paypal", report=None)
    assert lines(bare["orders.jsonl"])[0]["report"] is None
    assert not [name for name in bare if name.endswith("report.pdf")]


def tightened(name: str, limit: str, to: int) -> Profile:
    """The profile, with `to` where it says `limit`."""
    raw = of_any_platform(name).raw.replace(f'value = "{limit}"'.encode(), b'value = "%d"' % to)
    return replace(read_profile(raw), platforms=())


@pytest.mark.parametrize(
    ("name", "limit", "to", "says"),
    [
        ("ebay", "5", 2, "do not go on 2 pictures with 4 on each: choose fewer items"),
        pytest.param(
            "ebay", "1750000", 60_000, "do not fit into 60000 bytes and stay legible",
            marks=pytest.mark.slow,
        ),
        ("stripe", "49", 1, "Shipping documentation has more than 1 pages with 4 pictures on each"),
        ("paypal", "50000000", 150_000, "and no room is left; the largest are item "),
    ],
)  # fmt: skip
async def test_what_a_form_has_no_room_for_is_told_with_its_limit(
    runtime: Runtime, tmp_path: Path, name: str, limit: str, to: int, says: str
) -> None:
    if not paper.available():
        pytest.skip("the extra `report` is not installed")
    asked = Asked(profile=tightened(name, limit, to), orders=[story.ORDER])
    with pytest.raises(NotTakenError) as raised:
        await make(runtime, runtime.settings.tenant, asked, to=tmp_path / "a.zip", by=BY)
    (why,) = raised.value.whys
    assert says in why.says, why.says
    assert not (tmp_path / "a.zip").exists()


async def test_a_document_that_is_too_large_has_smaller_pictures(
    runtime: Runtime, tmp_path: Path
) -> None:
    whole = uploads(await written(runtime, tmp_path / "whole.zip", "paypal"))
    most = max(map(len, whole.values())) - 1_000
    asked = Asked(profile=tightened("paypal", "9999999", most), orders=[story.ORDER])
    await make(runtime, runtime.settings.tenant, asked, to=tmp_path / "a.zip", by=BY)
    with (tmp_path / "a.zip").open("rb") as file, zipfile.ZipFile(file) as archive:
        sizes = {name: len(archive.read(name)) for name in archive.namelist() if name in whole}
        file.seek(0)
        assert lint(file).ok
    assert max(sizes.values()) <= most


async def test_where_there_is_no_room_the_report_stays_out_and_it_is_said_why(
    runtime: Runtime, tmp_path: Path
) -> None:
    bare = await written(runtime, tmp_path / "bare.zip", "paypal", report=None)
    room = max(350_000, sum(map(len, uploads(bare).values())) + 10_000)
    asked = Asked(profile=tightened("paypal", "50000000", room), orders=[story.ORDER])
    to = tmp_path / "a.zip"
    await make(runtime, runtime.settings.tenant, asked, to=to, by=BY)
    with to.open("rb") as file, zipfile.ZipFile(file) as archive:
        (line,) = lines(archive.read("orders.jsonl"))
        assert line["report"]["file"] is None
        assert f"more than {room}" in line["report"]["why"]
        assert "report.pdf" not in " ".join(archive.namelist())


async def test_whoever_gets_it_is_in_the_custody_log(runtime: Runtime, tmp_path: Path) -> None:
    await written(runtime, tmp_path / "a.zip", "tiktok")
    await note_all(runtime, runtime.settings.tenant, asked_for("tiktok"), BY, "ab" * 32)
    entries = (await report(runtime, runtime.settings.tenant, story.ORDER)).entries
    noted = [entry.details for entry in entries if entry.line.act is Act.BUNDLE]
    assert noted[-1]["sha256"] == "ab" * 32 and noted[-1]["who"] == BY.who


async def test_nothing_is_kept_while_a_collection_is_under_way(
    runtime: Runtime, tmp_path: Path
) -> None:
    if not paper.available():
        pytest.skip("the extra `report` is not installed")
    tenant = runtime.settings.tenant
    begun, _ = await runtime.request_collection(story.ORDER, tenant=tenant)
    try:
        said = await refused(runtime, tmp_path / "a.zip", "stripe")
        assert "a collection of the order is under way" in said
        assert HeldError.remedy
    finally:
        await runtime.give_up(tenant, begun.id, "a test")
