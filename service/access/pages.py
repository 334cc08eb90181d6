"""A page's rule: who may open it. Pages are for people; openapi.yaml says the same of the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from service.access.callers import Role


class Rule(Protocol):
    """What the door needs to know of an operation of the API, or of a page."""

    @property
    def public(self) -> bool: ...
    @property
    def roles(self) -> frozenset[Role]: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def of_the_house(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A route of the console.

    tags        those of openapi.yaml that a token's scopes must hold one of
    is_action   it is sent by a form, and changes something
    """

    method: str
    path: str
    roles: frozenset[Role] = frozenset()
    tags: tuple[str, ...] = ()
    public: bool = False
    of_the_house: bool = False

    @property
    def is_action(self) -> bool:
        return self.method == "POST"


def page_of(request: web.Request) -> Page | None:
    """None where the route is none of the console's."""
    found = getattr(request.match_info.handler, "page", None)
    return found if isinstance(found, Page) else None
