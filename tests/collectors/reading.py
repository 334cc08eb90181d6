"""What the tests of every source's `read` share: answers, the places of facts, drifted answers."""

import copy
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.collector import Collector
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import InMemory, Item, Provenance, Role
from evidence.locators import resolve_pointer
from tests.collectors.http_bench import NOW


def answer(
    collector: Collector,
    value: Any,
    *,
    role: Role = Role.TRACKING_HISTORY,
    hints: Mapping[str, str] | None = None,
    about: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Item:
    """An answer of the collector's source: bytes as they are, anything else as JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Item(
        role=role,
        key="GET /",
        content=InMemory(data),
        media_type=media_type,
        collector=f"{collector.name}/{collector.version}",
        origin=collector.name,
        provenance=Provenance.API,
        collected_at=NOW,
        hints={"http.status": "200", **(hints or {})},
        about=about or {},
    )


def facts_named(facts: list[Fact], name: str) -> list[Fact]:
    return [fact for fact in facts if fact.name == name]


def leaves(value: Any) -> Iterator[str]:
    """Every value in a JSON document, as text."""
    match value:
        case dict():
            for child in value.values():
                yield from leaves(child)
        case list():
            for child in value:
                yield from leaves(child)
        case bool() | None:
            yield json.dumps(value)
        case str() | int() | float():
            yield str(value).strip()


def assert_said(facts: list[Fact], document: Any, *, derived: frozenset[str] = frozenset()) -> None:
    """Every fact's words stand where its locator leads, or beside it.

    derived   names of facts that say in our words what the answer shows, such as a flag
    """
    for fact in facts:
        if fact.locator.kind != "json":
            continue
        here = list(leaves(resolve_pointer(document, fact.locator.place)))
        if fact.name in derived or fact.text in here:
            continue
        whole = " ".join(leaves(document))
        for word in fact.text.replace(",", " ").split():
            zone = word == "GMT" or word[0] in "+-"
            assert zone or word in " ".join(here) or word in whole, fact


# Schema drift: what a vendor changes without telling.

ODD: list[Any] = [None, 0, True, "", "x", [], {}, [[]], {"a": {}}, "2026", -1.5, "\x00", "9" * 40]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        yield from paths(child, (*at, key))


def changed(document: Any, at: tuple[Any, ...], odd: Any, *, drop: bool) -> Any:
    """The document with another value at a path, or with nothing there."""
    if not at:
        return odd
    copied = copy.deepcopy(document)
    place = copied
    for step in at[:-1]:
        place = place[step]
    if drop:
        del place[at[-1]]
    else:
        place[at[-1]] = odd
    return copied


def drifted(document: Any, dice: random.Random) -> Any:
    """The document with one to three fields dropped or of another kind."""
    for _ in range(dice.randint(1, 3)):
        if isinstance(document, dict | list):
            at = dice.choice(list(paths(document)))
            odd = dice.choice([*ODD, "长" * 5000, "é\u202e\U0001f4e6"])
            document = changed(document, at, odd, drop=dice.random() < 0.5)
    return document


def assert_holds_under_drift(
    collector: Collector,
    document: Any,
    *,
    role: Role = Role.TRACKING_HISTORY,
    hints: Mapping[str, str] | None = None,
    about: Mapping[str, str] | None = None,
    derived: frozenset[str] = frozenset(),
    rounds: int = 400,
) -> None:
    """However the answer drifts: it is read or refused, and no fact says what is not there."""
    dice = random.Random(collector.name)
    for _ in range(rounds):
        document_now = drifted(document, dice)
        try:
            item = answer(collector, document_now, role=role, hints=hints, about=about)
            facts = collector.read(item)
        except EvidenceError:
            continue
        assert_said(facts, document_now, derived=derived)
