"""Who asks: a tenant's caller with one role, perhaps only for some of its stores.

What a role may is written at each operation of openapi.yaml (`x-roles`); a route without a rule
keeps the service from starting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web


class Role(StrEnum):
    """appeal-tool   starts collections and reads evidence
    auditor       reads proofs: statements, logs, custody, bundles that open nothing
    operator      all of that; also holds, share links, stores, denials, figures
    admin         all of that; also erasure and tokens
    """

    APPEAL_TOOL = "appeal-tool"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def proofs_only(self) -> bool:
        return self is Role.AUDITOR


@dataclass(frozen=True, slots=True)
class Whose:
    """What may be seen: a tenant's orders, of these stores only unless `stores` is None."""

    tenant: str
    stores: frozenset[str] | None = None

    def covers(self, store: str) -> bool:
        return self.stores is None or store in self.stores


class DeniedError(Exception):
    """Something that is there and not for whoever asks: "order", "collection", "case" or
    "store".

    Of all but the last they are told that it is not there; the denial is noted all the same.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone who was let in.

    who      how the custody log names them: "token 3f9a…", "user jane", "local user"
    rate     what their requests are counted under; "" where nobody counts
    scopes   tags of openapi.yaml; None where the role alone decides
    """

    tenant: str
    role: Role
    who: str
    rate: str = field(default="", repr=False)
    stores: frozenset[str] | None = None
    scopes: frozenset[str] | None = None

    @property
    def whose(self) -> Whose:
        return Whose(self.tenant, self.stores)


CALLER = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Who the door let in; LookupError on a route that it guards for nobody."""
    return request[CALLER]
