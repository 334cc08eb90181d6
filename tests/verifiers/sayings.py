"""Items that say something of themselves, and what contradicts itself in them."""

from __future__ import annotations

from datetime import UTC, datetime

from evidence.facts import Fact, Facts
from evidence.items import InMemory, Item, Provenance, Role
from evidence.locators import Locator, page_line
from evidence.times import Instant, LocalDate, LocalTime, Time, parse_iso
from tests.verifiers.evidence_of import sha_of
from verifiers.authenticity.tamper import contradictions_of
from verifiers.readers.lines import Line
from verifiers.readers.said.facts import facts_of_lines


def fact(name: str, value: str | Time, at: Locator, confidence: float = 1.0) -> Fact:
    return Fact(
        name=name, value=value, locator=at, item=sha_of("a"), origin="x", confidence=confidence
    )


def document() -> Item:
    return Item(
        role=Role.DOCUMENT, key="a", content=InMemory(b"a"), media_type="text/plain",
        collector="test/1", origin="x", provenance=Provenance.UNKNOWN,
        collected_at=datetime(2026, 12, 1, tzinfo=UTC),
    )  # fmt: skip


def saying(*lines: str, **times: str) -> Facts:
    """A document with these lines; `created`, `modified` and `taken` are the file's own times."""
    read = [Line(line, page_line(1, n), page=1) for n, line in enumerate(lines, 1)]
    facts = facts_of_lines(document(), read)
    names = {"created": "document.created.at", "modified": "document.modified.at",
             "taken": "picture.taken.at"}  # fmt: skip
    for word, stated in times.items():
        facts.append(fact(names[word], parse_iso(stated), Locator("meta", word)))
    return Facts(facts)


def kinds(facts: Facts) -> list[str]:
    return [found.kind for found in contradictions_of(facts)]


def told(line: str) -> dict[str, str]:
    """When each event of the line was, in its own clock, or in UTC where its zone is known."""
    found = {}
    for one in saying(line):
        if one.name.endswith(".at") and one.name != "document.printed.at":
            assert one.name not in found, f"two of {one.name}"
            match one.value:
                case LocalDate():
                    found[one.name] = str(one.value.day)
                case LocalTime():
                    found[one.name] = f"{one.value.wall:%Y-%m-%d %H:%M}"
                case Instant():
                    found[one.name] = f"{one.value.at:%Y-%m-%d %H:%M}Z"
    return found
