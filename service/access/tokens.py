"""Access tokens and the secrets of share links: `opt_<id>_<secret>`, shown once, kept as a hash.

The prefix lets scanners of repositories find one that got lost; the id finds its row.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evidence.errors import RequestError
from service.access.callers import Caller, Role
from storage.ledger.access import AccessToken

TOKEN, LINK = "opt", "ops"
LONGEST = timedelta(days=366)
USUAL = timedelta(days=90)

_FORM = re.compile(r"(opt|ops)_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Minted:
    """A secret as it is shown once, and what is kept of it."""

    id: str
    secret: str = field(repr=False)

    @property
    def hash(self) -> str:
        return _hash(self.secret)


def mint(kind: str) -> Minted:
    id = secrets.token_hex(8)
    return Minted(id, f"{kind}_{id}_{secrets.token_urlsafe(32)}")


def id_of(secret: str, kind: str) -> str | None:
    """The id inside a secret of this kind; None if it is none."""
    match = _FORM.fullmatch(secret)
    return match[2] if match is not None and match[1] == kind else None


def is_right(secret: str, kept_hash: str) -> bool:
    return hmac.compare_digest(_hash(secret), kept_hash)


def new_token(
    *,
    tenant: str,
    name: str,
    role: Role,
    made_by: str,
    now: datetime,
    lasts: timedelta = USUAL,
    stores: Collection[str] | None = None,
    scopes: Collection[str] | None = None,
) -> tuple[AccessToken, str]:
    """What to keep, and the secret to show. RequestError for a life that is none or too long."""
    if not timedelta(0) < lasts <= LONGEST:
        raise RequestError(what="the token", why=f"it may last up to {LONGEST.days} days")
    if not 1 <= len(name) <= 100:
        raise RequestError(what="the token", why="its name has 1 to 100 characters")
    minted = mint(TOKEN)
    kept = AccessToken(
        id=minted.id,
        tenant=tenant,
        name=name,
        role=str(role),
        stores=frozenset(stores) if stores is not None else None,
        scopes=frozenset(scopes) if scopes is not None else None,
        hash=minted.hash,
        made_by=made_by,
        created_at=now,
        expires_at=now + lasts,
    )
    return kept, minted.secret


def caller_of_token(kept: AccessToken | None, secret: str, *, now: datetime) -> Caller | None:
    """Whom the token lets in; None if it is wrong, expired or revoked. Which, nobody is told."""
    if kept is None:
        # As long as for one that is there: whether an id exists is not told by the time it takes.
        is_right(secret, "0" * 64)
        return None
    if not is_right(secret, kept.hash) or kept.revoked_at is not None or now >= kept.expires_at:
        return None
    return Caller(
        tenant=kept.tenant,
        role=Role(kept.role),
        who=f"token {kept.id} ({kept.name})",
        rate=f"token:{kept.id}",
        stores=kept.stores,
        scopes=kept.scopes,
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
