"""Reports over HTTP, over a stand-in: who may, what is noted before bytes go out."""

from __future__ import annotations

import hashlib

import pytest

from evidence.custody import Act
from service.access.callers import Whose
from tests.service.conftest import ORDER, REF, Checked
from tests.service.standin import InMemoryEvidence
from tests.service.standin_parts import AnItem


@pytest.fixture
async def sealed(held: InMemoryEvidence) -> InMemoryEvidence:
    await held.request_collection(
        REF,
        whose=Whose("default"),
        store="default",
        policy=None,
        sources=None,
        defect=None,
        idempotency_key=None,
    )
    account = held.accounts["default", REF]
    account.items = [AnItem(b"an item", 0, account.order.commitment)]
    held.seal("default", REF)
    return held


async def test_a_report_goes_out_after_it_is_in_the_custody_log(
    ask: Checked, sealed: InMemoryEvidence
) -> None:
    reply = await ask.get(f"{ORDER}/report?language=both&form=pdfa-3a&sign=yes")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pdf")
    assert b"'language': 'both'" in reply.body and b"'signed': 'yes'" in reply.body
    sha256 = hashlib.sha256(reply.body).hexdigest()
    assert reply.headers["ETag"] == f'"{sha256}"'
    _, act, _, what = sealed.noted[-1]
    assert (act, what["sha256"]) == (Act.REPORT, sha256)


async def test_a_report_in_hand_is_known_by_its_digest(
    ask: Checked, sealed: InMemoryEvidence
) -> None:
    reply = await ask.get(f"{ORDER}/report")
    sha256 = hashlib.sha256(reply.body).hexdigest()
    known = await ask.get(f"{ORDER}/reports/{sha256}")
    assert known.status == 200 and known.json["current"] is True
    assert (await ask.get(f"{ORDER}/reports/{'0' * 64}")).status == 404


async def test_what_cannot_be_asked_for_is_refused(ask: Checked, sealed: InMemoryEvidence) -> None:
    assert (await ask.get(f"{ORDER}/report?language=fr")).status == 422
    assert (await ask.get(f"{ORDER}/report?zone=Beijing/Time")).status == 422


async def test_an_order_that_nobody_collected_has_none(ask: Checked) -> None:
    assert (await ask.get(f"{ORDER}/report")).status == 404


async def test_a_report_of_several_orders_is_in_the_custody_log_of_each(
    ask: Checked, sealed: InMemoryEvidence
) -> None:
    order = {"platform": str(REF.platform), "order_id": REF.id, "site": REF.site}
    body = {"about": "gaps", "orders": [order], "language": "zh", "sign": True}
    reply = await ask.post("/v1/reports", json=body)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pdf")
    assert b"'kind': 'gaps'" in reply.body and b"'signed': 'yes'" in reply.body
    _, act, _, what = sealed.noted[-1]
    assert (act, what["sha256"]) == (Act.REPORT, hashlib.sha256(reply.body).hexdigest())
    unknown = {"platform": "amazon", "order_id": "111-0000000-0000000"}
    assert (await ask.post("/v1/reports", json=body | {"orders": [order, unknown]})).status == 404
    odd = {"platform": "amazon", "order_id": "x"}
    refused = await ask.post("/v1/reports", json=body | {"orders": [order, odd]})
    assert refused.status == 422 and refused.json["errors"][0]["pointer"] == "/body/orders/1"
    assert (await ask.post("/v1/reports", json=body | {"about": "evidence"})).status == 422
    assert (await ask.post("/v1/reports", json=body | {"zone": "Beijing/Time"})).status == 422
