"""A sidecar: a small file beside a saved one, in which the seller says what it is.

`pod.pdf` is described by the first of `pod.pdf.toml`, `pod.pdf.json`, `pod.toml` and `pod.json`
that is there:

    order_id = "114-1234567-1234567"
    tracking_number = "1Z..."
    role = "pod.document"                 what the file is (items.py lists the roles)
    origin = "ups"                        whose claims it holds; "seller" unless said
    captured_at = "2026-06-14 09:26"      when the file was made or saved
    zone = "America/Los_Angeles"          of captured_at; without it that time stays local

All of it is the seller's word, and a sidecar never raises a file's provenance.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from evidence.canonical import parse_json
from evidence.errors import EvidenceError, FormatError
from evidence.items import Role
from evidence.times import Time, parse_iso, zone_of

MAX_SIDECAR = 64 << 10
SUFFIXES = (".toml", ".json")

_FIELDS = ("order_id", "tracking_number", "role", "origin", "captured_at", "zone")
# Order and shipment records are not among them: whoever brings those is asked first and believed
# about the order's other numbers, and a dropped file is neither.
ROLES = frozenset(
    {
        Role.POD_DOCUMENT, Role.POD_SIGNATURE, Role.POD_PHOTO, Role.TRACKING_HISTORY,
        Role.PAYMENT_RECORD, Role.REFUND_RECORD, Role.CAPTURE_PAGE, Role.DOCUMENT,
    }
)  # fmt: skip
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What it says; "" or None where it says nothing."""

    order_id: str = ""
    tracking_number: str = ""
    role: Role | None = None
    origin: str = "seller"
    captured_at: Time | None = None


def sidecar_of(path: str, paths: Collection[str]) -> str | None:
    """The path of the sidecar of `path` among `paths`; None if there is none."""
    folder, slash, name = path.rpartition("/")
    bases = [name]
    # notes.toml and notes.json are two files, not each other's sidecars.
    if not name.lower().endswith(SUFFIXES):
        bases.append(name.rpartition(".")[0] or name)
    beside = (f"{folder}{slash}{base}{suffix}" for base in bases for suffix in SUFFIXES)
    return next((found for found in beside if found in paths), None)


def read_sidecar(data: bytes, *, is_json: bool) -> Sidecar:
    """Read a sidecar; FormatError naming the field that is wrong. Unknown fields are ignored."""
    said = _parsed(data, is_json=is_json)
    words = {name: _text(said, name) for name in _FIELDS}
    role = words["role"]
    if role and role not in ROLES:
        raise _wrong("role", f"it is none of {', '.join(sorted(ROLES))}")
    origin = words["origin"].lower() or "seller"
    if not _ORIGIN.fullmatch(origin):
        raise _wrong("origin", "it is not one word of letters, digits, points and hyphens")
    captured: Time | None = None
    if words["captured_at"]:
        zone = words["zone"] or None
        if zone is not None:
            zone_of(zone)
        captured = parse_iso(words["captured_at"], zone=zone)
    return Sidecar(
        order_id=words["order_id"],
        tracking_number=words["tracking_number"],
        role=Role(role) if role else None,
        origin=origin,
        captured_at=captured,
    )


def _parsed(data: bytes, *, is_json: bool) -> dict[str, Any]:
    try:
        value = (
            parse_json(data, limit=MAX_SIDECAR) if is_json else tomllib.loads(data.decode("utf-8"))
        )
    except (EvidenceError, ValueError, RecursionError) as problem:
        kind = "JSON" if is_json else "TOML"
        raise FormatError(what="a sidecar", why=f"it is not {kind} in UTF-8") from problem
    if not isinstance(value, dict):
        raise FormatError(what="a sidecar", why="it is not a table of fields")
    return value


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    if isinstance(value, datetime | date):  # TOML has times of its own; they print as ISO 8601
        return value.isoformat(*([" "] if isinstance(value, datetime) else []))
    if not isinstance(value, str) or len(value) > 200:
        raise _wrong(name, "it is not a short text")
    return value.strip()


def _wrong(name: str, why: str) -> FormatError:
    return FormatError(what=f"a sidecar's {name}", why=why)
