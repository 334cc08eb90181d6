"""S0: a shop of one's own beside a marketplace. Rows about cases are in tests/cases."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from PIL import Image
from warcio.archiveiterator import ArchiveIterator

from service.profiles import paper
from service.sandbox.scenario import Account
from tests.scenarios.conftest import Command
from tests.scenarios.desk import Desk, order, parcel, ups
from tests.verifiers.forms import by_hand
from verifiers.forms.uploads import told

pytestmark = pytest.mark.asyncio(loop_scope="module")
VENDORS = ("stripe", "shopify", "zendesk", "amazon")
ACCOUNTS = {"shopify": Account(unknown="empty")}  # its token may write
EVERYONES = "112-4832917-2201845"
A_TO_Z = {"kind": "a-to-z", "noticed_at": "2026-11-20T08:00:00Z"}
ACCEPTED = ("accepted", "2026-10-28T19:02:10-07:00", "Origin Scan")
DELIVERED = ("delivered", "2026-11-03T14:31:07-08:00", "DELIVERED")


async def test_S0_01_the_delivery_is_the_carriers_word_against_the_platforms(here: Desk) -> None:
    number = ups(1)
    here.ships(order(1), number)
    here.says(
        "platform",
        order(1),
        {"order.id": order(1), "order.status": "UNDELIVERED", "shipment.tracking_number": number},
    )
    here.carries(
        parcel(
            number, ACCEPTED, DELIVERED,
            received_by="DOE", pod_letter=True, signature=True, references=(order(1),),
        )
    )  # fmt: skip
    account = await here.seals(order(1), defect=A_TO_Z)
    for rule in ("AMZ-A2Z-04.tracking", "AMZ-A2Z-05.pod", "AMZ-A2Z-05.signature"):
        assert account.line(rule)["state"] == "present", rule
    assert account.verdict("matching.order") == "pass"
    (delivered,) = account.facts("scan.delivered.at")
    assert (delivered["origin"], delivered["value"]["at"][:19]) == ("ups", "2026-11-03T22:31:07")
    # The raw answer is kept beside what was taken out of it, and the platform's word stands too.
    assert {i["role"] for i in account.items() if i["origin"] == "ups"} >= {
        "exchange", "tracking.history", "pod.document", "pod.signature",
    }  # fmt: skip
    assert [fact["value"] for fact in account.facts("order.status")] == ["UNDELIVERED"]
    against = account.told("strength.witnesses", "evidence-against")
    assert any("platform" in each and "UNDELIVERED" in each for each in against)


async def test_S0_02_the_chain_leads_from_the_marketplace_to_the_parcel(here: Desk) -> None:
    if not paper.available():
        pytest.skip("the extra `report` or its fonts are not installed")
    chain = {}
    for place, slip in ((2, True), (3, False)):
        number, shop = ups(place), f"SO-{1000 + place}"
        here.says("platform", order(place), {"order.id": order(place), "order.alias": shop})
        here.says("shop", order(place), {"order.id": order(place), "order.alias": shop})
        if slip:
            here.says(
                "warehouse",
                order(place),
                {"order.alias": shop, "order.id": order(place),
                 "shipment.tracking_number": number, "order.packed.at": "2026-10-28T15:10:31Z"},
            )  # fmt: skip
        here.carries(parcel(number, ACCEPTED, DELIVERED))
        await here.seals(order(place), defect=A_TO_Z)
        chain[slip] = await here.claims(order(place), "channel")
    whole, broken = chain[True], chain[False]
    for said in (order(2), "SO-1002", ups(2)):
        assert any(said in claim for claim in whole), said
    assert not any("No item states anything of this link" in claim for claim in whole)
    assert sum("No item states anything of this link" in claim for claim in broken) == 2


async def test_S0_03_each_sentence_of_an_answer_has_its_proof_and_none_accuses(here: Desk) -> None:
    number = ups(4)
    here.ships(order(4), number)
    here.carries(parcel(number, ACCEPTED, DELIVERED, received_by="DOE", pod_letter=True))
    here.says(
        "inbox",
        order(4),
        {"order.id": order(4), "message.id": "m1", "message.role": "buyer",
         "message.sent.at": "2026-11-05T18:12:09Z", "message.body": "It never came."},
    )  # fmt: skip
    await here.seals(order(4), defect=A_TO_Z)
    case = await here.opened(orders=[order(4)])
    skeleton = await here.report(case, "skeleton")
    sentences = [each for part in skeleton["parts"] for each in part["sentences"]]
    assert all(each["rests_on"] or each["open"] for each in sentences)
    assert {True, False} == {each["open"] for each in sentences}
    check = {"check": "draft", "text": skeleton["text"]}
    found = (await here.ask.post(f"/v1/cases/{case['id']}/checks", json=check)).json["said"]
    assert not [f for f in found["findings"] if f["code"] in ("wording-blame", "wording-emotive")]
    blame = {"check": "draft", "text": skeleton["text"] + "\nThe buyer is lying."}
    found = (await here.ask.post(f"/v1/cases/{case['id']}/checks", json=blame)).json["said"]
    assert "wording-blame" in {each["code"] for each in found["findings"]}
    quote = {"check": "quotes", "quotes": [{"message_id": "m1", "text": "It never came."}]}
    said = (await here.ask.post(f"/v1/cases/{case['id']}/checks", json=quote)).json["said"]
    assert said["quotes"][0]["verdict"] == "pass"


async def test_S0_04_a_redirect_is_told_with_both_places(here: Desk) -> None:
    number = ups(5)
    here.ships(order(5), number, order__address_changed="yes")
    redirect = ("exception", "2026-11-01T09:00:00-07:00", "Redirected at the receiver's request")
    elsewhere = parcel(
        number, ACCEPTED, redirect, DELIVERED,
        recipient_city="SEATTLE", recipient_state="WA", recipient_postal_code="98101",
    )  # fmt: skip
    here.carries(elsewhere)
    account = await here.seals(order(5), policy="paypal.not_received")
    assert "city-differs" in account.codes("matching.order") or "postal-code-differs" in (
        account.codes("matching.order")
    )
    told = " ".join(
        account.told("matching.order", "postal-code-differs")
        + account.told("matching.order", "city-differs")
    ).lower()
    assert "97214" in told and "98101" in told
    against = " ".join(account.told("strength.witnesses", "evidence-against"))
    assert "Redirected" in against and "the address was changed" in against
    # PayPal takes no answer then; Amazon's rules judge the same facts without that.
    assert "not-eligible" in account.codes("coverage.policy")
    again = await here.seals(order(5), defect=A_TO_Z)
    assert "not-eligible" not in again.codes("coverage.policy")


async def test_S0_05_a_chargeback_has_the_banks_checks_and_names_the_missing_mail(
    here: Desk,
) -> None:
    account = await here.seals(EVERYONES, "stripe", "ups", policy="stripe.product_not_received")
    paid = [item for item in account.items("payment.record") if item["origin"] == "stripe"]
    for name in ("payment.avs", "payment.cvv", "payment.amount", "payment.at"):
        assert account.facts(name), name
    raw = [json.loads(await here.item(EVERYONES, i["sha256"])) for i in paid
           if i["media_type"].startswith("application/json")]  # fmt: skip
    assert any("ch_3QfBx82eZvKYlo2C1a2b3c4d" in json.dumps(each) for each in raw)
    assert account.line("STR-REQ-01.messages")["state"] == "missing"
    assert "STR-REQ-01.messages" in " ".join(account.told("coverage.policy", "required-missing"))


async def test_S0_06_a_review_of_another_channel_is_told_by_number_and_hash(here: Desk) -> None:
    if not paper.available():
        pytest.skip("the extra `report` or its fonts are not installed")
    shop, same = "jane@example.com", "buyer-77@marketplace.example"
    here.says("platform", order(6), {"order.id": order(6), "order.buyer.email": same})
    here.says("shop", order(6), {"order.id": order(6), "order.buyer.email": shop})
    await here.seals(order(6))
    claims = await here.claims(order(6), "channel")
    assert not any(shop in claim or same in claim for claim in claims)

    def keys(told: list[str]) -> set[str]:
        return {each.split(" · ")[1] for each in told if "address, often a relay" in each}

    assert len(keys(claims)) == 2
    here.says("shop", order(6), {"order.id": order(6), "order.buyer.email": same.upper()})
    await here.seals(order(6))
    assert len(keys(await here.claims(order(6), "channel"))) <= 2
    # A number that is none of the platform's is foreign there.
    case = await here.opened(
        kinds=["feedback"], orders=[order(6)],
        papers=[{"role": "notice", "name": "d.csv",
                 "text": f"Order ID,Date,Defect Type\n{order(6)},2026-11-02,1 star\n"
                         "SO-1001,2026-11-02,1 star\n"}],
    )  # fmt: skip
    lines = (await here.report(case, "coverage"))["orders"]
    assert {line["order"]: line["state"] for line in lines}["SO-1001"] == "foreign_order"


HEAD = "Order ID,Order Date,Defect Type,Status\n"


def asked(rate: dict[str, Any]) -> tuple[int, bool]:
    """Which reading of the rule it is."""
    return rate["days"], rate["denied_claims_count"]


async def test_S0_07_tests_and_cancelled_orders_are_the_whole_difference(
    command: Command, tmp_path: Path
) -> None:
    defects = [f"{order(n)},2026-10-20,chargeback," for n in (1, 95, 98)]
    (tmp_path / "defects.csv").write_text(HEAD + "\n".join(defects), "utf-8")
    orders = [f"{order(n)},2026-10-20,Shipped,no" for n in range(95)]
    orders += [f"{order(n)},2026-10-20,Cancelled,no" for n in range(95, 98)]
    orders += [f"{order(n)},2026-10-20,Shipped,yes" for n in range(98, 100)]
    (tmp_path / "orders.csv").write_text(
        "order-id,purchase-date,status,test\n" + "\n".join(orders), "utf-8"
    )
    code, out = await command(
        "defects", "defects.csv", "--platform", "amazon", "--orders", "orders.csv",
        "--at", "2026-11-04", "--json",
    )  # fmt: skip
    assert code == 1  # none of them has evidence yet
    (sixty,) = [r for r in json.loads(out)["rates"] if asked(r) == (60, True)]
    # By hand: 3 of 100 as the dashboard counts, 1 of 95 without the five.
    assert sixty["rate"] == 0.03
    assert sixty["without_doubtful"] == {"defects": 1, "orders": 95}
    assert [each["order"] for each in sixty["doubtful"]] == [order(n) for n in range(95, 100)]


async def test_S0_10_the_rate_by_30_60_and_90_days_says_whose_rule_each_is(
    command: Command, tmp_path: Path
) -> None:
    days = ("2026-10-30", "2026-09-20", "2026-08-20", "2026-08-18")
    lines = [f"{order(n)},{day},chargeback," for n, day in enumerate(days)]
    (tmp_path / "defects.csv").write_text(HEAD + "\n".join(lines), "utf-8")
    code, out = await command(
        "defects", "defects.csv", "--platform", "amazon", "--order-count", "200",
        "--at", "2026-11-04", "--json",
    )  # fmt: skip
    assert code == 1
    said = json.loads(out)
    rates = {asked(r): r for r in said["rates"]}
    assert {days: rates[days, True]["rate"] for days in (30, 60, 90)} == {
        30: 1 / 200, 60: 2 / 200, 90: 4 / 200,
    }  # fmt: skip
    assert all(rate["source"] and rate["confidence"] for rate in rates.values())
    assert len({rate["source"] for rate in rates.values()}) >= 2
    assert said["policy"]["version"]


async def test_S0_12_the_report_counts_what_is_met_and_foretells_nothing(here: Desk) -> None:
    orders = [order(n) for n in (12, 13, 14)]
    for place, number in enumerate(orders):
        here.ships(number, ups(12 + place))
        here.carries(parcel(ups(12 + place), ACCEPTED, *([DELIVERED] if place else [])))
        await here.seals(number, defect=A_TO_Z)
    case = await here.opened(account=True, kinds=["a-to-z"], orders=orders)
    gaps = await here.report(case, "gaps")
    assert [line["order"] for line in gaps["orders"]] == orders
    for line in gaps["orders"]:
        lacking = [each["requirement"] for each in line["missing"]]
        assert len(lacking) == len(set(lacking)) and "AMZ-A2Z-05.pod" in lacking
        assert line["met"] + len(lacking) == line["asked"]
    first = {each["requirement"] for each in gaps["orders"][0]["missing"]}
    assert "AMZ-A2Z-04.tracking" in first
    text = json.dumps(gaps).lower()
    assert "%" not in text and "chance" not in text and "probab" not in text


async def test_S0_13_a_column_that_lacks_is_named_and_originals_are_kept(here: Desk) -> None:
    path, csv = "/v1/defects/exports?platform=amazon&collect=no", {"Content-Type": "text/csv"}
    refused = await here.ask.post(path, data=b"Order ID,Order Date\n1,2026-11-02", headers=csv)
    assert refused.status == 422 and "defect" in refused.body.decode().lower()
    lines = [f"{order(n)},2026-11-0{n - 14},a-to-z," for n in (15, 16)]
    text = HEAD + "\n".join(lines) + "\n"
    taken = await here.ask.post(path, data=text.encode(), headers=csv)
    assert (taken.json["lines"], taken.json["new"]) == (2, 2)
    assert {each["order_id"] for each in taken.json["defects"]} == {order(15), order(16)}
    notice = {"role": "notice", "name": "notice.txt", "text": f"About {order(15)}."}
    export = {"role": "notice", "name": "d.csv", "base64": base64.b64encode(text.encode()).decode()}
    case = await here.opened(orders=[order(15)], papers=[notice, export])
    kept = {paper["name"]: paper["sha256"] for paper in case["events"][0]["papers"]}
    got = await here.ask.get(f"/v1/cases/{case['id']}/papers/{kept['d.csv']}")
    assert got.body == text.encode()


async def test_S0_14_a_token_that_may_write_is_refused_and_no_secret_is_kept(here: Desk) -> None:
    account = await here.seals("#1001", "shopify", "stripe", platform="shopify")
    refused = account.source("shopify")
    assert refused["state"] == "failed" and "write_orders" in refused["why"]
    secret = here.world.account("shopify").client_secret.encode()
    assert secret not in json.dumps(account.said).encode()
    for file in (here.folder / "data").rglob("*"):
        if file.is_file():
            assert secret not in file.read_bytes(), file


async def test_S0_15_waybill_proof_chat_and_export_come_in_one_envelope(here: Desk) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (["Order", "Tracking", "Service", "Shipped"], [EVERYONES, "", "Ground", ""]):
        book.active.append(row)
    book.save(here.folder / "drop" / "export.xlsx")
    here.drops(f"{EVERYONES} waybill.txt", "Waybill of the warehouse.")
    here.ships(EVERYONES, "1Z84A7V90344127810")
    await here.seals(EVERYONES, "shop", "ups", "zendesk", "notes", "workbooks")
    items = (await here.ask.get(f"/v1/orders/amazon/{EVERYONES}/items?limit=200")).json["items"]
    kinds = {"pod.document": "ups", "message.thread": "zendesk", "document": "notes",
             "order.record": "workbooks"}  # fmt: skip
    for role, source in kinds.items():
        (each, *_) = [i for i in items if (i["role"], i["source"]) == (role, source)]
        for name in ("source", "collected_at", "media_type", "sha256", "origin", "provenance"):
            assert each[name], (role, name)
    (sheet,) = [i for i in items if i["source"] == "workbooks" and i["role"] == "order.record"]
    kept = await here.item(EVERYONES, sheet["sha256"])
    assert kept == (here.folder / "drop" / "export.xlsx").read_bytes()
    facts = (await here.sealed_of(EVERYONES)).facts("shipment.service")
    assert any(f["item"] == sheet["sha256"] and f["value"] == "Ground" for f in facts)


async def test_S0_16_the_form_is_checked_and_a_copy_leads_to_its_original(
    here: Desk, command: Command, tmp_path: Path
) -> None:
    if not paper.available():
        pytest.skip("the extra `report` or its fonts are not installed")
    (tmp_path / "plain.zip").write_bytes(by_hand.amazon({"A1B2C3D4_1_delivery.pdf": by_hand.pdf()}))
    code, out = await command("profile", "lint", "plain.zip", "--json")
    said = json.loads(out)
    assert "pdf.standard" in {each["limit"] for each in said["breaches"]}
    await _store(here)
    number = ups(17)
    here.ships(order(17), number)
    here.carries(parcel(number, ACCEPTED, DELIVERED, received_by="DOE", signature=True))
    await here.seals(order(17), defect=A_TO_Z)
    file = await here.bundle(order(17), profile="amazon")
    code, out = await command("profile", "lint", str(file), "--json")
    assert code == 0 and not [
        b for b in json.loads(out)["breaches"] if b["limit"] == "pdf.standard"
    ]
    with zipfile.ZipFile(file) as bundle:
        (archive,) = [name for name in bundle.namelist() if name.endswith(".zip")]
        with zipfile.ZipFile(io.BytesIO(bundle.read(archive))) as inner:
            papers = [told(inner.read(n)) for n in inner.namelist() if n.endswith(".pdf")]
        claims = [json.loads(line) for line in bundle.read("proof.jsonl").splitlines()]
    assert papers and {each.standard for each in papers} == {"PDF/A-1a"}
    listed = await here.ask.get(f"/v1/orders/amazon/{order(17)}/items?limit=200")
    known = {each["sha256"] for each in listed.json["items"]}
    assert claims and {each["item"] for each in claims if "item" in each} <= known


async def test_S0_20_a_chats_picture_is_no_proof_where_the_carriers_is_asked_for(
    here: Desk,
) -> None:
    number = ups(20)
    here.ships(order(20), number)
    out = io.BytesIO()
    Image.new("RGB", (720, 1280), (240, 240, 240)).save(out, format="png")
    here.drops(f"POD {order(20)}.png", out.getvalue())
    here.drops(f"POD {order(20)}.png.toml", f'order_id = "{order(20)}"\nrole = "pod.document"\n')
    account = await here.seals(order(20), "shop", "notes", defect=A_TO_Z)
    line = account.line("AMZ-A2Z-05.pod")
    assert line["state"] == "weak" and "upload" in line["why"]
    here.carries(parcel(number, ACCEPTED, DELIVERED, pod_letter=True))
    again = await here.seals(order(20), "shop", "notes", "ups", defect=A_TO_Z)
    assert again.line("AMZ-A2Z-05.pod")["state"] == "present"


async def test_S0_21_messages_without_a_zone_stay_open_and_with_one_show_both(here: Desk) -> None:
    def chat(*times: str) -> list[dict[str, str]]:
        return [
            {"order.id": order(21), "message.id": f"m{place}", "message.body": "Hello.",
             "message.role": ("buyer", "seller")[place], "message.sent.at": at}
            for place, at in enumerate(times)
        ]  # fmt: skip

    here.says("inbox", order(21), *chat("2026-11-05 18:12:09", "2026-11-05 19:40:00"))
    here.ships(order(21), ups(21), order__placed__at="2026-11-05T12:00:00Z")
    account = await here.seals(order(21), "inbox", "shop")
    times = [fact["value"] for fact in account.facts("message.sent.at")]
    assert {time["kind"] for time in times} == {"local_time"}
    case = await here.opened(orders=[order(21)])
    (said,) = (await here.report(case, "responses"))["orders"]
    (line,) = said["messages"]
    assert {limit["verdict"] for limit in line["limits"]} == {"inconclusive"}
    zoned = chat("2026-11-05T18:12:09-08:00", "2026-11-05T19:40:00-08:00")
    here.says("inbox", order(21), *zoned)
    account = await here.seals(order(21), "inbox", "shop")
    times = [fact["value"] for fact in account.facts("message.sent.at")]
    assert times[-2] | {"text": "2026-11-05T18:12:09-08:00"} == times[-2]
    assert times[-2]["at"].startswith("2026-11-06T02:12:09")


async def test_S0_24_exchanges_are_kept_with_their_number_and_without_the_secret(
    here: Desk,
) -> None:
    account = await here.seals(EVERYONES, "amazon")
    exchanges = [i for i in account.items("exchange") if i["origin"] == "amazon"]
    records = []
    for each in exchanges:
        data = await here.item(EVERYONES, each["sha256"])
        assert here.world.account("amazon").client_secret.encode() not in data
        records += [
            (record.rec_type, record.http_headers, record.rec_headers)
            for record in ArchiveIterator(io.BytesIO(data))
        ]
    asked = [headers for kind, headers, _ in records if kind == "request"]
    tokens = [h.get_header("x-amz-access-token") for h in asked]
    assert any(tokens) and all("secret:" in token for token in tokens if token)
    answered = [headers for kind, headers, _ in records if kind in ("response", "revisit")]
    assert answered and all(h.get_header("Date") for h in answered)
    assert account.facts("exchange.request_id") and account.facts("exchange.status")


async def test_S0_26_a_page_without_the_carriers_mark_is_no_carriers_document(
    here: Desk, command: Command, tmp_path: Path
) -> None:
    number = ups(26)
    page = "<html><body><h1>{}</h1><p>Tracking Number: {}</p><p>Delivered: {}</p></body></html>"
    when = "November 3, 2026 2:31 PM"
    (tmp_path / "with.html").write_text(page.format("UPS Tracking", number, when), "utf-8")
    (tmp_path / "without.html").write_text(page.format("Status", number, when), "utf-8")
    _, out = await command(
        "inspect", "with.html", "without.html", "--json", "--at", "2026-11-20T12:00:00Z"
    )
    answers = [json.loads(line) for line in out.splitlines()]
    codes = [
        {f["code"] for v in each["verdicts"] if v["verifier"].startswith("marks.carrier")
         for f in v["findings"]}
        for each in answers
    ]  # fmt: skip
    assert "carrier-mark-agrees" in codes[0] and "carrier-mark-absent" in codes[1]
    here.ships(order(26), number)
    here.drops(f"POD {order(26)}.html", page.format("Status", number, when))
    here.drops(f"POD {order(26)}.html.toml", f'order_id = "{order(26)}"\nrole = "pod.document"\n')
    account = await here.seals(order(26), "shop", "notes", defect=A_TO_Z)
    assert "carrier-mark-absent" in account.codes("marks.carrier")
    assert account.line("AMZ-A2Z-05.pod")["state"] == "weak"


async def test_S0_31_a_number_in_the_shop_ties_and_two_equal_parcels_are_not_chosen_from(
    here: Desk,
) -> None:
    explicit, first, second = ups(31), ups(32), ups(33)
    note = {"order.id": "SO-31", "order.note": f"Amazon {order(31)}"}
    here.says("shop", order(31), note | {"shipment.tracking_number": explicit})
    here.carries(*(parcel(n, ACCEPTED, DELIVERED) for n in (explicit, first, second)))
    account = await here.seals(order(31))
    assert "parcel-tied" in account.codes("matching.order")
    # No record names the order beside either parcel: both are told, none is taken.
    for name, number in (("a", first), ("b", second)):
        here.drops(f"{order(32)} {name}.txt", f"Order {order(32)}. Two parcels went out that day.")
        here.drops(f"{order(32)} {name}.txt.toml", f'tracking_number = "{number}"\n')
    here.says("post", order(32), *({"shipment.tracking_number": n} for n in (first, second)))
    account = await here.seals(order(32), "post", "notes")
    told = " ".join(account.told("matching.order", "parcel-not-tied"))
    assert first in told and second in told
    assert account.verdict("matching.order") == "inconclusive"


async def test_S0_32_a_delivery_told_by_webhook_is_collected_for_at_once(here: Desk) -> None:
    number = ups(34)
    here.ships(order(34), number)
    here.carries(parcel(number, ACCEPTED))
    account = await here.seals(order(34))
    assert not account.facts("scan.delivered.at")
    here.carries(parcel(number, ACCEPTED, DELIVERED, signature=True, received_by="DOE"))
    told = {"platform": "amazon", "order_id": order(34), "site": "US"}
    (begun,) = await here.hears("order.delivered", **told)
    account = await here.walked(begun, order(34))
    # Signature and letter came with that very answer: nothing is left behind a link.
    assert account.facts("scan.delivered.at") and account.items("pod.signature")
    assert account.source("ups")["state"] == "brought"


async def _store(here: Desk) -> None:
    """Whose archive it is: the seller's id stands in each file's name."""
    body = {"platform": "amazon", "seller": "A1B2C3D4", "site": "US"}
    answer = await here.ask.ask("PUT", "/v1/stores/default", json=body)
    assert answer.status in (200, 201), answer.body
