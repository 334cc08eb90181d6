"""A report: what it claims, where that stands, and the file it becomes."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from evidence.canonical import parse_json
from evidence.dsse import Envelope
from evidence.errors import ConfigError, FormatError, OutageError, RequestError
from evidence.locators import resolve_pointer
from service.report.blocks import Note, Place
from service.report.cover import PREFIX
from service.report.findings import phrases
from service.report.layout import printed
from service.report.previews import preview_of
from service.report.render import render
from service.report.reports import report_of
from service.report.wanted import Form, Kind, Language, Wanted
from service.typeset import typeset
from service.typeset.breaks import BREAK, breakable
from service.typeset.fonts import find_fonts
from service.typeset.typeset import Bounds
from service.wording.words import Said
from tests.service.report.accounts import account, report, sealing, story
from tests.service.report.vera import judged
from tests.verifiers.evidence_of import NEIGHBOUR, said

try:
    FONTS = find_fonts()
except ConfigError as lacking:
    pytest.skip(str(lacking), allow_module_level=True)
pytest.importorskip("typst", reason="typst is not installed: pip install 'orderproof[report]'")


@pytest.fixture(scope="module")
def plain() -> bytes:
    """The report of the account as it is, in English."""
    return render(report(), FONTS).pdf


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(
        document[at].get_textpage().get_text_range() for at in range(len(document))
    ).replace("\r\n", "\n")


def test_a_claim_cannot_be_made_without_a_place() -> None:
    with pytest.raises(FormatError, match="without a place"):
        Note(Said("It was delivered.", "已送达。"), ())


def test_every_claim_of_the_account_resolves_in_the_sealed_manifest() -> None:
    sealed = sealing()
    payload = parse_json(Envelope.from_json(sealed.envelope).payload)
    facts = {(fact.item, str(fact.locator)) for fact in sealed.manifest.facts}
    receipts = {item.sha256: item.seq for item in sealed.manifest.items} | {
        sealed.sha256: sealed.seq
    }
    claims = report(sealed).claims
    assert len(claims) > 60
    for claim in claims:
        assert claim.places
        for place in claim.places:
            assert receipts[place.item] == place.seq
            if place.locator == "item:":
                continue
            if place.item == sealed.sha256:
                resolve_pointer(payload, place.locator.removeprefix("json:"))
            else:
                assert (place.item, place.locator) in facts


@pytest.mark.parametrize("language", [Language.ZH, Language.BOTH])
def test_every_claim_is_printed_with_its_receipt_and_place(language: Language) -> None:
    made = report(language=language)
    squeezed = re.sub(r"\s", "", text_of(render(made, FONTS).pdf))
    for claim in made.claims:
        assert re.sub(r"\s", "", printed(claim.places[0])) in squeezed


def test_the_neighbours_row_is_not_told(plain: bytes) -> None:
    assert NEIGHBOUR not in text_of(plain)


def test_the_same_account_gives_the_same_bytes(plain: bytes) -> None:
    assert render(report(), FONTS).pdf == plain


def test_pages_are_counted_and_name_the_manifest(plain: bytes) -> None:
    sealed = sealing()
    document = pypdfium2.PdfDocument(plain)
    for at in range(len(document)):
        page = document[at].get_textpage().get_text_range()
        assert f"{at + 1} of {len(document)}" in page
        assert sealed.sha256[:16] in page


def test_the_code_names_the_manifest(plain: bytes) -> None:
    sealed = sealing()
    page = pypdfium2.PdfDocument(plain)[0]
    (code,) = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    assert code.text == f"{PREFIX}{sealed.sha256}"


def test_contradictions_stand_with_the_words_of_both_sources(plain: bytes) -> None:
    text = " ".join(text_of(plain).split())
    assert "probable-zone-mistake" in text
    assert "2026-11-03T14:31:07+08:00" in re.sub(r"\s", "", text)
    assert "What would explain or settle it" in text


def test_our_own_times_stand_in_a_zone_only_if_it_was_named(plain: bytes) -> None:
    assert "Asia/Shanghai" not in text_of(plain)
    text = " ".join(text_of(render(report(zone="Asia/Shanghai"), FONTS).pdf).split())
    assert "2026-11-20 12:00:00 UTC = 2026-11-20 20:00:00 +0800 Asia/Shanghai" in text


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(FormatError, match="zone"):
        Wanted(zone="Beijing time")


def test_what_is_not_a_language_is_refused() -> None:
    with pytest.raises(RequestError, match="'fr' is not one of en, zh, both"):
        Wanted.of(kind="evidence", language="fr", form="pdfa-1a", signed=False, zone=None)


HOSTILE = (
    '#eval("1") #read("/etc/passwd") $x$ `raw` *bold* <label> @ref \\u{41} '
    "\u202egnp.exe \u200b\u0000\ud800 \U0001f600 \u05d0\u05d1 \u202e " + "W" * 300
)


def test_whatever_a_source_says_stays_text() -> None:
    evil = said("order.item.title", HOSTILE, by="erp", item="record", group="row/1")
    of = sealing(account([*story(), evil]))
    text = text_of(render(report(of, language=Language.BOTH), FONTS).pdf)
    assert '#read("/etc/passwd")' in " ".join(text.split())
    assert "root:" not in text and "\u202e" not in text
    assert "⟨U+202E⟩" in text


def test_a_character_that_no_font_has_is_written_out() -> None:
    assert FONTS.showable("a😀中") == "a⟨U+1F600⟩中" or FONTS.shows("😀")
    assert not FONTS.shows("\U000f0000")
    assert FONTS.shows("签") and FONTS.shows("⟨")


def test_a_machine_without_fonts_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fonts-noto-cjk"):
        find_fonts(tmp_path)


def test_a_font_that_is_none_is_named(tmp_path: Path) -> None:
    for name in ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"):
        (tmp_path / name).write_bytes(b"ttcf" + os.urandom(2))
    with pytest.raises(ConfigError, match=r"NotoSansCJK-Regular\.ttc is no font"):
        find_fonts(tmp_path)


def test_rendering_that_takes_too_long_is_ended_and_says_so() -> None:
    with pytest.raises(OutageError, match="stood still"):
        render(report(), FONTS, Bounds(clock_s=0.001))


@pytest.mark.slow
def test_rendering_that_needs_too_much_memory_is_ended_and_says_so() -> None:
    with pytest.raises(OutageError, match="memory"):
        render(report(), FONTS, Bounds(memory=128 << 20))


def test_a_report_that_cannot_be_laid_out_is_refused_and_nothing_is_made() -> None:
    made = report()
    broken = replace(made, cover=replace(made.cover, code=b"<svg"))
    with pytest.raises(RequestError, match="could not be laid out"):
        render(broken, FONTS)


def test_without_typst_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(typeset, "version", absent)
    with pytest.raises(ConfigError, match=r"pip install 'orderproof\[report\]'"):
        render(report(), FONTS)


def test_the_third_form_carries_manifest_and_claims() -> None:
    sealed = sealing()
    document = pypdfium2.PdfDocument(render(report(sealed, form=Form.A3), FONTS).pdf)
    inside = {
        document.get_attachment(at).get_name(): bytes(document.get_attachment(at).get_data())
        for at in range(document.count_attachments())
    }
    assert inside["manifest.dsse.json"] == sealed.envelope
    assert len(json.loads(inside["claims.json"])["claims"]) == len(report(sealed).claims)


def test_the_first_form_carries_no_file(plain: bytes) -> None:
    assert pypdfium2.PdfDocument(plain).count_attachments() == 0


def test_words_are_broken_at_joints_and_lose_nothing() -> None:
    pointer = "#6 json:/trackResponse/shipment/0/package/0/activity/0/location/address/city"
    assert breakable(pointer).replace(BREAK, "") == pointer
    assert BREAK in breakable(pointer)
    assert BREAK not in breakable("112-4832917-2201845")


def test_a_file_that_only_claims_to_be_a_picture_has_none_and_says_why() -> None:
    assert "cannot be shown" in preview_of(b"\x89PNG nothing", "image/png").why
    assert "cannot be shown" in preview_of(b"%PDF-1.7 nothing", "application/pdf").why


def test_each_code_of_a_finding_has_its_meaning_in_chinese() -> None:
    page = Path(__file__).parents[3] / "docs" / "verifiers.md"
    codes = re.findall(r"^### `([a-z0-9-]+)`", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(phrases()) == sorted(codes)
    assert all(re.search(r"[\u4e00-\u9fff]", each.meaning) for each in phrases().values())


def test_places_are_printed_as_a_receipt_and_a_locator() -> None:
    assert printed(Place("0" * 64, "json:/a", 3)) == "#3 json:/a"
    assert printed(Place("0" * 64, "item:", 3)) == "#3"


@pytest.mark.slow
@pytest.mark.parametrize("form", Form)
def test_verapdf_finds_each_kind_and_language_compliant(tmp_path: Path, form: Form) -> None:
    files = {}
    for kind in Kind:
        for language in Language:
            wanted = Wanted(kind=kind, language=language, form=form)
            made = report_of(sealing(), wanted, {}, hashed=lambda kind, value: "0" * 64)
            files[f"{kind}-{language}.pdf"] = render(made, FONTS).pdf
    said = judged(tmp_path, files, standard=f"PDFA-{form.standard[2:].upper()}")
    assert said == dict.fromkeys(files, "true")
