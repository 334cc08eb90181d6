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
        ({"ups": 62.0}, Verdict.INCONCLUSIVE, ["clock-differs"]),
        ({"ups": -62.0}, Verdict.INCONCLUSIVE, ["clock-differs"]),
        ({"ups": 3600.0, "erp": 0.0}, Verdict.PASS, ["clock-agrees", "clock-of-vendor-differs"]),
        ({"ups": 3600.0, "erp": 3590.0}, Verdict.FAIL, ["clock-wrong"]),
        ({"ups": 3600.0, "erp": -900.0}, Verdict.INCONCLUSIVE, ["clock-differs"] * 2),
    ],
    ids=[
        "nobody said", "a second", "just under a minute", "one slow answer",
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
