"""What the tests of every source's `read` share: answers, the places of facts, drifted answers."""

import copy
import json
import os
import pickle
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from collectors.collector import Collector
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import InMemory, Item, Provenance, Role
from evidence.locators import resolve_pointer
from evidence.xmlpages import Element, parse_xml, resolve_xml
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
    """Every value in a JSON document, or an XML element, as text."""
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
        case Element():
            yield from (said.strip() for said in (*value.attributes.values(), value.text))
            for child in value.children:
                yield from leaves(child)


def assert_said(facts: list[Fact], document: Any, *, derived: frozenset[str] = frozenset()) -> None:
    """Every fact's words stand where its locator leads, or beside it.

    document  parsed: JSON, or the root Element of XML
    derived   names of facts that say in our words what the answer shows, such as a flag
    """
    is_xml = isinstance(document, Element)
    resolve: Callable[[Any, str], Any] = resolve_xml if is_xml else resolve_pointer
    whole = " ".join(leaves(document))
    for fact in facts:
        if fact.locator.kind != ("xml" if is_xml else "json"):
            continue
        here = list(leaves(resolve(document, fact.locator.place)))
        if fact.name in derived or fact.text in here:
            continue
        for word in fact.text.replace(",", " ").split():
            zone = word == "GMT" or word[0] in "+-"
            assert zone or word in " ".join(here) or word in whole, fact


# Schema drift: what a vendor changes without telling. Over all readers it is more than ten thousand
# times in the run with extras.

SCALE = 4 if os.environ.get("ORDERPROOF_EXTRAS") == "1" else 1

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
    copied = pickle.loads(pickle.dumps(document))  # far faster than deepcopy
    place = copied
    for step in at[:-1]:
        place = place[step]
    if drop:
        del place[at[-1]]
    else:
        place[at[-1]] = odd
    return copied


def drifted_xml(data: bytes, dice: random.Random) -> bytes:
    """The document with one to three elements dropped, doubled, renamed, or with another text."""
    root = ElementTree.fromstring(data)
    for _ in range(dice.randint(1, 3)):
        parent = dice.choice([one for one in root.iter() if len(one)])
        child = dice.choice(list(parent))
        match dice.randrange(5):
            case 0:
                parent.remove(child)
            case 1:
                parent.append(copy.deepcopy(child))
            case 2:
                child.tag = dice.choice(["x", "{urn:other}y", "message", child.tag])
            case 3:
                child.text = dice.choice([None, "", "x", "9" * 40, "长" * 5000, "é\u202e", "<&>"])
            case _:
                child.append(ElementTree.Element("nested"))
        if not len(root):
            break
    return ElementTree.tostring(root)


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
    """However the answer drifts: it is read or refused, and no fact says what is not there.

    document   parsed JSON, or the bytes of XML
    """
    dice = random.Random(collector.name)
    for _ in range(rounds * SCALE):
        is_xml = isinstance(document, bytes)
        document_now = drifted_xml(document, dice) if is_xml else drifted(document, dice)
        try:
            item = answer(collector, document_now, role=role, hints=hints, about=about)
            facts = collector.read(item)
        except EvidenceError:
            continue
        if isinstance(document_now, bytes):
            document_now = parse_xml(document_now)
        assert_said(facts, document_now, derived=derived)
