"""A scan's hidden text against its picture: what an edit leaves, and what honest slips leave."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from evidence.facts import Fact, Facts
from evidence.verdicts import Verdict
from tests.verifiers.altered import HELVETICA, stream
from tests.verifiers.documents import pdf_of_objects, received
from verifiers.authenticity.tamper import contradictions_of, tamper_of
from verifiers.readers import ocr
from verifiers.readers import pdf as pdf_reader
from verifiers.readers.traces import pdf, pdf_layers
from verifiers.readers.traces.pdf_marks import Box, Mark, Page

pytest.importorskip("pypdfium2")
pytest.importorskip("rapidocr")

LETTER = (
    "Delivery Notification",
    "Tracking Number: 1Z5R89390357567127",
    "Shipped on: November 2, 2026",
    "Delivered On: 2026-11-17 14:32",
    "Received By: M. CARTER",
    "Printed: 2026-11-20 09:15",
)


def scan(shown: Sequence[str], *, hidden: Sequence[str] = LETTER, render_mode: int = 3) -> bytes:
    """A scan of the lines `shown`, with the lines `hidden` as its text."""
    sheet = Image.new("L", (1240, 1000), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(34)
    for row, line in enumerate(shown):
        draw.text((120, 100 + 80 * row), line, font=font, fill="black")
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=90)
    said = "q 620 0 0 500 0 0 cm /Im Do Q\n"
    for row, line in enumerate(hidden):
        # Word by word, as scanners write it.
        x = 60.0
        for word in line.split():
            y = 500 - (100 + 80 * row + 30) / 2
            said += f"BT {render_mode} Tr /F1 12 Tf {x:.1f} {y} Td ({word}) Tj ET\n"
            x += float(font.getlength(f"{word} ")) / 2
    image = (
        b"<< /Type /XObject /Subtype /Image /Width 1240 /Height 1000 /ColorSpace /DeviceGray "
        b"/BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream"
        % (len(out.getvalue()), out.getvalue())
    )
    return pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        stream(said),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 620 500] /Contents 3 0 R /Resources "
        b"<< /Font << /F1 %s >> /XObject << /Im 5 0 R >> >> >>" % HELVETICA,
        image,
    )


def traces(data: bytes) -> dict[str, Fact]:
    return {fact.name: fact for fact in pdf.read(received(data))}


def test_one_day_that_became_another_at_two_places_is_no_slip() -> None:
    """One figure changed at each: at one place it decides only if no other value was misread."""
    letter = (*LETTER, "2026-11-17 14:32 Front door", "2026-11-13 07:11 On the way")
    once = [line.replace("17 14", "14 14") if row == 3 else line for row, line in enumerate(letter)]
    twice = [line.replace("17 14", "14 14") for line in letter]
    # A recognition that took a 1 for a 7 may have taken the 7 for a 4.
    slipped = [line.replace("07:11", "07:17") for line in once]
    alike = [line.replace("07:11", "07:17") for line in letter]
    for shown, verdict in (
        (once, Verdict.FAIL), (twice, Verdict.FAIL), (slipped, Verdict.INCONCLUSIVE), (alike, None),
    ):  # fmt: skip
        found = Facts(pdf.read(received(scan(shown, hidden=letter))))
        assert (tamper_of(found).verdict if found.first("trace.text.layer") else None) is verdict


def with_line(row: int, line: str) -> list[str]:
    return [line if at == row else said for at, said in enumerate(LETTER)]


def test_a_scan_that_was_altered_after_its_recognition_is_told_with_both_readings() -> None:
    found = traces(scan(with_line(3, "Delivered On: 2026-11-05 09:48")))
    trace = found["trace.text.layer"]
    assert "2026-11-17 14:32" in trace.text and "2026-11-05 09:48" in trace.text
    assert trace.locator.kind == "page"
    assert tamper_of(Facts(found.values())).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("row", "hidden"),
    [
        pytest.param(3, "Delivered On: 2026-11-23 14:32", id="the hidden text's day"),
        pytest.param(3, "Delivered On: 2026-11-17 09:52", id="its clock"),
        pytest.param(1, "Tracking Number: 1Z5R89390352045127", id="its number"),
        pytest.param(2, "Shipped on: August 24, 2026", id="the words of its day"),
    ],
)
def test_a_value_altered_in_the_hidden_text_is_told_too(row: int, hidden: str) -> None:
    assert "trace.text.layer" in traces(scan(LETTER, hidden=with_line(row, hidden)))


@pytest.mark.parametrize(
    ("render_mode", "weight"),
    [
        pytest.param(3, 0.5, id="a recognition may have read 0 for 8"),
        pytest.param(0, 0.95, id="text that is shown is as it stands"),
    ],
)
def test_hidden_text_was_recognised_and_is_believed_like_it(
    render_mode: int, weight: float
) -> None:
    letter = (*LETTER[:5], "Printed: 2026-11-10")
    data = scan(letter, hidden=letter, render_mode=render_mode)
    found = contradictions_of(Facts(pdf_reader.read(received(data))))
    assert [(each.kind, each.weight) for each in found] == [("order", weight)]


def test_of_a_scan_whose_text_is_its_own_only_the_places_of_values_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr, "read_lines", never)
    found = traces(scan(LETTER))
    assert "trace.text.layer" not in found and "trace.unchecked" not in found


def never(_: object) -> list[ocr.Seen]:
    raise AssertionError("the whole page was recognised")


def test_hidden_text_beside_the_page_or_without_end_does_no_harm() -> None:
    many = ["2026-11-17 14:32 " * 40] * 60
    assert "trace.unchecked" not in traces(scan(LETTER, hidden=many))


def test_text_that_is_shown_is_no_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "read_lines", never)
    monkeypatch.setattr(ocr, "read_boxes", never)
    shown = scan(with_line(3, "Delivered On: 2026-11-05 09:48"), render_mode=0)
    assert "trace.text.layer" not in traces(shown)
    assert "trace.unchecked" not in traces(shown)


def told(shown: Mapping[int, str], monkeypatch: pytest.MonkeyPatch, sure: float = 0.97) -> int:
    """How many places are told where the picture reads as `shown` instead, by row."""
    height = 20
    seen = []
    marks = [Mark(0, "picture", Box(0, 0, 600, 800))]
    for row, line in enumerate(LETTER):
        y = 50 + 40 * row
        seen.append(ocr.Seen(shown.get(row, line), (40, y, 400, height), (), sure))
        marks.append(Mark(row + 1, "text", Box(41, y + 2, 300, y + 18), text=line, shown=False))

    def read_boxes(
        _: object, boxes: Sequence[tuple[float, float, float, float]]
    ) -> list[tuple[str, float]]:
        rows = [round(((top + bottom) / 2 - 60) / 40) for _, top, _, bottom in boxes]
        return [(seen[row].text, sure) for row in rows]

    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read_lines", lambda _: seen)
    monkeypatch.setattr(ocr, "read_boxes", read_boxes)
    monkeypatch.setattr("verifiers.readers.pdf_pages.render", lambda *_: np.zeros((800, 600, 3)))
    monkeypatch.setattr("verifiers.readers.pdf_pages.scale_of", lambda _: 1.0)
    return len(pdf_layers.disagreements([_Blank()], [Page(1, 600, 800, marks)]))


class _Blank:
    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("shown", "places"),
    [
        pytest.param({}, 0, id="the same"),
        pytest.param({3: "Delivered On: 2026-11-05 09:48"}, 1, id="another day and minute"),
        pytest.param({2: "Shipped on: November 2, 2O26"}, 0, id="a year that was not read"),
        pytest.param({2: "Shipped on: May 17, 2O26"}, 1, id="another day, its year not read"),
        pytest.param({3: "Delivered On: 2026-11-23 14:32"}, 1, id="another day, two figures"),
        pytest.param({1: "Tracking Number: 1Z5R89390352045127"}, 1, id="another number"),
        pytest.param({3: "Delivered On: 2026-11-11 14:32"}, 0, id="7 is read as 1"),
        pytest.param({3: "Delivered On: 2026-11-11 14:82"}, 0, id="no clock at all"),
        pytest.param({1: "Tracking Number: 1Z5R893903575671Z7"}, 0, id="a letter for a figure"),
        pytest.param({3: "Delivered On: 2026-11-1714:32"}, 0, id="a blank is lost"),
        pytest.param({3: "Delivered On: 2026-11-17 l4:32"}, 0, id="a letter in a clock"),
        pytest.param({1: "Tracking Number: 9405 5036 9930 0000 1234"}, 1, id="of another make"),
        pytest.param({1: "Tracking Number: 1Z 5R8 939 03 5756 712 7"}, 0, id="in groups"),
        pytest.param({4: "Received By: M. CARTER, 171-4482913-5508127"}, 0, id="one more"),
        pytest.param({5: "Printed: 2026-11-20"}, 0, id="one less"),
        pytest.param(
            dict.fromkeys((2, 3, 5), "Delivered On: 2025-04-03 08:09"), 0, id="nothing agrees"
        ),
    ],
)
def test_only_plain_values_that_cannot_be_one_are_told(
    shown: Mapping[int, str], places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(shown, monkeypatch) == places


def test_a_clock_of_twelve_hours_is_held_as_it_is_written() -> None:
    """9 and 4 are taken for each other, and 21 and 16 are not."""
    letter = [*LETTER[:3], "Delivered On: November 17, 2026 9:18 pm", *LETTER[4:]]
    for clock, told in (("4:18 pm", False), ("2:45 pm", True), ("9:18 am", True)):
        shown = [*letter[:3], f"Delivered On: November 17, 2026 {clock}", *letter[4:]]
        assert ("trace.text.layer" in traces(scan(shown, hidden=letter))) is told


def test_a_day_with_another_weekday_is_another_day_and_one_figure_beside_a_slip_is_open() -> None:
    letter = [*LETTER[:3], "Delivered On: Tuesday, November 17, 2026", *LETTER[4:]]
    shown = [*letter[:3], "Delivered On: Thursday, November 19, 2026", *letter[4:]]
    assert traces(scan(shown, hidden=letter))["trace.text.layer"].confidence > 0.8
    letter[3], shown[3] = "Delivered On: November 12, 2026", "Delivered On: November 16, 2026"
    shown[5] = shown[5].replace("20 09", "26 09")
    found = traces(scan(shown, hidden=letter))
    assert tamper_of(Facts(found.values())).verdict is Verdict.INCONCLUSIVE


def test_a_value_that_takes_less_room_than_the_hidden_one_is_told() -> None:
    hidden = with_line(3, "Delivered On: Tuesday, November 17, 2026 at 14:32 o'clock")
    shown = with_line(3, "Delivered On: 5.11.26 9:48")
    assert "trace.text.layer" in traces(scan(shown, hidden=hidden))


def test_an_unsure_recognition_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told({3: "Delivered On: 2026-11-05 09:48"}, monkeypatch, sure=0.8) == 0


def test_without_the_recogniser_it_is_said_that_nothing_was_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    assert "extra `ocr`" in traces(scan(LETTER))["trace.unchecked"].text
