"""What goes to a platform, piece by piece, and what each piece rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.facts import Fact
from evidence.items import Content
from evidence.orders import OrderRef
from evidence.sealed import SealedItem
from service.profiles.fitting import Copy
from service.steps.copies import Derivative


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """One thing that a piece shows or says, and the item that it rests on.

    what     "told" on a sheet or in a text, "shown" as a picture, "received" as it came
    says     the words that stand there, of what is told
    begin    where they begin, in a text
    picture  which picture of the file it is, from 1
    copy     the copy that is shown, where it is not the item itself
    locator  where in the item, written out
    """

    what: str
    item: SealedItem
    locator: str = "item:"
    says: str = ""
    fact: str = ""
    begin: int | None = None
    picture: int | None = None
    copy: Copy | None = None

    def to_json(
        self, ref: OrderRef, where: Mapping[str, str], kept: Mapping[CopyKey, Derivative]
    ) -> dict[str, Any]:
        """A line of proof.jsonl. `where` names the file or the field."""
        line: dict[str, Any] = {
            "order": {"platform": str(ref.platform), "id": ref.id, "site": ref.site},
            **where,
            "what": self.what,
            "item": self.item.sha256,
            "role": str(self.item.role),
            "seq": self.item.seq,
            "receipt": self.item.receipt,
            "locator": self.locator,
        }
        if self.fact:
            line |= {"fact": self.fact, "says": self.says}
        if self.begin is not None:
            line["begin"] = self.begin
        if self.picture is not None:
            line["picture"] = self.picture
        if self.copy is not None:
            line["legible"] = dict(self.copy.legible.to_json())
            line["derivative"] = tied(kept[key_of(self.copy)])
        return line


CopyKey = tuple[int, str, tuple[tuple[str, str], ...]]


def key_of(copy: Copy) -> CopyKey:
    """The same for copies that are the same: of one item, made in one way."""
    name, how = copy.made
    return copy.page.item.seq, name, tuple(sorted(how.items()))


def tied(derivative: Derivative) -> dict[str, Any]:
    """A derivative, its signed record and how it was made, for proof.jsonl."""
    record = derivative.record
    return {
        "seq": derivative.seq,
        "sha256": record.sha256,
        "record": derivative.kept.receipt.seq if derivative.kept.receipt else None,
        "transform": record.transform.name,
        "version": record.transform.version,
        "parameters": dict(record.transform.parameters),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A file that goes to the platform, before it has its name."""

    field: str
    media_type: str
    content: Content
    rests: tuple[Rest, ...] = ()


def told_of(fact: Fact, item: SealedItem, says: str, *, begin: int | None = None) -> Rest:
    """What a fact says, wherever it stands."""
    return Rest(
        what="told", item=item, locator=str(fact.locator), says=says, fact=fact.name, begin=begin
    )
