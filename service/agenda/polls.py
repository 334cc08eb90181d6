"""Asks again and again where a platform pushes nothing: lists of claims, deliveries, messages.

An entry starts what a webhook of its kind would, once: a defect is known by its order, kind and
case, a delivery by the order, a message by its id. What an entry says is no evidence: the
collection that it starts asks the sources, and keeps what they answer. A list goes on over as many
pages as are configured; which link leads on is the platform's to say, where to is the operator's.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import jsonpath
import structlog
from yarl import URL

from collectors.bodies import release
from evidence.canonical import canonical, digest
from evidence.errors import ConfigError, EvidenceError, RequestError
from evidence.items import Item, Role
from evidence.orders import order_ref
from evidence.pages import page_of
from service.agenda.poll_settings import PollSettings
from service.agenda.warning import Heard, warn
from service.defects.days import Days
from service.defects.desk import Desk, Told
from storage.objects.spool import EncryptedSpool

if TYPE_CHECKING:
    from service.runtime import Runtime

MOST_ENTRIES = 1_000
LONGEST_PAUSE_S = 3600.0

log = structlog.get_logger()


class Poller:
    def __init__(self, runtime: Runtime, poll: PollSettings, desk: Desk) -> None:
        self._runtime = runtime
        self._poll = poll
        self._desk = desk
        self._tenant = poll.tenant or runtime.settings.tenant
        found = [source for source in runtime.sources if source.name == poll.source]
        if not found or found[0].settings.base_url is None:
            raise ConfigError(what=f"polls.{poll.name}", why="its source is not asked over HTTP")
        self._source = found[0]

    async def run(self) -> None:
        """Ask every `every_s` seconds, until cancelled; longer apart while it fails."""
        pause = float(self._poll.every_s)
        while True:
            try:
                await self.ask()
                pause = float(self._poll.every_s)
            except Exception as error:
                log.warning("a poll failed", poll=self._poll.name, kind=type(error).__name__)
                pause = max(float(self._poll.every_s), min(pause * 2, LONGEST_PAUSE_S))
            await asyncio.sleep(pause)

    async def ask(self) -> int:
        """Ask once, page after page; how many entries there were. One that is wrong stops no other.

        What a page says has begun before the next is asked for, so a page that fails loses none.
        """
        key, folder = secrets.token_bytes(32), self._runtime.spool_folder
        path, params = self._poll.path, dict(self._poll.params)
        entries = 0
        seen: set[str] = set()
        async with self._source.context(
            known={},
            spool=EncryptedSpool(folder, key=key, context=b"poll"),
            record=_dropped,
            text_of=self._runtime.reading.text_of,
            clock=self._runtime.clock,
        ) as context:
            for _ in range(self._poll.pages):
                reply = await context.need_http().get(path, params=params or None)
                item = reply.item(Role.EXCHANGE)
                page = page_of(item).value
                release(item.content)
                entries += await self._act_on_all(page)
                onward = _value(self._poll.next, page) if self._poll.next else ""
                if not onward or onward in seen:
                    break
                seen.add(onward)
                if self._poll.next_param:
                    params[self._poll.next_param] = onward
                else:
                    path, params = self._linked(onward)
        return entries

    async def _act_on_all(self, page: Any) -> int:
        entries = jsonpath.findall(self._poll.items, page)[:MOST_ENTRIES]
        for entry in entries:
            try:
                await self._act_on(entry)
            except (RequestError, ConfigError) as error:
                kind = type(error).__name__
                log.warning("an entry starts nothing", poll=self._poll.name, kind=kind)
        return len(entries)

    def _linked(self, link: str) -> tuple[str, dict[str, str]]:
        """Path and parameters of the next page; RequestError if its link leaves the source."""
        base = URL(self._source.settings.base_url or "")
        inside = base.path.rstrip("/")
        try:
            url = base.join(URL(link))
            same = url.origin() == base.origin() and url.user is None
            if same and url.path.startswith(f"{inside}/"):
                return url.path.removeprefix(inside), dict(url.query)
        except ValueError:
            pass
        what = f"the next page of polls.{self._poll.name}"
        raise RequestError(what=what, why="its link leaves the source that is configured")

    async def _act_on(self, entry: Any) -> None:
        said = {name: _value(path, entry) for name, path in self._poll.fields.items()}
        if not said.get("order"):
            return
        ref = order_ref(self._poll.platform, said["order"], self._poll.site)
        known = await self._runtime.ledger.find_order(self._tenant, ref)
        if known is not None and self._poll.store not in ("default", known.store):
            return  # what another store has is not this list's
        store = known.store if known is not None else self._poll.store
        if self._poll.what == "defect":
            told = Told(
                platform=str(ref.platform),
                number=ref.id,
                site=ref.site,
                said=said.get("kind") or "other",
                case=said.get("case", "")[:100],
                noticed=_moment(said.get("noticed", ""), self._poll.name),
                due=_time(said.get("due", "")),
            )
            await self._desk.enter(self._tenant, store, [told], origin="poll")
            return
        id = said.get("id") or digest(canonical(entry))
        message = None
        if self._poll.what == "message":
            text = said.get("text", "")
            message = Heard(id, text, _time(said.get("noticed", "")))
            if not self._runtime.is_risky(text):
                return
        about = "delivered" if message is None else f"message:{id}"
        collection, new = await self._runtime.request_collection(
            ref,
            tenant=self._tenant,
            store=store,
            idempotency_key=f"poll:{self._poll.name}:{ref.platform}:{ref.id}:{about}",
        )
        if message is not None and new:
            order = await self._runtime.find(self._tenant, ref)
            await warn(self._runtime, order, [message], collection=collection.id)


async def _dropped(item: Item) -> None:
    """An exchange of a poll is about many orders and belongs to none."""
    release(item.content)


def _value(path: str, entry: Any) -> str:
    """What the entry says there, as text; a path that leads nowhere is empty."""
    if not path.startswith("$"):
        return path
    if not isinstance(entry, dict | list):
        return ""
    found = jsonpath.findall(path, entry)
    first = found[0] if found else None
    return str(first) if isinstance(first, str | int) and not isinstance(first, bool) else ""


def _time(said: str) -> datetime | None:
    """A time with its zone; None for what is none, which is told as nothing rather than guessed."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None


def _moment(said: str, where: str) -> Any:
    if not said:
        return None
    with contextlib.suppress(EvidenceError):
        return Days(None).moment(said, where)
    return None


@contextlib.asynccontextmanager
async def asking(runtime: Runtime, desk: Desk) -> AsyncIterator[Mapping[str, Poller]]:
    """Ask what is configured for the time of the block."""
    pollers = {poll.name: Poller(runtime, poll, desk) for poll in runtime.settings.polls}
    tasks = [
        asyncio.create_task(poller.run(), name=f"orderproof-poll-{name}")
        for name, poller in pollers.items()
    ]
    try:
        yield pollers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
