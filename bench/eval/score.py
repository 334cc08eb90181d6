"""Run `inspect` over a set and print how right it was."""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from bench.eval.answers import Answer, answers_of
from bench.eval.questions import GOALS, Scores
from bench.eval.tally import Share, Tally
from bench.eval.truth import PIXELS, UNKNOWABLE, Case, read_case

TIMEOUT_S = 300

Ask = Callable[[Case, Path], dict[str, Answer]]


@dataclass
class Spent:
    """Time that the answers took."""

    files: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0


def default_command() -> str:
    """`orderproof inspect` of the environment that runs this."""
    return f"{shlex.quote(str(Path(sys.executable).parent / 'orderproof'))} inspect"


def inspected(command: str, *, kept: Path | None = None) -> Ask:
    """Asks `command`, once a case.

    kept  a folder for what it said: a case that was asked before is not asked again, so that a
          score can be stopped, gone on with, and counted anew in other ways
    """
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)

    def ask(case: Case, folder: Path) -> dict[str, Answer]:
        files = [str(folder / one.file) for one in case.files]
        words = [
            *shlex.split(command), *files, "--at", case.asked_at, "--order", case.order,
            "--tracking", case.tracking, "--site", case.site, "--json",
        ]  # fmt: skip
        old = kept / f"{case.name}.jsonl" if kept is not None else None
        if old is not None and old.exists():
            return _found(case, old.read_text(encoding="utf-8"), "it was not answered")
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return {one.file: Answer(failed="time-out") for one in case.files}
        if old is not None:
            old.write_text(done.stdout, encoding="utf-8")
        last = (done.stderr.strip().splitlines() or ["no word of why"])[-1]
        return _found(case, done.stdout, f"exit {done.returncode}: {last}")

    return ask


def _found(case: Case, output: str, otherwise: str) -> dict[str, Answer]:
    """Each file's answer; `otherwise` is why it has none."""
    found = {Path(name).name: answer for name, answer in answers_of(output)}
    return {one.file: found.get(one.file, Answer(failed=otherwise)) for one in case.files}


def score(folder: Path, ask: Ask, *, only: Collection[str] = ()) -> tuple[Scores, Spent]:
    """(scores, time spent) over all cases of a set.

    only  families, media, layouts, languages, classes or ways: of the others nothing is counted
    """
    cases = sorted(path.parent for path in folder.glob("*/truth.json"))
    if not cases:
        raise FileNotFoundError(
            f"{folder} holds no cases; `python -m bench.eval make` writes them."
        )
    scores, spent = Scores(), Spent()
    for place, path in enumerate(cases, 1):
        case = read_case(path)
        wall, cpu = time.perf_counter(), _children_s()
        answers = ask(case, path)
        spent.wall_s += time.perf_counter() - wall
        spent.cpu_s += _children_s() - cpu
        spent.files += len(case.files)
        for truth in case.files:
            if not only or truth.sorts & set(only):
                scores.add(truth, answers[truth.file], str(path / truth.file))
        if sys.stderr.isatty():
            print(f"\r{place}/{len(cases)} cases", end="", file=sys.stderr, flush=True)
    return scores, spent


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def printed(scores: Scores, *, failures: int = 0) -> str:
    """The table that people read."""
    lines = [
        f"{'question':12} {'n':>5}  {'F1':21} {'precision':21} {'recall':21} {'false alarms':21}"
        " goal"
    ]
    for name, goal in GOALS.items():
        lines.append(f"{_row(scores.questions[name], name)} {goal:.2f}")
    known, honest, unknown = scores.all_edits(), scores.edits["honest"], scores.edits[UNKNOWABLE]
    lines += ["", f"{'edits':28} {'n':>5}  {'share':21} goal"]
    for kind in ("signature", "structure", "metadata", "contradiction"):
        lines.append(_share(f"recall, {kind}", scores.edits[kind].recall))
    lines += [
        _share("recall, given away in all", scores.given_away().recall, ">= 0.95"),
        _share("recall, only pixels", scores.edits[PIXELS].recall, ">= 0.35"),
        _share("recall, all knowable", known.recall, ">= 0.70"),
        _share("precision", known.precision, ">= 0.95"),
        _share("false alarms, honest", honest.false_alarms, "<= 0.03"),
        _share("claimed, unknowable", unknown.false_alarms, "<= 0.05"),
        _share("box on the edit", scores.placed.recall),
        "",
        f"claimed by way: {_ways(scores.ways)}",
        f"false alarms by handling: {_alarming(scores.handled) or 'none'}",
    ]
    lines += ["", f"{'reason told, alone or not':28} {'honest':27} altered"]
    for code, (honest_share, edited_share) in scores.signals().items():
        lines.append(f"{code:28} {_counted(honest_share):27} {_counted(edited_share)}")
    if failures:
        lines += _failures(scores, failures)
    return "\n".join(lines)


def _row(tally: Tally, name: str) -> str:
    f1 = "-"
    if tally.f1 is not None:
        value, (low, high) = tally.f1
        f1 = f"{value:.3f} [{low:.3f} {high:.3f}]"
    shares = (tally.precision, tally.recall, tally.false_alarms)
    return f"{name:12} {tally.right + tally.missed:5}  {f1:21} " + " ".join(
        f"{share!s:21}" for share in shares
    )


def _share(name: str, share: Share, goal: str = "") -> str:
    return f"{name:28} {share.trials:5}  {share!s:21} {goal}".rstrip()


def _counted(share: Share) -> str:
    return f"{share.hits}/{share.trials} {share}"


def _ways(ways: dict[str, Tally]) -> str:
    def said(tally: Tally) -> str:
        share = Share(
            tally.right + tally.wrong, tally.right + tally.wrong + tally.missed + tally.quiet
        )
        return f"{share.hits}/{share.trials}"

    return ", ".join(f"{way} {said(tally)}" for way, tally in sorted(ways.items()))


def _alarming(handled: dict[str, Tally]) -> str:
    return ", ".join(
        f"{how} {tally.alarms}/{tally.alarms + tally.quiet}"
        for how, tally in sorted(handled.items())
        if tally.alarms
    )


def _failures(scores: Scores, count: int) -> list[str]:
    lines = []
    for name, tally in [
        *scores.questions.items(),
        *sorted(scores.edits.items()),
        ("box", scores.placed),
    ]:
        if tally.failures:
            kinds = Counter(what for what, _ in tally.failures)
            lines.append(f"\n{name}: {len(tally.failures)} failures; {kinds.most_common(3)}")
            lines += [f"  {what}: {where}" for what, where in tally.failures[:count]]
    return lines


def as_json(scores: Scores, spent: Spent) -> str:
    """The figures, for a machine."""

    def figures(tally: Tally) -> dict[str, object]:
        return {
            "right": tally.right, "wrong": tally.wrong, "missed": tally.missed,
            "quiet": tally.quiet,
            "f1": tally.f1[0] if tally.f1 else None, "precision": tally.precision.value,
            "recall": tally.recall.value, "false_alarms": tally.false_alarms.value,
            "failures": tally.failures,
        }  # fmt: skip

    return json.dumps(
        {
            "questions": {name: figures(tally) for name, tally in scores.questions.items()},
            "edits": {name: figures(tally) for name, tally in sorted(scores.edits.items())},
            "ways": {name: figures(tally) for name, tally in sorted(scores.ways.items())},
            "signals": {
                code: [honest.hits, honest.trials, edited.hits, edited.trials]
                for code, (honest, edited) in scores.signals().items()
            },
            "files": spent.files, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s,
        },
        ensure_ascii=False, indent=1,
    )  # fmt: skip
