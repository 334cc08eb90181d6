"""Items and their receipts: what was kept, in which order, and what opens it."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, bindparam, case, func, insert, null, select, union_all

from evidence.canonical import canonical
from evidence.errors import CorruptionError, HeldError, RequestError, TooLargeError
from evidence.items import Item, PartOf, Provenance, Role
from evidence.locators import Locator
from evidence.receipts import MAX_RECEIPT_BYTES, NO_RECEIPT, SALT_BYTES, Receipt, Stamp
from storage.ledger.database import Transaction
from storage.ledger.models import (
    collections,
    items,
    lost_receipts,
    orders,
    receipts,
    stamps,
    waiting,
)
from storage.ledger.part import (
    SEALINGS,
    Part,
    erased,
    from_text,
    in_lists,
    is_under_way,
    open_json,
    to_text,
)
from storage.ledger.records import KeptItem, OrderRecord, State
from storage.objects.placed import Placed, Spot
from storage.objects.stream import RowCipher

# RFC 6838, 4.2; the one parameter we know to be harmless. Others may hold a file name, and a
# receipt is public for ever.
_TOKEN = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(rf"\s*({_TOKEN}/{_TOKEN})\s*(?:;.*)?", re.DOTALL)
_CHARSET = re.compile(r""";\s*charset\s*=\s*"?([A-Za-z0-9_.:-]{1,40})"?\s*(?:;|$)""", re.IGNORECASE)
_MAX_KEY = 4096
# Characters of both texts that the source has a say in; each takes six bytes at most, and the rest
# of a receipt less than a thousand.
_SURELY_FITS = (MAX_RECEIPT_BYTES - 1000) // 6
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class _Brought:
    """An item on its way into the ledger, with the hashes it is looked up by."""

    item: Item
    content: Placed
    ordinal_lookup: str
    content_lookup: str


class Items(Part):
    async def keep(
        self,
        order: OrderRecord,
        collection_id: str,
        source: str,
        kept: Sequence[tuple[Item, Placed]],
        *,
        alone: bool = False,
        there: Mapping[str, Spot] | None = None,
    ) -> list[Stamp]:
        """Write down items whose objects are durable already: all of them, or none.

        Gives a stamp for each, in their order. An item whose key the source brought before, in
        this collection, keeps its first stamp. Bytes that the order has already are not kept
        twice: the stamp names the object that is there, and `stored_of` tells before.

        alone   HeldError if a collection of the order is under way: its manifest accounts for every
                receipt before its own, so nothing may come between
        there   where such bytes of the order lie already, by SHA-256, as `stored_of` says; None
                asks that here
        """
        cipher = RowCipher(order.key)
        brought = [_brought(cipher, item, content) for item, content in kept]

        tries = 0

        async def work(connection: Transaction) -> list[Stamp]:
            nonlocal tries
            tries += 1
            if alone and await is_under_way(connection, order.handle):
                why = "a collection of the order is under way"
                raise HeldError(what="The item", why=why)
            stamped: dict[str, Stamp] = {}
            # Few are brought twice. Where one was, its key is taken, and this is run again.
            if tries > 1:
                stamped = await _stamps_there(
                    connection, cipher, order, collection_id, source, brought
                )
            # What came meanwhile has its look-up taken as well.
            if there is None or tries > 1:
                contents = dict.fromkeys(each.content_lookup for each in brought)
                stored = await _stored_there(connection, order, list(contents))
            else:
                stored = {
                    each.content_lookup: there[each.item.sha256]
                    for each in brought
                    if each.item.sha256 in there
                }
            new_items: list[dict[str, object]] = []
            new_stamps: list[dict[str, object]] = []
            whose = {"tenant": order.tenant, "store": order.store, "order_handle": order.handle}
            for each in brought:
                if each.ordinal_lookup in stamped:
                    continue
                if each.content_lookup not in stored:
                    stored[each.content_lookup] = each.content.spot
                    new_items.append(whose | _item_row(each))
                at = to_text(each.item.collected_at)
                spot = stored[each.content_lookup]
                stamp = _stamp(order, collection_id, source, each, stored=spot.stored, at=at)
                stamped[each.ordinal_lookup] = stamp
                new_stamps.append(whose | _stamp_row(cipher, each, stamp, spot, at=at))
            there_asked = {"order": order.handle, "tenant": order.tenant}
            found, queued = await connection.insert_if(
                _ORDER_AND_COLLECTION,
                there_asked | {"collection": collection_id},
                ((items, new_items), (stamps, new_stamps)),
                queue=waiting,
            )
            _check_collection(found)
            if not queued:
                asked = {"new": len(new_stamps), "collection": collection_id, "source": source}
                await connection.execute(_QUEUE, asked)
            return [stamped[each.ordinal_lookup] for each in brought]

        return await self._database.write(order.tenant, work) if brought else []

    async def stored_of(self, order: OrderRecord, sha256s: Iterable[str]) -> dict[str, Spot]:
        """Where these bytes of the order lie, by SHA-256; those it has, that is."""
        cipher = RowCipher(order.key)
        by_lookup = {cipher.lookup("content", sha256): sha256 for sha256 in sha256s}

        async def work(connection: Transaction) -> dict[str, Spot]:
            stored = await _stored_there(connection, order, list(by_lookup))
            return {by_lookup[lookup]: spot for lookup, spot in stored.items()}

        if not by_lookup:
            return {}
        return await self._database.read(order.tenant, work)

    async def items(self, order: OrderRecord) -> list[KeptItem]:
        """Those in sequence in the order of the chain, then the others as they came."""

        async def work(connection: Transaction) -> Sequence[Any]:
            return (await connection.execute(_ITEMS, {"order": order.handle})).all()

        rows = await self._database.read(order.tenant, work)
        return [_kept_item(order.cipher, row) for row in rows]

    async def newest_sealed(self, order: OrderRecord, role: Role) -> tuple[KeptItem, int] | None:
        """The manifest or statement of the order's last sealed collection, without its receipt.

        With it the number of that sealing, which `note` compares; None if nothing is sealed, or
        the order was erased.
        """

        async def work(connection: Transaction) -> tuple[Row[Any], int] | None:
            sealing = (await connection.execute(SEALINGS, {"handles": [order.handle]})).first()
            asked = {"order": order.handle, "role": str(role), "state": str(State.SEALED)}
            row = (await connection.execute(_NEWEST_SEALED, asked)).first()
            return None if row is None or sealing is None else (row, sealing.newest)

        found = await self._database.read(order.tenant, work)
        return None if found is None else (_kept_item(order.cipher, found[0]), found[1])

    async def receipts(self, order: OrderRecord) -> list[tuple[int, Receipt]]:
        """The order's chain from its first receipt on, each with its place in the log.

        Those are among them whose stamps were lost; `lost_of` names them.
        """

        async def work(connection: Transaction) -> list[tuple[int, bytes]]:
            rows = await connection.execute(_CHAIN, {"order": order.handle})
            return sorted((row.log_index, row.body) for row in rows)

        rows = await self._database.read(order.tenant, work)
        return [(index, Receipt.from_bytes(body)) for index, body in rows]

    async def lost_of(self, order: OrderRecord) -> list[Receipt]:
        """The receipts of the order whose stamps are no more, in the order of its chain."""

        async def work(connection: Transaction) -> list[bytes]:
            rows = await connection.execute(_LOST, {"order": order.handle})
            return [row.body for row in rows]

        return [Receipt.from_bytes(body) for body in await self._database.read(order.tenant, work)]

    async def pending(self, tenant: str) -> int:
        """How many stamps have no receipt yet."""

        async def work(connection: Transaction) -> int:
            asked = select(func.count()).select_from(waiting).where(waiting.c.tenant == tenant)
            return int((await connection.execute(asked)).scalar_one())

        return await self._database.read(tenant, work)


def plain_media_type(text: str) -> str:
    """Type and subtype in lower case, and the charset if one is named; nothing else.

    What has no such form is `application/octet-stream`.
    """
    return _plain_media_type(text[:1000])


@lru_cache(maxsize=256)
def _plain_media_type(text: str) -> str:
    found = _MEDIA_TYPE.fullmatch(text)
    if found is None:
        return "application/octet-stream"
    charset = _CHARSET.search(text, found.end(1))
    return found[1].lower() + (f"; charset={charset[1].lower()}" if charset else "")


def _brought(cipher: RowCipher, item: Item, content: Placed) -> _Brought:
    if item.sha256 != content.sha256:
        raise CorruptionError(what="an item", why="what was stored are not its bytes")
    if not 1 <= len(item.key) <= _MAX_KEY:
        raise TooLargeError(what="the key of an item", size=len(item.key), limit=_MAX_KEY)
    return _Brought(
        item,
        content,
        cipher.lookup("ordinal", item.key),
        cipher.lookup("content", content.sha256),
    )


# Written once: to put a statement together takes as long as to run it.
_ITEMS = (
    select(stamps, receipts.c.seq, receipts.c.log_index, receipts.c.body)
    .outerjoin(receipts, receipts.c.stamp == stamps.c.number)
    .where(stamps.c.order_handle == bindparam("order"))
    .order_by(receipts.c.seq.is_(None), receipts.c.seq, stamps.c.number)
)
_LOST = (
    select(lost_receipts.c.body)
    .where(lost_receipts.c.order_handle == bindparam("order"))
    .order_by(lost_receipts.c.seq)
)
_CHAIN = union_all(
    *(
        select(table.c.log_index, table.c.body).where(table.c.order_handle == bindparam("order"))
        for table in (receipts, lost_receipts)
    )
)
# Nothing here asks for the newest stamp: where rows are secured, a tenant that kept nothing lately
# would look for its own among everybody's.
# The order is found by its handle alone, as with `unsought`, which has a value of its own: the
# message in which this goes to PostgreSQL has no place for one.
_ORDER_AND_COLLECTION = (
    select(
        case((orders.c.tenant == bindparam("tenant"), orders.c.key_wrapped)).label("key_wrapped"),
        collections.c.id,
    )
    .outerjoin(
        collections,
        (collections.c.order_handle == orders.c.handle)
        & (collections.c.id == bindparam("collection")),
    )
    .where(orders.c.handle == bindparam("order"))
)
_STAMPS_THERE = select(stamps).where(
    stamps.c.collection == bindparam("collection"),
    stamps.c.source == bindparam("source"),
    stamps.c.ordinal_lookup.in_(bindparam("lookups", expanding=True)),
)
_STORED_THERE = select(items.c.content_lookup, items.c.stored, items.c.start).where(
    items.c.order_handle == bindparam("order"),
    items.c.content_lookup.in_(bindparam("lookups", expanding=True)),
)
# The new stamps of a source, where nobody else can have written meanwhile: they are the last.
_QUEUE = insert(waiting).from_select(
    ["stamp", "tenant", "store"],
    select(stamps.c.number, stamps.c.tenant, stamps.c.store).where(
        stamps.c.number > select(func.max(stamps.c.number)).scalar_subquery() - bindparam("new"),
        stamps.c.collection == bindparam("collection"),
        stamps.c.source == bindparam("source"),
    ),
)


_NEWEST_SEALED = (
    select(stamps, null().label("log_index"), null().label("body"))
    .join(collections, collections.c.id == stamps.c.collection)
    .where(
        stamps.c.order_handle == bindparam("order"),
        stamps.c.role == bindparam("role"),
        collections.c.state == bindparam("state"),
    )
    .order_by(collections.c.number.desc(), stamps.c.number)
    .limit(1)
)


def _check_collection(found: Row[Any] | None) -> None:
    """The order can be opened and has this collection."""
    if found is None or found.key_wrapped is None:
        raise erased()
    if found.id is None:
        raise RequestError(what="The collection", why="the order has none of this id")


async def _stamps_there(
    connection: Transaction,
    cipher: RowCipher,
    order: OrderRecord,
    collection: str,
    source: str,
    brought: Sequence[_Brought],
) -> dict[str, Stamp]:
    found: dict[str, Stamp] = {}
    for piece in in_lists([each.ordinal_lookup for each in brought]):
        asked = {"collection": collection, "source": source, "lookups": piece}
        for row in await connection.execute(_STAMPS_THERE, asked):
            details = open_json(cipher, row.details_sealed, place=_place(row))
            found[row.ordinal_lookup] = Stamp(
                collection=collection,
                source=source,
                ordinal=details["key"],
                order=order.commitment,
                role=Role(row.role),
                sha256=details["sha256"],
                salt=bytes.fromhex(details["salt"]),
                stored=row.stored,
                size=row.size,
                media_type=row.media_type,
                collector=row.collector,
                collected_at=from_text(row.collected_at),
            )
    return found


async def _stored_there(
    connection: Transaction, order: OrderRecord, lookups: Sequence[str]
) -> dict[str, Spot]:
    """Where such content of the order lies, by its look-up hash."""
    found: dict[str, Spot] = {}
    for piece in in_lists(lookups):
        asked = {"order": order.handle, "lookups": piece}
        rows = await connection.execute(_STORED_THERE, asked)
        found |= {row.content_lookup: Spot(row.stored, row.start) for row in rows}
    return found


def _stamp(
    order: OrderRecord, collection: str, source: str, each: _Brought, *, stored: str, at: str
) -> Stamp:
    item = each.item
    stamp = Stamp(
        collection=collection,
        source=source,
        ordinal=item.key,
        order=order.commitment,
        role=item.role,
        sha256=item.sha256,
        salt=os.urandom(SALT_BYTES),
        stored=stored,
        size=each.content.size,
        media_type=plain_media_type(item.media_type),
        collector=item.collector,
        collected_at=from_text(at),
    )
    # Better refused now than a leaf in the log that nobody can read; seq is at its longest here.
    if len(stamp.media_type) + len(stamp.collector) > _SURELY_FITS:
        size = len(stamp.receipt(seq=2**53 - 1, prev=NO_RECEIPT).to_bytes())
        if size > MAX_RECEIPT_BYTES:
            raise TooLargeError(what="a receipt", size=size, limit=MAX_RECEIPT_BYTES)
    return stamp


def _item_row(each: _Brought) -> dict[str, object]:
    spot = each.content.spot
    return {
        "content_lookup": each.content_lookup,
        "stored": spot.stored,
        "start": spot.start,
        "size": each.content.size,
    }


def _stamp_row(
    cipher: RowCipher, each: _Brought, stamp: Stamp, spot: Spot, *, at: str
) -> dict[str, object]:
    item = each.item
    details: dict[str, object] = {
        "key": item.key,
        "sha256": stamp.sha256,
        "salt": stamp.salt.hex(),
        "origin": item.origin,
        "provenance": str(item.provenance),
        "name": item.name,
        "url": item.url,
        "exchange": item.exchange,
        "part_of": _part_to_json(item.part_of),
        "about": dict(item.about),
        "hints": dict(item.hints),
    }
    if spot.start is not None:
        details["start"] = spot.start
    place = f"stamps.details:{stamp.collection}:{stamp.source}:{each.ordinal_lookup}"
    return {
        "collection": stamp.collection,
        "source": stamp.source,
        "ordinal_lookup": each.ordinal_lookup,
        "role": str(stamp.role),
        "commitment": stamp.commitment,
        "stored": stamp.stored,
        "size": stamp.size,
        "media_type": stamp.media_type,
        "collector": stamp.collector,
        "collected_at": at,
        "details_sealed": cipher.seal(_details(details), place=place),
    }


def _details(value: Mapping[str, object]) -> bytes:
    """JSON; not canonical, for nobody hashes it and there is one an item."""
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError:
        return canonical(value)  # which says what is wrong


def _kept_item(cipher: RowCipher, row: Row[Any]) -> KeptItem:
    details = open_json(cipher, row.details_sealed, place=_place(row))
    return KeptItem(
        role=Role(row.role),
        key=details["key"],
        media_type=row.media_type,
        collector=row.collector,
        origin=details["origin"],
        provenance=Provenance(details["provenance"]),
        collected_at=from_text(row.collected_at),
        name=details["name"],
        url=details["url"],
        exchange=details["exchange"],
        part_of=_part_from_json(details["part_of"]),
        about=details["about"],
        hints=details["hints"],
        sha256=details["sha256"],
        size=row.size,
        stored=row.stored,
        start=details.get("start"),
        collection=row.collection,
        source=row.source,
        salt=bytes.fromhex(details["salt"]),
        receipt=None if row.body is None else Receipt.from_bytes(row.body),
        log_index=row.log_index,
    )


def _place(row: Row[Any]) -> str:
    return f"stamps.details:{row.collection}:{row.source}:{row.ordinal_lookup}"


def _part_to_json(part: PartOf | None) -> dict[str, str] | None:
    if part is None:
        return None
    return {"sha256": part.sha256, "locator": str(part.locator), "encoding": part.encoding}


def _part_from_json(value: dict[str, str] | None) -> PartOf | None:
    if value is None:
        return None
    return PartOf(value["sha256"], Locator.parse(value["locator"]), value["encoding"])
