"""What a case has coming, as errands of the agenda: who wants to know is told, and a window that
closes finds the case sealed.

An errand says nothing of its own when it is due: the case is read again, and what is over by then
(a promise that was kept, a wait that an answer ended) is told to nobody.
Source: scenarios S1-17, S3-09, S4-09, S4-16.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from evidence.cases import Case, State, Step
from evidence.errors import HeldError, NotFoundError
from evidence.times import parse_rfc3339, rfc3339
from service.access.callers import Whose
from service.cases.agenda import agenda
from storage.ledger.errands import Errand, Why
from storage.ledger.outbox import Told

if TYPE_CHECKING:
    from service.runtime import Runtime

# The seal itself takes a while, and is to be done before the window is over.
BEFORE_CLOSING = timedelta(minutes=30)
CLOSING, RECURRED = "window-closes", "recurred"
_UNFILED = (State.NOTICED, State.COLLECTING, State.READY)


def errands_of(case: Case) -> Iterator[Errand]:
    """Everything that is to come; planned again it is there already."""
    for entry in agenda(case):
        said = {"what": entry.what, "case": case.id, "due_at": rfc3339(entry.at)}
        yield Errand(why=Why.CASE, key=f"{entry.what}/{rfc3339(entry.at)}", at=entry.at, said=said)
    closes = case.events[0].said.get("closes_at")
    if closes is not None and case.state in _UNFILED:
        at = parse_rfc3339(closes) - BEFORE_CLOSING
        said = {"what": CLOSING, "case": case.id, "due_at": str(closes)}
        yield Errand(why=Why.CASE, key=f"{CLOSING}/{closes}", at=at, said=said)
    for event in case.of(Step.RECUR):
        said = {"what": RECURRED, "case": case.id, "severity": str(event.said["severity"])}
        yield Errand(why=Why.CASE, key=f"{RECURRED}/{event.seq}", at=event.at, said=said)


async def run(runtime: Runtime, errand: Errand) -> None:
    """One that is due, by what the case is now."""
    from service.cases.desk import Desk  # it plans errands itself

    desk, whose = Desk(runtime), Whose(errand.tenant)
    try:
        held = await desk.find(whose, str(errand.said["case"]))
    except NotFoundError:  # it was erased
        await runtime.ledger.errand_done(errand)
        return
    due = any(
        each.said["what"] == errand.said["what"]
        and each.said.get("due_at") == errand.said.get("due_at")
        and each.said.get("severity") == errand.said.get("severity")
        for each in errands_of(held.case)
    )
    if due and errand.said["what"] == CLOSING:
        with contextlib.suppress(HeldError):  # it is told all the same: somebody has to look
            await desk.seal(whose, held)
    await runtime.ledger.errand_done(errand, told=Told.DEADLINE if due else None)
