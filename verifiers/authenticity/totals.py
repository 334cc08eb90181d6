"""Amounts from a subtotal down to its total that do not add up.

Asked only of a block in which every line was read and is known: one of an unknown name, or one that
is missing, could be what is missing from the sum. Whether discounts, shipping and tax are in the
subtotal already, shops do either way, so each may count or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product

from evidence.facts import Fact
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.days import MAX_LINE
from verifiers.authenticity.lines import Line
from verifiers.readers.said.fold import fold


class _Role(Enum):
    SUBTOTAL = "subtotal"
    TOTAL = "total"
    MORE = "more"
    LESS = "less"


# How receipts call their lines, folded; what stands in brackets and rates are left out before.
_NAMES = {
    _Role.SUBTOTAL: r"""
        (?:items?(?:[ ]?\(s\))?[ ]|order[ ]|cart[ ]|merchandise[ ])?sub-?total(?:e|i)?
        | zwischensumme | warenwert | sous-total | subtotaal | suma[ ]czesciowa
        | (?:商品)?小(?:计|計)
    """,
    _Role.TOTAL: r"""
        (?:grand[ ]|order[ ]|invoice[ ]|importe[ ])?total(?:[ ]amount|[ ]ttc|[ ]del[ ]pedido)?
        | gesamt(?:betrag|summe|preis)? | rechnungsbetrag | endbetrag | endsumme
        | montant[ ]total | totale(?:[ ]ordine)? | totaal(?:bedrag)? | razem
        | 合计 | 总计 | 总金额 | 合計 | 総計
    """,
    _Role.MORE: r"""
        (?:standard[ ]|express[ ])?shipping(?:[ ](?:&|and)[ ]handling|[ ]cost|[ ]fee)?
        | delivery(?:[ ]fee|[ ]charge)? | postage | p&p | handling(?:[ ]fee)? | gift[ ]wrap
        | insurance | service[ ]fee | import[ ](?:fees|charges)(?:[ ]deposit)?
        | vat | gst | hst | pst | (?:estimated[ ]|sales[ ])?tax(?:es)?(?:[ ]to[ ]be[ ]collected)?
        | versand(?:kosten)? | lieferung | (?:zzgl\.[ ]|inkl\.[ ]|enthaltene[ ])?(?:mwst|ust)\.?
        | livraison | frais[ ]de[ ](?:port|livraison) | tva | (?:gastos[ ]de[ ])?envio | iva
        | spedizione | verzending | verzendkosten | btw | przesylka | dostawa | frete
        | 运费 | 税费 | 税额? | 送料 | 配送料 | 消費税
    """,
    _Role.LESS: r"""
        (?:shop[ ]|order[ ])?discounts? | coupons? | promotions? | promo(?:[ ]code)? | vouchers?
        | savings | free[ ]shipping | gift[ ]cards?(?:[ ]amount)? | store[ ]credit | rewards?
        | rabatte? | gutschein | remise | reduction | descuento | sconto | korting | rabat
        | desconto | 优惠券? | 折扣 | 割引 | クーポン
    """,
}
_CALLED = {role: re.compile(names, re.VERBOSE) for role, names in _NAMES.items()}
_BRACKETS = re.compile(r"\([^)]*\)|\d+(?:[.,]\d+)? ?%")

_SIGN = r"(?:[A-Z]{0,3} ?[$€£¥￥]|[A-Z]{3}|zł|kr|Kč)"
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<less>[-−–(] ?)?(?P<front>{_SIGN})? ?(?P<minus>[-−–])? ?"
    r"(?P<figures>\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})*[.,]\d\d|\d+[.,]\d\d)(?!\d)"
    rf"[ \u00a0\u202f]?(?P<behind>{_SIGN})?\)?$"
)
_MOST = 8  # lines from a subtotal to its total
_ROUNDED = 5  # hundredths: cash is rounded, and so is each line's tax
# Real receipts were not counted: alone it leaves the answer open.
_SURE, _RECOGNISED = 0.6, 0.4


@dataclass(frozen=True, slots=True)
class _Amount:
    """An amount in hundredths, as one line names it; `less` where a minus stands before it."""

    role: _Role | None
    hundredths: int
    less: bool
    currency: str
    facts: tuple[Fact, ...]
    sure: bool


def totals(lines: Sequence[Line]) -> Iterator[Contradiction]:
    """The first block whose total is no sum of its lines."""
    first: _Amount | None = None
    block: list[_Amount] | None = None
    for one in _amounts(lines):
        if one is not None and one.role is _Role.SUBTOTAL:
            # A second one before any total is of another article, and neither is the whole.
            first, block = (one, []) if first is None else (first, None)
        elif one is None or one.role is None or (block is not None and len(block) > _MOST):
            block = None
        elif one.role is not _Role.TOTAL:
            block = [*block, one] if block is not None else None
        else:
            if first is not None and block and not _adds_up(first, block, one):
                yield _told([first, *block, one])
                return
            first = block = None


def _told(block: Sequence[_Amount]) -> Contradiction:
    facts = tuple(dict.fromkeys(fact for one in block for fact in one.facts))
    said = f'the amounts from "{_said(block[0])}" on do not add up to "{_said(block[-1])}"'
    sure = all(one.sure for one in block)
    return Contradiction("sum", said, facts, _SURE if sure else _RECOGNISED)


def _amounts(lines: Sequence[Line]) -> Iterator[_Amount | None]:
    """Each line that names an amount; None for one with other figures, which ends a block."""
    over: Line | None = None
    for line in lines:
        text = line.text[:MAX_LINE].strip()
        found = _AMOUNT.search(text)
        if found is None:
            over = line
            if any(map(str.isdigit, _BRACKETS.sub("", text))):
                yield None
            continue
        called = text[: found.start()]
        parts = [line]
        if not called.strip() and over is not None:
            called, parts = over.text, [over, line]
        over = None
        yield _Amount(
            _role(called),
            int(re.sub(r"\D", "", found["figures"])),
            bool(found["less"] or found["minus"]),
            (found["front"] or found["behind"] or "").replace(" ", ""),
            tuple(fact for part in parts for fact in part.facts),
            all(part.sure for part in parts),
        )


def _role(called: str) -> _Role | None:
    """By the words of its own cell: other columns may stand before it."""
    cells = [cell for cell in called.split("  ") if cell.strip()]
    words = _BRACKETS.sub("", fold(cells[-1] if cells else "")).strip(" :.-…*+")
    return next((role for role, shape in _CALLED.items() if shape.fullmatch(words)), None)


def _adds_up(subtotal: _Amount, others: Sequence[_Amount], total: _Amount) -> bool:
    """Also true where nothing can be added: currencies differ, or a template has no amounts."""
    shown = (subtotal, *others, total)
    if not subtotal.hundredths or len({one.currency for one in shown if one.currency}) > 1:
        return True
    ways = [
        (0, -one.hundredths if one.less or one.role is _Role.LESS else one.hundredths)
        for one in others
    ]
    return any(
        abs(subtotal.hundredths + sum(way) - total.hundredths) <= _ROUNDED for way in product(*ways)
    )


def _said(amount: _Amount) -> str:
    return " ".join(" ".join(fact.text for fact in amount.facts).split())[-60:]
