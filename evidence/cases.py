"""A case: what a person pursues with a platform, as a chain of events that decides its state.

One anomaly of one order, or of one account, on one platform is a case. Every step is an event; an
event is an item with the role `case.event`, so it has a receipt, lies in the log and opens offline.
Nothing else says where a case stands: `replay` reads the events again and refuses what the table
below does not allow, at the desk as at the auditor's.

    noticed -> collecting -> ready -> submitted -> under_review -> won -> watched -> closed
                    ^                                   |
                    +---------------- denied <----------+

The service records what a person sent; it submits nothing and promises nothing.

Source: scenarios S0-18, S0-23, S0-29, S0-30, S1-18, S1-21, S3-25, S4-09, S4-11, S4-16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from evidence.canonical import canonical, digest, parse_canonical
from evidence.errors import FormatError, HeldError
from evidence.fields import Fields
from evidence.times import parse_rfc3339, rfc3339

NO_EVENT = "0" * 64
MAX_EVENT_BYTES = 512 << 10
MAX_EVENTS = 5_000


class State(StrEnum):
    NOTICED = "noticed"
    COLLECTING = "collecting"
    READY = "ready"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    DENIED = "denied"
    WON = "won"
    WATCHED = "watched"
    CLOSED = "closed"

    @property
    def is_filed(self) -> bool:
        """Something lies with the platform, and nobody knows yet what comes of it."""
        return self in (State.SUBMITTED, State.UNDER_REVIEW)


class Step(StrEnum):
    """What was done. Those below `close` leave the state as it is."""

    OPEN = "open"
    COLLECT = "collect"
    READY = "ready"
    SUBMIT = "submit"
    REVIEW = "review"
    DENY = "deny"
    WIN = "win"
    WATCH = "watch"
    CLOSE = "close"

    NOTICE = "notice"
    DOCUMENT = "document"
    REPLY = "reply"
    FREEZE = "freeze"
    PROFILE = "profile"
    METRIC = "metric"
    DRAFT = "draft"
    PROMISE = "promise"
    PROVE = "prove"
    RECUR = "recur"


_S = State
TRANSITIONS: Mapping[tuple[State, Step], State] = {
    (_S.NOTICED, Step.COLLECT): _S.COLLECTING,
    (_S.COLLECTING, Step.READY): _S.READY,
    (_S.READY, Step.COLLECT): _S.COLLECTING,
    (_S.READY, Step.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTED, Step.REVIEW): _S.UNDER_REVIEW,
    # Some platforms answer without ever having said that they look at it.
    (_S.SUBMITTED, Step.DENY): _S.DENIED,
    (_S.SUBMITTED, Step.WIN): _S.WON,
    (_S.UNDER_REVIEW, Step.DENY): _S.DENIED,
    (_S.UNDER_REVIEW, Step.WIN): _S.WON,
    (_S.DENIED, Step.COLLECT): _S.COLLECTING,
    (_S.WON, Step.WATCH): _S.WATCHED,
    (_S.NOTICED, Step.CLOSE): _S.CLOSED,
    (_S.COLLECTING, Step.CLOSE): _S.CLOSED,
    (_S.READY, Step.CLOSE): _S.CLOSED,
    (_S.DENIED, Step.CLOSE): _S.CLOSED,
    (_S.WON, Step.CLOSE): _S.CLOSED,
    (_S.WATCHED, Step.CLOSE): _S.CLOSED,
}
_OPEN = frozenset(State) - {State.CLOSED}
_BEFORE_FILING = frozenset({State.NOTICED, State.COLLECTING, State.READY, State.DENIED})
# In which states a step that changes none may be taken. A promise outlives its case.
RECORDS: Mapping[Step, frozenset[State]] = {
    Step.NOTICE: _OPEN,
    Step.DOCUMENT: _OPEN,
    Step.REPLY: _OPEN,
    Step.FREEZE: _BEFORE_FILING,
    Step.PROFILE: _OPEN,
    Step.METRIC: _OPEN,
    Step.DRAFT: _BEFORE_FILING,
    Step.PROMISE: _OPEN,
    Step.PROVE: frozenset(State),
    Step.RECUR: frozenset({State.WON, State.WATCHED, State.CLOSED}),
}


def after(state: State, step: Step) -> State:
    """The state that the step leads to. HeldError names what may be done instead."""
    found = state if state in RECORDS.get(step, ()) else TRANSITIONS.get((state, step))
    if found is None:
        why = f"the case is {state}, where one may {', '.join(allowed(state)) or 'do nothing'}"
        raise HeldError(what=f"The step `{step}`", why=why)
    return found


def allowed(state: State) -> list[Step]:
    """Every step that may be taken, those first that lead on."""
    onward = [step for (begin, step) in TRANSITIONS if begin is state]
    return onward + [step for step, states in RECORDS.items() if state in states]


@dataclass(frozen=True, slots=True)
class Enclosed:
    """An item that came with an event: its role, the SHA-256 of its bytes, what it is called."""

    role: str
    sha256: str
    name: str

    def to_json(self) -> dict[str, str]:
        return {"role": self.role, "sha256": self.sha256, "name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of a case. `seq` counts from 0; `prev` is the SHA-256 of the event before.

    said   what the step is about, by step: `service/cases/` writes it, docs/cases.md tells of it
    """

    case: str
    seq: int
    prev: str
    step: Step
    before: State | None
    state: State
    at: datetime
    by: str
    items: tuple[Enclosed, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        return canonical(
            {
                "v": 1,
                "case": self.case,
                "seq": self.seq,
                "prev": self.prev,
                "step": str(self.step),
                "from": None if self.before is None else str(self.before),
                "to": str(self.state),
                "at": rfc3339(self.at),
                "by": self.by,
                "items": [item.to_json() for item in self.items],
                "said": dict(self.said),
            }
        )

    @property
    def sha256(self) -> str:
        return digest(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes, *, what: str = "an event of a case") -> Event:
        """FormatError unless `to_bytes` would give these very bytes."""
        names = "v case seq prev step from to at by items said".split()
        read = Fields(parse_canonical(data, limit=MAX_EVENT_BYTES, what=what), names, what=what)
        if read.number("v") != 1:
            raise read.wrong("v", "1")
        said = read.any("said")
        if not isinstance(said, dict):
            raise read.wrong("said", "an object")
        items = [
            Fields(each, ("role", "sha256", "name"), what=f"{what}, an item")
            for each in read.list("items")
        ]
        event = cls(
            case=read.hex("case", size=16),
            seq=read.number("seq"),
            prev=read.hex("prev"),
            step=read.choice("step", Step),
            before=None if read.any("from") is None else read.choice("from", State),
            state=read.choice("to", State),
            at=read.parsed("at", parse_rfc3339, expected="a UTC time"),
            by=read.text("by"),
            items=tuple(Enclosed(i.text("role"), i.hex("sha256"), i.text("name")) for i in items),
            said=said,
        )
        if event.to_bytes() != data:
            raise FormatError(what=what, why="it is not written the one canonical way")
        return event


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as its events tell it.

    orders, asins  what it is about, the orders as `platform:id (SITE)`
    rules          id of the policy that answers this kind; "" where there are none for it
    version        how many events it has
    """

    id: str
    platform: str
    site: str
    kind: str
    account: bool
    orders: tuple[str, ...]
    asins: tuple[str, ...]
    rules: str
    links: tuple[str, ...]
    state: State
    opened_at: datetime
    events: tuple[Event, ...] = field(repr=False)

    @property
    def version(self) -> int:
        return len(self.events)

    @property
    def updated_at(self) -> datetime:
        return self.events[-1].at

    def of(self, *steps: Step) -> list[Event]:
        """The events of these steps, oldest first."""
        return [event for event in self.events if event.step in steps]

    def last(self, *steps: Step) -> Event | None:
        found = self.of(*steps)
        return found[-1] if found else None

    def enclosed(self, *roles: str) -> list[tuple[Event, Enclosed]]:
        return [(e, item) for e in self.events for item in e.items if item.role in roles]

    def time(self, step: Step, name: str) -> datetime | None:
        """A time that the newest event of a step holds under `name`."""
        event = self.last(step)
        said = None if event is None else event.said.get(name)
        return parse_rfc3339(said) if isinstance(said, str) else None

    def next(
        self,
        step: Step,
        *,
        at: datetime,
        by: str,
        items: Sequence[Enclosed] = (),
        said: Mapping[str, Any] | None = None,
    ) -> Event:
        """The event that would follow. HeldError if the step may not be taken now."""
        if self.version >= MAX_EVENTS:
            raise HeldError(what="The step", why=f"the case has {MAX_EVENTS} events already")
        return Event(
            case=self.id,
            seq=self.version,
            prev=self.events[-1].sha256,
            step=step,
            before=self.state,
            state=after(self.state, step),
            at=max(at, self.updated_at),
            by=by,
            items=tuple(items),
            said=said or {},
        )


def opened(
    id: str,
    *,
    platform: str,
    site: str,
    kind: str,
    account: bool,
    orders: Sequence[str],
    asins: Sequence[str],
    rules: str,
    links: Sequence[str],
    at: datetime,
    by: str,
    items: Sequence[Enclosed] = (),
    more: Mapping[str, Any] | None = None,
) -> Event:
    """The first event of a case."""
    about = {
        "platform": platform,
        "site": site,
        "kind": kind,
        "account": account,
        "orders": list(orders),
        "asins": list(asins),
        "rules": rules,
        "links": list(links),
    }
    return Event(
        case=id,
        seq=0,
        prev=NO_EVENT,
        step=Step.OPEN,
        before=None,
        state=State.NOTICED,
        at=at,
        by=by,
        items=tuple(items),
        said={**about, **(more or {})},
    )


def replay(events: Sequence[Event]) -> Case:
    """The case that these events tell, in their order.

    Raises FormatError, naming the event, if one is missing, altered, of another case, out of its
    time, or a step that the machine does not allow.
    """
    if not events:
        raise FormatError(what="A case", why="it has no event")
    case = _begun(events[0])
    for number, event in enumerate(events[1:], start=1):
        what = f"Event {number} of the case"
        if event.seq != number or event.case != case.id or event.prev != events[number - 1].sha256:
            raise FormatError(what=what, why="it does not follow the one before it")
        if event.at < events[number - 1].at:
            raise FormatError(what=what, why="it is earlier than the one before it")
        try:
            state = after(case.state, event.step)
        except HeldError as problem:
            raise FormatError(what=what, why=problem.why) from problem
        if (event.before, event.state) != (case.state, state):
            raise FormatError(what=what, why=f"it does not lead from {case.state} to {state}")
        case = replace(case, state=state)
    return replace(case, events=tuple(events))


def _begun(event: Event) -> Case:
    what = "Event 0 of the case"
    if (event.seq, event.prev, event.step, event.before, event.state) != (
        0, NO_EVENT, Step.OPEN, None, State.NOTICED,
    ):  # fmt: skip
        raise FormatError(what=what, why="it does not open one")
    said = event.said
    try:
        return Case(
            id=event.case,
            platform=str(said["platform"]),
            site=str(said["site"]),
            kind=str(said["kind"]),
            account=said["account"] is True,
            orders=tuple(map(str, said["orders"])),
            asins=tuple(map(str, said["asins"])),
            rules=str(said["rules"]),
            links=tuple(map(str, said["links"])),
            state=event.state,
            opened_at=event.at,
            events=(event,),
        )
    except (KeyError, TypeError) as problem:
        raise FormatError(what=what, why="it does not say what the case is about") from problem
