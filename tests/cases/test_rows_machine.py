"""Rows of the scenarios that the case machine and its ledger answer, each by its id."""

from __future__ import annotations

import json
import zipfile

import pytest

from evidence.erasure import ErasureReason
from evidence.errors import HeldError
from service.cases.ref import ref_of_case
from service.custody import By
from tests.cases.house import NOTICE, House, codes, said

OTHER = "113-0000001-0000002"


async def test_S0_23_two_kinds_are_two_cases(here: House) -> None:
    answer = await here.open(kinds=["a-to-z", "late shipment"])
    assert answer.status == 422
    (wrong,) = answer.json["errors"]
    assert "amazon.a2z.delivery and amazon.late_shipment" in wrong["detail"]
    first = await here.opened()
    second = await here.opened(kinds=["late shipment"], links=[first["id"]])
    assert (first["rules"], second["rules"]) == ("amazon.a2z.delivery", "amazon.late_shipment")
    # The same bytes stand in both, under one digest.
    assert first["events"][0]["papers"] == second["events"][0]["papers"]


async def test_S4_11_one_anomaly_a_case_and_linked_cases_verify_each_for_itself(
    here: House,
) -> None:
    answer = await here.open(kinds=["a-to-z", "account suspension"], account=True)
    assert answer.status == 422
    assert "amazon.a2z.delivery and amazon.account" in answer.json["errors"][0]["detail"]
    first = await here.opened()
    second = await here.opened(kinds=["account suspension"], account=True, links=[first["id"]])
    for case in (first, second):
        report = await here.verified(case)
        assert report.ok, report.lines()
        assert [c.state for c in report.checks if c.name == "case"] == ["pass"]
    assert second["links"] == [first["id"]]


async def test_S0_29_what_is_open_is_found_and_not_made_twice(here: House) -> None:
    first = await here.opened(platform_case_id="A-77")
    again = await here.open()
    assert (again.status, again.json["id"]) == (200, first["id"])
    same_number = await here.open(orders=[OTHER], platform_case_id="A-77")
    assert (same_number.status, same_number.json["id"]) == (200, first["id"])
    case = await here.steps(first, "collect", "ready")
    assert (await here.submitted(case)).status == 200
    twice = await here.submitted(case)
    assert twice.status == 409 and "submitted" in twice.json["detail"]
    listed = (await here.ask.get("/v1/cases")).json["cases"]
    assert [line["id"] for line in listed] == [first["id"]]


async def test_S0_18_each_submission_stands_with_its_numbers_and_digests(here: House) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    await here.submitted(
        case,
        ticket_id="T-1",
        request_id="req-1",
        headers={"X-Amzn-RequestId": "req-1", "Authorization": "Bearer canary-secret"},
    )
    case = await here.step(case, "deny", papers=[{"text": "Evidence is insufficient."}])
    case = await here.steps(case, "collect", "ready")
    answer = await here.submitted(case, platform_case_id="A-78", bundles=["ef" * 32])
    assert answer.status == 200, answer.body
    sent = [event["said"] for event in answer.json["events"] if event["step"] == "submit"]
    assert [each["numbers"]["case"] for each in sent] == ["A-77", "A-78"]
    assert sent[0]["bundles"] != sent[1]["bundles"]
    assert sent[0]["headers"] == {"x-amzn-requestid": "req-1", "authorization": "[removed]"}
    assert b"canary-secret" not in answer.body
    assert sent[1]["difference"]["bundles"] == {
        "added": ["ef" * 32], "dropped": ["cd" * 32], "kept": 0,
    }  # fmt: skip


async def test_S0_30_the_export_is_all_in_order_and_a_sealed_paper_cannot_change(
    here: House,
) -> None:
    case = await here.opened()
    case = await here.step(case, "notice", papers=[NOTICE | {"text": "A second notice."}])
    case = await here.step(case, "collect")
    steps = [event["step"] for event in case["events"]]
    assert steps == ["open", "notice", "collect"]
    assert [event["receipt"] for event in case["events"]] == [1, 3, 4]
    file = await here.sealed(case)
    spoilt = file.with_name("spoilt.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(spoilt, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"A second notice.", b"A second n0tice."))
    from auditor.verify import verify_path

    assert not verify_path(spoilt).ok


async def test_S1_18_what_was_sent_and_answered_stays_for_its_retention(here: House) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    case = (await here.submitted(case)).json
    case = await here.step(case, "review", papers=[{"text": "We look at it."}])
    body = {"reason": str(ErasureReason.SUBJECT_REQUEST)}
    answer = await here.ask.post(f"/v1/cases/{case['id']}/erasure", json=body)
    assert answer.status == 409 and "kept until" in answer.json["detail"]
    papers = [p for event in case["events"] for p in event["papers"]]
    assert [paper["role"] for paper in papers] == ["case.notice", "case.submission", "case.reply"]
    for paper in papers:
        got = await here.ask.get(f"/v1/cases/{case['id']}/papers/{paper['sha256']}")
        assert got.status == 200
    here.clock.passes(days=4000)
    answer = await here.ask.post(f"/v1/cases/{case['id']}/erasure", json=body)
    assert answer.status == 200, answer.body
    assert (await here.ask.get(f"/v1/cases/{case['id']}")).status == 404
    assert (await here.ask.get("/v1/cases")).json["cases"] == []


async def test_S1_21_under_review_nothing_is_filed_and_a_denial_asks_for_a_change(
    here: House,
) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    case = (await here.submitted(case)).json
    case = await here.step(case, "review")
    assert (await here.submitted(case)).status == 409
    case = await here.step(case, "deny", papers=[{"text": "No."}])
    case = await here.steps(case, "collect", "ready")
    assert (await here.submitted(case)).status == 409
    changed = await here.submitted(case, evidence=["ab" * 32, "12" * 32])
    assert changed.status == 200
    assert said(changed.json, "submit")["difference"]["evidence"]["added"] == ["12" * 32]


async def test_S3_25_no_second_filing_no_odd_reason_and_always_a_channel(here: House) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    missing = await here.submitted(case, channel="")
    assert missing.status == 422 and "`channel`" in missing.json["detail"]
    answer = await here.submitted(case, reasons=["policy_change"])
    assert codes(answer.json, "submit") == ["reason-policy_change"]
    assert (await here.submitted(case)).status == 409


async def test_S4_12_an_answer_outside_the_official_channel_is_said_to_be_one(here: House) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    case = (await here.submitted(case)).json
    case = await here.step(case, "reply", channel="email", papers=[{"text": "Hello."}])
    assert codes(case, "reply") == ["channel-not-official"]
    case = await here.step(case, "reply", channel="message", papers=[{"text": "Hello again."}])
    assert codes(case, "reply") == []


async def test_S4_08_what_cannot_be_taken_back_is_confirmed(here: House) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    answer = await here.submitted(case, confirm=False)
    assert answer.status == 422 and "taken back" in answer.json["detail"]
    assert (await here.submitted(case)).status == 200


async def test_S4_09_nobody_asks_before_the_quiet_period_is_over(here: House) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    case = (await here.submitted(case)).json
    (entry,) = case["agenda"]
    assert (entry["what"], entry["at"]) == ("quiet-over", "2026-11-25T12:00:00.000000Z")
    before = await here.ask.get("/v1/cases?due_before=2026-11-25T11:59:59Z")
    assert before.json["cases"] == []
    at = await here.ask.get("/v1/cases?due_before=2026-11-25T12:00:00Z")
    assert [line["id"] for line in at.json["cases"]] == [case["id"]]


async def test_S4_16_what_comes_back_within_the_watch_is_critical(here: House) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    case = (await here.submitted(case)).json
    case = await here.step(case, "win", outcome="Excluded from ODR Calculation")
    case = await here.step(case, "watch")
    assert said(case, "watch") == {
        "until": "2026-12-20T12:00:00.000000Z", "limit_percent": 80, "note": "",
    }  # fmt: skip
    here.clock.passes(days=29)
    case = await here.step(case, "recur", note="It is back.")
    assert said(case, "recur")["severity"] == "critical"
    here.clock.passes(days=2)
    case = await here.step(case, "recur")
    assert said(case, "recur")["severity"] == "normal"


async def test_S4_04_a_kind_without_rules_is_a_case_all_the_same(here: House) -> None:
    case = await here.opened(kinds=["payment hold"])
    assert case["rules"] == "no rules for this kind"
    hints = {"kind": "certificate", "issuer": "Trade mark office", "date": "2026-01-02"}
    paper = {"name": "mark.pdf", "base64": "JVBERi0xLjQK", "hints": hints}
    case = await here.step(case, "document", papers=[paper])
    report = await here.verified(case)
    assert report.ok, report.lines()


async def test_S4_01_an_account_case_covers_many_orders(here: House) -> None:
    orders = [f"112-4872913-55314{n:02}" for n in range(12)]
    asins = ["B0TESTASIN", "B0OTHERASN"]
    case = await here.opened(kinds=["account suspension"], account=True, orders=orders, asins=asins)
    assert (len(case["orders"]), case["asins"]) == (12, asins)
    single = await here.open(orders=orders)
    assert single.status == 422 and "account" in single.json["detail"]


async def test_S3_09_what_comes_after_the_window_goes_to_a_new_case(here: House) -> None:
    order = "576461413038785752"
    case = await here.opened(platform="tiktok", kinds=["odr"], orders=[order])
    assert case["closes_at"] == "2026-11-23T11:00:00.000000Z"
    here.clock.passes(days=3)
    late = await here.tried(case, "document", papers=[{"text": "too late"}])
    assert late.status == 409 and "new case" in late.json["detail"]
    case = await here.step(case, "close", note="The window is over.")
    again = await here.open(platform="tiktok", kinds=["odr"], orders=[order], links=[case["id"]])
    assert again.status == 201


async def test_S0_25_a_case_says_which_rules_it_was_chosen_by(here: House) -> None:
    case = await here.opened(placed_on="2026-10-01")
    opened = said(case, "open")
    policy = here.runtime.policy("amazon.a2z.delivery")
    assert opened["policy"] == {
        "id": policy.id, "version": policy.version, "sha256": policy.sha256,
    }  # fmt: skip
    assert opened["placed_on"] == "2026-10-01"
    assert set(opened["playbook"]) == {"id", "version", "sha256"}


async def test_S0_28_a_deadline_is_counted_from_the_notice_by_each_reading(here: House) -> None:
    case = await here.opened()
    found = {each["rule"]: each["at"] for each in case["deadlines"]}
    assert found["AMZ-A2Z-02"] == "2026-11-22T11:00:00.000000Z"
    assert case["deadlines"] == sorted(case["deadlines"], key=lambda each: each["at"])
    (line,) = (await here.ask.get("/v1/cases")).json["cases"]
    assert line["next_at"] == "2026-11-22T11:00:00.000000Z"


# -- what is no row ------------------------------------------------------------------------


async def test_the_case_of_an_order_stands_or_falls_by_its_events_alone(here: House) -> None:
    """The row is lost or old: the next look mends it from the events."""
    case = await here.opened()
    case = await here.step(case, "collect")
    from sqlalchemy import update

    from storage.ledger.models import cases

    async def work(connection: object) -> None:
        await connection.execute(  # type: ignore[attr-defined]
            update(cases).values(state="noticed", version=1)
        )

    await here.runtime.ledger._database.write("default", work)
    assert (await here.ask.get(f"/v1/cases/{case['id']}")).json["state"] == "collecting"
    (line,) = (await here.ask.get("/v1/cases")).json["cases"]
    assert line["state"] == "collecting"


async def test_who_looked_at_a_case_is_in_the_custody_log(here: House) -> None:
    from service.custody import report

    case = await here.opened()
    (notice,) = case["events"][0]["papers"]
    await here.ask.get(f"/v1/cases/{case['id']}")
    await here.ask.get(f"/v1/cases/{case['id']}/papers/{notice['sha256']}")
    found = await report(here.runtime, "default", ref_of_case(case["id"]))
    assert found.holds
    ways = [(entry.details["way"], entry.details.get("sha256")) for entry in found.entries]
    assert ways == [
        ("POST /v1/cases", case["events"][0]["sha256"]),
        ("GET /v1/cases/{case_id}", None),
        ("GET /v1/cases/{case_id}/papers/{sha256}", notice["sha256"]),
    ]


async def test_a_hold_keeps_a_case_from_being_erased(here: House) -> None:
    from service.retention import erasure

    case = await here.opened()
    ref = ref_of_case(case["id"])
    order = await here.runtime.find("default", ref)
    await here.runtime.hold(order, reason="a dispute")
    here.clock.passes(days=4000)
    with pytest.raises(HeldError):
        await erasure.erase(
            here.runtime, "default", ref, reason=ErasureReason.SUBJECT_REQUEST,
            by=By("tests", "tests"),
        )  # fmt: skip


async def test_no_order_of_a_platform_can_be_named_like_a_case(here: House) -> None:
    case = await here.opened()
    name = f"orderproof%2Fcase%2F{case['id']}"
    answer = await here.ask.client.get(f"/v1/orders/other/{name}?site=ZZ")
    assert answer.status in (404, 422)
    assert case["id"] not in json.dumps((await here.ask.get("/v1/policies")).json)
