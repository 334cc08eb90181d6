"""Stories of claims: a parcel that came, a chargeback, a shop's order blamed on a marketplace."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.sandbox.scenario import Event
from tests.cases.house import said
from tests.scenarios.stories.telling import believed, ends, taken, told

ORDER, NUMBER = "112-4832917-2201845", "1Z84A7V90344127810"
NOTICE = {"role": "notice", "text": f"A claim was opened for order {ORDER}: item not received."}


async def test_a_lost_parcel_that_was_delivered_after_all(tmp_path: Path) -> None:
    """2 November: a claim. 3 November: it is delivered. 4 November: the answer, and it is won."""
    vendors = ("amazon", "zendesk")
    async with told("lost_parcel", tmp_path, *vendors, at="2026-11-02T20:00:00+00:00") as here:
        case = await here.opened(
            orders=[ORDER], papers=[NOTICE], noticed_at="2026-11-02T19:30:00Z", freeze=True
        )
        case = await here.step(case, "collect")
        here.ships(ORDER, NUMBER, order__item__sku="LAMP-OAK-02")
        sources = ("shop", "ups", *vendors)
        asked: dict[str, Any] = {"defect": {"kind": "a-to-z", "noticed_at": "2026-11-02T19:30:00Z"}}
        account = await here.seals(ORDER, *sources, **asked)
        assert account.line("AMZ-A2Z-04.tracking")["state"] == "weak"
        (line,) = (await here.report(case, "gaps"))["orders"]
        assert {"AMZ-A2Z-04.tracking", "AMZ-A2Z-05.pod"} <= {
            each["requirement"] for each in line["missing"]
        }  # fmt: skip

        # The next day the carrier has more to say, and is asked by itself.
        here.clock.passes(days=1, hours=6)
        (there,) = here.world.parcels_by_number.values()
        came = Event(
            kind="delivered", at=datetime(2026, 11, 3, 22, 31, 7, tzinfo=UTC),
            description="DELIVERED", city="PORTLAND", state="OR",
        )  # fmt: skip
        here.carries(
            replace(
                there, events=(*there.events, came), received_by="DOE", left_at="Front Door",
                pod_letter=True, signature=True,
            )
        )  # fmt: skip
        for begun in await here.errands():
            account = await here.walked(begun, ORDER)
        for rule in ("AMZ-A2Z-04.tracking", "AMZ-A2Z-05.pod", "AMZ-A2Z-04.dispatch"):
            assert account.line(rule)["state"] == "present", account.line(rule)
        assert account.verdict("matching.order") == "pass"
        assert account.verdict("timestamps.order") == "pass"

        # The answer, as Amazon takes it, and who else believes it.
        here.clock.passes(hours=14)
        body = {"platform": "amazon", "seller": "A1B2C3D4", "site": "US"}
        assert (await here.ask.ask("PUT", "/v1/stores/default", json=body)).status in (200, 201)
        order = {"platform": "amazon", "order_id": ORDER}
        files = await taken(here, "amazon", [order], tmp_path)
        text = files["text.txt"].decode()
        assert ORDER in text and "2026-11-03" in text
        bag = await ends(here, ORDER, tmp_path)
        assert any("pod.document" in path.name for path in (bag / "data").iterdir())
        case = await here.step(case, "ready")
        items = [each["sha256"] for each in account.items()]
        answer = await here.submitted(case, evidence=items, papers=[{"text": text}])
        assert answer.status == 200, answer.body
        case = await here.steps(answer.json, "review")
        case = await here.step(case, "win", outcome="The claim was closed in your favour")
        await believed(here, await here.sealed(case), tmp_path)


async def test_a_chargeback_with_compelling_evidence(tmp_path: Path) -> None:
    """9 November: Visa 10.4. Two earlier payments by the card; the shop knows their marks."""
    order = "SO-2044"
    async with told("chargeback", tmp_path, "stripe", at="2026-11-09T12:00:00+00:00") as here:
        here.ships(order, NUMBER, order__total="48.90 USD")
        asked = {"policy": "visa.ce3", "platform": "other", "site": "US"}
        account = await here.seals(order, "shop", "stripe", "ups", **asked)
        lacking = account.line("VIS-CE3-06")
        assert lacking["state"] == "weak"
        card = account.line("VIS-CE3-02")
        assert card["state"] == "present", card["why"]

        # The shop's own log has the marks that Stripe does not tell.
        here.clock.passes(days=2)
        marks = {"ip": "203.0.113.9", "device": "dev-7-of-the-buyer-0001"}
        now = {f"payment.{name}": value for name, value in marks.items()}
        before = {f"prior.payment.{name}": value for name, value in marks.items()}
        print_of = "AOB934RVNwzk6xtn"
        here.says(
            "bank",
            order,
            {"order.id": order, "payment.id": "ch_3QfBx82eZvKYlo2C1a2b3c4d",
             "payment.at": "2026-10-27T19:13:02Z", "payment.amount": "48.90 USD",
             "payment.fingerprint": print_of, **now},
            *(
                {"prior.payment.id": id, "prior.payment.at": at, "prior.payment.disputed": "no",
                 "prior.payment.product": "Oak lamp", "prior.payment.fingerprint": print_of,
                 **before}
                for id, at in (
                    ("ch_3PpZ112eZvKYlo2C0q9w8e7r", "2026-03-03T01:40:00Z"),
                    ("ch_3PqZ112eZvKYlo2C0q9w8e7s", "2026-05-11T01:40:00Z"),
                )
            ),
        )  # fmt: skip
        account = await here.seals(order, "shop", "stripe", "ups", "bank", **asked)
        assert account.line("VIS-CE3-06")["state"] == "present", account.line("VIS-CE3-06")
        files = await taken(here, "bank", [{"platform": "other", "order_id": order}], tmp_path)
        (line,) = [json.loads(each) for each in files["orders.jsonl"].splitlines()]
        earlier = [each["Payment"]["says"] for each in line["ce3"]["earlier"]]
        assert len(earlier) == len(set(earlier)) == 2 and not line["ce3"]["lacks"]
        await ends(here, order, tmp_path, platform="other")


async def test_a_shops_order_that_amazon_blames_the_seller_for(tmp_path: Path) -> None:
    """Amazon's list names a number of the shop's: foreign there, and proven where it is from."""
    number, vendors = "5763021455541", ("shopify", "shopify_payments")
    async with told("blamed_on_amazon", tmp_path, *vendors, at="2026-11-09T12:00:00+00:00") as here:
        here.ships(ORDER, "1Z84A7V90344127838")
        await here.seals(ORDER, "shop")
        export = (
            "Order ID,Date,Defect Type,Platform\n"
            f"{ORDER},2026-11-02,A-to-z,amazon\n{number},2026-11-02,A-to-z,amazon"
        )
        papers = [{"role": "notice", "name": "defects.csv", "text": export}]
        case = await here.opened(account=True, kinds=["odr review"], orders=[ORDER], papers=papers)
        states = {e["order"]: e["state"] for e in (await here.report(case, "coverage"))["orders"]}
        assert states[number] == "foreign_order" and states[ORDER] != "foreign_order"

        sources = (*vendors, "ups")
        asked = {"platform": "shopify", "policy": "shopify.product_not_received"}
        account = await here.seals(number, *sources, **asked)
        assert account.facts("dispute.reason")[0]["value"] == "product_not_received"
        assert {f["origin"] for f in account.facts("scan.delivered.at")} >= {"ups"}
        claims = await here.claims(number, "channel", platform="shopify")
        assert any(number in claim for claim in claims)
        assert not any("jane@doe.example" in claim for claim in claims)

        # The dispute in the shop is answered in Shopify's form.
        here.clock.passes(days=1)
        files = await taken(
            here, "shopify", [{"platform": "shopify", "order_id": number}], tmp_path
        )
        (line,) = [json.loads(each) for each in files["orders.jsonl"].splitlines()]
        assert NUMBER in line["texts"]["uncategorizedText"]
        await ends(here, number, tmp_path, platform="shopify")
        note = {"text": "Order of our own shop; see the channel report.", "role": "document"}
        case = await here.step(case, "document", papers=[note])
        assert said(case, "document") is not None
        await believed(here, await here.sealed(case), tmp_path)
