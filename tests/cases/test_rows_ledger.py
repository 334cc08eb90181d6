"""Rows about what the platform names, refuses and asks for, each by its id."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.orders import OrderRef, Platform
from service.access.callers import DeniedError
from service.api.ports import EVIDENCE
from tests.cases.house import NOON, ORDER, House, codes, house, said

FIVE = [f"112-4872913-553140{n}" for n in range(1, 6)]


async def denied(here: House, text: str, **opening: object) -> dict[str, object]:
    case = await here.steps(await here.opened(**opening), "collect", "ready")
    case = (await here.submitted(case)).json
    return await here.step(case, "deny", papers=[{"text": text}])


def notice(*orders: str, text: str = "Defects were found for these orders: ") -> list[object]:
    return [{"role": "notice", "text": text + ", ".join(orders) + "."}]


def states(report: dict[str, object]) -> dict[str, str]:
    lines: list[dict[str, str]] = report["orders"]  # type: ignore[assignment]
    return {line["order"]: line["state"] for line in lines}


# -- denials ---------------------------------------------------------------------------------


async def test_S1_20_a_refusal_that_names_an_order_starts_its_collection(here: House) -> None:
    text = f"Your appeal is denied. Evidence for Order {ORDER} is missing a proof of delivery."
    case = await denied(here, text)
    gaps = said(case, "deny")["gaps"]
    assert [(gap["kind"], gap["named"]) for gap in gaps] == [
        ("order", ORDER), ("material", "delivery-proof"),
    ]  # fmt: skip
    assert gaps[0]["sentence"] == text.partition(". ")[2]
    (begun,) = said(case, "deny")["collections"]
    assert begun["order"] == ORDER
    order = await here.runtime.find("default", OrderRef(Platform.AMAZON, ORDER))
    found = await here.runtime.ledger.collections_of(order)
    assert [each.id for each in found] == [begun["collection"]]
    assert (found[0].defect or {})["case_id"] == case["id"]


async def test_S3_16_a_code_is_a_gap_and_an_unknown_one_is_flagged(here: House) -> None:
    number = "576461413038785752"
    about = {"platform": "tiktok", "kinds": ["odr"], "orders": [number], "papers": []}
    case = await denied(here, "Appeal rejected: ODR-07. See also ODR-99.", **about)
    gaps = said(case, "deny")["gaps"]
    assert [(gap["kind"], gap["named"]) for gap in gaps] == [
        ("code", "ODR-07"), ("unknown_code", "ODR-99"),
    ]  # fmt: skip
    assert "tracking.history" in gaps[0]["roles"]
    assert codes(case, "deny") == ["code-unknown"]


async def test_S3_16_what_the_platform_says_of_a_success_is_kept_in_its_words(here: House) -> None:
    case = await here.steps(await here.opened(), "collect", "ready")
    case = (await here.submitted(case)).json
    case = await here.step(case, "win", outcome="Excluded from ODR Calculation")
    assert said(case, "win")["outcome"] == "Excluded from ODR Calculation"


async def test_S0_19_the_second_attempt_is_due_48_hours_after_the_refusal(tmp_path: Path) -> None:
    # The clocks of Europe and the US change in between; an hour is an hour.
    at = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    async with house(tmp_path, at=at) as here:
        case = await denied(here, "Denied.")
        due = said(case, "deny")["second_attempt_by"]
        assert due == "2026-10-26T12:00:00.000000Z"
        assert case["agenda"] == [
            {
                "at": due,
                "what": "second-attempt",
                "text": "The second attempt is to be ready by then.",
            }
        ]


async def test_S0_08_a_refusal_without_a_word_is_held_against_the_rules(here: House) -> None:
    here.exports((ORDER, "1Z999AA10123456784", "Ground", "2026-11-10T10:00:00Z"))
    await here.collected(ORDER)
    case = await denied(here, "Your appeal was not accepted.")
    assert codes(case, "deny") == ["denial-names-nothing"]
    report = await here.report(case, "gaps")
    assert f"{ORDER}: AMZ-A2Z-05.pod is missing." in report["causes"]
    assert all("chance" not in cause for cause in report["causes"])


async def test_S0_08_where_nothing_is_lacking_no_cause_is_made_up(here: House) -> None:
    case = await denied(here, "Refused.", kinds=["payment hold"], account=True, orders=[])
    report = await here.report(case, "gaps")
    assert report["causes"] == [
        "No cause was found in the rules: every requirement that is asked for is met."
    ]


# -- coverage --------------------------------------------------------------------------------


async def test_S1_10_every_named_order_is_answered_or_named_as_missing(here: House) -> None:
    here.exports(*((id, f"1Z999AA1012345678{n}", "Ground", "") for n, id in enumerate(FIVE)))
    case = await here.opened(
        account=True, kinds=["odr review"], orders=FIVE[:4], papers=notice(*FIVE)
    )
    report = await here.report(case, "coverage")
    assert report["verdict"] == "fail"
    assert states(report) == dict.fromkeys(FIVE, "missing")
    (fifth,) = [line for line in report["orders"] if not line["in_case"]]
    assert fifth["order"] == FIVE[4]
    extra = await here.opened(
        account=True, kinds=["another review"], orders=[*FIVE[:1], "113-0000000-0000001"],
        papers=notice(FIVE[0]),
    )  # fmt: skip
    found = states(await here.report(extra, "coverage"))
    assert found["113-0000000-0000001"] == "not_named"


async def test_S0_33_an_order_of_elsewhere_is_named_and_spoils_no_other_line(here: House) -> None:
    csv = "\n".join(
        (
            "Order ID,Date,Defect Type,Platform",
            f"{ORDER},2026-11-02,A-to-z,amazon",
            "SO-1001,2026-11-03,A-to-z,amazon",
            "576461413038785752,2026-11-04,Return,tiktok",
        )
    )
    case = await here.opened(papers=[{"role": "notice", "name": "defects.csv", "text": csv}])
    report = await here.report(case, "coverage")
    assert states(report) == {
        ORDER: "missing", "SO-1001": "foreign_order", "576461413038785752": "foreign_order",
    }  # fmt: skip
    assert report["verdict"] == "fail"


async def test_a_number_that_is_nearly_one_of_the_notice_gets_in_nowhere(here: House) -> None:
    mistyped = "112-4872913-5531420"
    case = await here.opened(account=True, kinds=["odr review"], orders=[mistyped])
    report = await here.report(case, "coverage")
    assert states(report) == {ORDER: "missing", mistyped: "near_match"}
    assert report["verdict"] == "fail"


async def test_a_parcel_that_two_orders_claim_proves_neither(here: House) -> None:
    same = "1Z999AA10123456784"
    here.exports((FIVE[0], same, "Ground", ""), (FIVE[1], same, "Ground", ""))
    await here.collected(*FIVE[:2])
    case = await here.opened(
        account=True, kinds=["odr review"], orders=FIVE[:2], papers=notice(*FIVE[:2])
    )
    assert set(states(await here.report(case, "coverage")).values()) == {"shared_shipment"}


async def test_what_nobody_could_read_leaves_the_question_open(here: House) -> None:
    case = await here.opened(papers=[])
    report = await here.report(case, "coverage")
    assert report["verdict"] == "inconclusive"


async def test_an_order_of_a_store_that_is_not_theirs_is_as_if_it_were_not_there(
    here: House,
) -> None:
    from service.access.callers import Whose
    from service.custody import By

    here.exports((ORDER, "1Z999AA10123456784", "Ground", ""))
    await here.collected(ORDER)
    cases = here.ask.client.app[EVIDENCE].cases
    eu = Whose("default", frozenset({"eu"}))
    body = {"platform": "amazon", "kinds": ["a-to-z"], "orders": [ORDER], "store": "eu"}
    case, _ = await cases.open(eu, body, By("tests", "tests"))
    report = await cases.report(eu, case["id"], "gaps", By("tests", "tests"))
    assert report["said"]["orders"][0]["state"] == "missing"
    with pytest.raises(DeniedError):
        await cases.view(Whose("default", frozenset({"us"})), case["id"], By("tests", "tests"))


# -- gaps ------------------------------------------------------------------------------------


async def test_S3_23_what_is_lacking_is_told_order_by_order_and_role_by_role(here: House) -> None:
    here.exports((FIVE[0], "1Z999AA10123456784", "Ground", "2026-11-10T10:00:00Z"))
    await here.collected(FIVE[0])
    case = await here.opened(account=True, kinds=["a-to-z"], orders=FIVE[:2])
    first, second = (await here.report(case, "gaps"))["orders"]
    assert (first["state"], second["state"]) == ("incomplete", "missing")
    lacking = {each["requirement"]: each for each in first["missing"]}
    assert "AMZ-A2Z-04.dispatch" not in lacking
    assert lacking["AMZ-A2Z-04.tracking"]["roles"] == ["tracking.history"]
    assert lacking["AMZ-A2Z-04.tracking"]["where"]
    assert first["met"] + len(first["missing"]) == first["asked"]


async def test_S1_23_a_service_without_scans_is_said_to_prove_nothing(here: House) -> None:
    here.exports((ORDER, "", "Untracked letter", ""), (FIVE[2], "1Z999AA10123456784", "Ground", ""))
    await here.collected(ORDER, FIVE[2])
    case = await here.opened(account=True, kinds=["a-to-z"], orders=[ORDER, FIVE[2]])
    first, second = (await here.report(case, "gaps"))["orders"]
    assert [note["code"] for note in first["notes"]] == ["not-trackable"]
    assert second["notes"] == []


@pytest.mark.parametrize(
    ("opened_on", "state", "first"),
    [
        pytest.param("2026-10-22", "not_eligible", "2026-11-21", id="29 days old"),
        pytest.param("2026-10-21", "eligible", None, id="30 days old"),
    ],
)
async def test_S3_26_who_may_not_appeal_yet_learns_from_when_on(
    here: House, opened_on: str, state: str, first: str | None
) -> None:
    number = "576461413038785752"
    case = await here.opened(
        platform="tiktok", kinds=["odr"], orders=[number], store_opened_on=opened_on, papers=[]
    )
    found = said(case, "open")["eligibility"]
    assert (found["state"], found["from"]) == (state, first)
    assert NOON.date().isoformat() == "2026-11-20"
    # The evidence is kept all the same.
    assert (await here.step(case, "collect"))["state"] == "collecting"


async def test_S3_26_a_site_that_is_not_taken_is_said_to_be_none(here: House) -> None:
    case = await here.opened(
        platform="tiktok", kinds=["odr"], orders=["576461413038785752"], site="FR",
        store_opened_on="2026-01-01", papers=[],
    )  # fmt: skip
    assert said(case, "open")["eligibility"]["state"] == "not_eligible"


# -- erasing ---------------------------------------------------------------------------------


async def test_an_order_is_erased_with_its_case_and_not_behind_one_of_many(here: House) -> None:
    here.exports((ORDER, "1Z999AA10123456784", "Ground", ""))
    await here.collected(ORDER)
    case = await here.opened()
    many = await here.opened(account=True, kinds=["odr review"], orders=[ORDER, FIVE[0]])
    here.clock.passes(days=4000)
    erasing = {"reason": "subject-request"}
    order = f"/v1/orders/amazon/{ORDER}"
    held = await here.ask.post(f"{order}/erasure", json=erasing)
    assert held.status == 409 and many["id"] in held.json["detail"]
    gone = await here.ask.post(f"/v1/cases/{many['id']}/erasure", json=erasing)
    assert gone.status == 200
    assert (await here.ask.post(f"{order}/erasure", json=erasing)).status == 200
    for path in (order, f"/v1/cases/{case['id']}"):
        assert (await here.ask.get(path)).status == 404
