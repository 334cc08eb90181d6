"""How every carrier is asked: number by number, those that can be its own, to the last."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

from collectors.carriers.numbers import asked_as, is_a
from collectors.carriers.parts import picture_type
from collectors.collector import Context, Http, Reply
from evidence.errors import AccessError, EvidenceError, OutageError, RequestError, ShapeError
from evidence.items import Item, Provenance, Role
from evidence.orders import OrderRef

NUMBER = "shipment.tracking_number"


class Refusals:
    """Refusals that wait, so that one question's does not keep the others from being asked."""

    def __init__(self) -> None:
        self._first: EvidenceError | None = None

    @contextmanager
    def put_off(self, *, part: bool = False) -> Iterator[None]:
        """Go on after the block where it raises a RequestError.

        part   it asks for a part of what there is, such as a document: then nothing that is wrong
               with it, not even that we have no right to it, keeps the rest from being asked
        """
        kinds = (RequestError, AccessError, OutageError, ShapeError) if part else (RequestError,)
        try:
            yield
        except kinds as problem:
            self.add(problem)

    def add(self, problem: EvidenceError) -> None:
        self._first = self._first or problem

    def tell(self) -> None:
        """Raise the first that was put off, if one was."""
        if self._first is not None:
            raise self._first


async def each_number(
    context: Context,
    carrier: str,
    ask: Callable[[str], Awaitable[Reply]],
    refusals: Refusals | None = None,
    *,
    kinds: tuple[str, ...] = ("",),
) -> AsyncIterator[tuple[str, Reply]]:
    """Each number that can be the carrier's, as it was asked for, with the answer.

    carrier    as in the tables of evidence/tracking_numbers; other numbers are not asked for
    refusals   told after the last number, together with those of the numbers themselves
    kinds      how the names of those kinds begin that are asked for; all of the carrier's
    """
    numbers = asked_as(context.known_all(NUMBER), carrier)
    if kinds != ("",):
        numbers = [number for number in numbers if is_a(number, carrier, *kinds)]
    async for number, reply in each_of(numbers, ask, refusals):
        yield number, reply


async def each_of(
    numbers: Iterable[str],
    ask: Callable[[str], Awaitable[Reply]],
    refusals: Refusals | None = None,
) -> AsyncIterator[tuple[str, Reply]]:
    """Each of the numbers with its answer; one that is refused does not keep the others from it."""
    refusals = refusals or Refusals()
    for number in numbers:
        reply = None
        with refusals.put_off():
            reply = await ask(number)
        if reply is not None:
            yield number, reply
    refusals.tell()


def history(
    reply: Reply, number: str, *, provenance: Provenance = Provenance.API, **hints: str
) -> Item:
    """An answer about a parcel as an item. Its status is a hint: "not known" often is only that."""
    return reply.item(
        Role.TRACKING_HISTORY,
        provenance=provenance,
        about={NUMBER: number},
        hints={"http.status": str(reply.status), **hints},
    )


async def linked(
    http: Http,
    url: str,
    role: Role,
    number: str,
    refusals: Refusals,
    *,
    nth: int,
    provenance: Provenance = Provenance.API,
) -> AsyncIterator[Item]:
    """What a link in an answer leads to, if it is a document or a picture.

    Such links expire, or ask a person to sign in: then the source tells so at its end, and goes on.

    nth   which of the number's links it is, for a second run finds another URL in its place
    """
    with refusals.put_off(part=True):
        reply = await http.fetch(url)
        start = next(iter(reply.content.chunks()), b"")
        media_type = "application/pdf" if start.startswith(b"%PDF-") else picture_type(start)
        if media_type is None:
            what = f"the link to a {role} of {number}"
            raise RequestError(what=what, why="it leads to neither a document nor a picture")
        yield reply.item(
            role,
            key=f"{number}/{role}/{nth}",
            media_type=media_type,
            provenance=provenance,
            about={NUMBER: number},
        )


def request_id(order: OrderRef, number: str, context: Context) -> str:
    """32 hex digits, another for each request; a second run at the same moment gives them again."""
    seed = f"{order}|{number}|{context.now().isoformat()}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32]
