"""Stories of whole houses: a second attempt, a batch of defects, an erasure, two stores."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.verify import verify_path
from service.settings import SourceSettings
from tests.cases.house import codes, said
from tests.scenarios.desk import Desk, order, ups
from tests.scenarios.stories.telling import believed, ends, taken, told

ORDER, NUMBER = "112-4832917-2201845", "1Z84A7V90344127810"
A_TO_Z = {"kind": "a-to-z", "noticed_at": "2026-11-04T08:00:00Z"}
SELLER = {"platform": "amazon", "seller": "A1B2C3D4", "site": "US"}


async def test_a_refused_answer_and_the_second_attempt(tmp_path: Path) -> None:
    """5 November: answered. 7 November: refused for want of a signature. 8 November: with it."""
    number = "04-11234-56789"
    async with told("refused", tmp_path, "ebay", at="2026-11-05T09:00:00+00:00") as here:
        here.ships(number, NUMBER, order__total="812.00 USD", shipment__carrier="UPS")
        notice = {"role": "notice", "text": f"The buyer of order {number} says it never came."}
        case = await here.opened(
            platform="ebay", kinds=["inr"], orders=[number], papers=[notice],
            noticed_at="2026-11-05T08:00:00Z",
        )  # fmt: skip
        asked: dict[str, Any] = {
            "platform": "ebay",
            "defect": {"kind": "inr", "noticed_at": "2026-11-05T08:00:00Z"},
        }
        account = await here.seals(number, "shop", "ups", "ebay", **asked)
        assert account.line("EBY-INR-02.signature")["state"] == "missing"
        case = await here.steps(case, "collect", "ready")
        target = [{"platform": "ebay", "order_id": number}]
        files = await taken(here, "ebay", target, tmp_path)
        first = sorted(each["sha256"] for each in account.items())
        answer = await here.submitted(
            case, evidence=first, papers=[{"text": _note(files)}], platform_case_id="5361000123"
        )
        assert answer.status == 200, answer.body
        case = await here.step(answer.json, "review")

        here.clock.passes(days=2)
        refusal = f"Refused. Evidence for order {number}: a signature confirmation is missing."
        case = await here.step(case, "deny", papers=[{"text": refusal}])
        assert {gap["kind"] for gap in said(case, "deny")["gaps"]} >= {"order"}
        assert said(case, "deny")["second_attempt_by"].startswith("2026-11-09T09:00:00")
        assert (await here.submitted(case, evidence=first)).status == 409

        here.clock.passes(days=1)
        (there,) = here.world.parcels_by_number.values()
        here.carries(replace(there, signature=True, received_by="DOE", pod_letter=True))
        account = await here.seals(number, "shop", "ups", "ebay", **asked)
        assert account.line("EBY-INR-02.signature")["state"] == "present"
        case = await here.steps(case, "collect", "ready")
        files = await taken(here, "ebay", target, tmp_path)
        more = sorted(each["sha256"] for each in account.items())
        answer = await here.submitted(
            case, evidence=more, papers=[{"text": _note(files) + " Signed: DOE."}],
            platform_case_id="5361000123-2",
        )  # fmt: skip
        assert answer.status == 200, answer.body
        change = said(answer.json, "submit")["difference"]["evidence"]
        assert change["added"] and not change["dropped"] and codes(answer.json, "submit") == []
        case = await here.step(answer.json, "win", outcome="Closed in the seller's favour")
        await ends(here, number, tmp_path, platform="ebay")
        await believed(here, await here.sealed(case), tmp_path)


def _note(files: dict[str, bytes]) -> str:
    (line,) = [json.loads(each) for each in files["orders.jsonl"].splitlines()]
    return str(line["texts"]["note"])


@pytest.mark.slow
async def test_a_batch_of_three_hundred_defects_with_two_foreign_orders(tmp_path: Path) -> None:
    """Two of the list are not Amazon's. They are named, and the others answered without them.

    All 300 are taken in, doubted, held to coverage and pursued as one case. 40 of them are
    collected, each with its carrier, and answered: that alone takes a minute, and 300 would take
    CI some eight to show the same again. bench/ has the rate of collecting.
    """
    count, sent = 298, 40
    async with told("carrier", tmp_path, at="2026-11-09T09:00:00+00:00") as here:
        foreign = ("SO-1001", "576461413038785752")
        lines = [f"{order(n)},2026-11-0{n % 7 + 1},a-to-z," for n in range(count)]
        lines[100:100] = [f"{number},2026-11-02,a-to-z," for number in foreign]
        export = "Order ID,Order Date,Defect Type,Status\n" + "\n".join(lines)
        path, csv = "/v1/defects/exports?platform=amazon&collect=no", {"Content-Type": "text/csv"}
        answer = await here.ask.post(path, data=export.encode(), headers=csv)
        assert (answer.json["lines"], answer.json["new"]) == (300, 300)
        doubted = {d["order_id"]: d["doubts"] for d in answer.json["defects"] if d["doubts"]}
        assert set(doubted) == set(foreign)
        (there,) = here.world.parcels_by_number.values()
        for n in range(sent):
            here.ships(order(n), ups(n))
            here.carries(replace(there, tracking_number=ups(n), references=(order(n),)))
            await here.seals(order(n), "shop", "ups", defect=A_TO_Z)
        numbers = [order(n) for n in range(count)]
        body = {"platform": "amazon", "orders": numbers}
        found = (await here.ask.post("/v1/defects/coverage", json=body)).json
        assert not found["covered"] and len(found["missing"]) == count - sent
        assert found["left_out"] == []  # what is doubted is none that an appeal has to name

        papers = [{"role": "notice", "name": "defects.csv", "text": export}]
        case = await here.opened(account=True, kinds=["odr review"], orders=numbers, papers=papers)
        states = {e["order"]: e["state"] for e in (await here.report(case, "coverage"))["orders"]}
        assert len(states) == 300
        assert {states[number] for number in foreign} == {"foreign_order"}
        assert (await here.ask.ask("PUT", "/v1/stores/default", json=SELLER)).status in (200, 201)
        targets = [{"platform": "amazon", "order_id": order(n)} for n in range(sent)]
        files = await taken(here, "amazon", targets, tmp_path)
        text = files["text.txt"].decode()
        assert all(order(n) in text for n in range(sent))
        assert not any(number in text for number in foreign)
        await believed(here, await here.sealed(case), tmp_path)


async def test_an_erasure_that_is_asked_for_in_the_middle_of_a_case(tmp_path: Path) -> None:
    """The buyer asks on the 10th. What a dispute needs stays; then it goes, and proofs remain."""
    async with told("carrier", tmp_path, at="2026-11-09T09:00:00+00:00") as here:
        here.ships(ORDER, NUMBER, shipment__recipient__name="Jane Doe")
        account = await here.seals(ORDER, defect=A_TO_Z)
        case = await here.steps(await here.opened(orders=[ORDER]), "collect", "ready")
        assert (await here.ask.ask("PUT", "/v1/stores/default", json=SELLER)).status in (200, 201)
        await taken(here, "amazon", [{"platform": "amazon", "order_id": ORDER}], tmp_path)
        handed = await here.bundle(ORDER)
        shown = await here.bundle(ORDER, profile="reviewer")
        case = (await here.submitted(case, evidence=[account.items()[0]["sha256"]])).json

        here.clock.passes(days=1)
        path, asked = f"/v1/orders/amazon/{ORDER}", {"reason": "subject-request"}
        refused = await here.ask.post(f"{path}/erasure", json=asked)
        assert refused.status == 409 and "kept until" in refused.json["detail"]
        held = await here.ask.ask("PUT", f"{path}/hold", json={"reason": "the dispute"})
        assert held.status in (200, 204), held.body
        here.clock.passes(days=200)
        assert (await here.ask.post(f"{path}/erasure", json=asked)).status == 409
        case = await here.steps(case, "win", "close")
        assert (await here.ask.ask("DELETE", f"{path}/hold")).status in (200, 204)

        here.clock.passes(days=200)
        gone = await here.ask.post(f"{path}/erasure", json=asked)
        assert gone.status == 200, gone.body
        assert (await here.ask.get(path)).status == 404
        assert b"Jane Doe" not in b"".join(
            file.read_bytes() for file in (here.folder / "data").rglob("*") if file.is_file()
        )
        # What was handed out before verifies as before, and the reviewer's copy names nobody.
        await believed(here, handed, tmp_path)
        assert verify_path(shown).ok and b"Jane Doe" not in shown.read_bytes()
        head = await here.ask.get("/v1/log/checkpoint")
        assert head.status == 200 and head.body.startswith(b"orderproof")


async def test_two_stores_of_one_seller_stay_apart(tmp_path: Path) -> None:
    """The German store has a source, a token and an order of its own; nothing crosses over."""
    theirs = "302-1234567-7654321"
    drops = []
    for store in ("us", "de"):
        drop = tmp_path / f"drop-{store}"
        drop.mkdir()
        (drop / f"{ORDER if store == 'us' else theirs} note.txt").write_text(f"Of {store}.")
        drops.append(
            SourceSettings(name=f"notes-{store}", collector="folder", folder=drop, stores=(store,))
        )
    begin = "2026-11-09T09:00:00+00:00"
    async with told("carrier", tmp_path, at=begin, more=drops) as here:
        tokens = {}
        for store, site in (("us", "US"), ("de", "DE")):
            body = SELLER | {"site": site, "seller": f"A1B2{store.upper()}"}
            assert (await here.ask.ask("PUT", f"/v1/stores/{store}", json=body)).status < 300
            wanted = {"name": store, "role": "operator", "days": 300, "stores": [store]}
            made = await here.ask.post("/v1/tokens", json=wanted)
            assert made.status == 201, made.body
            tokens[store] = {"Authorization": f"Bearer {made.json['secret']}"}
        here.ships(ORDER, NUMBER)
        account = await here.seals(ORDER, "shop", "ups", "notes-us", store="us", defect=A_TO_Z)
        assert account.line("AMZ-A2Z-05.pod")["state"] == "present"
        await here.seals(theirs, "notes-de", store="de", site="DE")

        # Each token sees its own, and of the other not even that it is there.
        ours, other = f"/v1/orders/amazon/{ORDER}", f"/v1/orders/amazon/{theirs}?site=DE"
        assert (await here.ask.get(ours, headers=tokens["us"])).status == 200
        assert (await here.ask.get(other, headers=tokens["de"])).status == 200
        assert (await here.ask.get(ours, headers=tokens["de"])).status in (403, 404)
        assert (await here.ask.get(other, headers=tokens["us"])).status in (403, 404)
        crossed = {"store": "us", "sources": ["notes-de"]}
        answer = await here.ask.post(f"{ours}/collections", json=crossed, headers=tokens["us"])
        assert answer.status in (202, 422)
        if answer.status == 202:
            assert await here.runtime.walk("default", answer.json["id"]) == "sealed"
            sealed = await here.sealed_of(ORDER)
            assert not any(item["name"] and "302-" in item["name"] for item in sealed.items())

        # Four dimensions declared, and one that both share is said to be shared.
        await _declared(here)
        apart = (await here.ask.get("/v1/stores/us/separation")).json
        assert apart["verdict"] == "pass", apart
        await _declared(here, bank="GB00 SHARED 1")
        apart = (await here.ask.get("/v1/stores/us/separation")).json
        assert apart["verdict"] == "fail" and "SHARED" not in json.dumps(apart)

        here.clock.passes(days=1)
        files = await taken(here, "amazon", [{"platform": "amazon", "order_id": ORDER}], tmp_path)
        assert theirs not in json.dumps({k: v.decode("latin-1") for k, v in files.items()})
        await ends(here, ORDER, tmp_path)


async def _declared(here: Desk, **shared: str) -> None:
    """Both stores declare and show what is their own; `shared` is the same for both."""
    document = base64.b64encode(b"%PDF-1.7 extract").decode()
    for place, store in enumerate(("us", "de")):
        own = {
            "domain": f"{store}.shop.example",
            "ip": f"203.0.113.{place + 9}",
            "bank": f"DE00 0000 000{place}",
            "logistics": f"Acme Freight {store}",
        }
        for dimension, value in (own | shared).items():
            body = {"value": value, "source": "registrar's extract", "as_of": "2026-11-02"}
            path = f"/v1/stores/{store}/separation/{dimension}"
            answer = await here.ask.ask("PUT", path, json=body | {"document": document})
            assert answer.status < 300, answer.body
