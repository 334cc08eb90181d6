"""Which parcel took another one's place: sent again, replaced, given a new label?

A record says so by the status of the old shipment beside one other; a message says so by naming the
new number with a word for sending again. Whoever needs a neighbour's proof can write such a
message, so it counts only as it came from a platform, a help desk or with its sender's signature,
and only if it is older than the delivery that it explains.

Reads     `shipment.status` of records; subjects and bodies of messages, their times and origin.
Assumes   that a number of a parcel is written whole, perhaps in groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evidence.facts import Fact, Facts
from evidence.items import Provenance
from evidence.manifest import SealedItem
from evidence.times import before
from evidence.vocabulary import name_of
from verifiers.matching.ties import Ties
from verifiers.reuse import DELIVERIES
from verifiers.subjects import CARRIER_ROLES, Subjects, order_key

_TEXTS = ("message.body", "message.subject")
_WHEN = (
    "message.recorded.at", "message.stored.at", "message.received.at", "message.sent.at",
)  # fmt: skip
_VOUCHED = frozenset({Provenance.API, Provenance.RELAYED, Provenance.DKIM_MAIL})
# A status that says the shipment is no more, in the words of platforms, ERPs and warehouses.
_GIVEN_UP = re.compile(
    r"\b(?:void(?:ed)?|cancell?ed|replaced|superseded|re-?shipped|re-?labell?ed)\b"
    r"|作废|作廢|已取消|已换单|已換單|已补发|已補發",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"\breplac(?:ement|ed|es)\b|\bre-?(?:ship|sen[td]|dispatch|label)"
    r"|\bsen[td] (?:it |them )?again\b"
    r"|\bnew (?:tracking|label|parcel|package|shipment)"
    r"|\bersatz|\berneut (?:versandt|verschickt|gesendet)|\bneue (?:sendung|sendungsnummer)"
    r"|\brenvoy|\bréexpédi|\bremplacement|\bnouveau (?:numéro|colis)"
    r"|\breenv[ií]|\breemplazo|\bnuevo (?:número|paquete)"
    r"|\brispedi|\bsostitu|\bnuovo (?:numero|pacco)"
    r"|补发|補發|重发|重發|重寄|补寄|補寄|换单|換單|新单号|新單號|新运单|新的(?:快递|运单|物流|追踪)"
    r"|再送|再発送|新しい(?:追跡|お問い合わせ|伝票)",
    re.IGNORECASE,
)
_MOST_TEXTS, _MOST_NUMBERS, _MOST_CHARACTERS = 500, 50, 20_000


@dataclass(frozen=True, slots=True)
class Replacement:
    """`new` took the place of `old`.

    old    key of the parcel that is no more; "" if the message does not say which
    facts  what says so, and the times that were compared
    doubt  why it does not count, as the end of a sentence; "" if it counts
    """

    old: str
    new: str
    facts: tuple[Fact, ...]
    doubt: str = ""


def replacements(
    items: Sequence[SealedItem], facts: Facts, subjects: Subjects, ties: Ties
) -> list[Replacement]:
    """What records and messages say of parcels that took another's place, surest first."""
    found = [*_by_record(items, facts, subjects, ties), *_by_message(items, facts, subjects, ties)]
    return sorted(found, key=lambda one: bool(one.doubt))


def _by_record(
    items: Sequence[SealedItem], facts: Facts, subjects: Subjects, ties: Ties
) -> Iterator[Replacement]:
    records = {item.sha256 for item in items if item.role not in CARRIER_ROLES}
    given_up: dict[str, Fact] = {}
    for fact in facts.named("shipment.status"):
        number = subjects.parcel_of(fact) if fact.item in records else None
        if number in ties.ties and _GIVEN_UP.search(fact.text[:200]):
            given_up.setdefault(number, fact)
    others = [number for number in ties.ties if number not in given_up]
    if len(others) == 1:  # of several nobody says which it is
        for old, fact in given_up.items():
            yield Replacement(old, others[0], (fact, *ties.ties[others[0]][:1]))


def _by_message(
    items: Sequence[SealedItem], facts: Facts, subjects: Subjects, ties: Ties
) -> Iterator[Replacement]:
    numbers = list(dict.fromkeys([*ties.carrier, *ties.ties]))[:_MOST_NUMBERS]
    forms = {number: _written(number) for number in numbers}
    by_sha = {item.sha256: item for item in items}
    told: set[tuple[str, str]] = set()
    for fact in facts.named(*_TEXTS)[:_MOST_TEXTS]:
        text, item = fact.text[:_MOST_CHARACTERS], by_sha.get(fact.item)
        if item is None or subjects.foreign(fact) or not _AGAIN.search(text):
            continue
        run = re.sub(r"[\s._-]", "", text).upper()
        named = [n for n, form in forms.items() if n in run and form.search(text)]
        olds = [number for number in named if number in ties.ties]
        news = [number for number in named if number not in ties.ties]
        if not news and len(olds) == 2:  # both are on record: the later one replaced the other
            olds, news = _later_last(olds, text, forms)
        ours = bool(olds) or _about(item, text, subjects)
        if len(news) != 1 or not ours:
            continue
        new = news[0]
        old = olds[0] if len(olds) == 1 else next(iter(ties.ties)) if len(ties.ties) == 1 else ""
        if old != new and (old, new) not in told:
            told.add((old, new))
            doubt, when = _doubt(item, fact, new, facts, subjects)
            yield Replacement(old, new, (fact, *when), doubt)


def _written(number: str) -> re.Pattern[str]:
    """The number as people write it: whole, or in groups."""
    groups = r"[\s._-]?".join(map(re.escape, number))
    return re.compile(rf"(?<![0-9A-Za-z]){groups}(?![0-9A-Za-z])", re.IGNORECASE)


def _later_last(
    pair: Iterable[str], text: str, forms: dict[str, re.Pattern[str]]
) -> tuple[list[str], list[str]]:
    """Which of two is the old one: not told by their order in a sentence, so only if one is new."""
    new = [
        number for number in pair
        if (at := forms[number].search(text)) and _NEW_BEFORE.search(text[: at.start()][-40:])
    ]  # fmt: skip
    return ([number for number in pair if number not in new], new) if len(new) == 1 else ([], [])


_NEW_BEFORE = re.compile(
    r"(?:\bnew\b|\breplacement\b|\bneue\w*|\bersatz\w*|\bnouveau|\bnuevo|\bnuovo|新|补发|補發|重发|重發)"
    r"[^.;。;]*$",
    re.IGNORECASE,
)


def _about(item: SealedItem, text: str, subjects: Subjects) -> bool:
    """Whether the message speaks of this order: it names it, or the order's own thread has it."""
    folded = text.casefold()
    if any(len(key) >= 8 and key in folded for key in subjects.ours):
        return True
    return item.provenance in _VOUCHED and order_key(item.about.get("order.id", "")) in (
        subjects.ours
    )


def _doubt(
    item: SealedItem, said: Fact, new: str, facts: Facts, subjects: Subjects
) -> tuple[str, list[Fact]]:
    """Why such a message does not count, and the times that show it."""
    if item.provenance not in _VOUCHED:
        return "but it was only handed in: its sender is not shown", []
    written = [
        fact for fact in facts.named(*_WHEN) if fact.item == said.item and fact.group == said.group
    ]  # fmt: skip
    if not written:
        return "but no clock says when it was written", []
    delivered = [
        fact for fact in facts.named(*DELIVERIES)
        if subjects.parcel_of(fact) == new and not subjects.foreign(fact)
    ]  # fmt: skip
    for delivery in delivered[:1]:
        # The clock of whoever kept the message; the sender's own comes last.
        if before(written[0].time, delivery.time) is not True:
            told = f"{name_of(written[0].name).meaning} {written[0].text}"
            return f"but not surely before its delivery ({told})", [written[0], delivery]
    return "", written[:1]
