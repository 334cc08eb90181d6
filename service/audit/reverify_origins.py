"""A question of reverify: is each mail's grade what its signatures give it?

A mail is graded by signatures that were checked with the DNS answers of that day. The answers lie
in the bundle as items of their own; the mail says which of them it was checked with. Here it is
checked again with the sealed ones, as of the moment when it was collected. What was taken out of a
mail has the mail's grade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from auditor.report import Checks
from collectors.messages.proof import answers_in
from evidence.canonical import digest
from evidence.facts import Fact
from evidence.items import Item, Provenance, Role
from evidence.manifest import Manifest, SealedItem
from service.reading.reading import Reading


class Shelf(Protocol):
    """The bundle's items."""

    @property
    def manifest(self) -> Manifest: ...

    def has(self, item: SealedItem) -> bool: ...

    def item(self, sealed: SealedItem) -> Item: ...


async def origins_again(
    shelf: Shelf, reading: Reading, checks: Checks, changed: Mapping[str, tuple[str, str]]
) -> None:
    """Check under the name `origins` what is graded as a signed mail, and mails that were not."""
    items = shelf.manifest.items
    by_digest = {item.sha256: item for item in items}
    answers = [item for item in items if item.role is Role.DNS_ANSWER]
    sealed = {item.sha256 for item in answers}
    here = {item.sha256 for item in answers if shelf.has(item)}
    proven, doubted = 0, 0
    for item in items:
        graded = item.provenance == Provenance.DKIM_MAIL
        is_mail = item.role is Role.MESSAGE_MAIL and item.part_of is None
        where = f"receipt {item.seq}"
        if not is_mail and graded:
            whole = by_digest.get(item.part_of["sha256"]) if item.part_of else None
            if whole is None or whole.provenance != Provenance.DKIM_MAIL:
                what = f"Item {item.seq} is graded as out of a signed mail and is out of none."
                checks.failed("origins", what, where)
        used = {digest(data) for data in answers_in(item.hints).values()} if is_mail else set()
        if not is_mail or not (graded or used):
            continue
        if not used <= sealed:
            what = f"Item {item.seq}, a mail, was checked with a DNS answer that is not sealed."
            checks.failed("origins", what, where)
            continue
        if not shelf.has(item) or not used <= here:
            what = f"Item {item.seq}, a mail, or a DNS answer on it is not in this bundle."
            checks.unsure("withheld", what, where)
            doubted += 1
            continue
        if _says_proven(await reading.facts_of(shelf.item(item))) is graded:
            proven += graded
            continue
        what = f"Item {item.seq}, a mail, was{' ' if graded else ' not '}graded as signed by its "
        what += f"sender; checked again it is{' not' if graded else ''}"
        name = f"collector.{item.collector.partition('/')[0]}"
        if reasons := [one for one in (name, "orderproof") if one in changed]:
            checks.unsure("origins", f"{what}; other versions: {', '.join(reasons)}.", where)
            doubted += 1
        else:
            checks.failed("origins", f"{what}, with the same versions.", where)
    if not doubted:
        said = f"{proven} mails are signed by their sender, as sealed."
        checks.passed_unless_failed("origins", said)


def _says_proven(facts: Sequence[Fact]) -> bool:
    return any(fact.name == "message.proven" and fact.value == "yes" for fact in facts)
