"""What was injected, what it hit, and what became of the collections, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.callers import Callers
from tests.chaos.faults import Fault


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault; how often it was tried until it hit, and how much it hit then."""

    fault: Fault
    tries: int
    hit: int


@dataclass(frozen=True, slots=True)
class Ended:
    callers: Callers
    retried: int
    problems: int
    starts: Mapping[str, int]
    seed: int
    seconds: float
    audited: bool


def table(injected: Sequence[Injected], ended: Ended) -> str:
    lines = [
        "| injected | times | of them hit | how much |",
        "| --- | --- | --- | --- |",
    ]
    for fault in sorted({each.fault for each in injected}, key=lambda fault: fault.name):
        ours = [each for each in injected if each.fault == fault]
        times, hit = sum(each.tries for each in ours), sum(bool(each.hit) for each in ours)
        much = sum(each.hit for each in ours)
        lines.append(f"| {fault.name} | {times} | {hit} | {much} {fault.hits} |")
    callers = ended.callers
    answers = ", ".join(f"{name} {count}" for name, count in callers.answers.most_common())
    starts = ", ".join(f"{name} {count}" for name, count in ended.starts.items())
    if ended.problems:
        outcome = f"**{ended.problems} things are wrong.**"
    else:
        whole = "held" if ended.audited else "did **not** hold"
        outcome = (
            "Each was sealed, with every paper once and readable and a receipt for each item;"
            f" the audit with `--open` {whole}."
        )
    lines += [
        "",
        f"Acknowledged: {len(callers.accepted)} of {callers.asked} collections. {outcome}",
        f"Parked meanwhile and retried by hand: {ended.retried}. Papers read meanwhile, each as it"
        f" was kept: {callers.read}. No answer, or another: {answers or 'none'}.",
        f"Processes started: {starts}. Seed {ended.seed}, {ended.seconds:.0f} s.",
        "",
    ]
    return "\n".join(lines)
