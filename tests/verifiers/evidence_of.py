"""Builders of sealed items and facts, so that a test shows only what it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from evidence.facts import Fact, Facts, Value
from evidence.items import Provenance, Role
from evidence.locators import Locator
from evidence.manifest import SealedItem
from evidence.orders import OrderRef, Platform
from evidence.times import Time, parse_iso

ORDER = OrderRef(Platform.AMAZON, "123-1234567-1234567", "US")
NEIGHBOUR = "123-7654321-7654321"
NUMBER = "1Z5R89390357567127"
OTHER_NUMBER = "1Z999AA10123456784"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def sha_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def item(
    name: str,
    role: Role,
    *,
    origin: str = "ups",
    provenance: Provenance = Provenance.API,
    collected_at: datetime = NOW,
    file_name: str | None = None,
    about: Mapping[str, str] | None = None,
    part_of: str | None = None,
) -> SealedItem:
    return SealedItem(
        sha256=sha_of(name),
        role=role,
        key=name,
        media_type="application/octet-stream",
        size=1,
        collector=f"{origin}/1",
        origin=origin,
        provenance=str(provenance),
        collected_at=collected_at,
        seq=0,
        receipt="0" * 64,
        salt=bytes(32),
        name=file_name,
        about=about or {},
        part_of={"sha256": sha_of(part_of), "locator": "json:/a", "encoding": "base64"}
        if part_of
        else None,
    )


def said(
    fact_name: str, value: Value, *, by: str, item: str, group: str = "", place: str = ""
) -> Fact:
    """A fact of an item; times are given as ISO text and read as the source left them."""
    is_time = fact_name.endswith(".at") and isinstance(value, str)
    read: str | Time = parse_iso(value) if is_time and isinstance(value, str) else value
    return Fact(
        name=fact_name,
        value=read,
        locator=Locator("json", place or f"/{group}/{fact_name}"),
        item=sha_of(item),
        origin=by,
        group=group,
    )


def facts_of(*facts: Fact) -> Facts:
    return Facts(facts)
