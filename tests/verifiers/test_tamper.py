"""How much is enough to alarm: traces and contradictions of an item, weighed together."""

from __future__ import annotations

import pytest

from evidence.facts import Fact, Facts
from evidence.items import Role
from evidence.locators import WHOLE, Locator, box
from evidence.times import parse_iso
from evidence.verdicts import Severity, Verdict
from tests.verifiers.evidence_of import NUMBER, ORDER, item, said
from tests.verifiers.sayings import fact, kinds, saying
from verifiers.authenticity.items import verify
from verifiers.authenticity.tamper import Tamper, tamper_of


def judged(*traces: tuple[str, float]) -> Tamper:
    return tamper_of(
        Facts(fact(name, "said", box(1, 2, 3, 4), strength) for name, strength in traces)
    )


def test_one_weak_trace_is_open_and_two_kinds_of_them_are_enough() -> None:
    assert judged(("trace.file.editor", 0.35)).verdict is Verdict.PASS
    assert judged(("trace.text.odd_run", 0.6)).verdict is Verdict.INCONCLUSIVE
    assert judged(("trace.text.odd_run", 0.6), ("trace.file.times", 0.6)).verdict is Verdict.FAIL
    # The same trace again, or one of the same cause, is no second reason.
    assert judged(*[("trace.text.odd_run", 0.6)] * 5).verdict is Verdict.INCONCLUSIVE
    # Who crops in an editor saves once more over an earlier compression: that is one reason.
    assert judged(("trace.file.editor", 0.65)).verdict is Verdict.INCONCLUSIVE
    saved = [("trace.file.editor", 0.6), ("trace.picture.strange_part", 0.6)]
    assert judged(*saved).verdict is Verdict.INCONCLUSIVE
    parts = [("trace.picture.strange_part", 0.3), ("trace.picture.strange_paper", 0.3)]
    assert judged(("trace.file.editor", 0.6), *parts).verdict is Verdict.INCONCLUSIVE
    # It does not make one word sharper than the others.
    typed = [("trace.file.editor", 0.6), ("trace.picture.typed_upon", 0.5)]
    assert judged(*typed).verdict is Verdict.FAIL
    surely = [("trace.file.editor", 0.6), ("trace.picture.strange_part", 0.75)]
    assert judged(*surely).verdict is Verdict.FAIL
    editor = [("trace.file.editor", 0.4), ("trace.picture.history", 0.4)]
    assert judged(*editor).verdict is Verdict.PASS


def test_a_photo_is_not_level_and_an_editors_name_goes_with_what_stands_off_its_line() -> None:
    def shown(**traits: float) -> list[Fact]:
        return [fact("picture.trait", f"{value} {name}", WHOLE) for name, value in traits.items()]

    size = fact("picture.size", "900 x 1200", WHOLE)
    off = fact("trace.picture.off_line", "it stands 1.0 pixels off", box(1, 2, 3, 4), 0.85)
    screen = shown(even=0.7, tones=0.8, sharp=0.9, tint=0, colour=90)
    photo = shown(even=0.1, tones=0.3, shade=12, tint=9, colour=90, rim=0.7)
    assert tamper_of(Facts([size, *screen, off])).verdict is Verdict.FAIL
    assert tamper_of(Facts([size, *photo, off])).verdict is not Verdict.FAIL
    # A letter or a word of a line without figures changes nothing that is stated.
    named = ("typed_upon", "typeface")  # a name in capitals is as even as a number
    places = [("off_line", box(40, 52, 6, 10)), *((name, box(12, 52, 80, 10)) for name in named)]
    for name, place in places:
        trace = fact(f"trace.picture.{name}", "it stands 1.0 pixels off", place, 0.85)
        for line, verdict in (("https://track.test", Verdict.PASS), ("5 May", Verdict.FAIL)):
            said = fact("document.text", line, box(10, 50, 90, 14), 0.97)
            assert tamper_of(Facts([size, *screen, trace, said])).verdict is verdict
    # Nor does what looks like a word on a photograph and was read as none.
    read = fact("reading.engine", "rapidocr", WHOLE)
    for name in ("off_line", "typed_upon", "strange_paper"):
        trace = fact(f"trace.picture.{name}", "it is unlike the rest", box(12, 52, 80, 10), 0.86)
        assert tamper_of(Facts([size, *screen, trace, read])).verdict is Verdict.PASS
    # Saving anew moves no word.
    weak = [("trace.file.editor", 0.6), ("trace.picture.off_line", 0.5)]
    assert judged(*weak).verdict is Verdict.FAIL


def test_what_a_cameras_app_printed_over_a_photo_was_typed_upon_it_honestly() -> None:
    traits = {"even": 0.1, "tones": 0.3, "shade": 12, "tint": 9, "colour": 90, "rim": 0.7}
    photo = [fact("picture.trait", f"{value} {name}", WHOLE) for name, value in traits.items()]
    photo.append(fact("picture.size", "900 x 1200", WHOLE))
    rows = [("12:49", 1000, 60), ("2026-10-23 Friday", 1070, 30), ("Unit 4, Mill Lane", 1110, 24)]
    stamp = [fact("document.text", line, box(40, y, 300, tall), 0.98) for line, y, tall in rows]
    stamp.append(fact("document.captured.at", parse_iso("2026-10-23"), box(40, 1070, 300, 30)))
    typed = fact("trace.picture.typed_upon", "its edges are sharper", box(50, 1075, 140, 20), 0.86)
    assert tamper_of(Facts([*photo, *stamp, typed])).verdict is Verdict.PASS
    # A page before the camera has lines of its own, and its date of printing is one of them.
    page = [
        fact("document.text", f"Line {n} of it", box(40, 90 * n, 300, 30), 0.98)
        for n in range(1, 9)
    ]
    assert tamper_of(Facts([*photo, *page, *stamp, typed])).verdict is Verdict.FAIL
    apart = fact("trace.picture.typed_upon", "its edges are sharper", box(50, 300, 140, 20), 0.86)
    said = fact("document.text", "Delivered 5 Nov 2026", box(40, 298, 300, 30), 0.98)
    assert tamper_of(Facts([*photo, *stamp, apart, said])).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("line", "captured", "verdict"),
    [
        ("Delivered 2026-11-05 14:32", "", Verdict.FAIL),
        ("It was left at the front door on 5 Nov 2026", "", Verdict.FAIL),
        ("2026-11-05 14:32", "2026-11-05", Verdict.INCONCLUSIVE),
        ("Somebody at the front door, No. 12", "", Verdict.INCONCLUSIVE),
    ],
    ids=["a stated day", "within a sentence", "a capture's stamp", "words"],
)
def test_an_editors_name_is_enough_beside_stated_figures_unlike_the_rest(
    line: str, captured: str, verdict: Verdict
) -> None:
    said = [
        fact("picture.size", "900 x 1200", WHOLE),
        fact("trace.file.editor", "it passed through an editor", WHOLE, 0.6),
        fact("trace.picture.odd_figures", "drawn otherwise", box(100, 152, 80, 14), 0.6),
        fact("document.text", line, box(20, 150, 160, 20), 0.9),
    ]
    if captured:
        said.append(fact("document.captured.at", parse_iso(captured), box(20, 150, 160, 20)))
    assert tamper_of(Facts(said)).verdict is verdict


def test_what_stands_elsewhere_or_nowhere_says_nothing_of_a_trace() -> None:
    size = fact("picture.size", "900 x 1200", WHOLE)
    odd = fact("trace.picture.odd_figures", "drawn otherwise", box(100, 152, 80, 14), 0.6)
    editor = fact("trace.file.editor", "it passed through an editor", WHOLE, 0.6)

    def beside(place: Locator) -> Verdict:
        line = fact("document.text", "Delivered 2026-11-05 14:32", place, 0.9)
        return tamper_of(Facts([size, editor, odd, line])).verdict

    assert beside(box(20, 150, 160, 20)) is Verdict.FAIL
    for place in (WHOLE, box(190, 150, 160, 20), box(20, 180, 160, 20), box(0, 150, 90, 20)):
        assert beside(place) is Verdict.INCONCLUSIVE


def test_a_grave_finding_is_a_note_where_it_alone_was_too_little() -> None:
    for strength, severity in ((0.6, Severity.NOTE), (0.9, Severity.GRAVE)):
        (found,) = judged(("trace.cover.replaced", strength)).findings
        assert (found.severity, found.sentence) == (severity, "Said.")
        assert found.do and len(found.rests) == 1


def test_a_fail_names_the_places_and_a_check_that_was_not_made_leaves_it_open() -> None:
    found = judged(("trace.cover.replaced", 0.97), ("trace.unchecked", 1.0))
    assert (found.verdict, found.boxes) == (Verdict.FAIL, ("pixel:1,2,3,4",))
    assert judged(("trace.unchecked", 1.0)).verdict is Verdict.INCONCLUSIVE
    assert tamper_of(Facts()).verdict is Verdict.INCONCLUSIVE
    # A mail has nothing but its words; of a name alone nothing was looked at.
    assert tamper_of(Facts([fact("message.body", "Thanks", WHOLE)])).verdict is Verdict.PASS
    assert tamper_of(Facts([fact("file.name", "a.txt", WHOLE)])).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("traces", "verdict", "confidence"),
    [
        ((), Verdict.INCONCLUSIVE, 0.5),
        ((("trace.unchecked", 1.0),), Verdict.INCONCLUSIVE, 0.5),
        ((("trace.text.odd_run", 0.46),), Verdict.INCONCLUSIVE, 0.92),
        ((("trace.text.odd_run", 0.6),), Verdict.INCONCLUSIVE, 0.8),
        ((("trace.text.odd_run", 0.79),), Verdict.INCONCLUSIVE, 0.42),
        ((("trace.text.odd_run", 0.8),), Verdict.FAIL, 0.8),
        ((("trace.text.odd_run", 0.6), ("trace.file.times", 0.6)), Verdict.FAIL, 0.84),
        ((("trace.text.odd_run", 0.1), ("trace.unchecked", 1.0)), Verdict.INCONCLUSIVE, 0.2),
        ((("trace.text.odd_run", 0.1),), Verdict.PASS, 0.7),  # nothing vouches for it
        ((("trace.text.odd_run", 0.4),), Verdict.PASS, 0.6),
        ((("trace.signature.holds", 1.0),), Verdict.PASS, 1.0),
        ((("trace.signature.holds", 1.0), ("trace.text.odd_run", 0.1)), Verdict.PASS, 0.9),
    ],
)
def test_how_sure_the_answer_is(
    traces: tuple[tuple[str, float], ...], verdict: Verdict, confidence: float
) -> None:
    found = judged(*traces)
    assert (found.verdict, found.confidence) == (verdict, confidence)


def test_an_order_fails_with_its_worst_item_and_asks_nothing_of_records() -> None:
    items = [item("a", Role.POD_DOCUMENT), item("b", Role.ORDER_RECORD)]
    verdict, _ = verify(items=items, facts=saying("Delivered On: November 5, 2026"))
    assert verdict is Verdict.PASS
    verdict, found = verify(items=items, facts=saying("Delivered On: November 31, 2026"))
    assert verdict is Verdict.FAIL
    assert found[0].code == "day-impossible"
    assert verify(items=items[1:], facts=Facts())[0] is Verdict.NOT_APPLICABLE


def test_a_number_that_the_carrier_used_twice_has_two_deliveries() -> None:
    """The page shows both parcels' histories, and the order is younger than the first."""
    lines = (
        f"Tracking number: {NUMBER}",
        "Delivered  March 5, 2025 14:00",
        "Out for delivery  March 5, 2025 08:00",
        "Delivered  November 5, 2026 14:32",
        "Out for delivery  November 5, 2026 08:10",
    )
    shown = saying(*lines)
    assert kinds(shown) == ["order", "twice"]
    page, history, record = (
        item("a", Role.DOCUMENT),
        item("tracking", Role.TRACKING_HISTORY),
        item("erp", Role.ORDER_RECORD),
    )
    told = [
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking"),
        said("scan.delivered.at", "2026-11-05T22:32:00Z", by="ups", item="tracking", group="2"),
    ]
    earlier = said(
        "scan.delivered.at", "2025-03-05T14:00:00Z", by="ups", item="tracking", group="1"
    )
    placed = said("order.placed.at", "2026-11-01T02:00:00Z", by="erp", item="erp")

    def answer(*facts: Fact) -> Verdict:
        items = [page, history, record]
        return verify(items=items, facts=Facts([*shown, *told, *facts]), order=ORDER)[0]

    assert answer(placed, earlier) is Verdict.PASS
    # Forgery: nobody but the page tells of an earlier parcel, or nobody of the order's time.
    assert answer(placed) is Verdict.FAIL
    assert answer(earlier) is Verdict.FAIL


@pytest.mark.parametrize(
    ("bubbles", "verdict"), [(2, Verdict.INCONCLUSIVE), (0, Verdict.FAIL)], ids=["chat", "page"]
)
def test_a_chat_is_put_together_and_a_page_is_not(bubbles: int, verdict: Verdict) -> None:
    traits = {"even": 0.7, "tones": 0.8, "sharp": 0.9, "left": bubbles, "right": bubbles}
    facts = Facts(
        [
            fact("picture.size", "780x1400", WHOLE),
            *(fact("picture.trait", f"{value} {name}", WHOLE) for name, value in traits.items()),
            fact("trace.picture.strange_part", "not compressed with the rest", WHOLE, 0.95),
        ]
    )
    assert tamper_of(facts).verdict is verdict
