"""Answers in `inspect`'s shape, held against a truth."""

import json
from dataclasses import replace
from typing import Any

from bench.eval.answers import Answer, answers_of
from bench.eval.dates import Printed
from bench.eval.questions import GOALS, Scores
from bench.eval.truth import METADATA, PIXELS, UNKNOWABLE, Edit, Truth

TRUTH = Truth(
    file="a.png", family="tracking", medium="screen", layout="hero", frame="", language="en",
    kinds=["portal_screenshot"], carriers=["dhl"],
    delivered=Printed(
        "04.03.2026 14:05", "2026-03-04T14:05", None,
        ("2026-03-04T00:05:00Z", "2026-03-05T02:05:59Z"),
    ),
    captured=Printed(
        "06.03.2026", "2026-03-06", None, ("2026-03-05T10:00:00Z", "2026-03-07T11:59:59Z")
    ),
    tracking=["00340434729435948403"], orders=[], copied=False, stale=True, foreign=False,
)  # fmt: skip
DELIVERED: dict[str, Any] = {
    "role": "delivered", "text": "04.03.2026 14:05", "day": "2026-03-04", "time": "14:05",
    "earliest": "2026-03-04T00:05:00.000000Z", "latest": "2026-03-05T02:05:59.999999Z",
    "zone_known": False, "locator": "pixel:10,10,90,20",
}  # fmt: skip
SAID: dict[str, Any] = {
    "file": "a.png",
    "kind": "portal_screenshot",
    "carrier": "DHL Express",
    "dates": [
        DELIVERED,
        {"role": "printed", "text": "01.03.2026", "day": "2026-03-01", "time": None},
        {"role": "captured", "text": "06.03.2026", "day": "2026-03-06", "time": None},
    ],
    "tracking_numbers": ["0034 0434 7294 3594 8403"],
    "order_numbers": [],
    "verdicts": [
        {
            "verifier": "marks.freshness/1",
            "verdict": "fail",
            "findings": [{"code": "capture-stale"}],
        },
        {"verifier": "matching.asked/1", "verdict": "pass", "findings": []},
        {"verifier": "marks.origin/1", "verdict": "pass", "findings": []},
    ],
    "tamper": {"verdict": "pass", "confidence": 0.9, "boxes": []},
}  # fmt: skip


def scored(truth: Truth, **changes: Any) -> Scores:
    (one,) = answers_of(json.dumps({**SAID, **changes}))
    scores = Scores()
    scores.add(truth, one[1], "here")
    return scores


def test_a_file_that_is_read_rightly_scores_fully() -> None:
    scores = scored(TRUTH)
    for name in GOALS:
        tally = scores.questions[name]
        assert not tally.failures, name
        assert tally.right + tally.quiet == 1, name
    assert scores.edits["honest"].quiet == 1


def test_a_wrong_minute_is_still_the_right_day() -> None:
    wrong = {**DELIVERED, "time": "15:05"}
    scores = scored(TRUTH, dates=[wrong])
    assert scores.questions["day"].right == 1
    assert (scores.questions["minute"].wrong, scores.questions["minute"].missed) == (1, 1)
    assert scores.questions["capture"].missed == 1


def test_a_zone_that_is_not_printed_must_not_be_known() -> None:
    guessed = {**DELIVERED, "zone_known": True, "earliest": "2026-03-04T13:05:00.000000Z"}
    assert scored(TRUTH, dates=[guessed]).questions["zone"].wrong == 1


def test_a_printed_zone_is_right_only_with_its_instant() -> None:
    printed = Printed(
        "04.03.2026 14:05 GMT+1", "2026-03-04T14:05", 60,
        ("2026-03-04T13:05:00Z", "2026-03-04T13:05:59Z"),
    )  # fmt: skip
    truth = replace(TRUTH, delivered=printed)
    right = {**DELIVERED, "zone_known": True, "earliest": "2026-03-04T13:05:00.000000Z"}
    wrong = {**DELIVERED, "zone_known": True, "earliest": "2026-03-04T15:05:00.000000Z"}
    assert scored(truth, dates=[right]).questions["zone"].right == 1
    assert scored(truth, dates=[right]).questions["minute"].right == 1
    assert scored(truth, dates=[wrong]).questions["zone"].wrong == 1


def test_edits_are_counted_by_what_can_be_known_of_them() -> None:
    box = (10.0, 10.0, 60.0, 30.0)
    claim = {"verdict": "fail", "confidence": 0.8, "boxes": [{"locator": "pixel:50,20,40,20"}]}
    for kind in (METADATA, PIXELS):
        scores = scored(replace(TRUTH, edit=Edit(kind, "way", [box])), tamper=claim)
        assert scores.edits[kind].right == 1
        assert scores.placed.right == 1
    unknown = scored(replace(TRUTH, edit=Edit(UNKNOWABLE, "rerendered", [])), tamper=claim)
    assert unknown.edits[UNKNOWABLE].alarms == 1
    assert unknown.all_edits().right == 0
    assert scored(TRUTH, tamper=claim).all_edits().precision.value == 0
    quiet = scored(replace(TRUTH, edit=Edit(PIXELS, "way", [box])))
    assert quiet.edits[PIXELS].missed == 1


def test_what_is_not_asked_is_not_scored() -> None:
    scores = scored(replace(TRUTH, unasked=["day", "tracking"]), dates=[], tracking_numbers=["X"])
    for name in ("day", "tracking"):
        tally = scores.questions[name]
        assert tally.right + tally.wrong + tally.missed + tally.quiet == 0


def test_a_file_without_an_answer_misses_everything() -> None:
    scores = Scores()
    scores.add(TRUTH, Answer(failed="exit 2"), "here")
    assert scores.unread.total() == 1
    assert scores.questions["tracking"].missed == 1
    assert scores.questions["kind"].missed == 1


def test_each_reason_is_counted_on_honest_and_on_altered_files_and_good_ones_are_not() -> None:
    findings = [{"code": "off-the-line", "severity": "note"}]
    findings.append({"code": "signature-holds", "severity": "good"})
    verdicts = [{"verifier": "authenticity.items/1", "verdict": "fail", "findings": findings}]
    honest = scored(TRUTH, verdicts=verdicts).signals()
    assert [(share.hits, share.trials) for share in honest["off-the-line"]] == [(1, 1), (0, 0)]
    altered = scored(replace(TRUTH, edit=Edit(PIXELS, "patched")), verdicts=verdicts).signals()
    assert [(share.hits, share.trials) for share in altered["off-the-line"]] == [(0, 0), (1, 1)]
    assert "signature-holds" not in honest
