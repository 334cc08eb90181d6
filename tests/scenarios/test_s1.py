"""S1: answering a review of the defect rate. Rows about cases are in tests/cases."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from service.profiles import paper
from tests.scenarios.conftest import Command
from tests.scenarios.desk import Desk, order, parcel, ups
from tests.verifiers.forms import by_hand

pytestmark = pytest.mark.asyncio(loop_scope="module")
A_TO_Z = {"kind": "a-to-z", "noticed_at": "2026-11-20T08:00:00Z"}
ACCEPTED = ("accepted", "2026-10-28T19:02:10-07:00", "Origin Scan")
DELIVERED = ("delivered", "2026-11-03T14:31:07-08:00", "DELIVERED")
HEAD = "Order ID,Order Date,Defect Type,Status,Stars\n"


async def rates(command: Command, folder: Path, lines: list[str], *more: str) -> dict[str, Any]:
    (folder / "defects.csv").write_text(HEAD + "\n".join(lines), "utf-8")
    _, out = await command("defects", "defects.csv", "--platform", "amazon", *more, "--json")
    return dict(json.loads(out))


def reading(said: dict[str, Any], days: int) -> dict[str, Any]:
    (found,) = [r for r in said["rates"] if (r["days"], r["denied_claims_count"]) == (days, True)]
    return dict(found)


async def test_S1_01_which_ratings_count_is_the_rules_and_the_orders_are_listed(
    command: Command, tmp_path: Path
) -> None:
    stars = {1: "1", 2: "2", 3: "3"}
    lines = [f"{order(n)},2026-10-20,feedback,,{said}" for n, said in stars.items()]
    said = await rates(command, tmp_path, lines, "--at", "2026-11-04")
    assert reading(said, 30)["defects"] == [order(1), order(2)]
    # A rule that names no feedback counts none of them.
    policies = tmp_path / "policies"
    policies.mkdir()
    (tmp_path / "orderproof.toml").write_text('policies = "policies"\n', "utf-8")
    built_in = Path(__file__).parents[2] / "verifiers" / "policies" / "amazon.a2z.delivery.toml"
    text = built_in.read_text("utf-8").replace("negative feedback, A-to-z claims", "A-to-z claims")
    text = text.replace(", not by the day that feedback or chargeback came", "")
    (policies / "amazon.a2z.delivery.toml").write_text(text, "utf-8")
    said = await rates(command, tmp_path, lines, "--at", "2026-11-04")
    assert reading(said, 30)["defects"] == []


async def test_S1_02_a_number_with_scans_is_weaker_than_one_with_a_signature(here: Desk) -> None:
    number = ups(102)
    here.ships(order(102), number, payment__amount="800.00 USD")
    here.carries(parcel(number, ACCEPTED, DELIVERED))
    account = await here.seals(order(102), policy="paypal.not_received")
    assert account.line("PP-SP-01")["state"] == "missing"
    assert account.line("PP-SP-02.delivered")["state"] == "present"
    here.carries(parcel(number, ACCEPTED, DELIVERED, signature=True, received_by="DOE"))
    account = await here.seals(order(102), policy="paypal.not_received")
    assert account.line("PP-SP-01")["state"] == "present"


async def test_S1_03_a_conversation_is_whole_over_its_pages_or_has_a_gap(here: Desk) -> None:
    thread = [
        {"order.id": order(103), "message.id": f"m{n}", "message.role": ("buyer", "seller")[n % 2],
         "message.sent.at": f"2026-11-05T{n // 60:02}:{n % 60:02}:00Z", "message.body": f"No. {n}"}
        for n in range(120)
    ]  # fmt: skip
    here.says("inbox", order(103), *thread)
    here.ships(order(103), ups(103))
    account = await here.seals(order(103), "inbox", "shop")
    assert len(account.items("message.thread")) == 3
    assert len({fact["value"] for fact in account.facts("message.id")}) == 120
    assert account.verdict("coverage.threads") == "pass"
    here.says("inbox", order(104), *({**m, "order.id": order(104)} for m in thread))
    here.ships(order(104), ups(104))
    here.skips("inbox", order(104), page=2)
    account = await here.seals(order(104), "inbox", "shop")
    assert account.verdict("coverage.threads") == "fail"
    (told,) = account.told("coverage.threads", "thread-messages-missing")
    assert "120" in told and "70" in told


async def test_S1_04_a_refund_is_the_orders_own_with_amount_and_time(here: Desk) -> None:
    refund = {"refund.id": "re_5", "refund.amount": "48.90 USD",
              "refund.at": "2026-11-09T10:00:00Z"}  # fmt: skip
    here.ships(order(105), ups(105))
    here.says("refunds", order(105), refund | {"order.id": order(106)})
    account = await here.seals(order(105), policy="stripe.credit_not_processed")
    assert "foreign-order" in account.codes("matching.order")
    here.says("refunds", order(107), refund | {"order.id": order(107)})
    here.ships(order(107), ups(107))
    account = await here.seals(order(107), policy="stripe.credit_not_processed")
    assert "foreign-order" not in account.codes("matching.order")
    assert account.facts("refund.amount")[0]["value"] == "48.90 USD"
    assert account.facts("refund.at")[0]["value"]["at"].startswith("2026-11-09T10:00:00")


async def test_S1_06_an_export_that_comes_again_makes_nothing_new(here: Desk) -> None:
    path, csv = "/v1/defects/exports?platform=amazon&collect=no", {"Content-Type": "text/csv"}
    kinds = ("A-to-z", "Chargeback", "1-Star", "Solar flare")
    data = HEAD + "\n".join(f"{order(110 + n)},2026-11-02,{k},," for n, k in enumerate(kinds))
    first = (await here.ask.post(path, data=data.encode(), headers=csv)).json
    again = (await here.ask.post(path, data=data.encode(), headers=csv)).json
    assert (first["new"], again["new"]) == (4, 0)
    assert [d["id"] for d in first["defects"]] == [d["id"] for d in again["defects"]]
    kinds_of = {each["order_id"]: each["kind"] for each in first["defects"]}
    assert [kinds_of[order(110 + n)] for n in range(4)] == [
        "a-to-z", "chargeback", "feedback", "other",
    ]  # fmt: skip


async def test_S1_07_ten_megabytes_are_taken_and_a_byte_more_is_not(
    command: Command, tmp_path: Path
) -> None:
    name = "A1B2C3D4_1_delivery.pdf"
    around = len(by_hand.archive({name: by_hand.pdf()})) - len(by_hand.pdf())
    for size, code in ((10_000_000, 0), (10_000_001, 1)):
        file = by_hand.pdf()
        file += b"%" * (size - around - len(file))
        (tmp_path / "b.zip").write_bytes(by_hand.amazon({name: file}))
        got, out = await command("profile", "lint", "b.zip", "--json")
        firm = {b["limit"] for b in json.loads(out)["breaches"] if not b["advised"]}
        assert (got, firm) == (code, {"archive.bytes"} if code else set()), size
    for name in ("files/2026-11-20.zip", "files/BrightLeaf.zip"):
        (tmp_path / "b.zip").write_bytes(by_hand.amazon(name=name))
        _, out = await command("profile", "lint", "b.zip", "--json")
        assert "archive.name_has" in {b["limit"] for b in json.loads(out)["breaches"]}


async def test_S1_08_each_name_in_the_archive_has_the_store_and_is_one_items(here: Desk) -> None:
    if not paper.available():
        pytest.skip("the extra `report` or its fonts are not installed")
    body = {"platform": "amazon", "seller": "A1B2C3D4", "site": "US"}
    assert (await here.ask.ask("PUT", "/v1/stores/default", json=body)).status in (200, 201)
    for number in (120, 121):
        here.ships(order(number), ups(number))
        here.carries(parcel(ups(number), ACCEPTED, DELIVERED, signature=True, received_by="DOE"))
        await here.seals(order(number), defect=A_TO_Z)
    orders = [{"platform": "amazon", "order_id": order(n)} for n in (120, 121)]
    answer = await here.ask.post("/v1/bundles", json={"profile": "amazon", "orders": orders})
    assert answer.status == 200, answer.body
    with zipfile.ZipFile(io.BytesIO(answer.body)) as bundle:
        (path,) = [name for name in bundle.namelist() if name.endswith(".zip")]
        with zipfile.ZipFile(io.BytesIO(bundle.read(path))) as inner:
            names = inner.namelist()
        claims = [json.loads(line) for line in bundle.read("proof.jsonl").splitlines()]
        lines = [json.loads(line) for line in bundle.read("orders.jsonl").splitlines()]
    assert re.fullmatch(r"files/default_2026-11-\d\d\.zip", path)
    assert len(names) == len(set(names)) and all("A1B2C3D4" in name for name in names)
    files = [name for line in lines for name in line["files"]]
    assert len(files) == len(set(files))
    # From each name back to the items it was made of.
    told = {claim["file"] for claim in claims if "file" in claim}
    assert told and told <= {*files, *names, *(f"{path}!{name}" for name in names)}


async def test_S1_12_a_delivery_without_the_recipients_proof_is_an_open_loop(here: Desk) -> None:
    number = ups(130)
    here.ships(order(130), number, shipment__recipient__country="GB")
    here.carries(parcel(number, ACCEPTED, DELIVERED, recipient_country="GB"))
    account = await here.seals(order(130), site="GB", defect=A_TO_Z)
    assert account.line("AMZ-A2Z-04.tracking")["state"] == "present"
    assert account.line("AMZ-A2Z-05.signature-uk")["state"] == "missing"
    assert account.line("AMZ-A2Z-05.signature-uk")["level"] == "required"


async def test_S1_13_a_refund_without_an_order_is_not_taken_and_a_part_is_told(here: Desk) -> None:
    here.ships(order(131), ups(131), order__total="48.90 USD")
    here.drops("refund.txt", "Refunded 20.00 USD on 9 November.")
    account = await here.seals(order(131), "shop", "notes", policy="stripe.credit_not_processed")
    assert account.items("document") == [] and account.facts("refund.amount") == []
    refund = {"order.id": order(131), "refund.id": "re_6", "refund.at": "2026-11-09T10:00:00Z"}
    here.says("refunds", order(131), refund)
    account = await here.seals(order(131), policy="stripe.credit_not_processed")
    line = account.line("STR-REQ-04.refund")
    assert line["state"] == "weak" and "refund.amount" in line["why"]
    here.says("refunds", order(131), refund | {"refund.amount": "20.00 USD"})
    account = await here.seals(order(131), policy="stripe.credit_not_processed")
    assert account.line("STR-REQ-04.refund")["state"] == "present"
    (told,) = account.told("matching.order", "refund-is-a-part")
    assert "20.00 USD of 48.90 USD" in told


async def test_S1_14_a_late_delivery_is_explained_by_the_carrier_and_never_removed(
    here: Desk,
) -> None:
    number = ups(132)
    here.ships(order(132), number)
    here.carries(parcel(number, ACCEPTED, DELIVERED))
    review = {"order.id": order(132), "review.posted.at": "2026-11-03T20:31:07Z"}
    here.says("platform", order(132), review)
    account = await here.seals(order(132))
    (told,) = account.told("timestamps.order", "delivered-after-complaint")
    assert "2026-11-03" in told
    here.writes("forged.eml", _letter(number, "1"))
    account = await here.seals(order(132), "shop", "platform", "ups", "letters")
    assert "delivered-after-complaint" in account.codes("timestamps.order")
    here.writes("statement.eml", _letter(number, "2"), signed_by="ups.com")
    account = await here.seals(order(132), "shop", "platform", "ups", "letters")
    assert account.told("timestamps.order", "delivered-after-complaint-explained")
    assert account.verdict("timestamps.order") == "pass"


async def test_S1_19_what_a_proof_does_not_state_is_named_and_a_day_is_a_day(here: Desk) -> None:
    here.ships(order(133), ups(133))
    row = {"shipment.tracking_number": ups(133), "scan.accepted.at": "2026-10-29T02:02:10Z"}
    here.says("post", order(133), row)
    account = await here.seals(order(133), "shop", "post", defect=A_TO_Z)
    line = account.line("AMZ-A2Z-04.tracking")
    assert line["state"] == "weak" and "scan.delivered.at" in line["why"]
    here.says("post", order(133), row | {"scan.delivered.at": "2026-11-03"})
    account = await here.seals(order(133), "shop", "post", defect=A_TO_Z)
    assert account.line("AMZ-A2Z-04.tracking")["state"] == "present"
    (day,) = account.facts("scan.delivered.at")
    assert (day["value"]["kind"], day["value"]["day"]) == ("local_date", "2026-11-03")


async def test_S1_22_each_defect_leaves_by_itself_and_the_forecast_is_what_then_counts(
    command: Command, tmp_path: Path
) -> None:
    days = ("2026-05-02", "2026-05-03", "2026-05-20", "2026-06-01", "2026-06-02")
    lines = [f"{order(n)},{day},chargeback,," for n, day in enumerate(days)]
    count = ("--order-count", "250")
    said = await rates(command, tmp_path, lines, "--at", "2026-06-01", *count)
    # Thirty days up to 1 June, both ends included, begin on 3 May.
    now = reading(said, 30)
    assert now["defects"] == [order(1), order(2), order(3)]
    leaves = {line["order"]: line["counts_until"].get("30") for line in said["defects"]}
    assert (leaves[order(1)], leaves[order(2)]) == ("2026-06-02", "2026-06-19")
    assert now["below_limit_on"] == "2026-06-02"  # 3 of 250 is 1.2 %, 2 are 0.8 %
    then = await rates(command, tmp_path, lines[:-1], "--at", now["below_limit_on"], *count)
    assert reading(then, 30)["defects"] == [order(2), order(3)]


async def test_S1_26_the_erps_time_against_the_carriers_is_told_with_both(here: Desk) -> None:
    number = ups(134)
    here.ships(order(134), number, delivery__recorded__at="2026-11-03T19:31:07Z")
    here.carries(parcel(number, ACCEPTED, DELIVERED))
    account = await here.seals(order(134))
    (told,) = account.told("timestamps.order", "probable-zone-mistake")
    assert "2026-11-03T19:31:07Z" in told and "2026-11-03T22:31:07Z" in told
    assert "3 hours" in told
    # What counts more is the carrier's: the shop's record alone does not carry the delivery.
    assert any("ups" in each for each in account.told("strength.witnesses", "fact-on-one-word"))


def _letter(number: str, id: str) -> str:
    return (
        "From: claims@ups.com\nTo: service@brightleaf.example\n"
        f"Subject: Delay of {number}\nDate: Thu, 05 Nov 2026 10:12:09 -0800\n"
        f"Message-ID: <s1-14-{id}@ups.com>\nContent-Type: text/plain\n\n"
        f"Parcel {number} was held up by weather on 2 November.\n"
    )
