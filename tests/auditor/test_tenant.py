"""Ledger and log of a tenant in each state that somebody, or a crash, can leave them in.

In memory, by the auditor's own protocols; tests/service/test_audit.py has real files and rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from auditor.report import State
from evidence.canonical import digest, parse_canonical
from evidence.checkpoint import Checkpoint
from evidence.items import Role
from evidence.notes import Ed25519NoteSigner, sign_note
from evidence.receipts import Receipt
from tests.auditor.tenants import (
    STORY,
    Tenant,
    blamed,
    head_of,
    restored_without,
    said,
    sound,
    tenant,
    told,
)

LAST = len(STORY) - 1
Bend = Callable[[Tenant], object]


def test_a_sound_tenant_holds_and_all_of_it_was_looked_at() -> None:
    report = sound().audited(opening=True)
    assert report.ok and {check.state for check in report.checks} == {State.PASS}
    counts = {"orders": 3, "receipts": 12, "chained receipts": 12, "objects": 12, "entries": 12}
    assert report.counts.items() >= {**counts, "opened items": 12}.items()
    assert report.unseen == {}
    assert report.lines()[-1] == "ok, trust: pinned"
    assert report.to_json()["answer"] == "ok"
    assert report.to_json()["sample"] is None


# -- the ledger beside the log --------------------------------------------------------------------


def _other_body(made: Tenant) -> None:
    made.bend(4, body=made.row(4).body.replace(b"erp/1", b"erp/2"), collector="erp/2")


def _swapped_places(made: Tenant) -> None:
    made.bend(6, log_index=99)
    made.bend(7, log_index=6)
    made.bend(99, log_index=7)


@pytest.mark.parametrize(
    ("bend", "wrong"),
    [
        pytest.param(
            lambda made: made.drop(LAST),
            {("ledger", f"log index {LAST}"), ("chains", "")},
            id="the last receipt is gone",
        ),
        pytest.param(
            lambda made: made.drop(4),
            {("ledger", "log index 4"), ("chains", "log index 7"), ("chains", "")},
            id="a receipt in the middle is gone",
        ),
        pytest.param(
            _other_body,
            {("ledger", "log index 4"), ("chains", "log index 7")},
            id="a receipt was changed with its row",
        ),
        pytest.param(
            _swapped_places,
            {("ledger", "log index 6"), ("ledger", "log index 7")},
            id="two orders' receipts changed places",
        ),
        pytest.param(
            lambda made: made.bend(5, media_type="text/html"),
            {("rows", "log index 5")},
            id="a row says something else",
        ),
        pytest.param(
            lambda made: made.bend(5, order="0" * 64),
            {("rows", "log index 5")},
            id="a row belongs to another order",
        ),
        pytest.param(
            lambda made: made.bend(5, role=None),
            {("rows", "log index 5")},
            id="a stamp is gone",
        ),
    ],
)
def test_a_ledger_that_is_not_what_the_log_has_is_named(
    bend: Bend, wrong: set[tuple[str, str]]
) -> None:
    made = sound()
    bend(made)
    assert blamed(made.audited()) == wrong


def _again(made: Tenant, log_index: int, **to: object) -> None:
    """Write a receipt otherwise, and all that follows it in its order so that it fits."""
    chain = [row for row in made.ledger.rows if row.handle == made.row(log_index).handle]
    prev = ""
    for row in chain:
        receipt = Receipt.from_bytes(row.body)
        if row.log_index == log_index:
            receipt = replace(receipt, **to)  # type: ignore[arg-type]
        elif prev:
            receipt = replace(receipt, prev=prev)
        else:
            continue
        body = receipt.to_bytes()
        made.bend(row.log_index, body=body, seq=receipt.seq)
        prev = digest(body)


def _number_left_out(made: Tenant) -> None:
    for log_index, seq in ((6, 3), (9, 4)):
        _again(made, log_index, seq=seq)


def _two_of_a_number(made: Tenant) -> None:
    made.ledger.rows.append(made.row(9)._replace(log_index=12, seq=4))


def _older_than_its_elder(made: Tenant) -> None:
    made.bend(3, log_index=99)
    made.bend(6, log_index=3)
    made.bend(99, log_index=6)


def _of_a_later_format(made: Tenant) -> None:
    body = made.row(9).body
    assert parse_canonical(body)["v"] == 1
    made.bend(9, body=body.replace(b'"v":1}', b'"v":2}'))


@pytest.mark.parametrize(
    ("bend", "where", "words"),
    [
        pytest.param(
            _number_left_out, "log index 6", "is number 3 of its order where 2 must follow",
            id="a gap",
        ),
        pytest.param(
            _two_of_a_number, "log index 12", "is number 3 of its order where 4 must follow",
            id="two receipts of one number",
        ),
        pytest.param(
            lambda made: _again(made, 6, prev="0" * 64),
            "log index 6", "does not hold the hash of the receipt before it",
            id="a hash of nothing",
        ),
        pytest.param(
            _older_than_its_elder,
            "log index 3", "stands in the log before the receipt that it follows",
            id="out of order",
        ),
        pytest.param(
            _of_a_later_format, "log index 9", "its v is not 1", id="a later format"
        ),
        pytest.param(
            lambda made: made.bend(9, body=b"\xff" * 30),
            "log index 9", "receipt at 9", id="no receipt at all",
        ),
    ],
)  # fmt: skip
def test_a_broken_chain_is_seen_though_the_log_was_made_anew_from_it(
    bend: Bend, where: str, words: str
) -> None:
    made = sound()
    bend(made)
    made.publish()  # with the key that signs heads
    report = made.audited()
    assert ("chains", where) in blamed(report)
    assert {name for name, _ in blamed(report)} == {"chains"}
    assert words in told(report, "chains")


def test_receipts_that_no_head_covers_yet_are_said_and_not_judged() -> None:
    made = tenant(STORY, 5)
    made.ledger.signed.append((9, b"", False))
    report = made.audited()
    assert report.ok and not blamed(report)
    assert report.unseen == {"receipts beyond the head": 7, "heads beyond the log's": 1}
    assert "7 receipts" in told(report, "ledger")
    made.bend(11, body=b"anything")
    assert made.audited().ok


def test_stamps_without_a_receipt_wait_for_it_or_are_lost() -> None:
    made = sound()
    made.ledger.loose = (2, 0, 0)
    waiting = made.audited()
    assert waiting.ok and waiting.unseen == {"stamps waiting": 2}
    assert {c.name for c in said(waiting, State.INCONCLUSIVE)} == {"stamps"}
    made.ledger.loose = (0, 3, 1)
    lost = made.audited()
    assert blamed(lost) == {("stamps", ""), ("rows", "")}
    assert "3 stamps" in told(lost, "stamps") and "1 rows" in told(lost, "rows")


# -- heads ----------------------------------------------------------------------------------------


def _forked(made: Tenant) -> None:
    entries = [row.body for row in made.ledger.rows]
    made.log.files_by_path["checkpoints/5"] = head_of([*entries[:4], b"another"])


def _by_a_stranger(made: Tenant) -> None:
    other = Ed25519NoteSigner(
        "log.example/tenant", ed25519.Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    )
    text = Checkpoint(origin=other.name, size=5, root=b"r" * 32).text
    made.log.files_by_path["checkpoints/5"] = sign_note(text, [other])


@pytest.mark.parametrize(
    ("bend", "wrong"),
    [
        pytest.param(
            _forked,
            {("roots", "checkpoints/5"), ("ledger-heads", "checkpoints/5")},
            id="a head of other entries",
        ),
        pytest.param(
            _by_a_stranger,
            {("heads", "checkpoints/5"), ("ledger-heads", "checkpoints/5")},
            id="a head that another key signed",
        ),
        pytest.param(
            lambda made: made.log.files_by_path.pop("checkpoints/5"),
            {("ledger-heads", "checkpoints/5")},
            id="a head that is published no more",
        ),
        pytest.param(
            lambda made: made.ledger.signed.pop(0),
            {("ledger-heads", "checkpoints/5")},
            id="a head that the ledger never had",
        ),
        pytest.param(
            lambda made: made.ledger.signed.append((7, b"r" * 32, False)),
            {("roots", "the ledger's head of 7")},
            id="a head that the ledger alone has",
        ),
        pytest.param(
            lambda made: made.log.files_by_path.pop("checkpoint"),
            {("heads", "checkpoint")},
            id="the newest head is gone",
        ),
    ],
)
def test_heads_that_do_not_belong_together_are_named(
    bend: Bend, wrong: set[tuple[str, str]]
) -> None:
    made = sound()
    bend(made)
    assert blamed(made.audited()) == wrong


def test_a_pointer_that_was_left_behind_by_a_crash_is_said() -> None:
    made = sound()
    made.log.files_by_path["checkpoint"] = made.log.files_by_path["checkpoints/5"]
    report = made.audited()
    assert report.ok
    assert "checkpoint names 5 entries; checkpoints/12 has been signed since" in told(
        report, "heads"
    )


def test_without_one_head_that_holds_the_chains_are_looked_at_all_the_same() -> None:
    made = sound()
    for path in ("checkpoint", "checkpoints/5", "checkpoints/12"):
        made.log.files_by_path[path] = b"no note"
    _again(made, 6, prev="0" * 64)
    report = made.audited()
    assert not report.ok
    assert {name for name, _ in blamed(report)} == {"heads", "chains"}
    assert ("chains", "log index 6") in blamed(report)
    assert report.counts["chained receipts"] == 12 and report.counts["objects"] == 12


@pytest.mark.parametrize(
    ("kept", "name", "words"),
    [
        (lambda entries: head_of([*entries, b"more"]), "since", "it had 13 already: it shrank"),
        (lambda entries: head_of([*entries[:-1], b"other"]), "fork", "two heads of 12 entries"),
        (lambda entries: head_of([b"other", *entries[1:9]]), "since", "not the one"),
        (lambda entries: b"no note", "since", "not signed by this log"),
    ],
    ids=["the log shrank", "the newest was forked", "an older one was forked", "no checkpoint"],
)
def test_a_checkpoint_that_was_kept_from_before_shows_another_history(
    kept: Callable[[list[bytes]], bytes], name: str, words: str
) -> None:
    made = sound()
    entries = [row.body for row in made.ledger.rows]
    assert made.audited(saved=head_of(entries[:9])).ok
    report = made.audited(saved=kept(entries))
    assert name in {one for one, _ in blamed(report)}
    assert words in told(report, name)


# -- erased orders, lost receipts -----------------------------------------------------------------


def test_an_erased_order_ends_with_the_record_of_it() -> None:
    made = tenant("ababB")
    made.destroy_key("b")
    report = made.audited(opening=True)
    assert report.ok and report.counts["erased orders"] == 1
    assert "1 orders were erased" in told(report, "erased")
    assert report.unseen == {"erased orders": 1} and "cannot be opened" in told(report, "opened")


def _key_is_there(made: Tenant) -> None:
    made.ledger.rows[:] = [row._replace(erased=False) for row in made.ledger.rows]


@pytest.mark.parametrize(
    ("story", "bend", "wrong", "words"),
    [
        ("ababB", _key_is_there, {("erased", "b")}, "its key is there"),
        ("abab", lambda made: None, {("erased", "b")}, "no record of an erasure ends its chain"),
        ("ababBb", lambda made: None,
         {("chains", "log index 5"), ("erased", "b")}, "follows the record of its erasure"),
        ("aBb", lambda made: None,
         {("chains", "log index 2"), ("erased", "b")}, "no record of an erasure ends its chain"),
    ],
    ids=["its key lives", "no record", "collected again afterwards", "another order meanwhile"],
)  # fmt: skip
def test_a_key_is_destroyed_where_the_record_of_it_ends_the_chain_and_nowhere_else(
    story: str, bend: Bend, wrong: set[tuple[str, str]], words: str
) -> None:
    made = tenant(story)
    made.destroy_key("b")
    bend(made)
    report = made.audited()
    assert blamed(report) == wrong
    assert words in told(report, "erased") + told(report, "chains")


def test_the_record_of_an_erasure_may_still_wait_for_its_receipt() -> None:
    made = tenant("abab")
    made.destroy_key("b")
    made.ledger.loose = (1, 0, 0)
    report = made.audited()
    assert report.ok and "may wait for its receipt" in told(report, "erased")


def test_a_ledger_that_was_restored_from_an_older_one_says_what_it_lacks() -> None:
    made = sound()
    restored_without(made, 9, row_of_order=True)
    restored_without(made, 1, 4, 7, 10, row_of_order=False)
    report = made.audited()
    assert report.ok and not blamed(report)
    assert "1 orders lost some of their items, 1 orders all" in told(report, "lost")
    assert report.unseen == {"contents of lost receipts": 5}
    assert report.counts["objects of lost receipts"] == 5  # they are there, and whole
    assert (report.counts["orders with gaps"], report.counts["lost orders"]) == (1, 1)


def test_an_order_that_was_erased_and_then_lost_has_no_key_either() -> None:
    made = tenant("ababB")
    restored_without(made, 1, 3, row_of_order=False)
    made.bend(4, order=None, lost=True, role=None)
    report = made.audited()
    assert not {one for one in blamed(report) if one[0] == "erased"}
    assert report.counts["erased orders"] == 1


def test_a_role_that_is_not_ours_to_erase_ends_no_chain() -> None:
    made = tenant("abab")
    _again(made, 3, role=Role.CASE_EVENT)
    made.bend(3, role=str(Role.CASE_EVENT))
    made.publish()
    made.destroy_key("b")
    assert blamed(made.audited()) == {("erased", "b")}
