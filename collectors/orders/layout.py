"""How an operator declared that a table is to be read: which column is which fact, and its zone.

A layout travels with the item as canonical JSON (`Item.hints["table"]`), so that the table is read
the same way in ten years, whatever the configuration says by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from collectors.orders.values import Values, checked, word, words, wrong
from evidence.canonical import canonical, parse_json
from evidence.errors import FormatError, RequestError
from evidence.items import Role
from evidence.vocabulary import VOCABULARY

# Columns that can say whose row it is.
IDENTITY = frozenset({"order.id", "order.alias", "shipment.tracking_number"})

_ROLES = {
    str(role)
    for role in (
        Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.PAYMENT_RECORD, Role.REFUND_RECORD,
        Role.MESSAGE_THREAD,
    )
}  # fmt: skip
_SETTINGS = frozenset(
    {
        "columns", "zone", "zones", "currency", "date_formats", "encoding", "delimiter", "decimal",
        "countries", "epoch", "role", "sheet", "pattern",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout(Values):
    """The declaration: what its values are (values.py), and `columns`, heading -> fact name."""

    columns: Mapping[str, str]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    def hint(self) -> str:
        names = (one.name for one in fields(self))
        return canonical({name: _plain(getattr(self, name)) for name in names}).decode()

    def encoded(self, encoding: str) -> Layout:
        return replace(self, encoding=encoding)

    @classmethod
    def from_hint(cls, hint: str) -> Layout:
        """The inverse of `hint`; FormatError on any other shape."""
        value = parse_json(hint.encode(), limit=1 << 20, what="the table's layout")
        try:
            return _checked(value)
        except RequestError as problem:
            raise FormatError(what="the table's layout", why=problem.why) from problem

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Layout:
        """Check a source's settings; RequestError that names the setting and what is wrong."""
        if unknown := sorted(set(settings) - _SETTINGS):
            raise wrong(unknown[0], f"it is none of {', '.join(sorted(_SETTINGS))}")
        return _checked({k: v for k, v in settings.items() if k not in {"role", "pattern"}})


def role_of(settings: Mapping[str, Any]) -> Role:
    said = str(settings.get("role", Role.ORDER_RECORD))
    if said not in _ROLES:
        raise wrong("role", f"it is none of {', '.join(sorted(_ROLES))}")
    return Role(said)


def _checked(said: Any) -> Layout:
    if not isinstance(said, Mapping):
        raise wrong("table", "it is not a table")
    columns = words(said, "columns")
    for heading, name in columns.items():
        if name not in VOCABULARY:
            raise wrong(f"columns.{heading}", f"{name[:60]!r} is no fact name of ours")
    if not IDENTITY & set(columns.values()):
        raise wrong("columns", f"none is {' or '.join(sorted(IDENTITY))}, so no row has an order")
    values = checked(said)
    if stray := sorted(set(values["zones"]) - set(columns)):
        raise wrong(f"zones.{stray[0]}", "there is no such column")
    delimiter = word(said, "delimiter")
    if delimiter not in {"", ",", ";", "\t", "|"}:
        raise wrong("delimiter", "it is none of comma, semicolon, tab and bar")
    return Layout(
        columns=columns,
        encoding=word(said, "encoding"),
        delimiter=delimiter,
        sheet=word(said, "sheet"),
        **values,
    )


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
