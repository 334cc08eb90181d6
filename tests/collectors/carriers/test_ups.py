"""UPS: what is asked, against UPS's own OpenAPI; what is read, from UPS's own samples."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.carriers.ups import Ups
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import AccessError, RequestError, ShapeError
from evidence.items import InMemory, Item, Provenance, Role
from evidence.locators import resolve_pointer
from evidence.orders import OrderRef, Platform
from evidence.times import Instant, LocalDate, LocalTime
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Account, Event, Parcel, Scenario
from service.sandbox.standin import signature_picture
from service.sandbox.ups import letter_of
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context, server
from tests.collectors.reading import answer as answered
from tests.collectors.reading import assert_holds_under_drift, assert_said, facts_named

NUMBER = "1Z023E2X0214323462"
OTHER = "1Z204W4R0308071865"
ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
SAMPLES = "contracts/carriers/ups/samples"
SECRETS = {"client_secret": Secret("client_secret", "sandbox-secret")}

PARCEL = Parcel(
    tracking_number=NUMBER,
    references=(ORDER.id,),
    weight="3.20",
    received_by="DOE",
    left_at="Front Door",
    recipient_city="PORTLAND",
    recipient_state="OR",
    recipient_postal_code="97214",
    pod_letter=True,
    signature=True,
    photo=True,
    events=(
        Event(
            at=datetime.fromisoformat("2026-07-01T08:22:41-07:00"),
            kind="label",
            description="Shipper created a label",
        ),
        Event(
            at=datetime.fromisoformat("2026-07-03T14:31:07-07:00"),
            kind="delivered",
            description="DELIVERED ",
            city="PORTLAND",
            state="OR",
        ),
        Event(
            at=datetime.fromisoformat("2026-07-02T05:00:00-07:00"),
            kind="other",
            description="Something new",
            city="SALEM",
            gmt=False,
        ),
    ),
)


def answer(value: Any, *, status: str = "200") -> Item:
    return answered(Ups(), value, hints={"http.status": status, "locale": "en_US"})


def package(**fields: Any) -> dict[str, Any]:
    return {"trackResponse": {"shipment": [{"package": [{"trackingNumber": NUMBER, **fields}]}]}}


async def collected(
    url: str, *numbers: str, secrets: Mapping[str, Secret] = SECRETS
) -> AsyncIterator[Item]:
    auth = Ups().auth({"client_id": "sandbox-client"}, secrets)
    async with bench(f"{url}/ups", auth=auth) as b:
        facts = {"shipment.tracking_number": numbers}
        async for item in Ups().collect(ORDER, context(b.session, facts)):
            yield item


def sandbox(*faults: Fault, unknown: str = "404") -> web.Application:
    accounts = {"ups": Account(unknown=unknown)}
    return make_sandbox(
        Scenario(accounts=accounts, parcels=(PARCEL,), faults=faults), clock=lambda: NOW
    )


# What is asked


@pytest.fixture(scope="session")
def openapi(shared: Path) -> Contract:
    return Contract(shared / "contracts/carriers/ups/openapi/Tracking.yaml", prefix="/ups/api")


async def test_each_request_is_one_that_ups_documents(openapi: Contract) -> None:
    app = sandbox()
    async with served(app) as url:
        [item async for item in collected(url, NUMBER)]
    (asked,) = [asked for asked in app[ASKED] if "/track/" in asked.path]
    openapi.assert_request(asked)
    assert asked.query["returnPOD"] == asked.query["returnSignature"] == "true"
    assert 7 <= len(NUMBER) <= 34


@pytest.mark.parametrize(("number", "status"), [(NUMBER, 200), (OTHER, 404)])
async def test_the_sandbox_answers_in_the_shape_that_ups_documents(
    openapi: Contract, number: str, status: int
) -> None:
    app = sandbox()
    async with served(app) as url:
        items = [item async for item in collected(url, number)]
    (asked,) = [asked for asked in app[ASKED] if "/track/" in asked.path]
    assert items[0].hints["http.status"] == str(status)
    openapi.assert_answer(asked, status, json.loads(items[0].content.read(1 << 20)))


# What is brought


async def test_a_parcel_brings_history_letter_signature_and_photo() -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url, NUMBER)]
    history, letter, signature, photo = items
    assert [item.role for item in items] == [
        Role.TRACKING_HISTORY,
        Role.POD_DOCUMENT,
        Role.POD_SIGNATURE,
        Role.POD_PHOTO,
    ]
    assert [item.media_type for item in items[1:]] == ["text/html", "image/gif", "image/jpeg"]
    assert signature.content.read(1 << 20) == signature_picture("DOE")
    document = json.loads(history.content.read(1 << 20))
    for part in (letter, signature, photo):
        assert part.part_of is not None
        assert (part.part_of.sha256, part.part_of.encoding) == (history.sha256, "base64")
        said = resolve_pointer(document, part.part_of.locator.place)
        assert base64.b64decode(said) == part.content.read(1 << 20)
        assert part.about == {"shipment.tracking_number": NUMBER}
        assert part.exchange == history.exchange


async def test_every_number_that_can_be_ups_is_asked_for_and_no_other() -> None:
    app = sandbox()
    async with served(app) as url:
        items = [item async for item in collected(url, "RR473124829GB", NUMBER, NUMBER, OTHER)]
    paths = [asked.path for asked in app[ASKED] if "/track/" in asked.path]
    assert [path.rpartition("/")[2] for path in paths] == [NUMBER, OTHER]
    assert len([item for item in items if item.role is Role.TRACKING_HISTORY]) == 2


@pytest.mark.parametrize("unknown", ["404", "empty"])
async def test_a_parcel_ups_never_saw_is_a_fact_not_an_error(unknown: str) -> None:
    async with served(sandbox(unknown=unknown)) as url:
        (item,) = [item async for item in collected(url, OTHER)]
    (fact,) = Ups().read(item)
    assert (fact.name, fact.value) == ("parcel.unknown", "Tracking Information Not Found")


async def test_a_number_that_ups_refuses_does_not_keep_the_others_from_being_asked() -> None:
    items = []
    async with served(sandbox(Fault(kind="status", status=400))) as url:
        with pytest.raises(RequestError):
            async for item in collected(url, OTHER, NUMBER):
                items.append(item)
    assert items[0].about == {"shipment.tracking_number": NUMBER}


async def test_an_answer_under_another_content_type_is_read_as_what_it_is() -> None:
    async with served(sandbox(Fault(kind="content_type"))) as url:
        items = [item async for item in collected(url, NUMBER)]
    assert items[0].media_type == "text/html"
    assert facts_named(Ups().read(items[0]), "scan.delivered")


async def test_an_answer_that_repeats_the_token_is_not_kept() -> None:
    async with served(sandbox(Fault(kind="echo"))) as url:
        with pytest.raises(AccessError):
            [item async for item in collected(url, NUMBER)]


async def test_a_token_that_ended_is_asked_for_anew() -> None:
    async with served(sandbox(Fault(kind="expired"))) as url:
        spoilt = [item async for item in collected(url, NUMBER)]
    async with served(sandbox()) as url:
        plain = [item async for item in collected(url, NUMBER)]
    assert [item.sha256 for item in spoilt] == [item.sha256 for item in plain]


def test_a_client_without_credentials_is_told_which_setting_is_missing() -> None:
    with pytest.raises(RequestError, match="client_id"):
        Ups().auth({}, SECRETS)
    with pytest.raises(RequestError, match="client_secret_env"):
        Ups().auth({"client_id": "me"}, {})


def test_it_is_in_the_registry() -> None:
    assert collector_named("ups").roles == Ups.roles


# What is read

_DERIVED = frozenset({"delivery.signature", "delivery.photo"})


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("tracking_response", 13),
        ("tracking_number_not_found_response", 1),
        ("invalid_tracking_number_response", 1),
    ],
)
def test_a_sample_of_ups_reads_without_loss(shared: Path, name: str, count: int) -> None:
    data = (shared / SAMPLES / f"{name}.json").read_bytes()
    facts = Ups().read(answer(data))
    assert len(facts) == count
    assert_said(facts, json.loads(data), derived=_DERIVED)
    assert not facts_named(facts, "scan.delivered")


@pytest.mark.parametrize("name", ["auth_error", "oauth_error_response", "oauth_login_response"])
def test_an_answer_about_something_else_says_nothing_about_a_parcel(
    shared: Path, name: str
) -> None:
    with pytest.raises(ShapeError):
        Ups().read(answer((shared / SAMPLES / f"{name}.json").read_bytes()))


@pytest.fixture(scope="session")
def fragments(shared: Path) -> dict[str, Any]:
    found = json.loads((shared / SAMPLES / "issue_fragments.json").read_bytes())
    return {one["source"].rpartition("#")[2]: one["fragment"] for one in found}


def test_a_delivery_scan_without_gmt_keeps_every_zone(fragments: dict[str, Any]) -> None:
    facts = Ups().read(answer(package(activity=[fragments["38"]])))
    (delivered,) = facts_named(facts, "scan.delivered")
    (at,) = facts_named(facts, "scan.delivered.at")
    assert delivered.value == "DELIVERED"
    assert at.value == LocalTime(datetime(2023, 11, 30, 16, 43, 40), "20231130 164340")
    assert delivered.group == at.group == f"parcel/{NUMBER}/scan/0"


def test_a_photo_that_is_only_mentioned_is_no_photo(fragments: dict[str, Any]) -> None:
    facts = Ups().read(answer(package(**fragments["39"])))
    assert [fact.value for fact in facts_named(facts, "delivery.photo")] == ["no"]


def test_delivery_information_does_not_make_a_delivery(fragments: dict[str, Any]) -> None:
    facts = Ups().read(answer(package(**fragments["236"])))
    assert not facts_named(facts, "scan.delivered") + facts_named(facts, "delivery.at")
    assert [fact.value for fact in facts_named(facts, "scan.transit")] == ["Arrived at Facility"]


def test_gmt_with_colons_makes_an_instant(fragments: dict[str, Any]) -> None:
    activity = fragments["187"]["activity"]
    (at,) = facts_named(Ups().read(answer(package(activity=[activity]))), "scan.other.at")
    assert isinstance(at.value, Instant)
    assert (at.value.at, at.value.zone) == (datetime(2025, 8, 26, 15, 44, 34, tzinfo=UTC), "-07:00")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (
            {"date": "20210210", "time": "024700", "gmtDate": "20210210", "gmtTime": "74700"}
            | {"gmtOffset": "-05:00"},
            Instant(datetime(2021, 2, 10, 7, 47, tzinfo=UTC), "20210210 024700 -05:00", "-05:00"),
        ),
        (
            {"date": "20210210", "time": "024700", "gmtOffset": "-05.00"},
            Instant(datetime(2021, 2, 10, 7, 47, tzinfo=UTC), "20210210 024700 -05:00", "-05:00"),
        ),
        (
            {"gmtDate": "20210210", "gmtTime": "074700"},
            Instant(datetime(2021, 2, 10, 7, 47, tzinfo=UTC), "20210210 074700 GMT", "Z"),
        ),
        (
            {"date": "20210210", "time": "024700", "gmtDate": "20210210", "gmtTime": "120000"}
            | {"gmtOffset": "-05:00"},
            LocalTime(datetime(2021, 2, 10, 2, 47), "20210210 024700"),
        ),
        (
            {"date": "20210210"},
            LocalDate(datetime(2021, 2, 10).date(), "20210210"),
        ),
    ],
    ids=["five digits", "a dot", "no wall clock", "clocks that contradict", "a bare date"],
)
def test_a_time_says_what_ups_says_and_no_more(times: dict[str, str], expected: object) -> None:
    (at,) = facts_named(Ups().read(answer(package(activity=[times]))), "scan.other.at")
    assert at.value == expected


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ({"statusCode": "011", "type": "D", "description": "Delivered"}, "scan.delivered"),
        ({"type": "D", "description": "DELIVERED"}, "scan.delivered"),
        ({"statusCode": "006", "type": "D"}, "scan.out_for_delivery"),
        ({"statusCode": "072", "type": "D", "description": "Loaded"}, "scan.other"),
        ({"type": "D", "description": "Delivered to agent"}, "scan.other"),
        ({"statusCode": "161", "type": "D", "description": "DELIVERED"}, "scan.other"),
        ({"statusCode": "034", "type": "D", "description": "DELIVERED"}, "scan.other"),
        ({"statusCode": "064", "type": "X", "description": "Refused"}, "scan.exception"),
        ({"statusCode": "005", "type": "P", "description": "Origin Scan"}, "scan.accepted"),
        ({"statusCode": "160", "description": "We have it"}, "scan.accepted"),
        ({"statusCode": "999", "description": "Delivered soon"}, "scan.other"),
        ({"simplifiedTextDescription": "Delivered"}, "scan.other"),
    ],
)
def test_a_scan_is_named_by_its_code_and_otherwise_by_nobody(
    status: dict[str, str], name: str
) -> None:
    facts = Ups().read(answer(package(activity=[{"status": status, "date": "20260101"}])))
    assert {fact.name for fact in facts if fact.name.startswith("scan.")} == {name, f"{name}.at"}


def test_a_label_is_not_a_scan_of_a_parcel() -> None:
    status = {"statusCode": "003", "type": "M", "description": "Shipper created a label"}
    facts = Ups().read(answer(package(activity=[{"status": status, "date": "20260101"}])))
    assert [fact.name for fact in facts][1:] == ["scan.other", "shipment.label.at"]


def test_a_delivery_date_outside_the_scans_has_no_zone() -> None:
    dates = {
        "deliveryDate": [{"type": "SDD", "date": "20260101"}, {"type": "DEL", "date": "20260102"}]
    }
    clock = {"deliveryTime": {"type": "DEL", "endTime": "143107"}}
    (with_time,) = facts_named(Ups().read(answer(package(**dates, **clock))), "delivery.at")
    (date_only,) = facts_named(Ups().read(answer(package(**dates))), "delivery.at")
    assert with_time.value == LocalTime(datetime(2026, 1, 2, 14, 31, 7), "20260102 143107")
    assert isinstance(date_only.value, LocalDate)
    assert str(with_time.locator).endswith("/deliveryDate/1/date")


def test_a_number_that_ups_used_twice_gives_two_groups() -> None:
    twice = package()
    twice["trackResponse"]["shipment"] *= 2
    groups = {fact.group for fact in Ups().read(answer(twice))}
    assert groups == {f"parcel/{NUMBER}", f"parcel/{NUMBER}~2"}


async def test_all_that_the_sandbox_said_of_a_parcel_is_read() -> None:
    async with served(sandbox()) as url:
        history, letter, signature, _ = [item async for item in collected(url, NUMBER)]
    facts = Ups().read(history)
    assert_said(facts, json.loads(history.content.read(1 << 20)), derived=_DERIVED)
    said = {fact.name: fact.text for fact in facts}
    assert said["scan.delivered.at"] == "20260703 143107 -07:00"
    assert said["shipment.reference"] == ORDER.id
    assert said["shipment.recipient.postal_code"] == "97214"
    assert said["delivery.city"] == "PORTLAND"
    assert said["delivery.signature"] == said["delivery.photo"] == "yes"
    assert [fact.text for fact in facts if fact.name == "scan.other"] == [
        "Something new",
        "Shipper created a label",
    ]
    assert Ups().read(signature) == []
    read = {fact.name: fact for fact in Ups().read(letter)}
    assert read["shipment.tracking_number"].text == NUMBER
    assert read["delivery.at"].value == LocalTime(
        datetime(2026, 7, 3, 14, 31), "07/03/2026 02:31 PM", 60.0
    )
    assert read["delivery.place"].text == "Front Door"
    assert read["document.printed.at"].time.span.earliest == NOW


# The letter


def letter_item(text: str, *, locale: str = "en_US") -> Item:
    return Item(
        role=Role.POD_DOCUMENT,
        key="k",
        content=InMemory(text.encode()),
        media_type="text/html",
        collector="ups/1",
        origin="ups",
        provenance=Provenance.API,
        collected_at=NOW,
        hints={"locale": locale},
    )


def test_ups_own_letter_is_read_line_by_line(shared: Path) -> None:
    path = shared / "contracts/carriers/ups/pod/pod_content_from_issue_76.html"
    source = path.read_text("utf-8")
    facts = Ups().read(letter_item(source))
    lines = source.split("\n")
    for fact in facts:
        assert fact.text.split()[0] in lines[int(fact.locator.place) - 1]
    (printed,) = facts_named(facts, "document.printed.at")
    assert printed.time.span.earliest == datetime(2024, 4, 3, 10, 41, tzinfo=UTC)
    assert printed.time.span.width_s == pytest.approx(60, abs=1e-3)
    (who,) = facts_named(facts, "delivery.received_by")
    assert who.value == "Empfänger"
    assert not facts_named(facts, "delivery.at"), "the reporter blackened the date"
    assert not any("text-indent" in fact.text for fact in facts)


def test_a_date_with_slashes_is_only_read_in_the_language_that_was_asked_for() -> None:
    text = "<div>Delivered on : 04/03/2024</div>"
    assert facts_named(Ups().read(letter_item(text)), "delivery.at")
    assert not facts_named(Ups().read(letter_item(text, locale="")), "delivery.at")


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("<>/&;: dDeliveredtoony04,\n/-style12APM"), max_size=300))
def test_any_text_is_a_letter_or_a_shape_error(text: str) -> None:
    try:
        facts = Ups().read(letter_item(text))
    except ShapeError:
        return
    assert all(1 <= int(fact.locator.place) <= text.count("\n") + 1 for fact in facts)


def test_a_huge_line_of_tags_takes_no_time() -> None:
    for piece in ("<", "<style", "<div", "a : ", "&amp;", ", AB "):
        text = piece * (1_500_000 // len(piece))
        try:
            Ups().read(letter_item(text))
        except ShapeError:
            pass


def test_a_sandbox_letter_escapes_what_it_is_given() -> None:
    parcel = Parcel(tracking_number=NUMBER, received_by="<script>x</script>")
    assert "<script>" not in letter_of(parcel, asked_at=NOW)


# Hostile answers


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    document: Any = json.loads((shared / SAMPLES / "tracking_response.json").read_bytes())
    packages = document["trackResponse"]["shipment"][0]["package"]
    packages[0]["activity"][0] |= {
        "gmtDate": "20210210",
        "gmtTime": "12:13:56",
        "gmtOffset": "-05:00",
    }
    packages[0]["deliveryDate"][0] = {"type": "DEL", "date": "20210210"}
    packages[0]["packageAddress"][0]["type"] = "DESTINATION"
    assert_holds_under_drift(Ups(), document, derived=_DERIVED)


@pytest.mark.parametrize(
    "image",
    ["encoding Base64", "", "aGVsbG8gd29ybGQhISEhISE=", "!!!!", None, 5, {"a": 1}, "R0lG"],
)
async def test_a_placeholder_is_no_picture_and_becomes_no_item(image: Any) -> None:
    async def details(_: web.Request) -> web.Response:
        told = {"signature": {"image": image}, "pod": {"content": image}}
        return web.json_response(package(deliveryInformation=told))

    async with (
        server(web.get("/api/track/v1/details/{n}", details)) as url,
        bench(url) as b,
    ):
        known = {"shipment.tracking_number": (NUMBER,)}
        items = [item async for item in Ups().collect(ORDER, context(b.session, known))]
    assert [item.role for item in items] == [Role.TRACKING_HISTORY]
