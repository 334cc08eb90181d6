"""What is left in a PDF that was edited, and what honest handling leaves."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from evidence.facts import Fact, Facts
from evidence.verdicts import Verdict
from tests.verifiers.altered import (
    CONTENT,
    COURIER,
    HELVETICA,
    LETTER,
    PAGE,
    appended,
    covered,
    letter,
    page,
    signed,
    stream,
    y_of,
)
from tests.verifiers.documents import pdf_of_objects, received
from verifiers.authenticity.tamper import tamper_of
from verifiers.readers import pdf as pdf_reader
from verifiers.readers.traces import pdf, pdf_covers
from verifiers.readers.traces.pdf_marks import Box, Mark, Page

pytest.importorskip("pypdfium2")
pytest.importorskip("pyhanko")


def traces(data: bytes) -> dict[str, Fact]:
    return {fact.name: fact for fact in pdf.read(received(data))}


def verdict(data: bytes) -> Verdict:
    item = received(data)
    return tamper_of(Facts([*pdf_reader.read(item), *pdf.read(item)])).verdict


OTHER_DAY = "Delivered On: November 3, 2026 14:32"


def redrawn(*lines: str) -> str:
    return "".join(
        f"BT /F1 12 Tf 40 {y_of(row)} Td ({line}) Tj ET\n" for row, line in enumerate(lines)
    )


def test_a_letter_as_it_was_made_has_no_trace() -> None:
    assert traces(letter()) == {}
    assert verdict(letter()) is Verdict.PASS


# Edits


def test_text_that_a_later_revision_replaced_is_told_with_both_readings() -> None:
    edited = appended(letter(), {CONTENT: stream(redrawn(*LETTER[:3], OTHER_DAY, *LETTER[4:]))})
    found = traces(edited)["trace.revision.replaced"]
    assert found.text == f'"{LETTER[3]}" became "{OTHER_DAY}"'
    assert str(found.locator).startswith("page:1/box:41,")
    assert verdict(edited) is Verdict.FAIL


def test_a_value_under_a_box_of_paper_is_read_again() -> None:
    over = {9: stream(covered(3, OTHER_DAY)), PAGE: page("3 0 R 9 0 R")}
    # Written anew by a library, so that no earlier revision tells.
    out = io.BytesIO()
    PdfWriter(clone_from=PdfReader(io.BytesIO(appended(letter(), over)))).write(out)
    found = traces(out.getvalue())["trace.cover.replaced"]
    assert LETTER[3] in found.text and OTHER_DAY in found.text
    assert verdict(out.getvalue()) is Verdict.FAIL


# "Received By: " in 12 points of Helvetica is so wide.
NAME_AT, NAME_WIDE = 40 + 74, 57


def over_the_name(drawn: str) -> bytes:
    """The letter with something drawn where its receiver's name stands, behind the label."""
    return appended(letter(), {60: stream(drawn), PAGE: page("3 0 R 60 0 R")})


def patch(x: int = NAME_AT, wide: int = NAME_WIDE, high: int = 14) -> str:
    return f"q 1 1 1 rg {x} {y_of(4) - 3} {wide} {high} re f Q\n"


def writes(text: str, x: int = NAME_AT) -> str:
    return f"BT /F1 12 Tf 0 g {x} {y_of(4)} Td ({text}) Tj ET\n"


def test_a_patch_over_a_name_behind_its_label_is_told() -> None:
    found = traces(over_the_name(patch() + writes("RSANTOS")))["trace.cover.replaced"]
    assert found.text == '"MCARTER" is painted over; "RSANTOS" stands there'
    assert verdict(over_the_name(patch() + writes("RSANTOS"))) is Verdict.FAIL
    assert "trace.cover.replaced" not in traces(over_the_name(patch() + writes("MCARTER")))


def test_a_small_picture_over_a_name_behind_its_label_is_told() -> None:
    pixels = "".join("ff" if at % 3 else "00" for at in range(24))
    image = f"BI /W 24 /H 1 /BPC 8 /CS /G /F /AHx ID {pixels}> EI"
    drawn = f"q {NAME_WIDE} 0 0 14 {NAME_AT} {y_of(4) - 3} cm {image} Q\n"
    found = traces(over_the_name(drawn))["trace.cover.replaced"]
    assert found.text == 'a small picture with writing is laid over "MCARTER"'


@pytest.mark.parametrize(
    "drawn",
    [
        pytest.param(patch(wide=150) + writes("2.50"), id="the next cell, over what is too long"),
        pytest.param(patch(high=60) + writes("2.50"), id="a panel"),
        pytest.param(patch(x=NAME_AT + NAME_WIDE - 14, wide=14) + writes("."), id="a letter"),
    ],
)
def test_what_lies_over_the_end_of_a_long_text_is_no_patch(drawn: str) -> None:
    assert "trace.cover.replaced" not in traces(over_the_name(drawn))


def test_a_tick_in_the_box_that_a_letter_printed_hides_nothing() -> None:
    box = Box(100, 100, 110, 110)
    for printed, told in (("\uf0a8", False), ("____", False), ("☐", False), ("5", True)):
        marks = [
            Mark(0, "text", box, text=printed),
            Mark(1, "fill", box, fill=(255, 255, 255, 255), rectangle=True),
            Mark(2, "text", box, text="✔"),
        ]
        sheet = Page(1, 600, 800, marks)
        found = pdf_covers.covered(sheet, lambda mark, box: pdf_covers.Look(255, 9))
        assert bool(found) is told


def test_a_note_with_a_ground_of_its_own_over_a_value_is_told() -> None:
    note = (
        f"<< /Type /Annot /Subtype /FreeText /Rect [38 {y_of(3) - 4} 360 {y_of(3) + 12}]"
        f" /C [1 1 1] /Contents ({OTHER_DAY}) /DA (/Helv 12 Tf) >>"
    )
    edited = appended(letter(), {9: note.encode(), PAGE: page("3 0 R", annots="9 0 R")})
    assert OTHER_DAY in traces(edited)["trace.cover.replaced"].text
    assert verdict(edited) is Verdict.FAIL


def drawn_for_it(kind: str, *, ground: str, says: str) -> dict[int, bytes]:
    """Objects of an annotation over a line, 9 and what is drawn for it, and the page with it."""
    form = (
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 322 16] /Length {len(ground)} >>\n"
        f"stream\n{ground}\nendstream"
    )
    place = f"/Rect [38 {y_of(3) - 4} 360 {y_of(3) + 12}] /AP << /N 60 0 R >>"
    note = f"<< /Type /Annot /Subtype {kind} {place} {says} >>"
    return {9: note.encode(), 60: form.encode(), PAGE: page("3 0 R", annots="9 0 R")}


PAPER, TINT = "1 1 1 rg 0 0 322 16 re f", "1 1 0 RG 0 0 322 16 re S"
FIELD = f"/FT /Tx /T (t) /V ({OTHER_DAY})"


def test_a_field_with_a_ground_of_its_own_over_a_value_is_told() -> None:
    edited = appended(letter(), drawn_for_it("/Widget", ground=PAPER, says=FIELD))
    found = traces(edited)["trace.cover.replaced"]
    assert f'a field "{OTHER_DAY}" is laid over "{LETTER[3]}"' == found.text
    assert verdict(edited) is Verdict.FAIL
    # One that is a frame only hides nothing, nor does an empty one that waits for an answer.
    for ground, says in ((TINT, FIELD), (PAPER, "/FT /Tx /T (t)")):
        edited = appended(letter(), drawn_for_it("/Widget", ground=ground, says=says))
        assert verdict(edited) is Verdict.PASS


def test_a_note_without_a_ground_upon_a_box_of_paper_is_told() -> None:
    over = drawn_for_it("/Square", ground=PAPER, says="/C [1 0 0]")
    rect = f"/Rect [40 {y_of(3) - 2} 300 {y_of(3) + 11}]"
    note = f"<< /Type /Annot /Subtype /FreeText {rect} /Contents ({OTHER_DAY}) /DA (/Helv 12 Tf) >>"
    both = {**over, 61: note.encode(), PAGE: page("3 0 R", annots="9 0 R 61 0 R")}
    assert verdict(appended(letter(), both)) is Verdict.FAIL
    assert verdict(appended(letter(), over)) is Verdict.PASS  # a redaction


def test_a_run_put_in_by_another_hand_is_unlike_its_neighbours() -> None:
    drawn = redrawn(*(line if row != 3 else "Delivered On:" for row, line in enumerate(LETTER)))
    put_in = f"BT /F2 11.5 Tf 0 g 122 {y_of(3) - 1} Td (November 3, 2026 14:32) Tj ET\n"
    data = pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        stream(drawn + put_in),
        page("3 0 R", fonts=b"/F2 " + COURIER),
    )
    found = traces(data)["trace.text.odd_run"]
    assert '"November 3, 2026 14:32"' in found.text
    assert "stands nowhere else" in found.text and "off the line" in found.text
    assert verdict(data) is Verdict.FAIL


def test_a_heading_that_is_odd_in_three_ways_does_not_decide_alone() -> None:
    odd = f"BT /F2 12 Tf 140 {y_of(3) - 1} Td (%s) Tj ET\n"
    for said, told in (("ORIGINAL ARTICLE", Verdict.INCONCLUSIVE), ("November 3", Verdict.FAIL)):
        lines = [*LETTER[:3], "Delivered On:", *LETTER[4:]]
        drawn = redrawn(*lines) + odd.replace("%s", said)
        data = pdf_of_objects(
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            stream(drawn),
            page("3 0 R", fonts=b"/F2 " + COURIER),
        )
        assert verdict(data) is told, traces(data)


TABLE = (
    "Proof of delivery of one parcel to the address below", "2026-11-02 10:15",
    "2026-11-03 09:40", "2026-11-04 18:22", "2026-11-05 14:32",
    "Left with the concierge of the house",
)  # fmt: skip


def set_in(fonts: Mapping[int, str], *, lines: Sequence[str] = TABLE, more: bytes = b"") -> bytes:
    """The lines of a table in F1, with the rows that `fonts` names in another font."""
    drawn = "".join(
        f"BT /{fonts.get(row, 'F1')} 12 Tf 40 {y_of(row)} Td ({line}) Tj ET\n"
        for row, line in enumerate(lines)
    )
    return pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        stream(drawn),
        page("3 0 R", fonts=b"/F2 " + COURIER + more),
    )


def test_a_date_in_a_font_of_its_own_among_values_of_one_font_is_told() -> None:
    found = traces(set_in({4: "F2"}))["trace.text.odd_run"]
    assert '"2026-11-05 14:32"' in found.text and "among values of one font" in found.text
    # Alone it is open; with an editor that changed the file afterwards it is enough.
    assert 0.45 < found.confidence < 0.8
    # Words are honestly set in another font, and so are all values of a table.
    assert traces(set_in({5: "F2"})) == {}
    assert traces(set_in({1: "F2", 2: "F2", 3: "F2", 4: "F2"})) == {}


@pytest.mark.parametrize(
    ("own", "font", "told"),
    [
        pytest.param({3, 4}, "F2", False, id="all values"),
        pytest.param({3}, "F2", True, id="one of two"),
        pytest.param({3}, "F3", True, id="one, in the same font put in again"),
    ],
)
def test_values_that_a_program_filled_in_have_one_font_of_their_own(
    own: set[int], font: str, *, told: bool
) -> None:
    """It writes them last, over the labels of a page that was there."""
    lines = [*LETTER, "Terms of carriage apply, see our website for the whole text of them"]
    labels = [line.partition(":")[0] if row in {3, 4} else line for row, line in enumerate(lines)]
    values = "".join(
        f"BT /{font if row in own else 'F1'} 11.5 Tf 0 g 180 {y_of(row) - 1} Td ({value}) Tj ET\n"
        for row, value in ((3, "November 5, 2026"), (4, "MCARTER"))
    )
    data = pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        stream(redrawn(*labels) + values),
        page("3 0 R", fonts=b"/F2 " + COURIER + b" /F3 " + HELVETICA),
    )
    assert ("trace.text.odd_run" in traces(data)) is told


def test_a_font_put_in_a_second_time_needs_a_figure() -> None:
    """A tool that makes a file smaller splits a letterhead's words between two copies of a font."""
    again = b" /F3 " + HELVETICA
    lines = (*TABLE, "FedEx", "Service: Ground", "One parcel", "Weight: 2.4 lbs")
    assert traces(set_in({6: "F3"}, lines=lines, more=again)) == {}
    found = traces(set_in({4: "F3"}, lines=lines, more=again))
    assert "put in a second time" in found["trace.text.odd_run"].text


def test_a_signed_letter_with_a_flipped_byte_is_not_what_was_signed() -> None:
    data = bytearray(signed(letter()))
    at = data.find(b"/MediaBox")
    data[at + 12] ^= 1
    assert "trace.signature.broken" in traces(bytes(data))
    assert verdict(bytes(data)) is Verdict.FAIL


def test_a_signature_in_a_file_that_was_written_anew_proves_nothing_either_way() -> None:
    copied, merged = io.BytesIO(), PdfWriter()
    PdfWriter(clone_from=PdfReader(io.BytesIO(signed(letter())))).write(copied)
    found = traces(copied.getvalue())
    assert "trace.signature.lapsed" in found and "trace.signature.broken" not in found
    assert verdict(copied.getvalue()) is Verdict.INCONCLUSIVE
    # What the copy shows else counts as ever.
    over = {60: stream(covered(3, OTHER_DAY)), PAGE: page("3 0 R 60 0 R")}
    merged.append(io.BytesIO(appended(signed(letter()), over)))
    copied = io.BytesIO()
    merged.write(copied)
    assert verdict(copied.getvalue()) is Verdict.FAIL


def test_a_page_painted_over_after_signing_is_told_though_the_signature_is_intact() -> None:
    over = {60: stream(covered(3, OTHER_DAY)), PAGE: page("3 0 R 60 0 R")}
    found = traces(appended(signed(letter()), over))
    assert OTHER_DAY in found["trace.signature.changed_after"].text
    assert "trace.signature.broken" not in found


def test_a_file_changed_before_it_was_created_is_told() -> None:
    info = {"CreationDate": "D:20261105120000Z", "ModDate": "D:20261101120000Z"}
    assert "trace.file.times" in traces(letter(info=info))


# Honest handling


def test_a_second_signature_with_a_box_on_the_page_changes_nothing() -> None:
    found = [fact.name for fact in pdf.read(received(signed(signed(letter()), "Buyer", seen=True)))]
    assert found == ["trace.signature.holds", "trace.signature.holds"]
    assert verdict(signed(signed(letter()), "Buyer", seen=True)) is Verdict.PASS


@pytest.mark.parametrize(
    "annotation",
    [
        pytest.param(
            "/Highlight /C [1 1 0] /QuadPoints [38 740 360 740 38 724 360 724]", id="mark"
        ),
        pytest.param("/Square /C [1 0 0]", id="red box"),
        pytest.param("/Text /Contents (see the date)", id="comment"),
    ],
)
@pytest.mark.parametrize("kept", [letter, lambda: signed(letter())], ids=["plain", "signed"])
def test_a_comment_or_a_box_around_a_line_changes_nothing(annotation: str, kept: object) -> None:
    assert callable(kept)
    note = f"<< /Type /Annot /Subtype {annotation} /Rect [38 {y_of(3) - 4} 360 {y_of(3) + 12}] >>"
    data = appended(kept(), {60: note.encode(), PAGE: page("3 0 R", annots="60 0 R")})
    assert verdict(data) is Verdict.PASS


def test_a_redaction_bar_is_named_and_does_not_alarm() -> None:
    over = {60: stream(covered(4, "", colour="0 0 0")), PAGE: page("3 0 R 60 0 R")}
    data = appended(letter(), over)
    assert "MCARTER" in traces(data)["trace.cover.redaction"].text
    assert verdict(data) is Verdict.PASS


def test_a_footer_of_the_portal_that_served_it_does_not_alarm() -> None:
    footer = "BT /F2 8 Tf 0 g 40 20 Td (Downloaded 2026-11-20 from the portal) Tj ET\n"
    over = {60: stream(footer), PAGE: page("3 0 R 60 0 R", fonts=b"/F2 " + COURIER)}
    out = io.BytesIO()
    PdfWriter(clone_from=PdfReader(io.BytesIO(appended(letter(), over)))).write(out)
    assert verdict(out.getvalue()) is Verdict.PASS


def test_metadata_put_in_later_does_not_alarm() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(letter())))
    writer.add_metadata({"/Title": "Proof of delivery", "/ModDate": "D:20261120000000Z"})
    out = io.BytesIO()
    writer.write(out)
    assert verdict(out.getvalue()) is Verdict.PASS


# Hostile


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short_costs_a_sentence(cut: float) -> None:
    data = signed(letter())
    found = pdf.read(received(data[: int(cut * len(data))]))
    assert all(fact.name.startswith("trace.") for fact in found)


def test_a_form_that_holds_itself_ends() -> None:
    form = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800]"
        b" /Resources << /XObject << /X 5 0 R >> >> /Length 5 >>\nstream\n/X Do\nendstream"
    )
    data = pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        stream("/X Do"),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 3 0 R"
        b" /Resources << /XObject << /X 5 0 R >> >> >>",
        form,
    )
    assert pdf.read(received(data)) == []


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_flipped_bits_never_raise(data: st.DataObject) -> None:
    whole = bytearray(appended(signed(letter()), {PAGE: page("3 0 R")}))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert isinstance(pdf.read(received(bytes(whole))), list)


def test_a_picture_over_text_that_is_painted_letter_by_letter_is_told() -> None:
    said = "2025年03月14日 星期五"
    letters = [
        Mark(place, "text", Box(100.0 + 10 * place, 50, 109.0 + 10 * place, 60), text=letter,
             size=10, baseline=59)
        for place, letter in enumerate(said)
    ]  # fmt: skip
    patch = Mark(99, "picture", Box(98, 48, 250, 62))
    sheet = Page(1, 595, 842, [*letters, patch])
    (told,) = pdf_covers.covered(sheet, lambda mark, box: pdf_covers.Look(200, 30))
    assert told.name == "trace.cover.replaced"
    assert said.replace(" ", "") in told.said.replace(" ", "")
