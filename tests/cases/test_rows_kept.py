"""Rows about what is kept beside an order: freeze, profiles, figures, measures, response times."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from evidence.playbook import Response
from evidence.policy import Confidence
from evidence.times import Instant
from service.cases.responses import responses
from service.cases.said import Said
from tests.cases.house import ORDER, SHARED, House, codes, house, said

pytestmark = pytest.mark.asyncio(loop_scope="module")
_ABOUT: dict[str, dict[str, Any]] = {}


@pytest_asyncio.fixture(scope=SHARED, loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("kept")) as found:
        found.exports(
            (ORDER, "1Z84A7V90344127810", "Ground", "2026-11-13T12:00:00Z"),
            ("112-4872913-5531403", "1Z84A7V90344127811", "Ground", "2026-11-13T11:59:59Z"),
            ("112-4872913-5531404", "1Z84A7V90344127812", "Ground", "2026-11-20T11:59:59Z"),
        )
        await found.collected(ORDER, "112-4872913-5531403", "112-4872913-5531404")
        yield found


async def case_of(here: House, kind: str, **changes: Any) -> dict[str, Any]:
    return await here.opened(kinds=[kind], **changes)


async def test_S4_17_the_last_seven_days_are_exported_at_once(here: House) -> None:
    case = await case_of(here, "suspension", account=True, orders=[])
    assert [event["step"] for event in case["events"]] == ["open", "freeze"]
    told = said(case, "freeze")
    assert (told["from"], told["until"], told["zone"]) == (
        "2026-11-13T12:00:00.000000Z", "2026-11-20T12:00:00.000000Z", "UTC",
    )  # fmt: skip
    papers = {p["name"]: p["sha256"] for p in case["events"][1]["papers"]}
    assert set(papers) == {"orders.jsonl", "shipments.jsonl", "messages.jsonl"}
    path = f"/v1/cases/{case['id']}/papers/{papers['shipments.jsonl']}"
    head, *lines = map(json.loads, (await here.ask.get(path)).body.splitlines())
    # The first moment is in, the second before it is not.
    assert {line["said"] for line in lines} == {"2026-11-13T12:00:00Z", "2026-11-20T11:59:59Z"}
    assert head["lines"] == told["lines"]["shipments"] == 2
    assert (await here.verified(case)).ok


async def test_S4_13_a_profile_that_changed_meanwhile_is_told_with_both_days(here: House) -> None:
    case = await case_of(here, "profile")
    profile = {"company": "Bright Leaf Ltd", "bank": "DE00 0000 0001"}
    case = await here.step(case, "profile", profile=profile)
    assert codes(case, "profile") == []
    case = await here.step(case, "profile", profile=profile)
    assert codes(case, "profile") == []
    case = await here.step(case, "profile", profile=profile | {"bank": "DE00 0000 0002"})
    (warning,) = said(case, "profile")["warnings"]
    assert "bank" in warning["text"] and warning["text"].count("2026-11-20") == 2
    assert said(case, "profile")["changed"] == ["bank"]
    assert b"DE00" not in json.dumps(case).encode()


async def test_S4_15_a_history_of_sixty_days_shows_its_gaps_and_the_event(here: House) -> None:
    case = await case_of(here, "history")
    days = [date(2026, 9, 21) + timedelta(days=n) for n in range(60)]
    series = {str(day): 0.3 if day < date(2026, 11, 15) else 1.8 for day in days}
    del series["2026-10-01"]
    await here.step(case, "metric", metric="odr", series=series)
    report = await here.report(case, "history")
    assert (report["gaps"], len(report["series"])) == (["2026-10-01"], 60)
    assert report["event"] == "2026-11-20"
    assert report["chart"].count("<polyline") == 2
    assert next(d for d in report["series"] if d["value"] is None)["day"] == "2026-10-01"


async def test_S1_25_the_page_of_the_orders_day_is_used_and_not_the_present_one(
    here: House,
) -> None:
    case = await case_of(here, "returns", placed_on="2026-10-27")

    def page(at: str, days: str) -> dict[str, Any]:
        hints = {"kind": "returns-policy", "captured_at": at, "returns_days": days}
        return {"text": f"Returns within {days} days.", "hints": hints}

    papers = [page("2026-10-20T10:00:00Z", "30"), page("2026-11-15T10:00:00Z", "14")]
    refused = {"text": "We refuse.", "hints": {"kind": "return-refused", "days": "20"}}
    await here.step(case, "document", papers=[*papers, refused])
    report = await here.report(case, "captures")
    (capture,) = report["captures"]
    assert capture["captured_at"].startswith("2026-10-20") and capture["verdict"] == "pass"
    (mismatch,) = report["mismatches"]
    assert "30 days" in mismatch and "after 20." in mismatch


async def test_S0_09_accounts_are_apart_by_four_dimensions_or_say_which_lacks(here: House) -> None:
    case = await case_of(here, "separation")

    def shown(dimension: str, theirs: str) -> dict[str, Any]:
        hints = {"kind": "separation", "dimension": dimension, "ours": "aa", "theirs": theirs,
                 "source": "bank letter", "date": "2026-11-01"}  # fmt: skip
        return {"text": f"{dimension} {theirs}", "hints": hints}

    await here.step(case, "document", papers=[shown(d, "bb") for d in ("ip", "bank", "logistics")])
    assert (await here.report(case, "separation"))["verdict"] == "incomplete(domain)"
    await here.step(case, "document", papers=[shown("domain", "bb")])
    assert (await here.report(case, "separation"))["verdict"] == "pass"
    await here.step(case, "document", papers=[shown("bank", "aa")])
    assert (await here.report(case, "separation"))["verdict"] == "fail"


async def test_S4_18_the_cover_sheet_has_five_rows_with_their_digests(here: House) -> None:
    case = await case_of(here, "cover", platform_case_id="N-1", asins=["B0TESTASIN"])
    rows = {row["row"]: row for row in (await here.report(case, "cover"))["rows"]}
    assert len(rows) == 5 and rows["dashboard of 30 days"]["state"] == "missing"
    board = {"text": "3 defects of 412", "hints": {"kind": "dashboard"}}
    case = await here.step(case, "document", papers=[board])
    rows = {row["row"]: row for row in (await here.report(case, "cover"))["rows"]}
    assert {row["state"] for row in rows.values()} == {"present"}
    assert rows["dashboard of 30 days"]["sha256"] == [case["events"][-1]["papers"][0]["sha256"]]
    assert rows["notification"]["text"] == "N-1"


# -- measures --------------------------------------------------------------------------------


async def test_S1_15_a_training_is_shown_by_day_list_and_test(here: House) -> None:
    case = await case_of(here, "measures")
    case = await here.step(case, "promise", text="The staff was trained on returns.")
    assert said(case, "promise")["proofs"] == ["date", "attendance", "test"]
    (line,) = (await here.report(case, "measures"))["measures"]
    assert (line["verdict"], line["lacking"]) == ("fail", ["date", "attendance", "test"])
    papers = [{"text": p, "hints": {"proof": p}} for p in ("date", "attendance")]
    case = await here.step(case, "prove", measure="M1", papers=papers)
    assert said(case, "prove")["lacking"] == ["test"]
    last = [{"text": "14 of 14", "hints": {"proof": "test"}}]
    case = await here.step(case, "prove", measure="M1", papers=last)
    (line,) = (await here.report(case, "measures"))["measures"]
    assert (line["verdict"], line["state"], len(line["proofs"])) == ("pass", "kept", 3)


async def test_S4_07_a_measure_without_proof_fails_and_with_a_log_links_to_it(here: House) -> None:
    case = await case_of(here, "measure logs")
    case = await here.step(case, "promise", text="We did something new.", part="corrective")
    bare = await here.tried(case, "prove", measure="M1")
    assert bare.status == 422
    case = await here.step(case, "prove", measure="M1", papers=[{"text": "log", "name": "a.log"}])
    (line,) = (await here.report(case, "measures"))["measures"]
    sha256 = case["events"][-1]["papers"][0]["sha256"]
    assert line["verdict"] == "pass" and line["proofs"] == [{"proof": "proof", "sha256": sha256}]


async def test_S1_17_a_promise_that_is_due_without_proof_is_on_the_list(here: House) -> None:
    case = await case_of(here, "due")
    due = "2026-11-21T12:00:00Z"
    case = await here.step(case, "promise", text="Reply within 48 hours.", due=due)
    assert said(case, "promise")["kind"] == "reply-time"
    case = await here.step(case, "close")
    (entry,) = case["agenda"]
    assert entry["what"] == "measure-due"
    listed = (await here.ask.get(f"/v1/cases?due_before={due}")).json["cases"]
    assert case["id"] in [line["id"] for line in listed]
    proof = [{"text": "limit: 48 h", "hints": {"proof": "settings"}}]
    case = await here.step(case, "prove", measure="M1", papers=proof)
    assert case["agenda"] == []
    listed = (await here.ask.get(f"/v1/cases?due_before={due}")).json["cases"]
    assert case["id"] not in [line["id"] for line in listed]


# -- response times --------------------------------------------------------------------------

AT = datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
ANY = Response(
    id="any", minutes=1440, counts="any", text="", source="t", source_date="n.d.",
    confidence=Confidence.SEED,
)  # fmt: skip
PERSON = Response(
    id="person", minutes=1440, counts="substantive", text="", source="t", source_date="n.d.",
    confidence=Confidence.SEED,
)  # fmt: skip


def message(by: str, minutes: float | None, *, automatic: bool = False) -> Said:
    at = None if minutes is None else AT + timedelta(minutes=minutes)
    return Said(
        id=f"{by}{minutes}",
        by=by,
        automatic=automatic,
        time=None if at is None else Instant(at, at.isoformat()),
        item="ab" * 32,
        origin="shop",
    )


def verdicts(*messages: Said, after: float = 10_000) -> list[str]:
    report = responses(messages, [ANY, PERSON], AT + timedelta(minutes=after))
    return [limit["verdict"] for limit in report["messages"][0]["limits"]]


@pytest.mark.parametrize(
    ("answers", "after", "expected"),
    [
        pytest.param([("seller", 1439, False)], 9999, ["met", "met"], id="S1-24 23:59"),
        pytest.param([("seller", 1441, False)], 9999, ["missed", "missed"], id="S1-24 24:01"),
        pytest.param([("seller", 1440, False)], 9999, ["met", "met"], id="S2-04 the limit itself"),
        pytest.param([("seller", 1, True)], 9999, ["met", "missed"], id="S1-24 an automatic one"),
        pytest.param([], 10, ["open", "open"], id="S2-04 there is still time"),
        pytest.param([], 1441, ["missed", "missed"], id="S2-04 nobody ever answered"),
        pytest.param([("seller", None, False)], 9999, ["inconclusive"] * 2, id="no zone"),
    ],
)
async def test_an_answer_is_held_to_the_limits(
    answers: list[tuple[str, float | None, bool]], after: float, expected: list[str]
) -> None:
    given = [message(by, minutes, automatic=auto) for by, minutes, auto in answers]
    assert verdicts(message("buyer", 0), *given, after=after) == expected


async def test_S2_05_the_automatic_and_the_substantive_answer_are_told_apart() -> None:
    said = [message("buyer", 0), message("seller", 1, automatic=True), message("seller", 600)]
    (line,) = responses(said, [ANY, PERSON], AT)["messages"]
    assert (line["automatic_minutes"], line["substantive_minutes"]) == (1, 600)


async def test_S2_08_what_followed_what_is_told_without_a_cause() -> None:
    report = responses([message("buyer", 0), message("seller", 30)], [ANY], AT)
    (sentence,) = report["sequence"]
    assert "followed by" in sentence and "because" not in sentence
