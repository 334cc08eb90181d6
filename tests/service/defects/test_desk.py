"""Defects that are told of: kept once, timed, collected for, counted, and covered by an appeal."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.erasure import ErasureReason
from evidence.errors import RequestError
from evidence.orders import OrderRef, Platform
from service.custody import By
from service.defects.desk import Desk, Told
from service.defects.export import read_export
from service.defects.kinds import Kind, kind_of, policy_of
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings
from service.webhooks.events import KINDS
from service.webhooks.sender import Sender, new_secret
from storage.ledger.defects import Whose
from storage.ledger.outbox import Subscription
from tests.postgres import Postgres
from tests.service.access.house import OUR_ORDER, OURS, House, house, house_settings
from verifiers.rulebook import policies

HEAD = "Order ID,Order Date,Defect Type,Status,Claim Date\n"


def number(n: int) -> str:
    return f"112-{n:07d}-{n:07d}"


def claim(n: int, **more: Any) -> Told:
    return Told(platform="amazon", number=number(n), site="US", said="A-to-z claim", **more)


@pytest.fixture(params=["sqlite", "postgresql"])
async def runtime(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Runtime]:
    settings = replace(house_settings(tmp_path), retention=RetentionSettings(days=0))
    with contextlib.ExitStack() as stack:
        if request.param == "postgresql":
            postgres: Postgres = request.getfixturevalue("postgres")
            url = postgres.url(stack.enter_context(postgres.database()))
            settings = replace(settings, database=url)
        async with await Runtime.open(settings) as opened:
            yield opened


async def collections(runtime: Runtime, ref: OrderRef) -> int:
    order = await runtime.ledger.find_order(OURS, ref)
    return len(await runtime.ledger.collections_of(order)) if order else 0


# -- the desk ------------------------------------------------------------------------------


async def test_a_defect_is_timed_by_its_policy_and_starts_one_collection_whatever_crashes(
    runtime: Runtime,
) -> None:
    noticed = datetime(2026, 11, 22, 8, 15, tzinfo=UTC)
    ((kept, new),) = await Desk(runtime).enter(
        OURS, "default", [claim(1, noticed=noticed)], origin="manual"
    )
    assert new and (kept.policy, kept.due_rule) == ("amazon.a2z.delivery", "AMZ-A2Z-02")
    assert kept.due_at == noticed + timedelta(hours=48)
    # It was kept, and whoever kept it died; another one acts on it, and yet another.
    assert await Desk(runtime).act() == 1
    assert await Desk(runtime).act() == 0
    await Desk(runtime).start(kept)
    assert await collections(runtime, OrderRef(Platform.AMAZON, number(1))) == 1


async def test_what_is_told_again_is_one_defect_and_takes_over_its_outcome(
    runtime: Runtime,
) -> None:
    desk = Desk(runtime)
    day = date(2026, 11, 20)
    first = claim(1, noticed=day)
    later = claim(1, noticed=datetime(2026, 11, 20, 9, tzinfo=UTC), case="A1", denied=True)
    other = claim(1, noticed=date(2026, 12, 20), case="A2")
    found = []
    for told in (first, later, replace(later, notice="x"), other):
        found += await desk.enter(OURS, "default", [told], origin="manual")
    assert [new for _, new in found] == [True, False, False, True]
    kept = await runtime.ledger.defect(OURS, found[0][0].id)
    assert kept is not None and (kept.denied, kept.case, kept.notice) == (True, "A1", "x")
    assert await runtime.ledger.defect("rival", kept.id) is None


async def test_an_order_of_another_store_is_doubted_and_its_evidence_left_alone(
    runtime: Runtime,
) -> None:
    desk = Desk(runtime)
    await desk.enter(OURS, "us", [claim(1)], origin="manual")
    ((kept, _),) = await desk.enter(OURS, "eu", [claim(1)], origin="manual")
    assert (kept.doubts, kept.ref, kept.order) == (("another-store",), None, None)
    assert await desk.act() == 1
    found = await runtime.ledger.defects(OURS, stores=["eu"])
    assert [(one.store, one.collection, one.number) for one in found] == [("eu", None, number(1))]


async def test_ebay_counts_what_its_own_rule_names_and_exactly_the_limit_is_fine(
    runtime: Runtime,
) -> None:
    desk, at = Desk(runtime), date(2026, 11, 20)
    kinds = ("seller-cancelled", "case closed without seller resolution", "return", "INR")
    told = [
        Told(platform="ebay", number=f"01-{n:05d}-{n:05d}", site="US", said=said, ordered=at)
        for n, said in enumerate(kinds)
    ]
    await desk.enter(OURS, "default", told, origin="manual", collect=False)
    for orders, over in ((100, False), (99, True)):
        found = await desk.rates(OURS, "ebay", stores=None, at=at, orders=orders)
        assert [each.reading.days for each in found.rates] == [92, 366]
        for each in found.rates:
            assert {str(leaving.row.kind) for leaving in each.counted} == {
                "cancellation",
                "unresolved case",
            }
            assert each.over is over
            assert each.below_on == (at + timedelta(days=each.reading.days) if over else None)


async def test_after_an_erasure_a_defect_still_counts_and_names_nobody(runtime: Runtime) -> None:
    desk = Desk(runtime)
    ((kept, _),) = await desk.enter(
        OURS,
        "default",
        [claim(1, ordered=date(2026, 11, 2), noticed=date(2026, 11, 3), notice="Jane")],
        origin="manual",
    )
    await desk.act()
    (collection,) = await runtime.ledger.unfinished()
    await runtime.walk(OURS, collection.id)
    ref = OrderRef(Platform.AMAZON, number(1))
    reason, by = ErasureReason.SUBJECT_REQUEST, By("tests", "test")

    def next_year() -> datetime:
        return datetime.now(UTC) + timedelta(days=365)

    async with await Runtime.open(runtime.settings, clock=next_year) as later:
        assert len(await later.ledger.errands_of(await later.find(OURS, ref))) == 2
        await erase(later, OURS, ref, reason=reason, by=by)
        assert await later.ledger.claim_errands(limit=5, until=later.clock()) == []
    gone = await runtime.ledger.defect(OURS, kept.id)
    assert gone is not None and (gone.number, gone.said, gone.notice, gone.ref) == (
        None, "", "", None,
    )  # fmt: skip
    rated = await desk.rates(OURS, "amazon", stores=None, at=date(2026, 11, 4), orders=100)
    assert {len(each.counted) for each in rated.rates if each.reading.denied} == {1}


async def test_a_threshold_is_told_once_for_each_crossing(runtime: Runtime) -> None:
    await runtime.ledger.add_subscription(
        Subscription(
            id="0" * 16,
            tenant=OURS,
            url="https://hooks.example/x",
            secret=new_secret(),
            events=frozenset({"defects.rate"}),
            stores=None,
            created_at=runtime.clock(),
        )
    )
    desk, today = Desk(runtime), runtime.clock().date()
    told = [claim(n, ordered=today - timedelta(days=5)) for n in range(1, 4)]
    await desk.enter(OURS, "default", told, origin="manual", collect=False)
    whose = [(Whose(OURS, "default"), "amazon")]

    async def orders(count: int) -> int:
        days = {today - timedelta(days=n): (count // 100, 0) for n in range(100)}
        await runtime.ledger.put_order_days(whose[0][0], "amazon", days)
        return await desk.look_at_rates(whose)

    assert await desk.look_at_rates(whose) == 0  # nobody knows how many orders there were
    assert await orders(100_000) == 0
    risen = await orders(200)  # 3 of 60 in 30 days, of 120 in 60, of 180 in 90
    assert risen == 6  # three windows, and denied claims count or do not
    assert await orders(200) == 0
    assert await orders(100_000) == 0
    assert await orders(200) == 6
    sender = Sender(runtime)
    (message, *rest) = await runtime.ledger.claim_messages(
        limit=20, until=runtime.clock() + timedelta(minutes=1)
    )
    body = json.loads(await sender._body(message) or b"")
    await sender.close()
    assert len(rest) == 11
    assert body["type"] == "defects.rate"
    assert (body["data"]["level"], body["data"]["before"]) == ("over", "below")
    assert (body["data"]["store"], body["data"]["defects"]) == ("default", 3)


# -- exports -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "text", "kinds", "days"),
    [
        pytest.param(
            "ebay",
            "Order number,Sale date,Transaction defect,Case ID\n"
            "01-12345-67890,Nov-02-26,Item not received,5012\n"
            "01-12345-67891,Nov-03-26,Seller-cancelled transaction,\n",
            [Kind.NOT_RECEIVED, Kind.CANCELLATION],
            [date(2026, 11, 2), date(2026, 11, 3)],
            id="ebay, months by name",
        ),
        pytest.param(
            "tiktok",
            "Order ID\tCreated Time\tReturn Type\tReturn Reason\tReturn ID\tTime Requested\n"
            "576461413038785752\t11/02/2026 09:00:00\tRefund only\tNever arrived\t9\t11/23/2026\n"
            "576461413038785753\t11/03/2026 09:00:00\tReturn and refund\tDamaged\t8\t11/24/2026\n",
            [Kind.RETURN, Kind.RETURN],
            [date(2026, 11, 2), date(2026, 11, 3)],
            id="tiktok, the month first as another line shows",
        ),
        pytest.param(
            "amazon",
            "amazon-order-id,purchase-date,defect-type,status\n"
            f"{number(1)},2026-11-02T10:00:00+00:00,Service Chargeback,\n"
            f"{number(2)},02 Nov 2026,1 star,\n",
            [Kind.CHARGEBACK, Kind.FEEDBACK],
            [date(2026, 11, 2), date(2026, 11, 2)],
            id="amazon",
        ),
    ],
)
def test_exports_of_platforms_are_read_by_their_own_names(
    platform: str, text: str, kinds: list[Kind], days: list[date]
) -> None:
    export = read_export(text.encode(), platform=platform, site="US", kinds=True, what="it")
    assert [row.kind for row in export.rows] == kinds
    assert [row.ordered for row in export.rows] == days


def test_a_date_that_can_be_two_days_is_refused_until_somebody_says_which() -> None:
    data = f"{HEAD}{number(1)},11/02/2026,a-to-z,,".encode()
    wide: dict[str, Any] = {"platform": "amazon", "site": "US", "kinds": True, "what": "it"}
    with pytest.raises(RequestError, match=r"line 2.*two days"):
        read_export(data, **wide)
    for dates, day in (("mdy", date(2026, 11, 2)), ("dmy", date(2026, 2, 11))):
        assert read_export(data, dates=dates, **wide).rows[0].ordered == day


def test_every_kind_that_a_webhook_gives_is_answered_by_a_policy_of_its_own() -> None:
    generic = {"chargeback", "case"}
    for vendor, kinds in KINDS.items():
        platform = vendor if vendor in set(Platform) else "other"
        for kind in kinds - generic:
            policy = policies()[policy_of(platform, kind).id]
            assert policy.answers(kind), (vendor, kind)
            assert kind_of(kind) is not Kind.OTHER or "paypal" in kind, kind


# -- over HTTP -----------------------------------------------------------------------------


def _as(here: House, role: str = "appeal-tool") -> dict[str, str]:
    return {"Authorization": f"Bearer {here.ours.tokens[role]}"}


async def test_defects_go_in_and_come_back_by_deadline_with_what_there_is(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        lines = [
            f"{number(1)},2026-11-02,A-to-z,,2026-11-22",
            f"{number(2)},2026-11-03,chargeback,,2026-11-21",
            "EU-77,2026-11-03,chargeback,,",
            f"{OUR_ORDER.id},2026-11-01,a-to-z,cancelled,2026-11-20",
        ]
        path = "/v1/defects/exports?platform=amazon"
        csv = {**_as(here), "Content-Type": "text/csv"}
        data = (HEAD + "\n".join(lines)).encode()
        first = (await here.ask.post(path, data=data, headers=csv)).json
        again = (await here.ask.post(path, data=data, headers=csv)).json
        # The house had told of a claim on our order before; the export says more of it.
        assert (first["lines"], first["new"], again["new"]) == (4, 3, 0)
        asked = [one["id"] for one in first["defects"]]
        pages: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await here.ask.get(f"/v1/defects?limit=2{cursor}", headers=_as(here))
            pages += page.json["defects"]
            if page.json["next"] is None:
                break
            cursor = f"&cursor={page.json['next']}"
        assert {one["id"] for one in pages} == set(asked)
        due = [one["due_at"] for one in pages]
        assert due[-1] is None and due[:-1] == sorted(due[:-1])
        by_number = {one["order_id"]: one for one in pages}
        assert by_number["EU-77"]["doubts"] == ["not-of-platform"]
        assert by_number[OUR_ORDER.id]["evidence"] in ("complete", "incomplete")
        assert by_number[OUR_ORDER.id]["doubts"] == ["cancelled"]
        only = await here.ask.get("/v1/defects?kind=chargeback", headers=_as(here))
        assert {one["order_id"] for one in only.json["defects"]} == {"EU-77", number(2)}
        soon = f"/v1/defects?due_before={by_number[number(2)]['due_at']}"
        sooner = (await here.ask.get(soon, headers=_as(here))).json["defects"]
        assert [one["order_id"] for one in sooner] == [OUR_ORDER.id, number(1)]


async def test_a_defect_told_by_hand_is_collected_for_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        body = {
            "platform": "amazon", "order_id": number(9), "kind": "A-to-z claim",
            "noticed_at": "2026-11-22T08:15:00Z", "ordered_on": "2026-11-02",
        }  # fmt: skip
        made = await here.ask.post("/v1/defects", json=body, headers=_as(here))
        assert (made.status, made.json["evidence"]) == (201, "under way")
        assert made.json["due"][0]["rule"] == "AMZ-A2Z-02"
        found = await here.ask.get(made.json["links"]["collection"], headers=_as(here))
        assert found.json["policy"] == "amazon.a2z.delivery"
        again = await here.ask.post("/v1/defects", json={**body, "denied": True}, headers=_as(here))
        assert (again.status, again.json["id"]) == (200, made.json["id"])
        stated = {**body, "order_id": number(8), "due_at": "2026-11-23T00:00:00Z"}
        due = (await here.ask.post("/v1/defects", json=stated, headers=_as(here))).json["due"]
        assert (due[0]["rule"], due[0]["step"]) == ("stated", "reply")
        assert [each["step"] for each in due].count("reply") == 1
        for wrong in ({"ordered_on": "2026-13-01"}, {"noticed_at": "0001-01-01T00:00:00Z"}):
            answer = await here.ask.post("/v1/defects", json={**body, **wrong}, headers=_as(here))
            assert answer.status == 422


async def test_a_rate_is_told_with_what_leaves_when_and_what_the_platform_says_itself(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as here:
        csv = {**_as(here), "Content-Type": "text/csv"}
        lines = [f"{number(n)},2026-10-0{n},A-to-z,," for n in range(1, 4)]
        path = "/v1/defects/exports?platform=amazon&collect=no"
        await here.ask.post(path, data=(HEAD + "\n".join(lines)).encode(), headers=csv)
        listed = ["order id,order date,status"]
        listed += [f"{number(n)},2026-10-0{n % 9 + 1}," for n in range(10, 110)]
        listed += [f"{number(2)},2026-10-02,cancelled"]
        path = "/v1/defects/orders?platform=amazon"
        put = await here.ask.post(path, data="\n".join(listed).encode(), headers=csv)
        assert (put.json["days"], put.json["orders"]) == (9, 101)
        report = {
            "performanceMetrics": [
                {
                    "marketplaceId": "ATVPDKIKX0DER",
                    "orderDefectRate": {
                        "afn": {"status": "BAD", "rate": 0.03, "orderCount": 101,
                                "targetValue": 0.01, "targetCondition": "LESS_THAN"}
                    },
                }
            ]
        }  # fmt: skip
        path = "/v1/defects/exports?platform=amazon"
        said = await here.ask.post(path, json=report, headers=_as(here))
        assert said.json["standings"][0]["measure"] == "orderDefectRate.afn"
        path = "/v1/defects/rates?platform=amazon&at=2026-10-20"
        found = (await here.ask.get(path, headers=_as(here))).json
        one = next(each for each in found["rates"] if each["days"] == 60)
        assert (len(one["defects"]), one["orders"], one["rate"]) == (3, 101, 3 / 101)
        assert one["without_doubtful"] == {"defects": 2, "orders": 100}
        assert one["defects"][0]["until"] == "2026-11-30"
        assert [each["defects"] for each in one["forecast"]] == [2, 1, 0]
        assert one["below_limit_on"] == "2026-12-01"  # 1 of 101 is under 1%
        assert found["standings"][0]["said"]["value"] == "0.03"
        assert "2026-10-15" in found["days_without_orders"]
        assert found["undated"] == [OUR_ORDER.id]


async def test_an_appeal_is_covered_or_told_what_is_missing_and_left_out(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        csv = {**_as(here), "Content-Type": "text/csv"}
        lines = [f"{number(n)},2026-10-0{n},A-to-z,," for n in range(1, 3)]
        path = "/v1/defects/exports?platform=amazon&collect=no"
        await here.ask.post(path, data=(HEAD + "\n".join(lines)).encode(), headers=csv)
        body = {"platform": "amazon", "orders": [OUR_ORDER.id, number(1), number(7)]}
        found = (await here.ask.post("/v1/defects/coverage", json=body, headers=_as(here))).json
        assert not found["covered"]
        assert found["missing"] == [number(1), number(7)]
        assert found["not_defective"] == [number(7)]
        assert found["left_out"] == [number(2)]
        body = {"platform": "amazon", "orders": ["EU-77"]}
        answer = await here.ask.post("/v1/defects/coverage", json=body, headers=_as(here))
        assert answer.status == 422 and b"EU-77" not in answer.body


async def test_an_export_that_cannot_be_read_is_refused_whole_without_its_words(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as here:
        csv = {**_as(here), "Content-Type": "text/csv"}
        path = "/v1/defects/exports?platform=amazon"
        data = f"{HEAD}{number(1)},2026-10-01,a-to-z,,\nSecret Name,never,a-to-z,,"
        answer = await here.ask.post(path, data=data.encode(), headers=csv)
        assert answer.status == 422
        assert b"line 3" in answer.body and b"Secret" not in answer.body
        found = (await here.ask.get("/v1/defects", headers=_as(here))).json["defects"]
        assert [one["order_id"] for one in found] == [OUR_ORDER.id]
        assert (await here.ask.post(path, data=b"", headers=csv)).status == 422
        assert (await here.ask.post(path, data=b"x" * (8 << 20), headers=csv)).status == 422
        assert (await here.ask.post(path, data=b"x" * (9 << 20), headers=csv)).status == 413
