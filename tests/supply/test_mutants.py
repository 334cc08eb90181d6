"""A sample of mutants is the same for the same seed; what is left with a reason is still there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supply import kinds
from supply.mutants import digests, explained, function, interval, outcomes, sample, tell
from supply.told import told

ROOT = Path(__file__).parents[2]


def test_a_seed_draws_the_same_mutants_again_and_another_one_others() -> None:
    names = [f"evidence.times.x_before__mutmut_{number}" for number in range(100)]
    drawn = sample(names, 10, 1)
    assert drawn == sample(names, 10, 1) != sample(names, 10, 2)
    assert len(set(drawn)) == 10 and set(drawn) < set(names)
    every = sample(names, 0, 1)
    assert every == sample(names, 200, 1) != names and sorted(every) == sorted(names)
    assert every[:10] == drawn
    # One that is new takes one's place at most.
    assert len(set(drawn) - set(sample([*names, "evidence.times.x__utc__mutmut_1"], 10, 1))) <= 1


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("evidence.times.x__utc__mutmut_3", "evidence.times._utc"),
        (
            "evidence.times.xǁInstantǁ__post_init____mutmut_12",
            "evidence.times.Instant.__post_init__",
        ),
    ],
)
def test_a_mutant_is_told_by_the_function_it_changes(name: str, called: str) -> None:
    assert function(name) == called


@pytest.mark.parametrize(
    ("tried", "missed", "status", "said"),
    [
        (20, 3, 0, "held"), (20, 4, 0, "open"), (20, 6, 0, "open"), (20, 7, 1, "NOT HELD"),
        (200, 30, 0, "held"), (200, 31, 0, "open"), (200, 39, 0, "open"), (200, 40, 1, "NOT HELD"),
    ],
)  # fmt: skip
def test_only_a_sample_that_is_surely_below_the_floor_is_a_failure(
    tried: int, missed: int, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # A change that takes for ever was noticed; one that there was no time to decide was not.
    found = {f"evidence.times.x_before__mutmut_{number}": "timeout" for number in range(tried)}
    for number in range(missed):
        found[f"evidence.times.x_before__mutmut_{number}"] = ("no tests", "unfinished")[number % 2]
    assert tell(found, lambda names: dict.fromkeys(names, ())) == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(said)


def test_what_was_kept_counts_while_the_function_is_what_it_was(tmp_path: Path) -> None:
    names = [f"evidence.times.x_before__mutmut_{number}" for number in range(6)]
    now = digests([*names, "evidence.times.x_gone__mutmut_1"])
    assert now[names[0]] == now[names[1]] != now["evidence.times.x_gone__mutmut_1"] == ""
    assert now[names[0]] != digests(["evidence.times.xǁSpanǁwidth_s__mutmut_1"]).popitem()[1]
    kept = tmp_path / "kept.jsonl"
    lines = [
        [names[0], now[names[0]], "survived", "", "a"],
        [names[1], now[names[1]], "killed", "tests/a.py::b", "c"],
        [names[2], "of other code", "killed", "tests/a.py::b", "c"],
        [names[3], now[names[3]], "killed", "tests/a.py::b", "c"],
        [names[3], now[names[3]], "changed", "", "d"],
        [names[0], now[names[0]], "killed", "tests/a.py::new", "e"],
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    kept.write_text(text + '["cut off wh', "utf-8")
    assert told(kept)[names[0]].by == "tests/a.py::new"
    assert outcomes(kept, now) == {names[0]: "killed", names[1]: "killed"}
    assert told(tmp_path / "not-there") == {}


def test_a_small_sample_says_little_of_all_mutants() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    for noticed, tried, expected in ((81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611))):
        assert interval(noticed, tried) == pytest.approx(expected, abs=1e-4)


def test_what_was_left_unnoticed_has_a_reason_and_its_line_is_still_there() -> None:
    for (where, *change), why in explained().items():
        assert why.strip()
        module = next(
            file
            for count in range(where.count("."), 0, -1)
            if (file := ROOT / ("/".join(where.split(".")[:count]) + ".py")).is_file()
        )
        lines = {line.strip() for line in module.read_text("utf-8").splitlines()}
        gone = [line.removeprefix("- ") for line in change if line.startswith("- ")]
        assert gone and set(gone) <= lines, f"{where} no longer has {gone}"


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ('said = "two parcels"', 'said = "XXtwo parcelsXX"', kinds.WORDS),
        ('text.encode("utf-8")', 'text.encode("UTF-8")', kinds.WORDS),
        ("raise FormatError(what=what, why=why)", "raise FormatError(what=None, why=why)",
         kinds.ERROR),
        ("if size <= limit:", "if size < limit:", kinds.BOUND),
        ("if not 0 <= size:", "if not 1 <= size:", kinds.BY_ONE),
        ("at_s = int.from_bytes(raw, \"big\")", "at_s = int.from_bytes(raw, )", kinds.NONE),
        ("whose(item.about)", "whose(None)", kinds.NONE),
        ("if one and other:", "if one or other:", kinds.AND_OR),
        ("x = a if late else b", "x = a if (late) and False else b", kinds.ALWAYS),
        ("continue", "break", kinds.BREAK),
        ("total += 1", "total -= 1", kinds.OTHER),
    ],
)  # fmt: skip
def test_a_change_is_of_a_kind(before: str, after: str, kind: str) -> None:
    assert kinds.kind_of([f"- {before}", f"+ {after}"]) == kind
