"""The manifest holds everything, the statement nothing personal, and both are read strictly."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import canonical
from evidence.errors import EvidenceError, FormatError
from evidence.facts import Fact
from evidence.items import Role
from evidence.locators import pointer
from evidence.manifest import (
    MAX_MANIFEST_BYTES,
    Coverage,
    Manifest,
    SealedItem,
    SourceOutcome,
    Statement,
    receipts_root,
)
from evidence.orders import Alias, OrderRef, Platform
from evidence.policy import parse_policy
from evidence.receipts import NO_RECEIPT, Receipt, commit, commit_order
from evidence.times import parse_iso
from evidence.verdicts import Finding, Judgement, Verdict
from tests.evidence.strategies import (
    POLICY,
    STRANGE,
    chains,
    coverages,
    mangled,
    manifests,
    outcomes,
    sealed_items,
)
from tests.evidence.test_items import an_item
from tests.evidence.test_receipts import a_stamp

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
SALT = bytes(range(32))
ORDER = OrderRef(Platform.AMAZON, "114-9876543-1234560", "US")


def a_receipt(seq: int = 0, role: Role = Role.TRACKING_HISTORY, prev: str = NO_RECEIPT) -> Receipt:
    order = commit_order(SALT, ORDER)
    return a_stamp(role=role, order=order, collected_at=AT).receipt(seq=seq, prev=prev)


def a_manifest(**more: Any) -> Manifest:
    item = SealedItem.of(an_item(), receipt=a_receipt(), salt=SALT)
    fields: dict[str, Any] = {
        "order": ORDER,
        "order_salt": SALT,
        "collection": "c1",
        "requested_at": AT,
        "at": AT,
        "policy": parse_policy(POLICY),
        "items": (item,),
        "facts": (),
        "judgements": (),
        "coverage": (Coverage(requirement="pod", level="required", state="present"),),
        "sources": (SourceOutcome(source="ups", state="brought", items=1, attempts=1),),
        "versions": {"orderproof": "0"},
        "before_read": "origin\n1\n",
    }
    return Manifest(**(fields | more))


def a_statement(chain: list[Receipt], manifest: Manifest) -> Statement:
    return Statement.over(
        chain, manifest, log_origin="log.example/t", log_size=9, trusted_time="none configured"
    )


# Round trips


@settings(deadline=None)
@given(manifests())
def test_every_manifest_comes_back_from_its_payload(manifest: Manifest) -> None:
    sealed = canonical(manifest.payload())
    read = Manifest.from_payload(sealed)
    assert read == manifest
    assert canonical(read.payload()) == sealed
    assert Manifest.exactly(sealed) == (read if read.items else None)


@settings(deadline=None)
@given(chains(), manifests())
def test_every_statement_comes_back_from_its_payload(
    chain: list[Receipt], manifest: Manifest
) -> None:
    statement = a_statement(chain, manifest)
    sealed = canonical(statement.payload())
    assert Statement.from_payload(sealed) == statement
    assert canonical(Statement.from_payload(sealed).payload()) == sealed
    assert Statement.exactly(sealed) == statement


def test_a_long_list_is_read_by_pattern_and_as_json_alike() -> None:
    """Plain lines, and lines that no pattern matches: escapes, tables in tables, a cut time."""
    plain = SealedItem.of(an_item(), receipt=a_receipt(), salt=SALT)
    lines = [
        plain,
        replace(plain, key='a "quoted" \\ key', name="\u0007", url="订单 😀"),
        replace(plain, hints={"zone": "{", "column": "}"}, about={"a": "1", "b": "2"}),
        replace(plain, part_of={"sha256": "0" * 64, "locator": "item:", "encoding": "base64"}),
        replace(plain, size=2**53 - 1, seq=10**15),
    ]
    facts = [
        Fact(name="order.buyer", value=value, locator=pointer("x"), item="0" * 64, origin="a",
             group=group, confidence=hundredth / 100)
        for value, group in (("x", ""), ('"', "g"), ("x", "\\"))
        for hundredth in range(101)
    ]  # fmt: skip
    facts.append(replace(facts[0], name="order.paid.at", value=parse_iso("2026-01-01T00:00:00Z")))
    manifest = a_manifest(items=tuple(lines), facts=tuple(facts))
    sealed = canonical(manifest.payload())
    assert Manifest.exactly(sealed) == Manifest.from_payload(sealed) == manifest


def test_what_was_lost_is_said_and_where_nothing_was_nothing_is() -> None:
    assert "lost" not in a_manifest().payload()["predicate"]
    lacking = a_manifest(lost=(0, 2))
    sealed = canonical(lacking.payload())
    assert lacking.payload()["predicate"]["lost"] == [0, 2]
    assert Manifest.from_payload(sealed) == Manifest.exactly(sealed) == lacking


@given(sealed_items())
def test_every_item_line_comes_back(line: SealedItem) -> None:
    assert SealedItem.from_json(line.to_json()) == line


@given(outcomes(), coverages())
def test_every_outcome_and_coverage_comes_back(outcome: SourceOutcome, line: Coverage) -> None:
    assert SourceOutcome.from_json(outcome.to_json()) == outcome
    assert Coverage.from_json(line.to_json()) == line


# Hostile payloads


def sealed_again(value: Any) -> bytes:
    """Canonical where there is a canonical form, else plain JSON."""
    try:
        return canonical(value)
    except EvidenceError:
        return json.dumps(value).encode()


@settings(deadline=None)
@given(st.data())
def test_a_mangled_manifest_is_a_format_error_or_differs_where_it_was_mangled(
    data: st.DataObject,
) -> None:
    raw = sealed_again(data.draw(manifests().map(Manifest.payload).flatmap(mangled)))
    try:
        read = Manifest.from_payload(raw)
    except FormatError:
        return
    # What is derived (subjects, digests, `complete`, spans) is compared by whoever audits: it must
    # be possible to write it again, and the rest must be as it stood.
    again = read.payload()["predicate"]
    said = json.loads(raw)["predicate"]
    for name in ("at", "collection", "versions", "before_read", "sources", "items", "verdicts"):
        assert again[name] == said[name]
    exact = canonical(read.payload()) == raw
    assert Manifest.exactly(raw) == (read if exact and read.items else None)


@settings(deadline=None)
@given(st.data())
def test_a_mangled_statement_is_a_format_error_or_says_the_same(data: st.DataObject) -> None:
    statement = a_statement(data.draw(chains(max_size=2)), a_manifest(judgements=(_judged(),)))
    raw = sealed_again(data.draw(mangled(statement.payload())))
    try:
        read = Statement.from_payload(raw)
    except FormatError:
        return
    assert read.payload()["predicate"] == json.loads(raw)["predicate"]
    exact = canonical(read.payload()) == raw
    assert Statement.exactly(raw) == (read if exact else None)


@settings(deadline=None, max_examples=300)
@given(manifests(), chains(max_size=3), st.data())
def test_a_document_is_read_exactly_or_not_at_all(
    manifest: Manifest, chain: list[Receipt], data: st.DataObject
) -> None:
    """Bytes struck, dropped and put in, which no canonical writer would have written."""
    for kind, raw in (
        (Manifest, canonical(manifest.payload())),
        (Statement, canonical(a_statement(chain, manifest).payload())),
    ):
        at = data.draw(st.integers(0, len(raw) - 1))
        gone = data.draw(st.integers(0, 2))
        put = data.draw(st.binary(max_size=2) | st.sampled_from([b",", b"]", b'"', b"\\", b"[]"]))
        bent = raw[:at] + put + raw[at + gone :]
        read = kind.exactly(bent)
        assert read is None or (
            kind.from_payload(bent) == read and canonical(read.payload()) == bent
        )


@settings(deadline=None)
@given(st.data())
def test_a_mangled_line_is_a_format_error_or_says_the_same(data: st.DataObject) -> None:
    made: Any = data.draw(st.one_of(sealed_items(), outcomes(), coverages()))
    value = data.draw(mangled(made.to_json()))
    try:
        read = type(made).from_json(value)
    except FormatError:
        return
    assert read.to_json() == value


@pytest.mark.parametrize("value", STRANGE, ids=repr)
def test_what_is_no_line_at_all_is_a_format_error(value: Any) -> None:
    for kind in (SealedItem, SourceOutcome, Coverage):
        with pytest.raises(FormatError):
            kind.from_json(value)


_FIELDS = sorted(a_manifest().payload()["predicate"])


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "x", [], [1], {}, {"x": 1}], ids=repr)
@pytest.mark.parametrize("field", _FIELDS)
def test_another_type_in_any_field_of_the_manifest_is_a_format_error(
    field: str, value: Any
) -> None:
    payload = a_manifest().payload()
    payload["predicate"][field] = value
    try:
        Manifest.from_payload(canonical(payload))
    except FormatError:
        return
    empty = value == [] and isinstance(a_manifest().payload()["predicate"][field], list)
    table = isinstance(value, dict) and not value and field in {"defect", "versions"}
    text = (field, value) == ("before_read", "x")
    assert empty or table or text or (field, value) in [("defect", None), ("complete", True)]


@pytest.mark.parametrize("field", _FIELDS)
def test_a_field_dropped_from_the_manifest_is_named(field: str) -> None:
    payload = a_manifest().payload()
    del payload["predicate"][field]
    with pytest.raises(FormatError, match=f"the manifest is malformed: it lacks {field}"):
        Manifest.from_payload(canonical(payload))


def test_a_field_that_nobody_reads_is_refused_wherever_it_stands() -> None:
    item = a_manifest().payload()["predicate"]["items"][0]
    for at in ([], ["predicate"], ["predicate", "order"], ["predicate", "items", 0]):
        payload: Any = a_manifest().payload()
        place = payload
        for step in at:
            place = place[step]
        place["paid"] = True
        with pytest.raises(FormatError, match="fields nobody reads: 'paid'"):
            Manifest.from_payload(canonical(payload))
    with pytest.raises(FormatError, match="fields nobody reads"):
        SealedItem.from_json(item | {"self": 1})


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 5000, b'{"predicate":{},"predicateType":"x"}'],
    ids=repr,
)
def test_what_is_no_envelope_payload_of_ours_is_a_format_error(raw: bytes) -> None:
    for kind in (Manifest, Statement):
        with pytest.raises(FormatError):
            kind.from_payload(raw)


def test_one_kind_is_never_read_as_the_other() -> None:
    manifest = a_manifest()
    with pytest.raises(FormatError, match="predicateType"):
        Statement.from_payload(canonical(manifest.payload()))
    with pytest.raises(FormatError, match="predicateType"):
        Manifest.from_payload(canonical(a_statement([a_receipt()], manifest).payload()))


def test_a_payload_over_the_limit_is_not_parsed() -> None:
    with pytest.raises(FormatError, match="too large"):
        Statement.from_payload(bytes(MAX_MANIFEST_BYTES + 1))


def test_spelling_that_is_not_canonical_is_refused() -> None:
    raw = canonical(a_manifest().payload())
    for wrong in (raw + b"\n", b" " + raw, raw.replace(b'"at":', b'"at": ', 1)):
        with pytest.raises(FormatError, match="canonical"):
            Manifest.from_payload(wrong)


# What the statement shows and binds


def _judged(*findings: Finding) -> Judgement:
    return Judgement("timestamps", 1, "Do the times agree?", Verdict.FAIL, findings)


CANARIES = {
    "order": "114-5550001-5550001",
    "alias": "ERPCANARY",
    "defect": "DEFECTCANARY",
    "key": "KEYCANARY",
    "name": "NAMECANARY",
    "url": "URLCANARY",
    "about": "ABOUTCANARY",
    "hint": "HINTCANARY",
    "origin": "ORIGINCANARY",
    "collector": "COLLECTORCANARY",
    "encoding": "ENCODINGCANARY",
    "fact": "FACTCANARY",
    "group": "GROUPCANARY",
    "time": "2026-01-01T00:00:00Z",
    "sentence": "SENTENCECANARY",
    "do": "DOCANARY",
    "question": "QUESTIONCANARY",
    "source": "SOURCECANARY",
    "why": "WHYCANARY",
    "coverage": "COVERAGECANARY",
    "version": "VERSIONCANARY",
    "before": "BEFORECANARY",
    "collection": "COLLECTIONCANARY",
    "media": "MEDIACANARY",
}


def a_telling_manifest() -> tuple[list[Receipt], Manifest]:
    c = CANARIES
    order = OrderRef(Platform.AMAZON, c["order"], "US")
    item = an_item(
        b"what was received",
        key=c["key"],
        name=c["name"],
        url=c["url"],
        about={"order.id": c["about"]},
        hints={"zone": c["hint"]},
        origin=c["origin"],
        collector=c["collector"],
        media_type=c["media"],
    ).part(
        Role.POD_PHOTO,
        b"part",
        at=pointer("x"),
        encoding=c["encoding"],
        media_type=c["media"],
        name=c["name"],
    )
    stamp = a_stamp(
        order=commit_order(SALT, order),
        sha256=item.sha256,
        ordinal=c["key"],
        collector=c["collector"],
        media_type=c["media"],
        source=c["source"],
    )
    chain = [stamp.receipt(seq=0, prev=NO_RECEIPT)]
    last = a_stamp(role=Role.MANIFEST, order=chain[0].order)
    chain.append(last.receipt(seq=1, prev=chain[0].sha256))
    facts = tuple(
        Fact(name=name, value=value, locator=pointer("x"), item=item.sha256, origin=c["origin"],
             group=c["group"])
        for name, value in [("order.buyer", c["fact"]), ("order.paid.at", parse_iso(c["time"]))]
    )  # fmt: skip
    finding = Finding.grave("times-contradict", do=c["do"]).saying(c["sentence"], *facts)
    manifest = a_manifest(
        order=order,
        aliases=(Alias("order.alias", c["alias"]),),
        defect={"kind": "a-to-z", "notice": c["defect"]},
        collection=c["collection"],
        items=(SealedItem.of(item, receipt=chain[0], salt=SALT),),
        facts=facts,
        judgements=(Judgement("timestamps", 1, c["question"], Verdict.FAIL, (finding, finding)),),
        coverage=(
            Coverage(requirement="pod", level="required", state="missing", why=c["coverage"]),
        ),
        sources=(
            SourceOutcome(source=c["source"], state="failed", items=0, attempts=3, why=c["why"]),
        ),
        versions={"orderproof": c["version"]},
        before_read=c["before"],
    )
    return chain, manifest


def test_the_statement_holds_nothing_personal_and_the_manifest_everything() -> None:
    chain, manifest = a_telling_manifest()
    full = canonical(manifest.payload()).decode()
    shown = canonical(a_statement(chain, manifest).payload()).decode()
    for what, canary in CANARIES.items():
        assert canary in full, what
        assert canary not in shown, what
    (line,) = manifest.items
    for secret in (SALT.hex(), line.sha256, hashlib.sha256(b"what was received").hexdigest()):
        assert secret in full
        assert secret not in shown


def test_the_statement_says_verdicts_codes_and_what_is_missing() -> None:
    chain, manifest = a_telling_manifest()
    statement = a_statement(chain, manifest)
    assert statement.verdicts == (("timestamps/1", "fail", ("times-contradict",)),)
    assert statement.missing == ("pod",)
    assert statement.complete is False
    assert (statement.receipts, statement.manifest_seq) == (2, 1)
    assert statement.lines == (
        (0, "pod.document", commit(SALT, manifest.items[0].sha256)),
        (1, "manifest", chain[1].commitment),
    )
    assert statement.policy == {
        "id": "amazon.a2z.delivery",
        "version": "2026-11-22",
        "sha256": hashlib.sha256(POLICY).hexdigest(),
    }
    assert statement.log == {"origin": "log.example/t", "size": 9}


def tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, written as it stands there."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


@given(chains(max_size=9))
def test_the_root_is_that_of_rfc_6962_over_the_receipts(chain: list[Receipt]) -> None:
    leaves = [receipt.to_bytes() for receipt in chain]
    assert receipts_root(chain) == tree_hash(leaves).hex()
    statement = a_statement(chain, a_manifest())
    (subject,) = statement.payload()["subject"]
    assert subject == {"name": "receipts", "digest": {"sha256": tree_hash(leaves).hex()}}


@given(chains(min_size=2), st.data())
def test_nothing_can_be_dropped_or_changed_without_another_root(
    chain: list[Receipt], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(chain) - 1))
    assert receipts_root(chain[:at] + chain[at + 1 :]) != receipts_root(chain)


def test_the_manifest_s_subjects_are_its_items_and_it_commits_to_its_order() -> None:
    payload = a_manifest().payload()
    sha256 = hashlib.sha256(b"{}").hexdigest()
    assert payload["subject"] == [{"name": "0:tracking.history", "digest": {"sha256": sha256}}]
    empty = replace(a_manifest(), items=()).payload()
    order = payload["predicate"]["order"]
    assert empty["subject"] == [{"name": "order", "digest": {"sha256": order["commitment"]}}]
    assert order["commitment"] == commit_order(bytes.fromhex(order["salt"]), ORDER)
    assert payload["predicate"]["policy"]["sha256"] == hashlib.sha256(POLICY).hexdigest()


def test_printing_a_manifest_does_not_print_its_salts() -> None:
    assert repr(SALT) not in repr(a_manifest())


# Complete


def outcome(state: str) -> SourceOutcome:
    return SourceOutcome(source="ups", state=state, items=0, attempts=1)


def cover(state: str, requirement: str = "pod", level: str = "required") -> Coverage:
    return Coverage(requirement=requirement, level=level, state=state)


@pytest.mark.parametrize(
    ("sources", "coverage", "complete"),
    [
        pytest.param(["brought", "empty"], [cover("present")], True, id="all answered"),
        pytest.param(["brought", "failed"], [cover("present")], False, id="one source failed"),
        pytest.param(["skipped"], [cover("present")], False, id="one source was skipped"),
        pytest.param([], [cover("present")], False, id="nobody was asked"),
        pytest.param(["brought"], [cover("missing")], False, id="missing"),
        pytest.param(["brought"], [cover("weak")], False, id="weak"),
        pytest.param(["brought"], [], False, id="the rule was not looked at"),
        pytest.param(["brought"], [cover("present", level="helpful")], True, id="other level"),
        pytest.param(
            ["brought"],
            [cover("present"), cover("missing", "thread", "helpful")],
            True,
            id="something helpful is missing",
        ),
        pytest.param(
            ["brought"], [cover("present"), cover("missing", "thread")], False, id="more required"
        ),
        pytest.param(
            ["brought"], [cover("missing"), cover("present")], False, id="two lines that differ"
        ),
    ],
)
def test_complete_means_everyone_answered_and_nothing_required_is_missing(
    sources: list[str], coverage: list[Coverage], complete: bool
) -> None:
    manifest = a_manifest(sources=tuple(map(outcome, sources)), coverage=tuple(coverage))
    assert manifest.complete is complete
