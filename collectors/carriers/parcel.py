"""What every carrier's answer is about: a parcel, its scans, the places of both.

Facts of one parcel share the group `parcel/<number>`, those of one scan `parcel/<number>/scan/<n>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import time

from evidence.errors import FormatError
from evidence.facts import Fact
from evidence.pages import Node
from evidence.times import Instant, LocalDate, LocalTime, Time, parse_iso, zone_of

_NUMBER = re.compile(r"[0-9A-Za-z]{1,40}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_BACK = re.compile(
    r"\b(back|return(ed)?) to\b|\bto (the )?(original )?(sender|shipper|consignor)\b", re.IGNORECASE
)
_DECIMAL = re.compile(r"\d{1,9}(\.\d{1,6})?")


class Groups:
    """Names the group of each parcel in an answer: carriers use numbers again, and tell of both."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def of(self, number: Node) -> str:
        """`parcel/<number>`, with a count where a number comes again."""
        name = named(number)
        self._taken[name] = self._taken.get(name, 0) + 1
        return f"parcel/{name}" if self._taken[name] == 1 else f"parcel/{name}~{self._taken[name]}"


def named(number: Node) -> str:
    """The number as it may stand in a group's name; "-" for what is none."""
    said = number.text_or_none() or ""
    return said if _NUMBER.fullmatch(said) else "-"


def country(name: str, group: str, *nodes: Node) -> Iterator[Fact]:
    """The first of the nodes that is an ISO 3166-1 alpha-2 code, as a fact."""
    for node in nodes:
        if _COUNTRY.fullmatch(node.text_or_none() or ""):
            yield node.fact(name, group=group)
            return


def first_of(name: str, nodes: Iterable[Node], *, group: str) -> Iterator[Fact]:
    """`name` in the words of the first node that has any."""
    for node in nodes:
        if found := node.facts(name, group=group):
            yield from found
            return


def unknown(words: Iterable[Node], *, group: str = "") -> Fact:
    """`parcel.unknown` in the first words that are there; ShapeError where there are none."""
    nodes = list(words)
    for node in nodes:
        if node.text_or_none():
            return node.fact("parcel.unknown", group=group)
    raise nodes[0].misshapen("words that say a number is not known")


def unless_back(name: str, words: Iterable[Node], *, back: bool = False) -> str:
    """`name`, but `scan.exception` for the delivery of what went `back` to its sender, or whose
    words say that it did.
    """
    if name != "scan.delivered":
        return name
    said = " ".join(node.text_or_none() or "" for node in words)
    return "scan.exception" if back or _BACK.search(said) else name


def time_of(scan: str, *, label: bool = False) -> str:
    """The name of a scan's time. `label`: the carrier was told, and had nothing in hand yet."""
    return "shipment.label.at" if label else f"{scan}.at"


def moment(
    name: str,
    node: Node,
    *,
    group: str,
    text: str | None = None,
    read: Callable[[Time], Time] | None = None,
) -> Iterator[Fact]:
    """An ISO 8601 time, as wide as it is written; in another form it is `field.unread`.

    text   what is read where it is not the node's own: a date and a time beside each other
    read   what the carrier means by such a time, where that is known to be less
    """
    said = text or node.text_or_none()
    if said is None:
        return
    try:
        at = parse_iso(said)
        yield node.fact(name, at if read is None else read(at), group=group)
    except FormatError:
        yield node.fact("field.unread", said, group=group)


def day_at_midnight(said: Time) -> Time:
    """For `moment`: midnight to the second is how some carriers write a day."""
    match said:
        case Instant():
            wall = said.at.astimezone(zone_of(said.zone)).replace(tzinfo=None)
        case LocalTime():
            wall = said.wall
        case _:
            return said
    return LocalDate(wall.date(), said.text) if wall.time() == time() else said


def address(name: str, *fields: tuple[str, Node], group: str) -> Iterator[Fact]:
    """`delivery.*` or `shipment.recipient.*`: city, region and so on, with where each stands.

    Of several nodes for the country, the first that is an ISO 3166-1 alpha-2 code.
    """
    for field, node in fields:
        if field != "country":
            yield from node.facts(f"{name}.{field}", group=group)
    countries = (node for field, node in fields if field == "country")
    yield from country(f"{name}.country", group, *countries)


def flag(name: str, holds: Node | None, whole: Node, *, group: str = "") -> Fact:
    """`name` = yes where something is, at its place; no at the place of the whole."""
    return (holds or whole).fact(name, "no" if holds is None else "yes", group=group)


def weight(value: Node, unit: str | None, group: str) -> Iterator[Fact]:
    """`shipment.weight`, where the value is a plain decimal number."""
    if _DECIMAL.fullmatch(said := value.text_or_none() or ""):
        yield value.fact("shipment.weight", f"{said} {unit or ''}".strip(), group=group)


def place(whole: Node, parts: Iterable[Node], group: str) -> Iterator[Fact]:
    """`scan.place`: the parts that are there, as the carrier wrote them, from small to large."""
    said = [text for part in parts if (text := part.text_or_none())]
    if said:
        yield whole.fact("scan.place", ", ".join(said), group=group)
