"""Canada Post: what is asked, and what is read from its own XML and held to its schema."""

from datetime import datetime
from pathlib import Path

import pytest

from collectors.carriers.canada_post import CanadaPost
from evidence.errors import ShapeError
from evidence.items import Item, Role
from evidence.times import LocalTime
from evidence.xmlpages import Element, parse_xml
from service.reading.child import part_of
from tests.collectors.carriers.story import ORDER, histories, questions, sandbox, told
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "7023210039414604"
FOLDER = "contracts/carriers/canadapost"
DERIVED = frozenset({"delivery.signature", "delivery.document"})


def root_of(item: Item) -> Element:
    return parse_xml(item.content.read(1 << 20))


def parcel(identifier: str, description: str, more: str = "") -> bytes:
    return (
        f"<tracking-detail><pin>{NUMBER}</pin><significant-events><occurrence>"
        f"<event-identifier>{identifier}</event-identifier>"
        f"<event-description>{description}</event-description>{more}"
        "</occurrence></significant-events></tracking-detail>"
    ).encode()


def read(data: bytes) -> list[str]:
    facts = CanadaPost().read(answer(CanadaPost(), data, media_type="text/xml"))
    return [fact.name for fact in facts if fact.name.startswith("scan.")]


async def test_a_parcel_brings_its_history_its_signature_and_its_certificate() -> None:
    app = sandbox("canada_post", NUMBER)
    items = await told(app, CanadaPost(), NUMBER)
    assert [one.path.removeprefix("/canada_post") for one in questions(app)] == [
        f"/vis/track/pin/{NUMBER}/detail",
        f"/vis/signatureimage/{NUMBER}",
        f"/vis/certificate/{NUMBER}",
    ]
    assert questions(app)[0].headers["Accept"] == "application/vnd.cpc.track-v2+xml"
    assert [(item.role, item.media_type.partition("+")[0]) for item in items] == [
        (Role.TRACKING_HISTORY, "application/vnd.cpc.track-v2"),
        (Role.TRACKING_HISTORY, "application/vnd.cpc.track-v2"),
        (Role.POD_SIGNATURE, "image/png"),
        (Role.TRACKING_HISTORY, "application/vnd.cpc.track-v2"),
        (Role.POD_DOCUMENT, "application/pdf"),
    ]
    for wrapper, part in ((items[1], items[2]), (items[3], items[4])):
        assert part.part_of is not None and part.part_of.sha256 == wrapper.sha256
        again = part_of(wrapper, part.part_of.locator, part.part_of.encoding)
        assert again == part.content.read(1 << 20)
        (held,) = CanadaPost().read(wrapper)
        assert held.value == "yes" and held.locator == part.part_of.locator
    facts = CanadaPost().read(items[0])
    assert_said(facts, root_of(items[0]))
    words = {fact.name: fact for fact in facts}
    assert words["shipment.reference"].text == ORDER.id
    assert words["delivery.received_by"].text == "DOE"
    assert words["scan.delivered.at"].value == LocalTime(
        datetime(2026, 7, 3, 14, 31, 7), "2026-07-03 14:31:07 EST"
    )
    assert str(words["scan.delivered.at"].locator) == (
        "xml:/tracking-detail/significant-events/occurrence/event-date"
    )


async def test_that_there_is_no_certificate_is_brought_and_read() -> None:
    app = sandbox("canada_post", NUMBER, signature=False, pod_letter=False)
    _, none = await told(app, CanadaPost(), NUMBER)
    (held,) = CanadaPost().read(none)
    assert (held.name, held.value) == ("delivery.document", "no")


async def test_a_parcel_canada_post_never_saw_is_a_fact_not_an_error() -> None:
    (item,) = await told(sandbox("canada_post"), CanadaPost(), NUMBER)
    (unknown,) = CanadaPost().read(item)
    assert (unknown.name, unknown.text) == ("parcel.unknown", "No Pin History")


def test_its_own_example_reads_without_loss(shared: Path) -> None:
    data = (shared / FOLDER / "samples/tracking_response.xml").read_bytes()
    facts = CanadaPost().read(answer(CanadaPost(), data, media_type="text/xml"))
    assert_said(facts, parse_xml(data))
    assert not facts_named(facts, "field.unread")
    scans = {fact.group for fact in facts if "/scan/" in fact.group}
    assert len(scans) == 6
    (delivered,) = facts_named(facts, "scan.delivered")
    assert str(delivered.locator).endswith("/occurrence[5]/event-description")
    (at,) = facts_named(facts, "scan.delivered.at")
    assert at.value == LocalTime(datetime(2011, 2, 1, 7, 59, 52), "2011-02-01 07:59:52 EST")
    receivers = facts_named(facts, "delivery.received_by")
    assert [fact.text for fact in receivers] == ["HETU", "R EXEMPLE"]


def test_its_own_refusals_are_read_as_what_they_are(shared: Path) -> None:
    samples = shared / FOLDER / "samples"
    unknown = (samples / "unknown_tracking_number_response.xml").read_bytes()
    (fact,) = CanadaPost().read(answer(CanadaPost(), unknown))
    assert (fact.name, fact.text) == ("parcel.unknown", "No Pin History")
    with pytest.raises(ShapeError, match="code"):
        CanadaPost().read(answer(CanadaPost(), (samples / "auth_error.xml").read_bytes()))


@pytest.mark.parametrize(
    ("identifier", "description", "name"),
    [
        ("1496", "Item successfully delivered", "scan.delivered"),
        ("1408", "Delivered to your community mailbox", "scan.delivered"),
        ("1496", "Item returned to sender and delivered", "scan.exception"),
        ("1496", "Something else", "scan.other"),
        ("0174", "Item out for delivery", "scan.out_for_delivery"),
        ("20", "Signature image recorded for Online viewing", "scan.other"),
        ("7777", "Item successfully delivered", "scan.other"),
    ],
)
def test_a_scan_is_named_by_its_identifier(identifier: str, description: str, name: str) -> None:
    assert read(parcel(identifier, description)) == [name]


def test_a_time_keeps_its_abbreviation_and_takes_no_zone_from_it() -> None:
    bare = "<event-date>2011-02-03</event-date>"
    assert read(parcel("20", "x", bare)) == ["scan.other", "scan.other.at"]
    odd = "<event-date>2011-02-03</event-date><event-time>25:00</event-time>"
    facts = CanadaPost().read(answer(CanadaPost(), parcel("20", "x", odd)))
    assert [fact.text for fact in facts_named(facts, "field.unread")] == ["2011-02-03 25:00"]


async def test_the_stand_in_answers_in_the_shape_of_canada_posts_schema(shared: Path) -> None:
    schema = parse_xml((shared / FOLDER / "xsd/track.xsd").read_bytes())
    named = {one.attributes.get("name", ""): one for one in schema.children}
    items = histories(await told(sandbox("canada_post", NUMBER), CanadaPost(), NUMBER))
    for item in items:
        root = root_of(item)
        allowed = _names(named[root.name])
        assert {child.name for child in root.children} <= allowed
    (events,) = [one for one in root_of(items[0]).children if one.name == "significant-events"]
    allowed = _names(named["significant-events"])
    assert {child.name for event in events.children for child in event.children} <= allowed


def _names(element: Element) -> set[str]:
    inside = {element.attributes["name"]} if element.name == "element" else set()
    return inside.union(*(_names(child) for child in element.children))


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    data = (shared / FOLDER / "samples/tracking_response.xml").read_bytes()
    assert_holds_under_drift(CanadaPost(), data, derived=DERIVED)
