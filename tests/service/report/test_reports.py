"""A report of a whole order: made, kept as a derivative, handed out, checked, and resolved."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain as chained
from itertools import product
from pathlib import Path

import pypdfium2
import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from auditor.report import State
from auditor.verify import verify_path
from evidence.bundle import MANIFEST, RECEIPTS
from evidence.canonical import digest, parse_json
from evidence.custody import Act
from evidence.dsse import Envelope, keyid_of
from evidence.errors import ConfigError, HeldError
from evidence.locators import resolve_pointer
from evidence.manifest import Manifest
from evidence.receipts import Receipt, commit
from service.cli import main
from service.custody import By
from service.custody import report as custody_of
from service.demo import story
from service.report import reports
from service.report.sealing import Sealing
from service.report.wanted import Form, Kind, Language, Wanted
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import load_settings
from service.steps.read import opened
from service.typeset.fonts import find_fonts
from tests.service.report.vera import judged
from tests.service.test_reviewer import SECRET

pytestmark = pytest.mark.timeout(240)
try:
    find_fonts()
except ConfigError as lacking:
    pytest.skip(str(lacking), allow_module_level=True)
pytest.importorskip("typst", reason="typst is not installed: pip install 'orderproof[report]'")

BY = By("local user erika", "orderproof test")


def hashed_by(kind: str, value: str) -> str:
    return digest(f"{kind} {value}".encode())


@dataclass(frozen=True)
class Sealed:
    """The demo's order, sealed once for all tests here, and its full bundle with a report in it."""

    config: Path
    pdf: bytes
    bundle: Path
    again: bool


async def _seal(folder: Path) -> Sealed:
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        config = story.write_story(
            folder / "seller", sandbox_url=url, data=folder / "data", keys=folder / "keys"
        )
        async with await Runtime.open(load_settings(config, environment=SECRET)) as runtime:
            tenant = runtime.settings.tenant
            run, _ = await runtime.request_collection(
                story.ORDER, tenant=tenant, defect=story.DEFECT
            )
            await runtime.walk(tenant, run.id)
            made, content = await reports.make(runtime, tenant, story.ORDER, Wanted(), by=BY)
            same, _ = await reports.make(runtime, tenant, story.ORDER, Wanted(), by=BY)
            bundle = folder / "bundle.zip"
            await runtime.bundle(tenant, story.ORDER, profile="bagit", to=bundle)
            return Sealed(config, content.read(1 << 26), bundle, made.seq == same.seq)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    yield asyncio.run(_seal(tmp_path_factory.mktemp("reports")))


async def open_(sealed: Sealed) -> Runtime:
    return await Runtime.open(load_settings(sealed.config, environment=SECRET))


def files_of(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def test_the_report_is_in_the_bundle_tied_to_its_manifest(sealed: Sealed) -> None:
    report = verify_path(sealed.bundle)
    assert report.ok, report.lines()
    (said,) = (c for c in report.checks if c.name == "derived" and "report" in c.what)
    assert "is a report of this account" in said.what
    assert files_of(sealed.bundle)[said.where] == sealed.pdf


def test_asked_again_it_is_the_one_that_is_kept(sealed: Sealed) -> None:
    assert sealed.again


def test_a_report_with_one_flipped_bit_is_named(sealed: Sealed, tmp_path: Path) -> None:
    (path,) = (p for p in files_of(sealed.bundle) if "derived.rendered" in p)
    bent = tmp_path / "bent.zip"
    raw = bytearray(sealed.bundle.read_bytes())
    raw[raw.index(sealed.pdf[:64]) + 32] ^= 1
    bent.write_bytes(raw)
    blamed = [c for c in verify_path(bent).checks if c.state is State.FAIL]
    assert any(path in f"{c.where} {c.what}" for c in blamed)


async def test_every_claim_resolves_to_item_receipt_and_place_in_the_bundle(
    sealed: Sealed,
) -> None:
    """The round trip: out of the file itself, down to the bytes and what a reader finds there."""
    files = files_of(sealed.bundle)
    payload = parse_json(Envelope.from_json(files[MANIFEST]).payload)
    manifest = Manifest.from_payload(Envelope.from_json(files[MANIFEST]).payload)
    chain = [Receipt.from_bytes(line) for line in files[RECEIPTS].splitlines()]
    content = {digest(data): data for data in files.values()}
    salts = {item.seq: item.salt for item in manifest.items}
    seen: dict[str, set[str]] = {}
    async with await open_(sealed) as runtime:
        account = await runtime.account(runtime.settings.tenant, story.ORDER)
        sealing = reports.sealing_of(account)
        previews = await reports.previews_of(runtime, account, sealing)
        made = [
            reports.report_of(sealing, Wanted(kind=kind), previews, hashed=hashed_by).claims
            for kind in Kind
        ]
        for line in account.items:
            item = opened(line, account.order, runtime.objects)
            if line.sha256 in sealing.items:
                facts = await runtime.reading.facts_of(item)
                seen.setdefault(line.sha256, set()).update(str(f.locator) for f in facts)
    assert max(map(len, made)) > 150 and min(map(len, made)) > 40
    for claim in chained.from_iterable(made):
        assert claim.places, claim
        for place in claim.places:
            receipt = chain[place.seq]
            assert receipt.size == len(content[place.item])
            if place.seq in salts:
                assert commit(salts[place.seq], place.item) == receipt.commitment
            if place.locator == "item:":
                continue
            if place.item == digest(files[MANIFEST]):
                assert str(receipt.role) == "manifest"
                resolve_pointer(payload, place.locator.removeprefix("json:"))
            else:
                assert place.locator in seen[place.item], (claim, place)


async def test_a_file_in_hand_is_checked_against_the_bundle(
    sealed: Sealed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, bent, other = (tmp_path / name for name in ("r.pdf", "bent.pdf", "other.pdf"))
    file.write_bytes(sealed.pdf)
    bent.write_bytes(sealed.pdf[:-9] + b"x" + sealed.pdf[-8:])
    other.write_bytes(b"%PDF-1.4 of somebody else")
    bundle = ["--bundle", str(sealed.bundle)]

    def verified(path: Path, *more: str) -> tuple[int, str]:
        code = main(["verify", str(path), *more])
        return code, capsys.readouterr().out

    code, out = verified(file, *bundle)
    assert code == 0 and "ours and unaltered" in out and "newest account" in out
    code, out = verified(bent, *bundle)
    assert code == 1 and "it was altered" in out
    code, out = verified(other, *bundle)
    assert code == 1 and "not a report of this account" in out
    code, out = verified(file)
    assert code == 1 and "inconclusive" in out and digest(sealed.pdf) in out
    raw = bytearray(sealed.bundle.read_bytes())
    raw[len(raw) // 2] ^= 1
    broken = tmp_path / "broken.zip"
    broken.write_bytes(raw)
    code, out = verified(file, "--bundle", str(broken))
    assert code == 1 and "proves nothing of the report" in out
    assert main(["verify", str(sealed.bundle), *bundle]) == 2


async def test_it_is_known_by_its_digest_and_stays_known_when_it_is_old(sealed: Sealed) -> None:
    async with await open_(sealed) as runtime:
        tenant = runtime.settings.tenant
        known = await reports.known(runtime, tenant, story.ORDER, digest(sealed.pdf))
        assert known is not None and known.current
        assert known.made_with["language"] == "en"
        assert await reports.known(runtime, tenant, story.ORDER, digest(b"another")) is None
        run, _ = await runtime.request_collection(story.ORDER, tenant=tenant, sources=["folder"])
        with pytest.raises(HeldError):
            wanted = Wanted(language=Language.ZH)
            await reports.make(runtime, tenant, story.ORDER, wanted, by=BY)
        await runtime.walk(tenant, run.id)
        later = await reports.known(runtime, tenant, story.ORDER, digest(sealed.pdf))
        assert later is not None and not later.current
        assert later.newer is not None and later.newer.receipt > later.manifest


@pytest.mark.slow
async def test_a_signed_report_holds_in_other_hands_and_stays_pdf_a(
    sealed: Sealed, tmp_path: Path
) -> None:
    async with await open_(sealed) as runtime:
        account = await runtime.account(runtime.settings.tenant, story.ORDER)
        keyids = Sealing.of(
            manifest=account.manifest_envelope or b"", statement=account.statement_envelope or b""
        ).keyids
        for form in Form:
            files = {}
            for kind, language in product(Kind, Language):
                wanted = Wanted(kind=kind, language=language, form=form, signed=True)
                name = f"{kind}-{language}.pdf"
                files[name] = await reports.rendered(runtime, account, wanted)
            said = judged(tmp_path, files, standard=f"PDFA-{form.standard[2:].upper()}")
            assert said == dict.fromkeys(files, "true")
            reader = PdfFileReader(io.BytesIO(files["gaps-both.pdf"]))
            (signature,) = reader.embedded_signatures
            certificate = signature.signer_cert
            context = ValidationContext(trust_roots=[certificate], allow_fetching=False)
            status = await asyncio.to_thread(validate_pdf_signature, signature, context)
            assert status.bottom_line
            public = certificate.public_key.dump()
            assert keyid_of(load_der_public_key(public)) in keyids


async def test_the_command_writes_it_and_notes_who_took_it(
    sealed: Sealed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ORDERPROOF_DEMO_UPS_SECRET", "demo-secret")
    to = tmp_path / "报告.pdf"
    words = ["--config", str(sealed.config), "report", story.ORDER.id, "--language", "both"]
    words += ["--form", "pdfa-3a", "--sign", "--zone", "Asia/Shanghai", "-o", str(to), "--json"]
    assert await asyncio.to_thread(main, words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sha256"] == digest(to.read_bytes())
    asked = ["--config", str(sealed.config), "verify", str(to), "--order", story.ORDER.id]
    assert await asyncio.to_thread(main, asked) == 0
    assert "of the order's newest sealed account" in capsys.readouterr().out
    bent = tmp_path / "bent.pdf"
    bent.write_bytes(to.read_bytes() + b"\n")
    asked[3] = str(bent)
    assert await asyncio.to_thread(main, asked) == 1
    assert "No report that was made of this order" in capsys.readouterr().out
    document = pypdfium2.PdfDocument(to.read_bytes())
    assert "证据报告" in document[0].get_textpage().get_text_range()
    async with await open_(sealed) as runtime:
        taken = await custody_of(runtime, runtime.settings.tenant, story.ORDER)
        last = taken.entries[-1]
        assert (last.line.act, last.details["sha256"]) == (Act.REPORT, told["sha256"])
        assert taken.holds


async def test_without_a_sealed_account_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["report", story.ORDER.id, "-o", str(tmp_path / "r.pdf")]
    assert await asyncio.to_thread(main, words) == 1
    assert "Nothing is kept" in capsys.readouterr().err
    assert not (tmp_path / "r.pdf").exists()


def test_no_page_is_empty(sealed: Sealed) -> None:
    document = pypdfium2.PdfDocument(sealed.pdf)
    for at in range(len(document)):
        words = document[at].get_textpage().get_text_range()
        assert len(re.sub(r"\s", "", words)) > 150, f"page {at + 1}"
