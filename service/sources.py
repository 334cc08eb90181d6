"""The sources an operator configured, each with what its orders share: credentials and pace."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from collectors.answers import Bounds
from collectors.auth import Auth, NoAuth
from collectors.collector import Collector, Context
from collectors.files.folder_access import Folder
from collectors.pace import Pace
from collectors.registry import collector_named
from collectors.session import Session
from evidence.errors import RequestError
from evidence.items import Item, Role, Spool
from service.settings import Settings, SourceSettings

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

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def leads(self) -> bool:
        return bool(self.collector.roles & _LEADING) and not self.collector.needs

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
        """What the collector is handed for one order; its connections end with the block."""
        async with contextlib.AsyncExitStack() as stack:
            http = None
            if self.settings.base_url is not None:
                http = await stack.enter_async_context(
                    Session(
                        base_url=self.settings.base_url,
                        collector=f"{self.collector.name}/{self.collector.version}",
                        spool=spool,
                        record=record,
                        clock=clock,
                        auth=self.auth,
                        secrets=self.settings.secrets.values(),
                        pace=self.pace,
                        bounds=self.bounds,
                    )
                )
            folder = self.settings.folder
            yield Context(
                source=self.collector.name,
                version=self.collector.version,
                facts=known,
                settings=self.settings.options,
                now=clock,
                spool=spool,
                text_of=text_of,
                http=http,
                files=_folder(folder, self.name, spool) if folder else None,
            )


def _folder(path: Path, name: str, spool: Spool) -> Folder:
    if not path.is_dir():
        raise RequestError(what=f"asking {name}", why=f"{path} is not a folder")
    return Folder(path, spool=spool)


def configured(settings: Settings) -> tuple[Source, ...]:
    """Every configured source; RequestError naming the table that is wrong."""
    return tuple(_source(table) for table in settings.sources)


def _source(settings: SourceSettings) -> Source:
    collector = collector_named(settings.collector)
    credentials = getattr(collector, "auth", None)
    options = settings.options
    try:
        return Source(
            collector=collector,
            settings=settings,
            auth=credentials(options, settings.secrets) if credentials else NoAuth(),
            pace=Pace(
                concurrency=int(options.get("concurrency", 4)),
                rate_per_s=float(options.get("rate_per_s", 10.0)),
                retries=int(options.get("retries", 2)),
            ),
            bounds=Bounds(
                total_s=float(options.get("answer_s", 30.0)),
                first_byte_s=float(options.get("first_byte_s", 20.0)),
                max_body=int(options.get("max_body", 64 << 20)),
            ),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise RequestError(
            what=f"sources.{settings.name} in the configuration", why=f"{problem}"
        ) from problem
