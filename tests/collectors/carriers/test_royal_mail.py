"""Royal Mail: what is asked, and what is read from the examples in its documentation."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.carriers.royal_mail import RoyalMail
from evidence.errors import OutageError, RequestError, ShapeError
from evidence.items import Role
from evidence.locators import resolve_pointer
from service.reading.child import part_of
from tests.collectors.carriers.story import asked_at, questions, said, sandbox, told
from tests.collectors.http_bench import server
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "FQ087430672GB"
FOLDER = "contracts/carriers/royalmail"
DERIVED = frozenset({"delivery.signature"})
SIGNED = {"asked": "signature"}


def piece(*events: dict[str, Any]) -> dict[str, Any]:
    return {"mailPieces": {"summary": {"oneDBarcode": NUMBER}, "events": list(events)}}


async def test_a_piece_brings_its_history_and_its_signature_as_a_drawing() -> None:
    app = sandbox("royal_mail", NUMBER)
    history, wrapper, drawing = await told(app, RoyalMail(), NUMBER)
    assert [one.path.removeprefix("/royal_mail") for one in questions(app)] == [
        f"/mailpieces/v2/{NUMBER}/events", f"/mailpieces/v2/{NUMBER}/signature",
    ]  # fmt: skip
    headers = questions(app)[0].headers
    assert headers["X-IBM-Client-Id"] == "sandbox-client"
    assert headers["X-Accept-RMG-Terms"] == "yes"
    assert (drawing.role, drawing.media_type) == (Role.POD_SIGNATURE, "image/svg+xml")
    assert drawing.part_of is not None and drawing.part_of.sha256 == wrapper.sha256
    text = resolve_pointer(said(wrapper), drawing.part_of.locator.place)
    again = part_of(wrapper, drawing.part_of.locator, drawing.part_of.encoding)
    assert text.encode() == again == drawing.content.read(1 << 20)
    facts = RoyalMail().read(history) + RoyalMail().read(wrapper)
    words = {fact.name: fact.text for fact in facts}
    assert words["scan.delivered.at"] == words["delivery.at"] == "2026-07-03T14:31:07-07:00"
    assert (words["delivery.signature"], words["delivery.received_by"]) == ("yes", "DOE")


async def test_without_a_signature_none_is_asked_for() -> None:
    app = sandbox("royal_mail", NUMBER, signature=False)
    await told(app, RoyalMail(), NUMBER)
    assert len(questions(app)) == 1


async def test_another_posts_item_that_royal_mail_delivers_is_asked_for() -> None:
    app = sandbox("royal_mail")
    await told(app, RoyalMail(), "RR473124829CN", "1Z023E2X0214323462", NUMBER)
    assert len(questions(app)) == 2


async def test_a_piece_royal_mail_never_saw_is_a_fact_not_an_error() -> None:
    (item,) = await told(sandbox("royal_mail"), RoyalMail(), NUMBER)
    (unknown,) = RoyalMail().read(item)
    assert (unknown.name, unknown.text) == (
        "parcel.unknown", "Barcode reference is not recognised",
    )  # fmt: skip


async def test_an_outage_inside_an_answer_of_200_is_one() -> None:
    async def events(_: web.Request) -> web.Response:
        error = {"errorCode": "E1307", "errorDescription": "Tracking is unavailable"}
        return web.json_response({"httpCode": "503", "errors": [error]})

    async with server(web.get("/mailpieces/v2/{number}/events", events)) as url:
        with pytest.raises(OutageError, match="200"):
            await asked_at(url, RoyalMail(), NUMBER)


@pytest.mark.parametrize(
    ("code", "words", "name"),
    [
        ("EVKSP", "Delivered and Signed", "scan.delivered"),
        ("EVKSF", "Delivered to Safeplace", "scan.delivered"),
        ("EVKXX", "Delivered to neighbour", "scan.delivered"),
        ("EVKXX", "Delivered back to sender", "scan.exception"),
        ("EVKNA", "Delivery Attempted - No Answer", "scan.exception"),
        ("EVKYY", "Something new", "scan.other"),
        ("EVXXX", "Delivered", "scan.other"),
        ("EVGPD", "Due to be delivered today", "scan.out_for_delivery"),
        ("EVNMI", "Forwarded - Mis-sort", "scan.exception"),
        ("", "Delivered", "scan.other"),
    ],
)
def test_a_scan_is_named_by_its_code(code: str, words: str, name: str) -> None:
    facts = RoyalMail().read(answer(RoyalMail(), piece({"eventCode": code, "eventName": words})))
    assert [fact.name for fact in facts if fact.name.startswith("scan.")] == [name]


@pytest.mark.parametrize("name", ["events_response", "tracking_response"])
def test_an_example_of_events_reads_without_loss(shared: Path, name: str) -> None:
    page = json.loads((shared / FOLDER / f"samples/{name}.json").read_bytes())
    facts = RoyalMail().read(answer(RoyalMail(), page))
    assert_said(facts, page)
    assert {fact.name for fact in facts if "/scan/" in fact.group} == {
        "scan.exception", "scan.exception.at", "scan.place",
    }  # fmt: skip
    assert not facts_named(facts, "field.unread")


def test_an_example_of_a_signature_reads_without_loss(shared: Path) -> None:
    page = json.loads((shared / FOLDER / "samples/signature_response.json").read_bytes())
    facts = RoyalMail().read(answer(RoyalMail(), page, hints=SIGNED))
    assert_said(facts, page, derived=DERIVED)
    assert {fact.name for fact in facts} == {
        "delivery.signature", "delivery.received_by", "delivery.at", "shipment.tracking_number",
    }  # fmt: skip


def test_every_error_is_about_the_piece_or_is_refused(shared: Path) -> None:
    vectors = json.loads((shared / FOLDER / "vectors/error_responses.json").read_bytes())
    for vector in vectors:
        item = answer(RoyalMail(), vector["body"], hints={"http.status": "404"})
        code = vector["error_code"]
        if code is None:
            with pytest.raises(ShapeError):
                RoyalMail().read(item)
            continue
        (fact,) = RoyalMail().read(item)
        unknown = code in ("E1142", "E1284", "E1308")
        assert fact.name == ("parcel.unknown" if unknown else "parcel.status"), vector["case"]


async def test_a_signature_that_is_not_there_is_read_as_none() -> None:
    refusal = {"errors": [{"errorCode": "E1144", "errorDescription": "no"}], "httpCode": "404"}
    (held,) = RoyalMail().read(answer(RoyalMail(), refusal, hints=SIGNED))
    assert (held.name, held.value) == ("delivery.signature", "no")


async def test_a_header_that_is_refused_is_the_callers_matter() -> None:
    async def events(_: web.Request) -> web.Response:
        return web.json_response({"httpCode": "400"}, status=400)

    async with server(web.get("/mailpieces/v2/{number}/events", events)) as url:
        with pytest.raises(RequestError, match="400"):
            await asked_at(url, RoyalMail(), NUMBER)


@pytest.mark.parametrize("name", ["events_response", "signature_response"])
def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(
    shared: Path, name: str
) -> None:
    page = json.loads((shared / FOLDER / f"samples/{name}.json").read_bytes())
    hints = SIGNED if name.startswith("signature") else {}
    assert_holds_under_drift(RoyalMail(), page, derived=DERIVED, hints=hints, rounds=300)
