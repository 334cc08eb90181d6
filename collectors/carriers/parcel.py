"""What every carrier's answer is about: a parcel, its scans, the places of both.

Facts of one parcel share the group `parcel/<number>`, those of one scan `parcel/<number>/scan/<n>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evidence.facts import Fact
from evidence.pages import Node

_NUMBER = re.compile(r"[0-9A-Za-z]{1,40}")
_COUNTRY = re.compile(r"[A-Z]{2}")
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


def weight(value: Node, unit: str | None, group: str) -> Iterator[Fact]:
    """`shipment.weight`, where the value is a plain decimal number."""
    if _DECIMAL.fullmatch(said := value.text_or_none() or ""):
        yield value.fact("shipment.weight", f"{said} {unit or ''}".strip(), group=group)


def place(whole: Node, parts: Iterable[Node], group: str) -> Iterator[Fact]:
    """`scan.place`: the parts that are there, as the carrier wrote them, from small to large."""
    said = [text for part in parts if (text := part.text_or_none())]
    if said:
        yield whole.fact("scan.place", ", ".join(said), group=group)
