"""Hypothesis strategies for the nouns of `evidence`, for any test that needs arbitrary ones."""

from __future__ import annotations

import copy
from datetime import UTC
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.locators import Locator, pointer
from evidence.manifest import Coverage, Manifest, SealedItem, SourceOutcome
from evidence.orders import Alias, OrderRef, Platform
from evidence.policy import parse_policy
from evidence.receipts import NO_RECEIPT, Receipt, Stamp
from evidence.times import Instant, LocalDate, LocalTime, Time, ZoneBasis
from evidence.verdicts import Finding, Judgement, Severity, Verdict
from evidence.vocabulary import VOCABULARY, Kind

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
)

POLICY = b"""\
id = "amazon.a2z.delivery"
version = "2026-11-22"
platform = "amazon"
defect_kinds = ["a-to-z"]
title = "A-to-z claims: not received"

[[requirement]]
id = "pod"
text = "Proof of delivery provided by the carrier"
any_of = ["pod.document", "pod.signature"]
level = "required"
facts = ["scan.delivered.at"]
source = "a page"
source_date = "n.d."
confidence = "documented"
"""

texts = st.text(max_size=30)
words = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8}){0,2}", fullmatch=True)
# One number draws several times as fast as 32 bytes.
sha256s = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
salts = st.integers(0, 2**256 - 1).map(lambda number: number.to_bytes(32, "big"))
tables = st.dictionaries(texts, texts, max_size=3)
utc_times = st.datetimes(timezones=st.just(UTC))
units_s = st.sampled_from([60.0, 1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 3600.0])
zone_tuples = st.lists(st.sampled_from(ZONES), max_size=3, unique=True).map(
    lambda names: tuple(sorted(names))
)
locators = st.one_of(
    st.lists(st.one_of(texts, st.integers(0, 99)), max_size=3).map(lambda s: pointer(*s)),
    st.builds(Locator, st.sampled_from(["header", "cell", "line", "meta"]), texts),
)


def instants() -> SearchStrategy[Instant]:
    return st.builds(
        Instant,
        at=utc_times,
        text=texts,
        zone=st.sampled_from(["Z", "+08:00", "-03:30", *ZONES]),
        basis=st.sampled_from(ZoneBasis),
        unit_s=units_s,
        slack_s=st.sampled_from([0.0, 3600.0, 1800.0]),
    )


def local_times() -> SearchStrategy[LocalTime]:
    walls = st.datetimes()
    return st.builds(LocalTime, wall=walls, text=texts, unit_s=units_s, zones=zone_tuples)


def local_dates() -> SearchStrategy[LocalDate]:
    return st.builds(LocalDate, day=st.dates(), text=texts, zones=zone_tuples)


def times() -> SearchStrategy[Time]:
    return st.one_of(instants(), local_times(), local_dates())


def facts(*names: str) -> SearchStrategy[Fact]:
    """Facts of these names, or of any in the vocabulary."""
    return st.sampled_from(names or tuple(VOCABULARY)).flatmap(
        lambda name: st.builds(
            Fact,
            name=st.just(name),
            value=times() if VOCABULARY[name].kind is Kind.TIME else texts,
            locator=locators,
            item=sha256s,
            origin=words,
            group=texts,
            confidence=st.floats(0, 1),
        )
    )


def sealed_items(**fixed: SearchStrategy[Any]) -> SearchStrategy[SealedItem]:
    parts = st.fixed_dictionaries(
        {"sha256": sha256s, "locator": locators.map(str), "encoding": texts}
    )
    made: dict[str, SearchStrategy[Any]] = {
        "sha256": sha256s,
        "role": st.sampled_from(Role),
        "key": texts,
        "media_type": texts,
        "size": st.integers(0, 2**53 - 1),
        "collector": texts,
        "origin": texts,
        "provenance": st.sampled_from(Provenance).map(str),
        "collected_at": utc_times,
        "seq": st.integers(0, 2**53 - 1),
        "receipt": sha256s,
        "salt": salts,
        "name": st.none() | texts,
        "url": st.none() | texts,
        "exchange": st.none() | sha256s,
        "part_of": st.none() | parts,
        "about": tables,
        "hints": tables,
    }
    return st.builds(SealedItem, **(made | fixed))


def order_refs() -> SearchStrategy[OrderRef]:
    numbers = st.from_regex(r"[0-9]{3}-[0-9]{7}-[0-9]{7}", fullmatch=True)
    return st.builds(
        OrderRef, st.just(Platform.AMAZON), numbers, st.sampled_from(["US", "DE", "JP"])
    )


def stamps(order: SearchStrategy[str] = sha256s) -> SearchStrategy[Stamp]:
    return st.builds(
        Stamp,
        collection=words,
        source=words,
        ordinal=texts,
        order=order,
        role=st.sampled_from(Role),
        sha256=sha256s,
        salt=salts,
        stored=sha256s,
        size=st.integers(0, 2**53 - 1),
        media_type=st.sampled_from(["application/pdf", "image/jpeg", "text/plain; charset=utf-8"]),
        collector=words.map(lambda word: f"{word}/1"),
        collected_at=utc_times,
    )


@st.composite
def chains(draw: DrawFn, *, min_size: int = 1, max_size: int = 6) -> list[Receipt]:
    """The receipts of one order, from its first on."""
    order = draw(sha256s)
    receipts: list[Receipt] = []
    for stamp in draw(st.lists(stamps(st.just(order)), min_size=min_size, max_size=max_size)):
        prev = receipts[-1].sha256 if receipts else NO_RECEIPT
        receipts.append(stamp.receipt(seq=len(receipts), prev=prev))
    return receipts


def findings() -> SearchStrategy[Finding]:
    return st.builds(
        Finding,
        code=words,
        severity=st.sampled_from(Severity),
        do=texts,
        sentence=texts,
        rests=st.lists(st.tuples(sha256s, locators.map(str)), max_size=3).map(tuple),
    )


def judgements() -> SearchStrategy[Judgement]:
    return st.builds(
        Judgement,
        verifier=words,
        version=st.integers(0, 99),
        question=texts,
        verdict=st.sampled_from(Verdict),
        findings=st.lists(findings(), max_size=2).map(tuple),
    )


def outcomes() -> SearchStrategy[SourceOutcome]:
    return st.builds(
        SourceOutcome,
        source=texts,
        state=st.sampled_from(["brought", "empty", "failed", "skipped"]),
        items=st.integers(0, 9),
        attempts=st.integers(0, 9),
        why=texts,
        since=st.none() | utc_times,
    )


def coverages() -> SearchStrategy[Coverage]:
    return st.builds(
        Coverage,
        requirement=st.sampled_from(["pod", "thread"]),
        level=st.sampled_from(["required", "helpful"]),
        state=st.sampled_from(["present", "missing", "weak"]),
        why=texts,
        items=st.lists(sha256s, max_size=2).map(tuple),
    )


def manifests() -> SearchStrategy[Manifest]:
    return st.builds(
        Manifest,
        order=order_refs(),
        order_salt=salts,
        collection=words,
        requested_at=utc_times,
        at=utc_times,
        policy=st.just(parse_policy(POLICY)),
        items=st.lists(sealed_items(), min_size=1, max_size=2).map(tuple),
        facts=st.lists(facts(), max_size=3).map(tuple),
        judgements=st.lists(judgements(), max_size=2).map(tuple),
        coverage=st.lists(coverages(), max_size=2).map(tuple),
        sources=st.lists(outcomes(), max_size=2).map(tuple),
        versions=tables,
        before_read=texts,
        aliases=st.lists(st.builds(Alias, texts, texts), max_size=2).map(tuple),
        defect=st.none() | st.dictionaries(texts, texts, min_size=1, max_size=2),
        lost=st.lists(st.integers(0, 2**53 - 1), max_size=2).map(tuple),
    )


# What stands where something else belongs. -1, 1.5 and "0x" are of the right type now and then.
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 2**60, 10**40, float("nan"), float("inf"), "", "0x", "Z",
    "\ud800", "٣", "9999-12-31T23:59:59.999999Z", "g" * 64, [], [[]], ["x"], [0], {}, {"x": 1},
)  # fmt: skip


@st.composite
def mangled(draw: DrawFn, value: Any) -> Any:
    """`value`, which is JSON, with one thing in it dropped, added or made something strange."""
    made = copy.deepcopy(value)
    places = list(_places(made))
    holder, key = draw(st.sampled_from(places))
    how = draw(st.sampled_from(["strange", "drop", "add"]))
    if how == "strange":
        holder[key] = draw(st.sampled_from(STRANGE))
    elif how == "drop":
        del holder[key]
    elif isinstance(holder, dict):
        holder[draw(st.sampled_from(["extra", "", "self", "cls"]))] = 1
    else:
        holder.insert(key, draw(st.sampled_from(STRANGE)))
    return made


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            found += [(value, key), *_places(value[key])]
    return found
