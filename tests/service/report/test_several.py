"""Reports of several orders: who lacks what, each claim with its order, one digest for all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from evidence.canonical import canonical, digest, parse_json
from evidence.dsse import Envelope
from evidence.errors import ConfigError, RequestError
from evidence.items import Role
from evidence.locators import resolve_pointer
from evidence.orders import OrderRef
from evidence.wording import slips
from service.report.appeal import MOST_ORDERS, Appeal
from service.report.blocks import Note, Table, claims_of
from service.report.cover import OF_SEVERAL
from service.report.layout import printed
from service.report.render import render
from service.report.sealing import Sealing
from service.report.several import channel_blocks, gap_blocks, ranges
from service.report.together import report_of
from service.report.wanted import Form, Kind, Language, Wanted
from service.typeset.fonts import find_fonts
from tests.service.report.accounts import RECORD, TRACKING, account, sealing, story
from tests.service.report.vera import judged
from tests.verifiers.evidence_of import NEIGHBOUR, ORDER, item, said

GAPS, CHANNEL = Wanted(kind=Kind.GAPS), Wanted(kind=Kind.CHANNEL)
POD = item("pod", Role.POD_DOCUMENT, origin="ups")
BUYER = said("order.buyer.email", "jane@example.com", by="erp", item="record", group="row/1")


def hashed(kind: str, value: str) -> str:
    return digest(f"{kind} {value}".encode())


def of_order(number: int, *, proven: bool = False) -> Sealing:
    """The account of one order of many; `proven` ones have the carrier's document as well."""
    id = f"112-{number:07d}-2201845"
    facts = [replace(f, value=id) if f.value == ORDER.id else f for f in (*story(), BUYER)]
    items = (RECORD, TRACKING, POD) if proven else (RECORD, TRACKING)
    ref = OrderRef(ORDER.platform, id, ORDER.site)
    return sealing(account(facts, items, order=ref))


def appeal(count: int = 3) -> Appeal:
    return Appeal.of([of_order(number, proven=number == 2) for number in range(count, 0, -1)])


def test_orders_are_numbered_by_their_names_and_named_by_one_digest() -> None:
    of = appeal()
    assert [each.number for each in of.sealings] == [1, 2, 3]
    assert [each.manifest.order.id[4:11] for each in of.sealings] == [
        "0000001", "0000002", "0000003",
    ]  # fmt: skip
    listed = [
        {
            "manifest": digest(each.envelope),
            "order": {"id": each.manifest.order.id, "platform": "amazon", "site": "US"},
            "receipt": each.seq,
        }
        for each in of.sealings
    ]
    assert digest(canonical(listed)) == of.sha256


def test_no_order_too_many_or_one_twice_is_refused() -> None:
    with pytest.raises(RequestError, match="and 0 were named"):
        Appeal.of([])
    with pytest.raises(RequestError, match="twice"):
        Appeal.of([of_order(1), of_order(1)])
    one = of_order(1)
    with pytest.raises(RequestError, match=f"1 to {MOST_ORDERS}"):
        Appeal.of([one] * (MOST_ORDERS + 1))


@pytest.mark.parametrize("kind", [Kind.GAPS, Kind.CHANNEL])
def test_every_claim_resolves_in_the_manifest_of_its_order(kind: Kind) -> None:
    of = appeal()
    claims = report_of(of, Wanted(kind=kind), hashed=hashed).claims
    payloads = [parse_json(Envelope.from_json(each.envelope).payload) for each in of.sealings]
    assert len(claims) > 40
    seen = set()
    for place in (place for claim in claims for place in claim.places):
        sealed = of.sealings[place.of - 1]
        seen.add(place.of)
        if place.item == sealed.sha256:
            assert place.seq == sealed.seq
            if place.locator != "item:":
                pointer = place.locator.removeprefix("json:")
                resolve_pointer(payloads[place.of - 1], pointer)
        else:
            assert sealed.items[place.item].seq == place.seq
            facts = {(f.item, str(f.locator)) for f in sealed.manifest.facts}
            assert place.locator == "item:" or (place.item, place.locator) in facts
    assert seen == {1, 2, 3}


def test_who_lacks_what_stands_in_one_line_with_the_orders_numbers() -> None:
    blocks = gap_blocks(appeal(), GAPS)
    said = "\n".join(claim.said.en for claim in claims_of(blocks))
    assert "everything that the rules require: 1 of 3. Orders that lack something: 2." in said
    (line,) = [
        each for each in said.splitlines()
        if each.startswith("Proof of delivery provided by the carrier") and each.endswith("1, 3")
    ]  # fmt: skip
    assert "missing" in line


def test_numbers_are_told_as_ranges() -> None:
    assert ranges([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    assert (ranges([4]), ranges([])) == ("4", "")


def test_a_buyer_of_several_orders_shows_by_hash_and_never_by_name() -> None:
    blocks = channel_blocks(appeal(), CHANNEL, hashed)
    said = "\n".join(claim.said.en for claim in claims_of(blocks))
    assert "jane" not in said.lower()
    (table,) = [
        b for b in blocks if isinstance(b, Table) and b.columns[-1][0].en.startswith("Orders, by")
    ]
    (row,) = table.rows
    assert row.cells[-1].en == "1-3" and [place.of for place in row.places] == [1, 2, 3]


def test_our_own_words_are_neutral_and_the_neighbours_row_is_not_told() -> None:
    of = appeal()
    for blocks in (gap_blocks(of, GAPS), channel_blocks(of, CHANNEL, hashed)):
        said = "\n".join(f"{c.said.en}\n{c.said.zh}" for c in claims_of(blocks))
        assert NEIGHBOUR not in said
        notes = "\n".join(f"{b.said.en}\n{b.said.zh}" for b in blocks if isinstance(b, Note))
        for sealed in of.sealings:
            assert not slips(sealed.manifest.policy, notes)


def test_the_page_names_the_list_and_every_claim_with_its_order() -> None:
    pytest.importorskip("typst", reason="typst is not installed")
    try:
        fonts = find_fonts()
    except ConfigError as lacking:
        pytest.skip(str(lacking))
    of = appeal()
    made = report_of(of, replace(GAPS, form=Form.A3), hashed=hashed)
    pdf = render(made, fonts).pdf
    assert pdf == render(made, fonts).pdf
    document = pypdfium2.PdfDocument(pdf)
    pages = [document[at].get_textpage().get_text_range() for at in range(len(document))]
    assert all(of.sha256[:16] in page for page in pages)
    (code,) = zxingcpp.read_barcodes(document[0].render(scale=2).to_pil())
    assert code.text == f"{OF_SEVERAL}{of.sha256}"
    squeezed = "".join("".join(pages).split())
    for claim in made.claims:
        assert "".join(printed(claim.places[0]).split()) in squeezed
    inside = {
        document.get_attachment(at).get_name(): bytes(document.get_attachment(at).get_data())
        for at in range(document.count_attachments())
    }
    assert digest(inside["manifests.json"]) == of.sha256
    assert inside["manifest-0002.dsse.json"] == of.sealings[1].envelope
    assert json.loads(inside["claims.json"])["manifests"] == of.sha256


@pytest.mark.slow
@pytest.mark.parametrize("form", Form)
def test_verapdf_finds_each_kind_and_language_compliant(tmp_path: Path, form: Form) -> None:
    of, fonts = appeal(), find_fonts()
    files = {}
    for kind in (Kind.GAPS, Kind.CHANNEL):
        for language in Language:
            wanted = Wanted(kind=kind, language=language, form=form)
            files[f"{kind}-{language}.pdf"] = render(
                report_of(of, wanted, hashed=hashed), fonts
            ).pdf
    said = judged(tmp_path, files, standard=f"PDFA-{form.standard[2:].upper()}")
    assert said == dict.fromkeys(files, "true")
