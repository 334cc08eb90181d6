"""What is asked over HTTP, within which bounds, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from yarl import URL

from evidence.errors import OutageError, RequestError
from evidence.items import Content, Item, PartOf, Provenance, Role
from evidence.locators import WHOLE

LARGEST_BODY = 4 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits on one request: seconds a phase, bytes of the answer's body."""

    connect_s: float = 10.0
    first_byte_s: float = 20.0
    total_s: float = 30.0
    max_body: int = 64 << 20

    def __post_init__(self) -> None:
        if not 0 < self.max_body <= LARGEST_BODY:
            raise RequestError(
                what="the limit of an answer", why=f"it is not from 1 to {LARGEST_BODY} bytes"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked.

    ours   asked with our credentials, at a host that an operator configured
    token  a request for a token: its answer is not written down
    safe   changes nothing at the source, so it may be sent again whatever became of it
    linked came out of an answer: it may lead on to another host, where we have no credentials
    """

    method: str
    url: URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ours: bool = True
    token: bool = False
    safe: bool = False
    linked: bool = False

    @property
    def repeatable(self) -> bool:
        return self.method == "GET" or self.token or self.safe


class Unreached(OutageError):
    """The connection was not made, or broke. `acted` if the source may have acted on it."""

    acted = True

    def before_acting(self) -> Unreached:
        self.acted = False
        return self

    def as_outage(self) -> OutageError:
        return OutageError(source=self.source, why=self.why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A Reply: an answer whose exchange is recorded."""

    status: int
    headers: Mapping[str, str]
    content: Content
    exchange: str
    url: str
    key: str
    encoding: str
    collected_at: datetime
    collector: str
    origin: str

    def item(
        self,
        role: Role,
        *,
        key: str | None = None,
        provenance: Provenance = Provenance.API,
        media_type: str | None = None,
        name: str | None = None,
        about: Mapping[str, str] | None = None,
        hints: Mapping[str, str] | None = None,
    ) -> Item:
        """The body as an item; where it came encoded, a part of its exchange."""
        part = None if not self.encoding else PartOf(self.exchange, WHOLE, self.encoding)
        return Item(
            role=role,
            key=key or self.key,
            content=self.content,
            media_type=media_type or _media_type(self.headers),
            collector=self.collector,
            origin=self.origin,
            provenance=provenance,
            collected_at=self.collected_at,
            name=name,
            url=self.url,
            exchange=self.exchange,
            part_of=part,
            about=about or {},
            hints=hints or {},
        )


def _media_type(headers: Mapping[str, str]) -> str:
    said = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    main, slash, sub = said.partition("/")
    fine = slash and len(said) <= 80 and all(c.isalnum() or c in ".+-_" for c in main + sub)
    return said if fine and main and sub else "application/octet-stream"
