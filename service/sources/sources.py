"""The sources an operator configured, each with what its orders share: credentials and pace."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

import structlog
from yarl import URL

from collectors.answers import Bounds
from collectors.auth import Auth, Keeper, NoAuth, Renews
from collectors.collector import Collector, Context
from collectors.imap import ImapSession
from collectors.pace import Bucket, LocalBucket, Pace, window
from collectors.registry import collector_named
from collectors.resolver import OFF, SYSTEM, Resolver, server_of
from collectors.secrets import Secret
from collectors.session import Session
from evidence.errors import ConfigError, EvidenceError, RequestError
from evidence.items import Item, Role, Spool
from evidence.orders import OrderRef
from service.settings import Settings, SourceSettings
from service.sources.drops import files_of

log = structlog.get_logger()

# Settings of a source that are ours and not its collector's.
OURS = frozenset(
    {
        "timeout_s",
        "concurrency",
        "rate_per_s",
        "burst",
        "retries",
        "answer_s",
        "first_byte_s",
        "max_body",
        "drop",
        "endpoint",
        "region",
        "host_key",
        "dns",
    }
)


class _Shared(TypedDict):
    """What every session of a source is made with."""

    collector: str
    spool: Spool
    record: Callable[[Item], Awaitable[None]]
    clock: Callable[[], datetime]
    ca: Path | None


# Requests a second, and at once, of a source whose collector does not say what its vendor allows.
_USUAL_RATE = (10.0, None)
# Sources that bring these can teach us what else the order is called.
_LEADING = frozenset({Role.ORDER_RECORD, Role.SHIPMENT_RECORD})


@dataclass(frozen=True, slots=True)
class Source:
    """A configured source: who asks, and how. One for all orders, so that limits are shared."""

    collector: Collector
    settings: SourceSettings
    auth: Auth = field(default_factory=NoAuth)
    pace: Pace = field(default_factory=Pace)
    bounds: Bounds = field(default_factory=Bounds)
    # For all its answers on one order together; 0: what the limits say.
    seconds: float = 0.0
    # Whom it asks for the keys of mails; resolver.py says how that is written.
    resolver: str = SYSTEM

    @property
    def name(self) -> str:
        return self.settings.name

    def serves(self, order: OrderRef) -> bool:
        """Whether the order's own number is one of its platform's: it need not wait for others."""
        return order.platform in getattr(self.collector, "platforms", frozenset())

    def recognises(self, order: OrderRef, known: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether what is known holds something that it can be asked with."""
        says = getattr(self.collector, "recognises", None)
        return says is None or bool(says(order, known))

    @property
    def leads(self) -> bool:
        return bool(self.collector.roles & _LEADING) and not self.collector.needs

    @property
    def lacking(self) -> str:
        """What this machine lacks for the source to work, in a sentence; "" if nothing."""
        lacks = getattr(self.collector, "lacking", None)
        return str(lacks(self.settings.options)) if lacks else ""

    @property
    def misdescribed(self) -> str:
        """What its collector cannot use in its settings, in a sentence; "" if nothing."""
        check = getattr(self.collector, "check", None)
        try:
            if check is not None:
                check(self.own_settings)
        except EvidenceError as problem:
            return f"sources.{self.name}: {problem.said}"
        return ""

    @property
    def own_settings(self) -> dict[str, Any]:
        """The settings that are its collector's."""
        return {k: v for k, v in self.settings.options.items() if k not in OURS}

    @contextlib.asynccontextmanager
    async def context(
        self,
        *,
        known: dict[str, tuple[str, ...]],
        spool: Spool,
        record: Callable[[Item], Awaitable[None]],
        text_of: Callable[[Item], Awaitable[str]],
        clock: Callable[[], datetime],
    ) -> AsyncIterator[Context]:
        """What the collector is handed for one order; its connections end with the block.

        ConfigError if a secret of the source is not there.
        """
        for secret in self.settings.secrets.values():
            secret.reveal()
        async with contextlib.AsyncExitStack() as stack:
            shared: _Shared = {
                "collector": f"{self.collector.name}/{self.collector.version}",
                "spool": spool,
                "record": record,
                "clock": clock,
                "ca": self.settings.ca,
            }
            http = imap = None
            url = self.settings.base_url
            if url is not None and url.startswith(("imap:", "imaps:")):
                imap = await stack.enter_async_context(await self._imap(url, shared, stack))
            elif url is not None:
                http = await stack.enter_async_context(self._session(url, shared))
            files = stack.enter_context(files_of(self.settings, spool))
            yield Context(
                source=self.collector.name,
                version=self.collector.version,
                facts=known,
                settings=self.own_settings,
                now=clock,
                spool=spool,
                text_of=text_of,
                http=http,
                files=files,
                dns=self._dns(clock),
                imap=imap,
            )

    def _session(self, url: str, shared: _Shared) -> Session:
        return Session(
            base_url=url,
            **shared,
            origin=getattr(self.collector, "origin", None),
            auth=self.auth,
            secrets=self.settings.secrets.values(),
            pace=self.pace,
            bounds=self.bounds,
        )

    async def _imap(
        self, url: str, shared: _Shared, stack: contextlib.AsyncExitStack
    ) -> ImapSession:
        """A session with the mail server; its token, if it wants one, is asked for over HTTP."""
        bearer = None
        if token_url := self.settings.options.get("token_url"):
            session = self._session(str(URL(str(token_url)).origin()), {**shared, "ca": None})
            bearer = (await stack.enter_async_context(session)).bearer
        return ImapSession(
            url=url,
            user=str(self.settings.options.get("user", "")),
            password=self.settings.secrets.get("password"),
            bearer=bearer,
            **shared,
            timeout_s=self.bounds.total_s,
        )

    def _dns(self, clock: Callable[[], datetime]) -> Resolver | None:
        if self.resolver == OFF:
            return None
        collector = f"{self.collector.name}/{self.collector.version}"
        return Resolver(self.resolver, collector=collector, clock=clock)


# Makes a source's bucket: its name in the configuration, how many requests in how many seconds.
BucketOf = Callable[[str, int, float], Bucket]


def local_bucket(name: str, most: int, seconds: float) -> Bucket:
    return LocalBucket(most=most, seconds=seconds)


def configured(
    settings: Settings,
    bucket_of: BucketOf = local_bucket,
    keeper_of: Callable[[Secret], Keeper] | None = None,
) -> tuple[Source, ...]:
    """Every configured source; ConfigError naming the table that is wrong.

    keeper_of   keeps what becomes of a secret that its vendor renews
    """
    sources = tuple(_source(table, bucket_of) for table in settings.sources)
    for source in sources:
        if keeper_of is not None and isinstance(source.auth, Renews):
            source.auth.keep_with(keeper_of)
        if source.lacking:
            log.warning("a source cannot work", source=source.name, why=source.lacking)
        if source.misdescribed:
            log.warning("a source cannot work", source=source.name, why=source.misdescribed)
    return sources


def _source(settings: SourceSettings, bucket_of: BucketOf) -> Source:
    what = f"sources.{settings.name} in the configuration"
    try:
        collector = collector_named(settings.collector)
        if made := getattr(collector, "configured", None):
            collector = made(settings.options)
        credentials = getattr(collector, "auth", None)
        # Where a secret is not there, who does not ask may go on; `context` refuses whoever asks.
        able = all(secret.problem is None for secret in settings.secrets.values())
        auth = credentials(settings.options, settings.secrets) if credentials and able else NoAuth()
        asked = {"base_url": settings.base_url or "", **settings.options}
        for name, url in asked.items():
            if settings.secrets and name.endswith("_url") and _in_the_clear(str(url)):
                raise RequestError(
                    what=name, why="its secrets would travel in the clear; use https://"
                )
        usual_per_s, usual_burst = getattr(collector, "rate", _USUAL_RATE)
        rate_per_s = _number(settings, "rate_per_s", usual_per_s, least=0.001)
        burst = usual_burst if rate_per_s == usual_per_s else None
        burst = int(_number(settings, "burst", burst or 0, least=1)) or None
        return Source(
            collector=collector,
            settings=settings,
            auth=auth,
            pace=Pace(
                concurrency=int(_number(settings, "concurrency", 4, least=1)),
                bucket=bucket_of(settings.name, *window(rate_per_s, burst)),
                retries=int(_number(settings, "retries", 2, least=0)),
            ),
            bounds=Bounds(
                total_s=_number(settings, "answer_s", 30.0, least=0.001),
                first_byte_s=_number(settings, "first_byte_s", 20.0, least=0.001),
                max_body=int(_number(settings, "max_body", 64 << 20, least=1)),
            ),
            seconds=_number(settings, "timeout_s", 0.0, least=0.001),
            resolver=_resolver(settings),
        )
    except RequestError as problem:
        raise ConfigError(what=what, why=f"{problem.what}: {problem.why}") from problem


def _resolver(settings: SourceSettings) -> str:
    said = settings.options.get("dns", SYSTEM)
    if not isinstance(said, str):
        raise RequestError(what="dns", why="it is not text")
    if said not in (SYSTEM, OFF):
        server_of(said)
    return said


def _in_the_clear(base_url: str) -> bool:
    """Whether what is sent there could be read on the way: not on this machine itself."""
    url = URL(base_url)
    if url.scheme != "http" or url.host is None or url.host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(url.host).is_loopback
    except ValueError:
        return True


def _number(settings: SourceSettings, name: str, default: float, *, least: float) -> float:
    value = settings.options.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
        raise RequestError(what=name, why=f"it is not a number from {least:g} on")
    return float(value)
