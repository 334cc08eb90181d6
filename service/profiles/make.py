"""Make a bundle in the form of a profile, for one order or many; or say every reason why not.

Orders are made one after the other and written at once, so memory does not grow with their number.
Nothing stays of a bundle that is refused, but copies that were kept for it: they lie in the log.
The same accounts and the same profile give the same bytes, where nothing of it is of today: a link
that is made now, a custody log that has grown.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.archive import ArchiveWriter, Entry
from evidence.errors import RequestError
from evidence.items import Content, InMemory
from evidence.orders import OrderRef
from evidence.profile import Shape
from evidence.times import parse_rfc3339
from service.custody import By
from service.profiles import bags
from service.profiles.asked import Asked
from service.profiles.naming import file_name, plain
from service.profiles.order import Made, Maker, entries_of
from service.profiles.paper import Paper, Told
from service.profiles.refusal import NotTakenError, Why
from service.profiles.writing import InFile, Writing
from storage.ledger.access import Store
from verifiers.forms.limits import Limits
from verifiers.forms.rules import of_archive_name

if TYPE_CHECKING:
    from service.runtime import Runtime

# Reasons that are told; beyond, orders are only looked at no more.
MOST_WHYS = 1_000
_LISTED = 500  # orders on one list
_ENTRY = 400  # bytes that a ZIP needs around a file, its name twice
_LEAST_FOR_ORDER = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What was made: how many orders and files."""

    orders: int
    files: int


@dataclass(slots=True)
class _Progress:
    store: str = ""
    newest: datetime | None = None
    files: int = 0
    whys: list[Why] = field(default_factory=list)


async def make(
    runtime: Runtime, tenant: str, asked: Asked, *, to: Path, by: By, scratch: Path | None = None
) -> Bundle:
    """Write the bundle to `to`, which is there only if this returns.

    scratch   a folder for what waits meanwhile, or where the system keeps such

    Raises NotTakenError with every reason that the platform would not take it.
    """
    stores = {store.name: store for store in await runtime.ledger.stores(tenant)}
    limits = Limits(asked.profile)
    maker = Maker(runtime=runtime, tenant=tenant, asked=asked, limits=limits, by=by, stores=stores)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="orderproof-") as name:
        folder = Path(name)
        made = _Making(maker, folder, to)
        try:
            return await made.run()
        except BaseException:
            to.unlink(missing_ok=True)
            raise


class _Making:
    def __init__(self, maker: Maker, folder: Path, to: Path) -> None:
        self._maker = maker
        self._asked = maker.asked
        self._profile = maker.asked.profile
        self._folder = folder
        self._to = to
        self._limits = maker.limits
        self._done = _Progress()

    async def run(self) -> Bundle:
        orders = self._asked.sorted()
        with Writing(self._to, self._folder, self._profile) as writing:
            if self._profile.shape is Shape.ARCHIVE:
                await self._archive(writing, orders)
            else:
                for number, (place, ref) in enumerate(orders, start=1):
                    made = await self._one(place, number, ref, None)
                    if made is not None:
                        await self._write(writing, made)
                self._refuse()
                writing.close(self._index(None), text=False)
        return Bundle(orders=len(orders), files=self._done.files)

    async def _one(self, place: int, number: int, ref: OrderRef, budget: int | None) -> Made | None:
        """The order, unless it does not fit: then its reasons are kept, and the next is tried."""
        if len(self._done.whys) >= MOST_WHYS:
            return None
        try:
            if self._profile.shape is Shape.BAG:
                made = await bags.make(self._maker, place, number, ref, self._folder)
            else:
                made = await self._maker.make(place, number, ref, budget)
        except NotTakenError as refused:
            self._done.whys += refused.whys
            return None
        sealed = parse_rfc3339(str(made.line["sealed_at"]))
        self._done.newest = max(sealed, self._done.newest or sealed)
        return None if self._done.whys else made

    def _refuse(self) -> None:
        if self._done.whys:
            raise NotTakenError(whys=self._done.whys[:MOST_WHYS])

    async def _write(self, writing: Writing, made: Made) -> None:
        for entry in entries_of(made):
            await asyncio.to_thread(writing.add, entry)
            self._done.files += 1
        writing.order(made.line, made.proof)
        bags.clear(self._folder)

    def _index(self, store: Store | None) -> Mapping[str, Any]:
        newest = self._done.newest
        index: dict[str, Any] = {"date": newest.date().isoformat() if newest else ""}
        if store is not None:
            index["store"] = {
                "name": store.name,
                "file_name": plain(store.name),
                "seller": plain(store.seller),
                "site": store.site,
            }
        return index

    # -- one archive for all of them ----------------------------------------------------------

    async def _archive(self, writing: Writing, orders: Sequence[tuple[int, OrderRef]]) -> None:
        store = await self._store(orders)
        archive, path = writing.archive("archive")
        seller = plain(store.seller)
        most = self._limits.number("archive.bytes")
        room = None if most is None else most - 1_000
        for entry in await self._lists(orders, seller):
            archive.add(entry)
            self._done.files += 1
            room = None if room is None else room - entry.content.size - _ENTRY
        for number, (place, ref) in enumerate(orders, start=1):
            budget = None
            if room is not None:
                budget = room // (len(orders) - number + 1) - 3 * _ENTRY
                if budget < _LEAST_FOR_ORDER:
                    self._crowded(len(orders), most)
            made = await self._one(place, number, ref, budget)
            if made is not None:
                room = await self._into(archive, made, room)
                text = f"Order {ref.id}: {made.text}"
                writing.order(made.line, made.proof, text=text)
        self._refuse()
        size = archive.close()
        name = f"{plain(store.name)}_{self._index(store)['date']}.zip"
        date = str(self._index(store)["date"])
        broken = of_archive_name(name, size, self._limits, store=plain(store.name), date=date)
        if whys := [Why(order=None, says=each.says) for each in broken if not each.advised]:
            raise NotTakenError(whys=whys)
        writing.add(Entry(f"files/{name}", await asyncio.to_thread(InFile, path)))
        writing.close(self._index(store), text=True)

    def _crowded(self, orders: int, most: int | None) -> None:
        says = (
            f"{orders} orders leave less than {_LEAST_FOR_ORDER} bytes for each in an archive of "
            f"{most}: send fewer orders at once"
        )
        raise NotTakenError(whys=[Why(order=None, says=says)])

    async def _into(self, archive: ArchiveWriter, made: Made, room: int | None) -> int | None:
        for entry in entries_of(made):
            await asyncio.to_thread(archive.add, entry)
            self._done.files += 1
            room = None if room is None else room - entry.content.size - _ENTRY
        return room

    async def _store(self, orders: Sequence[tuple[int, OrderRef]]) -> Store:
        """The one store that all orders are of, with the seller's id. NotTakenError if none is."""
        whys: list[Why] = []
        found: set[str] = set()
        for place, ref in orders:
            try:
                order = await self._maker.runtime.find(self._maker.tenant, ref)
                found.add(order.store)
            except RequestError as problem:
                whys.append(Why(order=place, says=f"{ref.id}: {problem.what}: {problem.why}"))
        if len(found) > 1:
            says = f"the orders are of the stores {', '.join(sorted(found))}: send each by itself"
            whys.append(Why(order=None, says=says))
        store = self._maker.stores.get(next(iter(found))) if len(found) == 1 else None
        if len(found) == 1 and store is None:
            says = (
                f"the seller's id of the store {next(iter(found))!r} is not known, and every name "
                "in the archive must have it: `orderproof tenant store NAME --seller ID …`"
            )
            whys.append(Why(order=None, says=says))
        if whys or store is None:
            raise NotTakenError(whys=whys)
        return store

    async def _lists(self, orders: Sequence[tuple[int, OrderRef]], seller: str) -> list[Entry]:
        """Every order of the appeal on a list, some hundred on each, as the files come first."""
        entries: list[Entry] = []
        many = len(orders) > _LISTED
        at = await self._day(orders)
        for begin in range(0, len(orders), _LISTED):
            some = orders[begin : begin + _LISTED]
            rows = tuple((str(begin + n), ref.id, ref.site) for n, (_, ref) in enumerate(some, 1))
            laid = Paper(
                title="Orders of this appeal",
                lines=(f"{len(orders)} orders, of which {len(some)} are listed here.",),
                parts=(Told("Orders", ("No.", "Order", "Site"), (1.0, 4.0, 1.0), rows),),
                foot=f"Seller {seller}",
                at=at,
            )
            content: Content = InMemory(await self._maker.press.pdf(laid))
            number = begin // _LISTED + 1 if many else 0
            name = file_name("orders", number, "application/pdf", self._limits, before=seller)
            entries.append(Entry(name, content))
        return entries

    async def _day(self, orders: Sequence[tuple[int, OrderRef]]) -> datetime:
        """A date for the list that is the same each time: of the first order's account."""
        place, ref = orders[0]
        try:
            account = await self._maker.account(ref)
        except RequestError as problem:
            why = Why(order=place, says=f"{ref.id}: {problem.what}: {problem.why}")
            raise NotTakenError(whys=[why]) from problem
        assert account.manifest is not None  # `account` saw to it  # noqa: S101
        return account.manifest.at
