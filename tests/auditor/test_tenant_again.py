"""An audit of a tenant that was stopped goes on where it was, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from auditor.tally import Tally
from evidence.canonical import canonical, digest
from evidence.errors import EvidenceError, RequestError
from tests.auditor.tenants import restored_without, root_of, sound, tenant


class Stopped(Exception):
    pass


def test_an_audit_goes_on_only_with_the_head_that_it_had_reached(tmp_path: Path) -> None:
    def watch(phase: str, done: int, total: int) -> None:
        if phase == "chains":
            raise Stopped

    def tally(watcher: Callable[[str, int, int], None]) -> Tally:
        return Tally.open(tmp_path / "state", {}, watch=watcher, every_s=0)

    made = sound()
    begun = {"size": 12, "root": root_of([row.body for row in made.ledger.rows]).hex()}
    with pytest.raises(Stopped):
        made.audited(tally=tally(watch))
    # The log's phase is done: whatever becomes of its head is the next audit's to see.
    for path in ("checkpoint", "checkpoints/12"):
        made.log.files_by_path.pop(path)
    assert made.audited(tally=tally(lambda *_: None)).ok
    half = Tally(asked={})
    half.cursors["log"] = {**begun, "bundle": 0, "frontier": "", "edge": [""] * 8}
    with pytest.raises(RequestError, match="head of 12 entries, which it had reached"):
        made.audited(tally=half)


@pytest.mark.parametrize("phase", ["log", "chains", "objects", "opened"])
@pytest.mark.parametrize("times", [1, 3])
def test_an_audit_that_is_stopped_again_and_again_comes_to_the_same(
    tmp_path: Path, phase: str, times: int
) -> None:
    left = times

    def watch(now_in: str, done: int, total: int) -> None:
        nonlocal left
        if now_in == phase and left:
            left -= 1
            raise Stopped

    def tally() -> Tally:
        return Tally.open(tmp_path / "state", {}, watch=watch, every_s=0)

    made = tenant("abcabcABC" + "d" * 40, 20, 49)
    for handle in "abc":
        made.destroy_key(handle)
    made.objects.there[str(made.row(30).stored)] = b"another"
    restored_without(made, 40, row_of_order=True)
    whole = made.audited(opening=True)
    for _ in range(times):
        if left:
            with suppress(Stopped):
                made.audited(opening=True, tally=tally())
    left = 0
    report = made.audited(opening=True, tally=tally())
    assert (report.checks, report.counts, report.unseen) == (
        whole.checks, whole.counts, whole.unseen,
    )  # fmt: skip
    assert not (tmp_path / "state").exists()


LATER = {"v": 2, "asked": {}}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (b"", "JSON"),
        (b"[]", "not the state of an audit"),
        (b'{"audit":{},"sha256":""}', "changed since it was written"),
        (canonical({"audit": LATER, "sha256": digest(canonical(LATER))}), "of another audit"),
    ],
)  # fmt: skip
def test_a_state_that_is_none_is_refused(tmp_path: Path, state: bytes, why: str) -> None:
    (tmp_path / "state").write_bytes(state)
    with pytest.raises(EvidenceError, match=why):
        Tally.open(tmp_path / "state", {}, watch=lambda *_: None)
