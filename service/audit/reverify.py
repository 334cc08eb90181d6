"""Read and judge again, offline, from nothing but a bundle: do we come to the same answers?

 1 verify     the bundle is what it claims to be; if not, nothing further is asked
 2 verdicts   judged again from the sealed facts, the sealed policy and the sealed `at`: the same
   coverage   canonical bytes, or what differs
 3 parts      what was taken out of another item is taken again from that item's bytes
 4 facts      read again from the items' bytes, in the limited processes: the same, or what differs
 5 origins    mails checked again with the sealed DNS answers: the same grade, or what differs

A difference fails where the versions that were sealed are the ones here: the same program must
come to the same answer. Where they are not, the difference is shown with the versions, and is no
failure: a newer verifier may know better, and the sealed answer is still what was said then.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.keys import Keys
from auditor.report import Check, Checks, Report, State
from auditor.sources import Source, open_source
from auditor.verify import verify_path
from evidence.bundle import MANIFEST, item_paths
from evidence.canonical import canonical, digest
from evidence.dsse import Envelope
from evidence.errors import CorruptionError, RequestError, TooLargeError
from evidence.facts import Fact, Facts
from evidence.items import Item, Provenance
from evidence.manifest import MAX_MANIFEST_BYTES, Manifest, SealedItem
from evidence.verdicts import Judgement
from service.audit.reverify_origins import origins_again
from service.reading.reading import Reading
from service.settings import Limits
from service.steps.seal import versions
from service.steps.verify import judge
from verifiers.changes import changes

# What every verdict rests on beside its verifier.
_GROUND = ("orderproof", "tzdata", "anyascii", "jellyfish")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverified:
    """The whole answer.

    verified   of the bundle itself
    versions   (sealed, here) of what is not the same, by name; "" where it is not there
    """

    verified: Report
    checks: tuple[Check, ...] = ()
    versions: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the bundle holds, and nothing differs that must not: exit code 0."""
        return self.verified.ok and all(check.state is not State.FAIL for check in self.checks)

    def answer(self, *names: str) -> str:
        """`same`, `differs`, `newer` for what other versions say otherwise, or `not compared`."""
        states = {check.state for check in self.checks if check.name in names}
        if State.FAIL in states:
            return "differs"
        if State.INCONCLUSIVE in states:
            return "newer"
        return "same" if State.PASS in states else "not compared"

    @property
    def said(self) -> str:
        """All answers in one word; `partly` if some bytes are withheld and the rest is the same."""
        if not self.ok:
            return "differs"
        if "newer" in self.answers().values():
            return "newer"
        return "partly" if any(check.name == "withheld" for check in self.checks) else "same"

    def answers(self) -> dict[str, str]:
        return {
            "verify": self.verified.answer,
            "verdicts": self.answer("verdicts", "coverage"),
            "parts": self.answer("parts"),
            "facts": self.answer("facts"),
            "origins": self.answer("origins"),
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "answer": self.said,
            "answers": self.answers(),
            "trust": str(self.verified.trust),
            "versions": {
                name: {"sealed": sealed, "here": here}
                for name, (sealed, here) in self.versions.items()
            },
            "checks": [check.to_json() for check in self.checks],
            "verified": self.verified.to_json(),
        }

    def lines(self) -> list[str]:
        """For a terminal, the answer last."""
        shown = [c for c in self.verified.checks if c.state is State.FAIL] + list(self.checks)
        said = [f"{check.state:<12} {check.name:<10} {check.what}" for check in shown]
        said += [
            f"{'version':<12} {name}: {sealed or 'none'} sealed, {here or 'none'} here"
            for name, (sealed, here) in self.versions.items()
        ]
        answers = ", ".join(f"{name} {answer}" for name, answer in self.answers().items())
        return [*said, f"{self.said} ({answers}), trust: {self.verified.trust}"]


async def reverify(
    path: Path, *, key: Keys | None = None, limits: Limits | None = None
) -> Reverified:
    """Ask everything of a bundle or an unpacked bag.

    Raises RequestError or FormatError if it cannot be asked: it is no bundle, or its manifest is
    withheld.
    """
    report = await asyncio.to_thread(verify_path, path, key=key)
    if report.kind not in {"zip", "folder"}:
        raise RequestError(what=path.name, why="only a whole bundle or bag can be read again")
    if not report.ok:
        return Reverified(verified=report)
    source = open_source(path)
    reading = Reading(limits or Limits())
    try:
        manifest = _manifest(source)
        checks = Checks()
        here = versions()
        changed = _changed(manifest.versions, here)
        judge_again(manifest, checks, changed)
        shelf = _Shelf(source, manifest, item_paths(manifest.items))
        await _parts_again(shelf, reading, checks)
        await _facts_again(shelf, reading, checks, changed)
        await origins_again(shelf, reading, checks, changed)
        return Reverified(verified=report, checks=checks.closed(), versions=changed)
    finally:
        await reading.close()
        source.close()


def judge_again(manifest: Manifest, checks: Checks, changed: Mapping[str, tuple[str, str]]) -> None:
    """Verdicts and coverage, from the sealed facts alone."""
    judgements, coverage = judge(
        order=manifest.order,
        items=manifest.items,
        facts=Facts(manifest.facts),
        policy=manifest.policy,
        at=manifest.at,
    )
    sealed = {j.verifier: j for j in manifest.judgements}
    again = {j.verifier: j for j in judgements}
    for name in dict.fromkeys([*sealed, *again]):
        reasons = _reasons(changed, f"verifier.{name}", *_GROUND)
        if name not in again:
            _differs(checks, "verdicts", f"{name} is not a question that is asked here", reasons)
        elif name not in sealed:
            _differs(checks, "verdicts", f"{name} is asked here and was not then", reasons)
        elif canonical(sealed[name].to_json()) != canonical(again[name].to_json()):
            what = _verdict_difference(sealed[name], again[name])
            reasons += changes(name, since=sealed[name].version, until=again[name].version)
            _differs(checks, "verdicts", what, reasons)
    same = f"All {len(sealed)} verdicts are the same byte for byte."
    _same_unless_said(checks, "verdicts", same)
    then, now = ([canonical(line.to_json()) for line in c] for c in (manifest.coverage, coverage))
    if then != now:
        lines = {c.requirement for c, line in _paired(manifest.coverage, then) if line not in now}
        lines |= {c.requirement for c, line in _paired(coverage, now) if line not in then}
        what = f"Coverage differs in {', '.join(sorted(lines)) or 'its order'}"
        _differs(checks, "coverage", what, _reasons(changed, "verifier.coverage.policy", *_GROUND))
    _same_unless_said(checks, "coverage", f"All {len(then)} lines of coverage are the same.")


async def _parts_again(shelf: _Shelf, reading: Reading, checks: Checks) -> None:
    parts = [item for item in shelf.manifest.items if item.part_of is not None]
    by_digest = {item.sha256: item for item in shelf.manifest.items}
    taken = 0
    for item in parts:
        assert item.part_of is not None  # noqa: S101 - chosen by it
        where = f"receipt {item.seq}"
        parent = by_digest.get(item.part_of["sha256"])
        if parent is None or not shelf.has(parent):
            what = f"Item {item.seq} ({item.role}): what it was taken from is not in this bundle."
            checks.unsure("withheld", what, where)
            continue
        found = await reading.part_of(
            shelf.item(parent),
            locator=item.part_of["locator"],
            encoding=item.part_of["encoding"],
        )
        if found == (item.sha256, item.size):
            taken += 1
            continue
        why = found if isinstance(found, str) else "Other bytes are there."
        what = f"Item {item.seq} ({item.role}) is not in item {parent.seq} where it says: {why}"
        checks.failed("parts", what, where)
    checks.passed_unless_failed("parts", f"{taken} parts are in the items they were taken from.")


async def _facts_again(
    shelf: _Shelf,
    reading: Reading,
    checks: Checks,
    changed: Mapping[str, tuple[str, str]],
) -> None:
    """As `steps.read` reads: each different (bytes, role) once, in the order of the items."""
    different: dict[tuple[str, str], SealedItem] = {}
    for item in shelf.manifest.items:
        different.setdefault((item.sha256, str(item.role)), item)
    here = [item for item in different.values() if shelf.has(item)]
    read = await asyncio.gather(*(reading.facts_of(shelf.item(item)) for item in here))
    again: dict[str, list[Fact]] = {}
    for item, facts in zip(here, read, strict=True):
        again.setdefault(item.sha256, []).extend(facts)
    sealed: dict[str, list[Fact]] = {digest: [] for digest in again}
    for fact in shelf.manifest.facts:
        if fact.item in sealed:
            sealed[fact.item].append(fact)
    readers = [name for name in changed if name.startswith(("reader.", "library."))]
    for item in {item.sha256: item for item in reversed(here)}.values():
        then, now = sealed[item.sha256], again[item.sha256]
        if [canonical(fact.to_json()) for fact in then] == [
            canonical(fact.to_json()) for fact in now
        ]:
            continue
        collector = f"collector.{item.collector.partition('/')[0]}"
        what = f"Item {item.seq} ({item.role}): {_fact_difference(then, now)}"
        _differs(
            checks,
            "facts",
            what,
            _reasons(changed, collector, *readers, *_GROUND),
            where=f"receipt {item.seq}",
        )
    absent = len(different) - len(here)
    if absent:
        checks.unsure("withheld", f"{absent} items are withheld, so they could not be read again.")
    count = sum(map(len, sealed.values()))
    _same_unless_said(checks, "facts", f"All {count} facts of {len(here)} items are the same.")


def _fact_difference(then: Sequence[Fact], now: Sequence[Fact]) -> str:
    """In names and places: a value may be personal, and whoever wants it has the manifest."""
    old = [canonical(fact.to_json()) for fact in then]
    new = [canonical(fact.to_json()) for fact in now]
    gone = [f"{fact.name} at {fact.locator}" for fact, b in _paired(then, old) if b not in new]
    come = [f"{fact.name} at {fact.locator}" for fact, b in _paired(now, new) if b not in old]
    said = []
    if gone:
        said.append(f"sealed and not read again: {_few(gone)}")
    if come:
        said.append(f"read again and not sealed: {_few(come)}")
    return "; ".join(said) or "the same facts in another order or number"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _paired(objects: Sequence[Any], lines: Sequence[bytes]) -> Iterator[tuple[Any, bytes]]:
    return zip(objects, lines, strict=True)


def _verdict_difference(then: Judgement, now: Judgement) -> str:
    """In codes: a sentence may be personal, and whoever wants it has the manifest."""
    old, new = Counter(f.code for f in then.findings), Counter(f.code for f in now.findings)
    said = [f"{then.verifier} was sealed as {then.verdict} and is {now.verdict} judged again"]
    said += [f"{_counted(gone)} not found again" for gone in (old - new,) if gone]
    said += [f"{_counted(come)} found now" for come in (new - old,) if come]
    if old == new and then.verdict == now.verdict:
        said.append("the same findings say or rest on something else")
    return "; ".join(said)


def _counted(codes: Counter[str]) -> str:
    return ", ".join(f"{code} x {n}" if n > 1 else code for code, n in codes.items())


def _changed(sealed: Mapping[str, str], here: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    names = sorted({*sealed, *here})
    pairs = {name: (sealed.get(name, ""), here.get(name, "")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _reasons(changed: Mapping[str, tuple[str, str]], *names: str) -> list[str]:
    found = (name for name in names if name in changed)
    return [
        f"{name} {changed[name][0] or 'none'} -> {changed[name][1] or 'none'}" for name in found
    ]


def _differs(
    checks: Checks, name: str, what: str, reasons: Sequence[str], *, where: str = ""
) -> None:
    if reasons:
        checks.unsure(name, f"{what}; other versions: {', '.join(reasons)}.", where)
    else:
        checks.failed(name, f"{what}, with the same versions.", where)


def _same_unless_said(checks: Checks, name: str, what: str) -> None:
    if not any(check.name == name and check.state is not State.PASS for check in checks):
        checks.passed(name, what)


def _manifest(source: Source) -> Manifest:
    if MANIFEST not in source.sizes:
        why = "its manifest is withheld: only the auditor's full copy can be read again"
        raise RequestError(what="This bundle", why=why)
    raw = source.read(MANIFEST, limit=2 * MAX_MANIFEST_BYTES)
    return Manifest.from_payload(Envelope.from_json(raw).payload)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The bundle's items, whose bytes are read when they are asked for."""

    source: Source
    manifest: Manifest
    paths: Mapping[str, str]

    def has(self, item: SealedItem) -> bool:
        return self.paths[item.sha256] in self.source.sizes

    def item(self, sealed: SealedItem) -> Item:
        return Item(
            role=sealed.role,
            key=sealed.key,
            content=_Bytes(self.source, self.paths[sealed.sha256], sealed.sha256, sealed.size),
            media_type=sealed.media_type,
            collector=sealed.collector,
            origin=sealed.origin,
            provenance=Provenance(sealed.provenance),
            collected_at=sealed.collected_at,
            name=sealed.name,
            url=sealed.url,
            exchange=sealed.exchange,
            about=sealed.about,
            hints=sealed.hints,
        )


@dataclass(frozen=True, slots=True)
class _Bytes:
    """A Content in a bundle."""

    source: Source
    path: str
    sha256: str
    size: int

    def read(self, limit: int) -> bytes:
        if self.size > limit:
            raise TooLargeError(what="an item", size=self.size, limit=limit)
        data = self.source.read(self.path, limit=limit)
        if digest(data) != self.sha256:
            raise CorruptionError(what=self.path, why="it changed since it was verified")
        return data

    def chunks(self) -> Iterator[bytes]:
        data = self.read(self.size)
        yield from (data[at : at + (1 << 20)] for at in range(0, len(data), 1 << 20))
