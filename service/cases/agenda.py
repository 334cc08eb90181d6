"""What is to be done about a case, and when: deadlines, ends of waiting, promises.

Every entry comes out of the case's events, where it was written down when it was known. It is
a reminder for the people here; nothing is ever sent to a platform.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.cases import Case, State, Step
from evidence.times import parse_rfc3339, rfc3339


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """`what` is one of WHATS; `text` says it to a person."""

    at: datetime
    what: str
    text: str

    def to_json(self) -> dict[str, str]:
        return {"at": rfc3339(self.at), "what": self.what, "text": self.text}


WHATS = ("deadline", "quiet-over", "second-attempt", "watch-over", "measure-due")


def agenda(case: Case) -> list[Entry]:
    """What is still open, earliest first."""
    return sorted({*_deadlines(case), *_waiting(case), *_measures(case)})


def _deadlines(case: Case) -> Iterator[Entry]:
    if case.state not in (State.NOTICED, State.COLLECTING, State.READY):
        return
    if case.last(Step.DENY) is not None:
        return  # the second attempt has a deadline of its own
    opened: Any = case.events[0].said.get("deadlines", [])
    for each in opened:
        text = f"{each['step'] or 'deadline'} by {each['rule']} ({each['source']})"
        yield Entry(parse_rfc3339(each["at"]), "deadline", text)


def _waiting(case: Case) -> Iterator[Entry]:
    if case.state.is_filed and (at := case.time(Step.SUBMIT, "quiet_until")) is not None:
        yield Entry(at, "quiet-over", "The platform may be asked how far it is; not before.")
    at = case.time(Step.DENY, "second_attempt_by")
    if at is not None and case.state in (State.DENIED, State.COLLECTING, State.READY):
        yield Entry(at, "second-attempt", "The second attempt is to be ready by then.")
    if case.state is State.WATCHED and (at := case.time(Step.WATCH, "until")) is not None:
        yield Entry(at, "watch-over", "The watch ends; close the case if nothing came back.")


def _measures(case: Case) -> Iterator[Entry]:
    proven = {event.said.get("measure") for event in case.of(Step.PROVE) if event.said.get("kept")}
    for event in case.of(Step.PROMISE):
        if event.said["measure"] not in proven and event.said.get("due") is not None:
            text = f"Show that the promise {event.said['measure']} was kept."
            yield Entry(parse_rfc3339(event.said["due"]), "measure-due", text)
