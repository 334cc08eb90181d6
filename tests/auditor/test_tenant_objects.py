"""Objects of a tenant that are gone, changed, left over or not to be opened: each is told."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest

from auditor.report import MAX_SAID, State
from evidence.canonical import digest
from evidence.errors import CorruptionError, OutageError
from tests.auditor.tenants import Content, blamed, restored_without, said, sound, tenant, told

UNREADABLE = OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize(
    ("lies", "words"),
    [
        (None, "cannot be read: it is not there"),
        (b"other bytes", f"was altered: its SHA-256 is {digest(b'other bytes')}"),
        (b"", f"was altered: its SHA-256 is {digest(b'')}"),
        (UNREADABLE, f"cannot be read: {os.strerror(errno.EIO)}"),
    ],
    ids=["missing", "changed", "emptied", "the disk fails"],
)
def test_an_object_that_is_not_what_its_receipt_says_is_named_with_its_place(
    lies: bytes | OSError | None, words: str
) -> None:
    made = sound()
    name = made.row(7).stored
    assert name is not None
    made.objects.there.pop(name)
    if lies is not None:
        made.objects.there[name] = lies
    report = made.audited()
    assert blamed(report) == {("objects", name)}
    assert f"of the receipt at 7, {words}" in told(report, "objects")


def test_a_stamp_that_no_row_of_a_receipt_names_is_hashed_too() -> None:
    made = sound()
    name = digest(b"waits")
    made.ledger.stamps.append((13, name, 5))
    report = made.audited()
    assert blamed(report) == {("objects", name)}
    assert "of the receipt at ?" in told(report, "objects")
    made.objects.there[name] = b"waits"
    assert made.audited().ok


def test_a_stamp_that_names_no_object_in_words_of_its_own_is_left_to_its_row() -> None:
    made = sound()
    made.ledger.stamps[4] = (5, "../../etc/passwd", -1)
    made.bend(4, stored="../../etc/passwd")
    report = made.audited()
    assert ("rows", "log index 4") in blamed(report)
    assert report.counts["objects"] == 11 and report.counts["orphans"] == 1


def test_small_items_that_share_an_object_are_hashed_once() -> None:
    made = sound()
    made.ledger.stamps.append((13, made.ledger.stamps[0][1], 4000))
    assert made.audited().counts["objects"] == 12


def test_an_object_of_nobody_is_said_and_one_that_is_not_its_name_is_a_failure() -> None:
    made = sound()
    made.objects.there[digest(b"left over")] = b"left over"
    report = made.audited()
    assert report.ok and "is named by no row" in told(report, "orphans")
    assert (report.counts["orphans"], report.counts["orphan bytes"]) == (1, 9)
    made.objects.there["f" * 64] = b"somebody's own"
    assert blamed(made.audited()) == {("orphans", "f" * 64)}


def test_an_object_of_another_tenant_or_of_a_stamp_just_written_is_no_orphan() -> None:
    made = sound()
    theirs, new = digest(b"theirs"), digest(b"new")
    made.objects.there |= {theirs: b"theirs", new: b"new"}
    made.ledger.others.append(theirs)
    made.ledger.late.append((13, new, 3))
    report = made.audited()
    assert report.ok and "orphans" not in report.counts
    assert "No object is without a row" in told(report, "orphans")


def test_a_thousand_orphans_are_counted_and_a_hundred_are_told() -> None:
    made = sound()
    left = [b"left %d" % number for number in range(MAX_SAID + 7)]
    made.objects.there |= {digest(one): one for one in left}
    report = made.audited()
    assert report.ok and report.counts["orphans"] == MAX_SAID + 7
    told_of = [one for one in said(report, State.INCONCLUSIVE) if one.name == "orphans"]
    assert len(told_of) == MAX_SAID + 1
    assert f"{MAX_SAID + 7} objects are named by no row; not all are listed" in told_of[-1].what


@pytest.mark.parametrize("trouble", [UNREADABLE, OutageError(source="The bucket", why="a cut")])
def test_objects_that_cannot_be_listed_are_no_pass(trouble: OSError | OutageError) -> None:
    made = sound()
    made.objects.unlisted = trouble
    report = made.audited()
    assert blamed(report) == {("orphans", "")}
    assert type(trouble).__name__ in told(report, "orphans")


def test_a_sample_is_drawn_anew_each_time_and_says_what_it_left_out() -> None:
    made = sound()
    reports = [made.audited(sample=4) for _ in range(4)]
    for report in reports:
        assert report.ok
        assert (report.counts["objects"], report.unseen["objects (sample)"]) == (4, 8)
    assert len({report.sample["seed"] for report in reports}) == 4
    assert made.audited(sample=50).counts["objects"] == 12


def test_more_objects_than_a_round_takes_are_all_hashed() -> None:
    made = sound()
    many = {digest(b"%d" % number): b"%d" % number for number in range(9000)}
    made.objects.there |= many
    made.ledger.stamps += [(13 + at, name, 4) for at, name in enumerate(many)]
    changed = sorted(many)[8500]
    made.objects.there[changed] = b"another"
    report = made.audited()
    assert report.counts["objects"] == 9012
    assert blamed(report) == {("objects", changed)}


def test_an_object_of_a_lost_receipt_may_be_gone_and_must_not_be_another() -> None:
    made = sound()
    gone, changed = made.row(9).stored, made.row(10).stored
    restored_without(made, 9, 10, row_of_order=True)
    assert gone is not None and changed is not None
    made.objects.there.pop(gone)
    made.objects.there[changed] = b"something else"
    report = made.audited()
    assert blamed(report) == {("objects", changed)}
    assert "of a receipt without a stamp, was altered" in told(report, "objects")
    assert report.unseen["objects of lost receipts, which are gone"] == 1


# -- opened ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"commitment": "e" * 64}, "does not open its receipt"),
        ({"salt": b"short"}, "does not open its receipt"),
        ({"sha256": "E" * 64}, "does not open its receipt"),
        ({"size": 3}, "bytes, its receipt says 3"),
        ({"content": Content(b"", UNREADABLE)}, f"cannot be read: {os.strerror(errno.EIO)}"),
        ({"content": Content(b"", CorruptionError(what="Item 1", why="its tag is wrong"))},
         "does not open: Item 1: its tag is wrong"),
    ],
)  # fmt: skip
def test_an_item_that_does_not_open_to_what_was_committed_to_is_named(
    change: dict[str, object], words: str
) -> None:
    made = sound()
    items = made.opener.orders["b"]
    assert isinstance(items, list)
    items[1] = replace(items[1], **change)  # type: ignore[arg-type]
    report = made.audited(opening=True)
    assert blamed(report) == {("opened", "Receipt 1 of b")}
    assert words in told(report, "opened")
    assert report.counts["opened items"] == 12


def test_an_order_whose_row_does_not_open_is_named_and_the_others_are_opened() -> None:
    made = sound()
    made.opener.orders["b"] = CorruptionError(what="The order", why="it is of another order")
    report = made.audited(opening=True)
    assert blamed(report) == {("opened", "b")}
    assert report.counts["opened items"] == 8


def test_the_same_bytes_brought_twice_are_opened_once_and_committed_to_twice() -> None:
    made = sound()
    items = made.opener.orders["a"]
    assert isinstance(items, list)
    items.append(replace(items[0], place="Receipt 4 of a", commitment="e" * 64))
    report = made.audited(opening=True)
    assert blamed(report) == {("opened", "Receipt 4 of a")}
    assert report.counts["opened items"] == 13
    assert report.counts["opened bytes"] == sound().audited(opening=True).counts["opened bytes"]


# -- how it is told -------------------------------------------------------------------------------


def test_what_is_wrong_ten_thousand_times_is_told_a_hundred_times_and_counted() -> None:
    made = tenant("a" * (MAX_SAID + 20))
    for name in list(made.objects.there):
        made.objects.there[name] = b"all of them"
    report = made.audited()
    wrong = [check for check in said(report, State.FAIL) if check.name == "objects"]
    assert len(wrong) == MAX_SAID + 1 and wrong[-1].what == "20 more of these are not listed."
    assert report.lines()[-1] == "not ok, trust: pinned"
