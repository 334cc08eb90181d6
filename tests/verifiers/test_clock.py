"""Was our own clock right? Held against what vendors' clocks say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.items import Role
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NOW, facts_of, item, said
from verifiers.timestamps.clock import verify


def judged(**ours_ahead_s: float | tuple[float, ...]) -> tuple[Verdict, list[str]]:
    """Exchanges of each vendor, our clock so many seconds ahead of the vendor's."""
    items, facts = [], []
    for vendor, each in ours_ahead_s.items():
        for number, ahead in enumerate(each if isinstance(each, tuple) else (each,)):
            name = f"{vendor}-{number}"
            items.append(item(name, Role.EXCHANGE, origin=vendor))
            date = (NOW - timedelta(seconds=ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")
            facts.append(said("exchange.date.at", date, by=vendor, item=name))
    verdict, findings = verify(items=items, facts=facts_of(*facts))
    assert all(finding.sentence and finding.severity for finding in findings)
    return verdict, [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("skews", "verdict", "codes"),
    [
        ({}, Verdict.INCONCLUSIVE, ["clock-unmeasured"]),
        ({"ups": 1.0}, Verdict.PASS, ["clock-agrees"]),
        ({"ups": -59.0}, Verdict.PASS, ["clock-agrees"]),
        ({"ups": (300.0, 2.0)}, Verdict.PASS, ["clock-agrees"]),
        ({"ups": (2.0, 300.0)}, Verdict.PASS, ["clock-agrees"]),
        ({"ups": 62.0}, Verdict.INCONCLUSIVE, ["clock-differs"]),
        ({"ups": -62.0}, Verdict.INCONCLUSIVE, ["clock-differs"]),
        ({"ups": 3600.0, "erp": 0.0}, Verdict.PASS, ["clock-agrees", "clock-of-vendor-differs"]),
        ({"ups": 3600.0, "erp": 3590.0}, Verdict.FAIL, ["clock-wrong"]),
        ({"ups": 3600.0, "erp": -900.0}, Verdict.INCONCLUSIVE, ["clock-differs"] * 2),
    ],
    ids=[
        "nobody said", "a second", "just under a minute", "one slow answer", "a slow one later",
        "ahead of the only one", "behind the only one", "one of two differs",
        "two agree against us", "each its own way",
    ],
)  # fmt: skip
def test_our_clock(
    skews: dict[str, float | tuple[float, ...]], verdict: Verdict, codes: list[str]
) -> None:
    assert judged(**skews) == (verdict, codes)


def test_a_date_in_an_item_that_the_manifest_does_not_list_counts_for_nothing() -> None:
    date = said("exchange.date.at", "2026-11-20T12:00:00Z", by="ups", item="elsewhere")
    verdict, (finding,) = verify(items=[], facts=facts_of(date))
    assert (verdict, finding.code) == (Verdict.INCONCLUSIVE, "clock-unmeasured")
    ours = said("exchange.date.at", "2026-11-20T12:00:00Z", by="ups", item="one")
    listed = [item("one", Role.EXCHANGE)]
    assert verify(items=listed, facts=facts_of(date, ours))[0] is Verdict.PASS


def test_that_our_clock_is_wrong_is_told_by_how_much() -> None:
    items = [item(name, Role.EXCHANGE, origin=name) for name in ("erp", "ups")]
    facts = [
        said("exchange.date.at", date, by=name, item=name)
        for name, date in (("erp", "2026-11-20T11:00:00Z"), ("ups", "2026-11-20T11:00:40Z"))
    ]
    _, (wrong,) = verify(items=items, facts=facts_of(*facts))
    assert wrong.sentence == "2 vendors agree with each other: ours was 59 min 59 s ahead."


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(61.6, "1 min 1 s ahead"), (119, "1 min 58 s ahead"), (3600, "59 min 59 s ahead"),
     (-61, "1 min 1 s behind"), (-7200, "120 min 0 s behind")],
)  # fmt: skip
def test_a_difference_is_told_in_minutes_and_whose_clock_was_ahead(
    ahead: float, words: str
) -> None:
    date = (NOW - timedelta(seconds=ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fact = said("exchange.date.at", date, by="ups", item="one")
    verdict, (finding,) = verify(items=[item("one", Role.EXCHANGE)], facts=facts_of(fact))
    assert verdict is Verdict.INCONCLUSIVE
    assert finding.sentence == f"Our clock was {words} of that of ups."
    assert finding.rests == ((fact.item, str(fact.locator)),)


@pytest.mark.parametrize(("ahead", "agrees"), [(60, True), (61, False), (-60, True), (-61, False)])
def test_a_minute_is_the_limit_either_way(ahead: float, *, agrees: bool) -> None:
    assert judged(ups=ahead) == (
        (Verdict.PASS, ["clock-agrees"]) if agrees else (Verdict.INCONCLUSIVE, ["clock-differs"])
    )


def test_two_against_us_agree_within_a_minute_of_each_other() -> None:
    assert judged(ups=3600, erp=3540)[0] is Verdict.FAIL
    assert judged(ups=3600, erp=3539)[0] is Verdict.INCONCLUSIVE
    assert judged(ups=3600, erp=3590, dhl=3580)[0] is Verdict.FAIL


def test_those_that_agree_are_counted_and_pointed_at() -> None:
    items = [item(name, Role.EXCHANGE, origin=name) for name in ("ups", "erp", "dhl")]
    facts = [
        said("exchange.date.at", date, by=name, item=name)
        for name, date in zip(
            ("ups", "erp", "dhl"),
            ("2026-11-20T12:00:00Z", "2026-11-20T10:00:00Z", "2026-11-20T12:00:30Z"),
            strict=True,
        )
    ]
    verdict, (good, odd) = verify(items=items, facts=facts_of(*facts))
    assert verdict is Verdict.PASS
    assert good.sentence == "Our clock agrees with 2 of 3 vendors' within 60 s."
    assert [sha for sha, _ in good.rests] == [facts[2].item, facts[0].item]
    assert odd.sentence == "Our clock was 119 min 59 s ahead of that of erp."
