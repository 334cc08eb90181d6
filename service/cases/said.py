"""What passed between buyer and seller on an order, out of every transcript, in one line.

Each source stays named and its bytes stay as they came: a message keeps the item that it stands in.
What stands in another order's conversation stays out. Source: scenarios S2-05, S2-07, S2-09.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evidence.canonical import digest
from evidence.facts import Fact, Facts
from evidence.manifest import Manifest
from evidence.times import Instant, Time
from verifiers.subjects import Subjects

_TIMES = ("message.recorded.at", "message.sent.at", "message.received.at", "agent.action.at")
# Help desks call them otherwise where their export is read as a table.
_ROLES = {
    "customer": "buyer", "end-user": "buyer", "requester": "buyer", "买家": "buyer",
    "agent": "seller", "staff": "seller", "merchant": "seller", "卖家": "seller",
    "bot": "system", "auto": "system",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that the buyer can see.

    template  the help desk says that it was written from one, and nobody changed it since
    time      as wide as its source leaves it; None where it says none
    file      what the item is called, which tells one shop's export from another's
    sender    as written; a report shows a hash of it
    """

    id: str
    by: str
    automatic: bool
    time: Time | None
    item: str
    origin: str
    template: bool = False
    file: str = ""
    sender: str = field(default="", repr=False)

    @property
    def at(self) -> datetime | None:
        """None where its time has no zone."""
        return self.time.at if isinstance(self.time, Instant) else None

    @property
    def kind(self) -> str:
        return "automatic" if self.automatic else "template" if self.template else "substantive"


def said_in(manifest: Manifest) -> list[Said]:
    """Every message of every transcript by time, those without one last; an edit is no message."""
    facts = Facts(manifest.facts)
    subjects = Subjects(manifest.order, manifest.items, facts)
    files = {item.sha256: item.name or "" for item in manifest.items}
    found: dict[tuple[str, str], Said] = {}
    for (item, group), said in facts.tables("").items():
        first = next(iter(said.values()))
        private = said.get("message.private")
        if "message.role" not in said or subjects.foreign(first):
            continue
        if (private is not None and private.text == "yes") or is_edit(said):
            continue
        role = said["message.role"].text.strip().casefold()
        by = _ROLES.get(role, role)
        id = said["message.id"].text if "message.id" in said else group
        automatic = said.get("message.automatic")
        message = Said(
            id=id,
            by=by,
            automatic=by == "system" or (automatic is not None and automatic.text == "yes"),
            time=next((said[name].time for name in _TIMES if name in said), None),
            item=item,
            origin=first.origin,
            template="message.template" in said,
            file=files.get(item, ""),
            sender=said["message.from"].text if "message.from" in said else "",
        )
        found.setdefault((item, id), message)
    return sorted(found.values(), key=_place)


def reviews_in(manifest: Manifest) -> list[Fact]:
    """When the buyer wrote a review, by each source that says so."""
    facts = Facts(manifest.facts)
    subjects = Subjects(manifest.order, manifest.items, facts)
    return [fact for fact in facts.named("review.posted.at") if not subjects.foreign(fact)]


def threads_in(manifest: Manifest) -> list[dict[str, Any]]:
    """What agents did in each conversation, in their help desk's order, and every version of what
    was edited."""
    facts = Facts(manifest.facts)
    subjects = Subjects(manifest.order, manifest.items, facts)
    threads: dict[tuple[str, str], dict[str, Any]] = {}
    for (item, _), said in facts.tables("").items():
        if "agent.action" not in said or subjects.foreign(said["agent.action"]):
            continue
        thread = _text(said, "thread.id")
        kept = threads.setdefault(
            (item, thread), {"thread": thread, "item": item, "actions": [], "edited": {}}
        )
        kept["actions"].append(
            {
                "action": said["agent.action"].text,
                "agent": _text(said, "agent.name"),
                "at": _text(said, "agent.action.at"),
                "template": _text(said, "message.template"),
                "message_id": _text(said, "message.id"),
                "locator": str(said["agent.action"].locator),
            }
        )
        if "message.id" in said and "message.body" in said:
            versions = kept["edited"].setdefault(said["message.id"].text, [])
            versions.append(
                {
                    "text": said["message.body"].text,
                    "at": _text(said, "agent.action.at"),
                    "locator": str(said["message.body"].locator),
                }
            )
    return [
        {
            **kept,
            "edited": [
                {"message_id": id, "versions": versions}
                for id, versions in kept["edited"].items()
                if len({each["text"] for each in versions}) > 1
            ],
        }
        for kept in threads.values()
    ]


def is_edit(said: Mapping[str, Fact]) -> bool:
    """Whether a line of a help desk tells of a change to a message, and of no new one."""
    action = said.get("agent.action")
    return action is not None and action.text.strip().casefold().startswith("edit")


def buyer_hash(case: str, sender: str) -> str:
    """The same buyer in several places has the same one, in this case and nowhere else."""
    return digest(f"{case}\n{sender.strip().casefold()}".encode())[:16] if sender else ""


def _place(message: Said) -> tuple[bool, datetime]:
    if message.time is None:
        return True, datetime.max
    return False, message.time.span.earliest.replace(tzinfo=None)


def _text(said: Mapping[str, Fact], name: str) -> str:
    return said[name].text if name in said else ""
