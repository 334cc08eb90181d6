"""What eBay's Post-Order answers say: inquiries, cases, returns, cancellations.

A time is an object with `value`; an amount's value is a number. A search answers with `members` or
`cancellations`, anything else is one of them in full.
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.orders.ebay_reading import money
from collectors.orders.record import label, moment, said
from evidence.facts import Fact
from evidence.pages import Node


def read_claims(page: Node, *, known: str) -> Iterator[Fact]:
    """The facts of an answer. `known` is the number that it was asked by, where it was one."""
    if "members" in page or "cancellations" in page:
        listed = [*page["members"].each(), *page["cancellations"].each()]
        for place, one in enumerate(listed):
            yield from _read_one(one, place, "")
    elif any(name in page for name in ("total", "paginationOutput")):
        return  # a search that found nothing leaves its list out
    elif "cancelDetail" in page:
        yield from _read_one(page["cancelDetail"], 0, known)
    else:
        yield from _read_one(page, 0, known)


def _read_one(one: Node, place: int, known: str) -> Iterator[Fact]:
    if "summary" in one or "detail" in one:
        yield from _read_return(one["summary"], one["detail"], place, known)
    elif "cancelId" in one:
        yield from _read_cancellation(one, place)
    elif "returnId" in one:
        yield from _read_return(one, one["detail"], place, known)
    elif any(
        name in one for name in ("inquiryId", "caseId", "inquiryDetails", "caseHistoryDetails")
    ):
        yield from _read_claim(one, place, known)
    else:
        raise one.misshapen("an inquiry, a case, a return or a cancellation")


def _read_claim(one: Node, place: int, known: str) -> Iterator[Fact]:
    """An inquiry or a case, in short or in full."""
    number = one["inquiryId" if "inquiryId" in one else "caseId"]
    group = f"claim/{known}" if known else label("claim", number, place)
    yield from said("claim.id", (one["inquiryId"], one["caseId"]), group=group)
    yield from one["caseType"].facts("claim.kind", group=group)
    yield from one["creationReason"].facts("claim.reason", group=group)
    states = ("inquiryStatusEnum", "caseStatusEnum", "status", "state")
    yield from said("claim.status", (one[field] for field in states), group=group)
    yield from money("claim.amount", one["claimAmount"], group=group)
    details = one["inquiryDetails" if "inquiryDetails" in one else "caseDetails"]
    for told in (one, details):
        yield from moment("claim.opened.at", told["creationDate"]["value"], group=group)
    for due in ("respondByDate", "sellerMakeItRightByDate"):
        yield from moment("claim.due.at", one[due]["value"], group=group)
    for closed in ("inquiryClosureDate", "caseClosureDate", "closedDate"):
        yield from moment("claim.closed.at", one[closed]["value"], group=group)
    for name in ("inquiryHistoryDetails", "caseHistoryDetails"):
        yield from _read_history(one[name], "claim", group)
        for index, sent in enumerate(one[name]["shipmentTrackingDetails"].each()):
            its = f"{group}/parcel/{index}"
            yield from sent["trackingNumber"].facts("shipment.tracking_number", group=its)
            yield from sent["carrier"].facts("shipment.carrier", group=its)
            yield from sent["currentStatus"].facts("shipment.status", group=its)


def _read_history(told: Node, kind: str, group: str) -> Iterator[Fact]:
    for index, entry in enumerate(told["history"].each()):
        its = f"{group}/event/{index}"
        words = [entry[field] for field in ("actor", "action", "description")]
        yield from said(f"{kind}.event", words, group=its)
        yield from moment(f"{kind}.event.at", entry["date"]["value"], group=its)


def _read_return(short: Node, full: Node, place: int, known: str) -> Iterator[Fact]:
    group = f"return/{known}" if known else label("return", short["returnId"], place)
    yield from short["returnId"].facts("return.id", group=group)
    yield from short["orderId"].facts("order.id", group=group)
    yield from short["currentType"].facts("return.kind", group=group)
    yield from said("return.status", (short["state"], short["status"]), group=group)
    asked = short["creationInfo"]
    reasons = (asked["reason"], asked["comments"]["content"])
    yield from said("return.reason", reasons, group=group)
    yield from moment("return.opened.at", asked["creationDate"]["value"], group=group)
    due = short["sellerResponseDue"]["respondByDate"]["value"]
    yield from moment("return.due.at", due, group=group)
    refund = short["sellerTotalRefund"]
    actual = "actualRefundAmount" if "actualRefundAmount" in refund else "estimatedRefundAmount"
    yield from money("return.amount", refund[actual], group=group)
    yield from moment(
        "return.closed.at", full["closeInfo"]["returnCloseDate"]["value"], group=group
    )
    for index, entry in enumerate(full["responseHistory"].each()):
        its = f"{group}/event/{index}"
        words = (entry["activity"], entry["notes"])
        yield from said("return.event", words, group=its)
        yield from entry["author"].facts("return.by", group=its)
        yield from moment("return.event.at", entry["creationDate"]["value"], group=its)
    back = full["returnShipmentInfo"]["shipmentTracking"]
    yield from back["trackingNumber"].facts("return.tracking_number", group=group)
    yield from back["carrierName"].facts("return.carrier", group=group)


def _read_cancellation(one: Node, place: int) -> Iterator[Fact]:
    group = label("return", one["cancelId"], place)
    yield from one["cancelId"].facts("return.id", group=group)
    yield from one["legacyOrderId"].facts("order.id", group=group)
    yield from said("return.status", (one["cancelState"], one["cancelStatus"]), group=group)
    yield from one["cancelReason"].facts("return.reason", group=group)
    yield from one["requestorType"].facts("return.by", group=group)
    yield from money("return.amount", one["requestRefundAmount"], group=group)
    yield from moment("return.opened.at", one["cancelRequestDate"]["value"], group=group)
    yield from moment("return.due.at", one["sellerResponseDueDate"]["value"], group=group)
    yield from moment("return.closed.at", one["cancelCloseDate"]["value"], group=group)
    for index, entry in enumerate(one["activityHistories"].each()):
        its = f"{group}/event/{index}"
        yield from entry["activityType"].facts("return.event", group=its)
        yield from entry["activityParty"].facts("return.by", group=its)
        yield from moment("return.event.at", entry["actionDate"]["value"], group=its)
