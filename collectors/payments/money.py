"""Amounts that processors write as a count of a currency's smallest unit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.orders.record import unread
from evidence.facts import Fact
from evidence.pages import Node

# Currencies whose amounts Stripe counts in other units than hundredths (its page "Currencies"). It
# counts ISK and UGX in hundredths, although they have none.
_WHOLE = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()
)  # fmt: skip
_THOUSANDTHS = frozenset("BHD JOD KWD OMR TND".split())
_COUNT = re.compile(r"-?[0-9]{1,15}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")


def minor(name: str, value: Node, currency: Node, *, group: str = "") -> Iterator[Fact]:
    """An amount in its currency's smallest unit as a decimal amount: 4890 of usd is "48.90 USD"."""
    count = value.text_or_none()
    if count is None:
        return
    unit = currency.text_or_none() or ""
    if not _COUNT.fullmatch(count) or not _CURRENCY.fullmatch(unit):
        yield unread(value, group=group)
        return
    code = unit.upper()
    places = 0 if code in _WHOLE else 3 if code in _THOUSANDTHS else 2
    sign, digits = ("-", count[1:]) if count.startswith("-") else ("", count)
    padded = digits.rjust(places + 1, "0")
    shown = padded if not places else f"{padded[:-places]}.{padded[-places:]}"
    yield value.fact(name, f"{sign}{shown} {code}", group=group)
