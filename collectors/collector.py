"""The shape that every collector has, and what it is handed.

A collector is stateless: who is asked, with which credentials, comes in its Context, and it reaches
the world only through that. It yields Items as they come; reading them is `read`, which is pure and
may happen years later. A source that fails raises one of evidence.errors; items that it already
yielded stay.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from evidence.errors import ConfigError, RequestError
from evidence.facts import Fact
from evidence.items import Content, Item, Provenance, Role, Spool
from evidence.locators import Locator
from evidence.orders import OrderRef

# A query; as pairs where a name comes more than once.
Params = Mapping[str, str] | Sequence[tuple[str, str]]


class Reply(Protocol):
    """An answer whose exchange is already recorded."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> Content: ...

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
        """The answer's body as an item; its exchange is the recorded one.

        key   the request, unless given: give one where the request holds what a second run would
              not ask again, such as a page's cursor or a link that expires
        """
        ...


class Http(Protocol):
    """The only way to a source over HTTP: recording, bounded, retrying, guarded (session.py)."""

    async def get(
        self,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        answers: Collection[int] = (200,),
    ) -> Reply:
        """Ask; a status outside `answers` becomes an error by one table (replies.py)."""
        ...

    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        answers: Collection[int] = (200,),
        safe: bool = False,
    ) -> Reply:
        """Like `get`, with a body. `safe`: a query that changes nothing, so it may be repeated."""
        ...

    async def fetch(self, url: str, *, answers: Collection[int] = (200,)) -> Reply:
        """Get a URL that came out of an answer: without our credentials, public addresses only.

        Such links expire, some within minutes: fetch them before anything else.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A regular file under the source's folder. `path` is relative, with `/`, never with `..`."""

    path: str
    size: int
    modified_at: datetime


class Files(Protocol):
    """The source's folder and nothing outside it; links are not followed."""

    def entries(self, *, suffixes: Collection[str] = ()) -> Iterator[FileEntry]:
        """Every file, sorted by path; `suffixes` in lower case narrow it."""
        ...

    def open(self, entry: FileEntry, *, limit: int) -> Content:
        """The file's bytes, copied into the spool while hashed; TooLargeError over `limit`."""
        ...

    def stream(self, entry: FileEntry, *, limit: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes from `start`, to look at and not to keep; TooLargeError over `limit`.

        A mailbox of gigabytes is searched this way, and only what matched is kept.
        """
        ...


@dataclass(frozen=True, slots=True)
class ImapFolder:
    """A folder of a mail server; `uses` in lower case, such as \\sent."""

    name: str
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail as the server has it. `stored` is its INTERNALDATE as written, "" if it told none.

    talk  what was asked and answered to get it, to be recorded if the mail is brought
    """

    uid: int
    content: Content
    stored: str
    talk: bytes


class Imap(Protocol):
    """A mail server that is only read (imap.py)."""

    async def folders(self) -> list[ImapFolder]: ...

    async def examine(self, folder: str) -> str:
        """Open a folder without the right to change it; its UIDVALIDITY."""
        ...

    async def search(self, *words: str) -> list[int]: ...

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]: ...

    async def fetch(self, uid: int) -> StoredMail: ...

    async def keep(self, talk: bytes = b"") -> str:
        """Record a talk, or all since the last time; the exchange's SHA-256."""
        ...


class Dns(Protocol):
    """Questions to the domain name system; each answer is kept as it came (resolver.py)."""

    async def txt(self, name: str) -> Item | None:
        """The answer on the TXT records of `name`, as an item; None if nobody answered.

        That there is no such name is an answer. Whoever asks yields the item.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a collector is handed for one order.

    facts     what is already known, by fact name: order number, aliases, tracking numbers
    settings  the source's own table of the configuration, without secrets
    now       our clock, UTC
    text_of   an item's text, read in a process with limits; "" where no reader can
    """

    source: str
    version: int
    facts: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, Any]
    now: Callable[[], datetime]
    spool: Spool
    text_of: Callable[[Item], Awaitable[str]]
    http: Http | None = None
    files: Files | None = None
    dns: Dns | None = None
    imap: Imap | None = None

    @property
    def collector(self) -> str:
        return f"{self.source}/{self.version}"

    def known(self, name: str) -> str:
        """The first value known under `name`; RequestError if there is none."""
        values = self.facts.get(name, ())
        if not values:
            raise RequestError(what=f"asking {self.source}", why=f"no {name} is known yet")
        return values[0]

    def known_all(self, name: str) -> tuple[str, ...]:
        return self.facts.get(name, ())

    def need_http(self) -> Http:
        if self.http is None:
            raise ConfigError(what=f"the source {self.source}", why="it has no base_url")
        return self.http

    def need_imap(self) -> Imap:
        if self.imap is None:
            why = "its base_url is not of the form imaps://host or imap://host"
            raise ConfigError(what=f"the source {self.source}", why=why)
        return self.imap

    def need_files(self) -> Files:
        if self.files is None:
            raise ConfigError(what=f"the source {self.source}", why="it has no folder")
        return self.files

    def item(
        self,
        role: Role,
        content: Content,
        *,
        key: str,
        media_type: str,
        origin: str,
        provenance: Provenance,
        name: str | None = None,
        about: Mapping[str, str] | None = None,
        hints: Mapping[str, str] | None = None,
    ) -> Item:
        """An item of this source that did not come over HTTP."""
        return Item(
            role=role,
            key=key,
            content=content,
            media_type=media_type,
            collector=self.collector,
            origin=origin,
            provenance=provenance,
            collected_at=self.now(),
            name=name,
            about=about or {},
            hints=hints or {},
        )


class Collector(Protocol):
    """One source.

    name     as in the configuration and in receipts
    version  raised when `collect` or `read` would bring or say something else
    roles    what it can bring
    needs    facts it must have first; it waits until another source brings them
    wants    facts it finds more with; it waits for them as long as another source could bring them

    Some have more, each looked for with getattr when the service starts:

    auth(options, secrets)   an Auth of collectors/auth.py, if it signs in
    configured(options)      a Collector, if what it asks for depends on the source's options
    check(settings)          an error naming the setting of its own that it cannot use
    lacking(options)         what this machine lacks for it, in a sentence; "" if nothing
    platforms                platforms whose own order numbers it knows: of those it does not wait
    recognises(order, facts) whether the facts known hold a number it can ask with; it waits for one
    origin                   who its answers' claims come from, where that is not its name
    rate                     requests a second, and at once, that the vendor allows (10.0, 10)
    """

    name: str
    version: int
    roles: frozenset[Role]
    needs: frozenset[str]
    wants: frozenset[str]

    def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring what the source has on the order, each item once, oldest first where it can."""
        ...

    def read(self, item: Item) -> list[Fact]:
        """The item's claims. Pure; ShapeError where its shape is not the documented one."""
        ...


def fact_at(item: Item, name: str, value: Any, locator: Locator, *, group: str = "") -> Fact:
    """A fact read out of `item`, in the item's own origin."""
    return Fact(
        name=name, value=value, locator=locator, item=item.sha256, origin=item.origin, group=group
    )
