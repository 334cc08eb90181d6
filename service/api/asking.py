"""What most routes ask first: which order, and is there anything on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from evidence.custody import Act
from evidence.errors import NotFoundError, RequestError
from evidence.items import Role
from evidence.orders import OrderRef, order_ref
from service.access.callers import DeniedError, Whose, caller_of
from service.api.ports import EVIDENCE, Account, Collection, Order
from service.custody import By
from service.http.contract import Given
from service.http.problems import (
    REQUEST_ID,
    Problem,
    Violation,
    invalid,
    not_found,
    problem_of,
    route_of,
)


@dataclass(frozen=True, slots=True)
class SealedAsked:
    """Which sealed document of which order, and what handing it out is called in custody."""

    ref: OrderRef
    role: Role
    act: Act


# On a request that was answered with one.
SEALED_ASKED = web.RequestKey("sealed_asked", SealedAsked)


def ref_of(given: Given) -> OrderRef:
    """The order of the path. Raises Problem 422 naming the field, without what it held."""
    platform = given.path["platform"]
    try:
        return order_ref(platform, given.path["order_id"], given.query["site"])
    except RequestError as error:
        # Its sentence quotes the number for a person at a terminal. Here it is left out.
        if error.what == "the site":
            raise invalid(Violation("/query/site", "is not a country code such as US")) from error
        wrong = f"is not shaped like an order number of {platform}"
        raise invalid(Violation("/path/order_id", wrong)) from error


def refs_in(orders: Sequence[Mapping[str, str]]) -> list[OrderRef]:
    """The orders that a body names. Raises Problem 422 naming the place, without what it held."""
    refs = []
    for place, said in enumerate(orders):
        try:
            refs.append(order_ref(said["platform"], said["order_id"], said.get("site", "US")))
        except RequestError as error:
            wrong = "is not shaped like an order of its platform and site"
            raise invalid(Violation(f"/body/orders/{place}", wrong)) from error
    return refs


async def account_of(request: web.Request, ref: OrderRef) -> Account:
    account = await request.app[EVIDENCE].account(whose_of(request), ref)
    if account is None:
        raise no_order()
    return account


async def note(
    request: web.Request, ref: OrderRef, act: Act, *, order: Order | None = None, **what: object
) -> None:
    """Into the custody log, before anything of the order is sent; `order` is what was read."""
    evidence, whose = request.app[EVIDENCE], whose_of(request)
    await evidence.note(whose, ref, act, by_of(request), what, order=order)


def whose_of(request: web.Request) -> Whose:
    """What whoever asks may see."""
    return caller_of(request).whose


def store_of(request: web.Request, named: str | None) -> str:
    """The store that is named, else the caller's only one. DeniedError for one of others."""
    whose = whose_of(request)
    store = named or (
        next(iter(whose.stores)) if whose.stores and len(whose.stores) == 1 else "default"
    )
    if not whose.covers(store):
        raise DeniedError("store")
    return store


def by_of(request: web.Request) -> By:
    """Who asks, for the custody log."""
    return By(
        who=caller_of(request).who,
        way=f"{request.method} {route_of(request)}",
        request=request.get(REQUEST_ID, ""),
    )


def no_order() -> Problem:
    return not_found("order", "Nothing is kept of it: it was never collected, or it was erased.")


async def collection_of(request: web.Request, given: Given) -> Collection:
    id = given.path["collection_id"]
    collection = await request.app[EVIDENCE].collection(whose_of(request), id)
    if collection is None:
        raise no_collection()
    return collection


def no_collection() -> Problem:
    return not_found("collection", "Use the Location that started it.")


def no_case() -> Problem:
    """As `service.cases` says it of one that is not there."""
    return problem_of(NotFoundError(what="The case", why="there is none of this id"))


def not_sealed() -> Problem:
    return Problem(
        404,
        "not-sealed",
        "Nothing is sealed for this order yet. Follow its collection until it is.",
    )
