"""What of an order a field of a profile shows: sheets of facts, and pages of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidence.facts import Fact
from evidence.items import Role
from evidence.profile import FileField, Shown, Tabled
from evidence.sealed import SealedItem
from service.profiles import ce3, paper
from service.profiles.fitting import MOST_PAGES, Copy, Page, pages_of
from service.profiles.paper import Told
from service.profiles.pieces import Rest, told_of
from service.profiles.telling import Telling, words
from service.report.meanings import meaning_of
from service.wording.words import PROVENANCE, role
from storage.ledger.records import KeptItem

HEAD = ("What", "In the source's words", "Where in it")
SHARES = (2.1, 4.6, 3.0)
# How an item came, never what it is about: nobody uploads these.
BEHIND = frozenset({Role.EXCHANGE, Role.DNS_ANSWER, Role.KEY_RECORD, Role.ERASURE_RECORD})


@dataclass(slots=True)
class Plan:
    """What there is for the field `of`.

    items   those that can go as they came
    seqs    receipts of all items that it has to do with
    """

    of: FileField
    sheets: list[Told] = field(default_factory=list)
    told: list[Rest] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    items: list[Page] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not self.seqs


@dataclass(slots=True)
class Material:
    """One order's material, field by field; `left_out` says of each item why it is not there."""

    plans: list[Plan]
    left_out: list[Mapping[str, object]]


def material(
    telling: Telling,
    fields: Sequence[FileField],
    lines: Mapping[int, KeptItem],
    *,
    leave_out: frozenset[int] = frozenset(),
    linked: bool = False,
) -> Material:
    """Sort an order's items and facts into the fields of a profile.

    lines      what the ledger keeps of each item, by receipt
    leave_out  receipts of items that a person does not want to send
    linked     whatever an item is, a link can open it
    """
    plans = [Plan(each) for each in fields]
    left_out: list[Mapping[str, object]] = []
    for item in telling.items.values():
        if item.role in BEHIND:
            continue
        if item.seq in leave_out:
            why = "a person left it out"
        else:
            why = _place(telling, item, lines[item.seq], plans, linked=linked)
        if why:
            left_out.append({"seq": item.seq, "role": str(item.role), "why": why})
    for plan in plans:
        if plan.of.table is Tabled.CE3 and (made := ce3.sheet(telling)) is not None:
            plan.sheets.insert(0, made[0])
            plan.told += made[1]
    return Material(plans, left_out)


def _place(
    telling: Telling, item: SealedItem, line: KeptItem, plans: Sequence[Plan], *, linked: bool
) -> str:
    """Put the item into the first field that can show it; why not, or ""."""
    facts = telling.manifest.facts
    why = "the profile has no field for its role"
    for plan in plans:
        if item.role not in plan.of.roles:
            continue
        why = "it is no picture or PDF, and says nothing that the profile tells"
        pages = pages_of(item, line, facts, pages=_pages(facts, item))
        if pages is not None and len(pages) > MOST_PAGES:
            why, pages = f"it has {len(pages)} pages, more than {MOST_PAGES}", None
        told = plan.of.shown is not Shown.RECEIVED
        sheet = _sheet(telling, item, plan.of.facts) if told else None
        if sheet is None and pages is None and not linked:
            continue
        plan.seqs.append(item.seq)
        if sheet is not None:
            plan.sheets.append(sheet[0])
            plan.told += sheet[1]
        if pages is not None:
            plan.pages += pages
            plan.items.append(Page(item, line, pages[0].wanted))
        return ""
    return why


def _pages(facts: Sequence[Fact], item: SealedItem) -> int:
    said = [
        fact.text for fact in facts if fact.item == item.sha256 and fact.name == "document.pages"
    ]
    return int(said[0]) if said and said[0].isdigit() else 0


def _sheet(
    telling: Telling, item: SealedItem, names: Sequence[str]
) -> tuple[Told, list[Rest]] | None:
    """A table of what the item says of the order; None if it says none of these."""
    told = [fact for fact in telling.facts(names, (item.role,)) if fact.item == item.sha256]
    if not told:
        return None
    rows = tuple((meaning_of(fact.name).en, words(fact), str(fact.locator)) for fact in told)
    return (
        Told(heading_of(item), HEAD, SHARES, rows, named(item)),
        [told_of(fact, item, words(fact)) for fact in told],
    )


def heading_of(item: SealedItem) -> str:
    """How an item is called on paper."""
    return f"Receipt {item.seq}: {called(item.role)}, from {item.origin}"


def called(name: str) -> str:
    """A role in words, within a sentence."""
    said = role(name).en
    return said if said.isupper() or said[1:2].isupper() else said[0].lower() + said[1:]


def named(item: SealedItem) -> str:
    """What a reader needs to find the item in the account."""
    at = f"{item.collected_at:%Y-%m-%d %H:%M:%S} UTC"
    came = PROVENANCE[item.provenance].en
    return f"Came as: {came}. Collected {at}. SHA-256 {item.sha256}"


def picture_of(copy: Copy) -> paper.Shown:
    """A copy as it goes on paper."""
    page = copy.page
    place = "" if page.page is None else f", page {page.page}"
    caption = f"{heading_of(page.item)}{place}; a copy of it. {named(page.item)}"
    alt = f"Receipt {page.item.seq}, {called(page.item.role)}{place}"
    return paper.Shown(copy.data, caption, alt)


def rest_of(copy: Copy, number: int) -> Rest:
    locator = "item:" if copy.page.page is None else f"page:{copy.page.page}"
    return Rest(what="shown", item=copy.page.item, locator=locator, picture=number, copy=copy)
