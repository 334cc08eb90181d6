"""When a rule applies: a condition on facts, written as one line.

    order.total >= 750 USD              amounts and numbers: >= > <= <
    shipment.recipient.country is US    `is`, `is not`, `is one of 13.1, 13.9`: case does not matter
    refund.id known                     `known`, `unknown`: whether any source says it

Boundary values are part of the data: "750 or more" and "more than 750" are different rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from evidence.errors import FormatError
from evidence.facts import Facts
from evidence.orders import OrderRef
from evidence.vocabulary import Kind, name_of

_LINE = re.compile(
    r"(?P<fact>[a-z0-9_.]{1,80}) (?:(?P<op>>=|>|<=|<|is not|is one of|is) (?P<value>.{1,200})"
    r"|(?P<bare>known|unknown))"
)
_NUMBER = re.compile(r"(?P<number>-?\d{1,15}(?:\.\d{1,6})?)(?: (?P<unit>\S{1,12}))?")
_ASKED: Mapping[str, Callable[[OrderRef], str]] = {
    "order.site": lambda order: order.site,
    "order.platform": lambda order: str(order.platform),
}
_ORDERED = frozenset({">=", ">", "<=", "<"})


@dataclass(frozen=True, slots=True)
class Condition:
    """`text` as it stands in the rule, and its parts."""

    text: str
    fact: str
    op: str
    value: str = ""

    def __str__(self) -> str:
        return self.text

    def holds(self, facts: Facts, order: OrderRef | None = None) -> bool | None:
        """Whether it holds; None if no source says, they disagree, or the unit is another.

        Site and platform are those of the order that was asked for, where one is given.
        """
        said = facts.values(self.fact)
        if order is not None and self.fact in _ASKED:
            said = [_ASKED[self.fact](order)]
        if self.op in ("known", "unknown"):
            return bool(said) is (self.op == "known")
        answers = {self._one(text) for text in said}
        return answers.pop() if len(answers) == 1 else None

    def _one(self, text: str) -> bool | None:
        if self.op in _ORDERED:
            mine, theirs = _measured(self.value), _measured(text)
            if mine is None or theirs is None or mine[1] != theirs[1]:
                return None
            a, b = theirs[0], mine[0]
            return {">=": a >= b, ">": a > b, "<=": a <= b, "<": a < b}[self.op]
        if self.op == "is one of":
            return _plain(text) in {_plain(value) for value in self.value.split(",")}
        return (_plain(text) == _plain(self.value)) is (self.op == "is")


def parse_condition(text: str) -> Condition:
    """Read one line; FormatError says what is wrong with it."""
    found = _LINE.fullmatch(text.strip())
    if found is None:
        raise FormatError(
            what=f"the condition {text[:60]!r}", why="it is not written as FACT OPERATOR VALUE"
        )
    name = name_of(found["fact"])
    op = found["op"] or found["bare"]
    value = found["value"] or ""
    if op in _ORDERED:
        if name.kind not in (Kind.AMOUNT, Kind.NUMBER):
            raise FormatError(
                what=f"the condition {text[:60]!r}", why=f"{name.name} is no amount or number"
            )
        if _measured(value) is None:
            raise FormatError(
                what=f"the condition {text[:60]!r}", why="its value is no number with its unit"
            )
    return Condition(text.strip(), name.name, op, value)


def _measured(text: str) -> tuple[Decimal, str] | None:
    """A number and its unit, "750 USD"; None for anything else."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return Decimal(found["number"]), (found["unit"] or "").upper()
    except InvalidOperation:
        return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").split())
