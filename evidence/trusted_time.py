"""What a statement says about trusted time, as one sentence that a program can read too.

    none: …       no authority is configured
    missing: …    none answered before the seal; the reason is in brackets
    rfc3161: …    an authority stamped the checkpoint that was taken before reading

The last names the token by its SHA-256, so that a bundle cannot leave it out or put another in its
place, and tells what our own clock read, so that anyone sees by how much it was off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from evidence.errors import FormatError
from evidence.times import parse_rfc3339, rfc3339

NO_AUTHORITY = "none: no time authority is configured, so times rest on this service's clock"

# An authority's time has whole seconds here (RFC 3161 allows finer), and an answer takes some.
CLOCK_SKEW_S = 60.0

AUTHORITY_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_STAMPED = re.compile(
    r"rfc3161: (?P<authority>[a-z0-9][a-z0-9_.-]{0,62}) stamped the checkpoint of"
    r" (?P<size>0|[1-9][0-9]{0,15}) receipts at (?P<at>[0-9TZ:-]{20});"
    r" this service's clock then read (?P<ours>[0-9TZ:.-]{20,27});"
    r" token sha256:(?P<token>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """One token, as the statement tells of it.

    size    receipts in the checkpoint that it is over
    at      the authority's clock, in whole seconds
    ours    this service's clock when the answer was there
    token   SHA-256 of the token's bytes
    """

    authority: str
    size: int
    at: datetime
    ours: datetime
    token: str

    def __str__(self) -> str:
        return (
            f"rfc3161: {self.authority} stamped the checkpoint of {self.size} receipts"
            f" at {rfc3339(self.at, unit_s=1.0)}; this service's clock then read"
            f" {rfc3339(self.ours)}; token sha256:{self.token}"
        )


def missing(why: str) -> str:
    """The sentence for authorities that gave no token. `why` is ours, never a stranger's words."""
    return (
        f"missing: no token came before the seal ({why[:300]}),"
        " so times rest on this service's clock"
    )


def is_none(said: str) -> bool:
    return said.startswith("none")


def stamped_in(said: str) -> Stamped | None:
    """The token that the sentence tells of, or None if it tells of none.

    FormatError if it claims one and is not written as `Stamped` writes it.
    """
    if not said.startswith("rfc3161"):
        return None
    read = _STAMPED.fullmatch(said)
    if read is None:
        raise FormatError(what="trusted_time", why="it names no token the way it should")
    return Stamped(
        authority=read["authority"],
        size=int(read["size"]),
        at=parse_rfc3339(read["at"]),
        ours=parse_rfc3339(read["ours"]),
        token=read["token"],
    )
