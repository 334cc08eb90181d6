"""Do an order's receipts follow one another, and do the rows beside them say the same?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from auditor.glance import Glance, glance
from auditor.ledger import LedgerReader, Row
from auditor.seal import why
from auditor.tally import Tally
from evidence.errors import FormatError
from evidence.items import Role
from evidence.receipts import NO_RECEIPT

_BESIDE = ("role", "commitment", "stored", "size", "media_type", "collector", "collected_at")


def check_chains(ledger: LedgerReader, tally: Tally, *, size: int) -> None:
    """Every receipt under the head of `size` entries, order by order."""
    if tally.is_done("chains"):
        return
    cursor = tally.cursors.get("chains") or {"handle": "", "seq": -1, "prev": NO_RECEIPT, "at": -1}
    handle, seq, prev, at = cursor["handle"], cursor["seq"], cursor["prev"], cursor["at"]
    ended, gone = cursor.get("ended", False), cursor.get("gone", False)
    rowless, holed = cursor.get("rowless", False), cursor.get("holed", False)
    while rows := ledger.chains((handle, seq)):
        for row in rows:
            if row.handle != handle:
                if handle:
                    _check_erased(ledger, handle, tally, ended=ended, gone=gone, rowless=rowless)
                    _count(tally, rowless=rowless, holed=holed)
                holed = False
                handle, seq, prev, at, ended = row.handle, -1, NO_RECEIPT, -1, False
            if row.log_index < size:
                if ended:
                    what = f"The receipt at {row.log_index} follows the record of its erasure."
                    tally.checks.failed("chains", what, f"log index {row.log_index}")
                role = _check(row, tally, seq=seq + 1, prev=prev, at=at)
                tally.count("chained receipts")
                tally.skip("contents of lost receipts", row.lost)
            else:
                role = row.role
            seq, at = row.seq, row.log_index
            ended, gone = role == Role.ERASURE_RECORD, bool(row.erased)
            rowless, holed = row.lost and row.order is None, holed or row.lost
            prev = hashlib.sha256(row.body).hexdigest()
        cursor = {"handle": handle, "seq": seq, "prev": prev, "at": at, "ended": ended}
        tally.mark("chains", {**cursor, "gone": gone, "rowless": rowless, "holed": holed})
        tally.watch("chains", tally.counts.get("chained receipts", 0), size)
    if handle:
        _check_erased(ledger, handle, tally, ended=ended, gone=gone, rowless=rowless)
        _count(tally, rowless=rowless, holed=holed)
    if (count := tally.counts.get("chained receipts", 0)) != size:
        what = f"The orders have {count} receipts in the ledger; the log has {size} entries."
        tally.checks.failed("chains", what)
    tally.checks.passed_unless_failed(
        "chains",
        f"The receipts of all {tally.counts.get('orders', 0)} orders follow one another.",
    )
    if lost := tally.unseen.get("contents of lost receipts", 0):
        holes, whole = tally.counts.get("orders with gaps", 0), tally.counts.get("lost orders", 0)
        what = (
            f"{lost} receipts stand in the log and nothing beside them: a ledger restored from a "
            f"backup lacked them. {holes} orders lost some of their items, {whole} orders all."
        )
        tally.checks.unsure("lost", what)
    if erased := tally.counts.get("erased orders", 0):
        what = f"{erased} orders were erased: a signed record ends the chain of each."
        tally.checks.passed_unless_failed("erased", what)
    tally.checks.passed_unless_failed("rows", "The ledger's rows say what their receipts say.")
    tally.done("chains")


def _count(tally: Tally, *, rowless: bool, holed: bool) -> None:
    tally.count("orders")
    if rowless:
        tally.count("lost orders")
    elif holed:
        tally.count("orders with gaps")


def _check_erased(
    ledger: LedgerReader, handle: str, tally: Tally, *, ended: bool, gone: bool, rowless: bool
) -> None:
    """A key is destroyed where the chain ends in the record of it, and nowhere else."""
    if ended and (gone or rowless):  # of an order without a row there is no key either
        tally.count("erased orders")
    elif ended:
        what = f"Order {handle} was erased, says its chain, and its key is there."
        tally.checks.failed("erased", what, handle)
    elif gone and ledger.loose_ends()[0]:
        what = f"The key of order {handle} is gone; the record of that may wait for its receipt."
        tally.checks.unsure("erased", what, handle)
    elif gone:
        what = f"The key of order {handle} is gone, and no record of an erasure ends its chain."
        tally.checks.failed("erased", what, handle)


def check_stamps(ledger: LedgerReader, tally: Tally, *, size: int) -> None:
    """What has no receipt: stamps that wait, stamps that were lost, objects of no stamp."""
    if tally.is_done("stamps"):
        return
    waiting, lost, unnamed = ledger.loose_ends()
    checks = tally.checks
    if waiting:
        checks.unsure("stamps", f"{waiting} stamps wait for their receipt.")
        tally.skip("stamps waiting", waiting)
    if lost:
        checks.failed("stamps", f"{lost} stamps have no receipt and do not wait for one.")
    if unnamed:
        checks.failed("rows", f"{unnamed} rows of items name an object that no receipt names.")
    if not waiting:
        checks.passed_unless_failed("stamps", "Every stamp has its receipt.")
    tally.done("stamps")


def _check(row: Row, tally: Tally, *, seq: int, prev: str, at: int) -> str | None:
    """The receipt's role, or None if it cannot be read."""
    where = f"log index {row.log_index}"
    try:
        receipt = glance(row.body, what=f"The ledger's receipt at {row.log_index}")
    except FormatError as error:
        tally.checks.failed("chains", f"{why(error)}.", where)
        return None
    wrong = _breaks(receipt, row, seq=seq, prev=prev, at=at)
    if wrong:
        what = f"The ledger's receipt at {row.log_index} {wrong}."
        tally.checks.failed("chains", what, where)
    differing = () if row.lost else _differing(receipt, row)
    if differing:
        what = f"The row beside the receipt at {row.log_index} differs in {', '.join(differing)}."
        tally.checks.failed("rows", what, where)
    return receipt.role


def _breaks(receipt: Glance, row: Row, *, seq: int, prev: str, at: int) -> str:
    if receipt.seq != seq or row.seq != seq:
        return f"is number {receipt.seq} of its order where {seq} must follow"
    if receipt.prev != prev:
        return "does not hold the hash of the receipt before it"
    if row.log_index <= at:
        return "stands in the log before the receipt that it follows"
    return ""


def _differing(receipt: Glance, row: Row) -> Sequence[str]:
    if row.role is None:
        return ["everything: there is no stamp"]
    wrong = [name for name in _BESIDE if getattr(receipt, name) != getattr(row, name)]
    if receipt.order != row.order:
        wrong.append("the order's commitment")
    return wrong
