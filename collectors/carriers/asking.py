"""How every carrier is asked: number by number, those that can be its own, to the last."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

from collectors.carriers.numbers import asked_as
from collectors.collector import Context, Reply
from evidence.errors import AccessError, EvidenceError, RequestError
from evidence.items import Item, Role
from evidence.orders import OrderRef

NUMBER = "shipment.tracking_number"


class Refusals:
    """Refusals that wait, so that one question's does not keep the others from being asked."""

    def __init__(self) -> None:
        self._first: EvidenceError | None = None

    @contextmanager
    def put_off(self, *, access: bool = False) -> Iterator[None]:
        """Go on after the block where it raises a RequestError; with `access` an AccessError too.

        A document is refused to accounts without a relation to the parcel: the history is not.
        """
        kinds = (RequestError, AccessError) if access else (RequestError,)
        try:
            yield
        except kinds as problem:
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
) -> AsyncIterator[tuple[str, Reply]]:
    """Each number that can be the carrier's, as it was asked for, with the answer.

    carrier    as in the tables of evidence/tracking_numbers; other numbers are not asked for
    refusals   told after the last number, together with those of the numbers themselves
    """
    refusals = refusals or Refusals()
    for number in asked_as(context.known_all(NUMBER), carrier):
        reply = None
        with refusals.put_off():
            reply = await ask(number)
        if reply is not None:
            yield number, reply
    refusals.tell()


def history(reply: Reply, number: str, **hints: str) -> Item:
    """An answer about a parcel as an item. Its status is a hint: "not known" often is only that."""
    return reply.item(
        Role.TRACKING_HISTORY,
        about={NUMBER: number},
        hints={"http.status": str(reply.status), **hints},
    )


def request_id(order: OrderRef, number: str, context: Context) -> str:
    """32 hex digits, another for each request; a second run at the same moment gives them again."""
    seed = f"{order}|{number}|{context.now().isoformat()}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32]
