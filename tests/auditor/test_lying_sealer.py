"""A sealer who signs, logs and bags what is not so: each lie is named where it stands.

Nothing but the documents themselves can give these away: every signature holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.report import Report, State
from auditor.verify import verify_path
from evidence.bundle import MANIFEST, OPENINGS, RECEIPTS, STATEMENT, Opening, openings_bytes
from evidence.canonical import canonical, parse_json
from evidence.dsse import Envelope, sign
from tests.auditor.bundles import Made, files_of, make, reviewers, verified, zipped

Predicate = dict[str, Any]


@pytest.fixture(scope="module")
def made() -> Made:
    return make(5)


def failed(report: Report, name: str) -> str:
    return " ".join(c.what for c in report.checks if c.name == name and c.state is State.FAIL)


def unsure(report: Report, name: str) -> str:
    of_it = [c for c in report.checks if c.name == name and c.state is State.INCONCLUSIVE]
    return " ".join(check.what for check in of_it)


def told(made: Made, path: str, bend: Callable[[Predicate], object], folder: Path) -> Report:
    """The audit of a bundle whose sealer signed another predicate, and the folder anew."""
    files = files_of(made)
    payload = parse_json(Envelope.from_json(files[path]).payload)
    bend(payload["predicate"])
    files[path] = made.house.envelope(payload)
    return verified(folder, zipped(files, by=made.house), key=made.house.keys)


def swap(items: list[Any]) -> None:
    items[0], items[1] = items[1], items[0]


@pytest.mark.parametrize(
    ("bend", "name", "words"),
    [
        (lambda p: p["items"].append(p["items"][1]), "manifest-receipts", "lists receipt 1 twice"),
        (lambda p: swap(p["items"]), "manifest-receipts", "not in the order of receipts"),
        (lambda p: p["items"][4].update(seq=5), "manifest-receipts", "receipt 5, which does not"),
        (lambda p: p["items"][1].update(size=1), "manifest-receipts", "differ in size"),
        (lambda p: p["items"][1].update(salt="00" * 32), "manifest-receipts", "in commitment"),
        (lambda p: p["items"][1].update(receipt="00" * 32), "manifest-receipts", "in hash"),
        (lambda p: p["order"].update(salt="00" * 32), "manifest-receipts", "about another order"),
        (lambda p: p["order"].update(commitment="00" * 32), "manifest", "its order is not what"),
        (lambda p: p.update(complete=not p["complete"]), "manifest", "its complete is not what"),
        (lambda p: p["policy"].update(version="9"), "manifest", "its policy is not what"),
        (lambda p: p["coverage"][0].update(items=["ab" * 32]), "facts", "Coverage of pod names"),
        (lambda p: p["facts"][0].update(value=7), "manifest", f"{MANIFEST}:"),
    ],
    ids=[
        "an item twice", "items in another order", "an item after the seal", "another size",
        "another salt", "another receipt", "another order", "a commitment of another order",
        "complete or not", "another policy", "coverage by nothing", "a fact of no type",
    ],
)  # fmt: skip
def test_a_manifest_that_lies_is_named(
    made: Made, tmp_path: Path, bend: Callable[[Predicate], object], name: str, words: str
) -> None:
    report = told(made, MANIFEST, bend, tmp_path)
    assert not report.ok and words in failed(report, name)


@pytest.mark.parametrize(
    ("bend", "name", "words"),
    [
        (lambda p: p.update(order="ab" * 32), "statement-root", "another order than the receipts"),
        (lambda p: p.update(receipts=5), "statement-root", "counts 5 receipts; 5 are here"),
        (lambda p: p.update(receipts=9, manifest_seq=8), "statement-root", "9 receipts; 7 are"),
        (lambda p: p.update(receipts=4, manifest_seq=3), "statement-root", "is not a manifest's"),
        (lambda p: p["lines"].pop(), "statement-root", "has 5 lines for 6 receipts"),
        (lambda p: swap(p["lines"]), "statement-root", "Receipt 0 is not the one"),
        (lambda p: p.update(root="ab" * 32), "statement-root", "do not have the root"),
        (lambda p: p.update(missing=["pod"]), "verdicts", "missing is not what the manifest"),
        (lambda p: p.update(complete=not p["complete"]), "verdicts", "complete is not what"),
        (lambda p: p["policy"].update(version="9"), "verdicts", "policy is not what"),
        (lambda p: p["log"].update(size=0), "checkpoints", ""),
        (lambda p: p.update(more=1), "statement", f"{STATEMENT}:"),
    ],
    ids=[
        "another order", "fewer receipts", "more receipts", "another's receipt", "a line left out",
        "lines in another order", "another root", "something missing", "complete or not",
        "another policy", "an empty log", "a field nobody reads",
    ],
)  # fmt: skip
def test_a_statement_that_lies_is_named(
    made: Made, tmp_path: Path, bend: Callable[[Predicate], object], name: str, words: str
) -> None:
    report = told(made, STATEMENT, bend, tmp_path)
    assert not report.ok and words in failed(report, name)


def test_a_document_of_another_kind_in_place_of_the_statement_is_named(
    made: Made, tmp_path: Path
) -> None:
    files = files_of(made)
    payload = Envelope.from_json(files[STATEMENT]).payload
    files[STATEMENT] = sign(payload, "text/plain", [made.house.signer]).to_json()
    report = verified(tmp_path, zipped(files, by=made.house))
    assert f"{STATEMENT} carries text/plain" in failed(report, "statement")
    alone = tmp_path / "statement.dsse.json"
    alone.write_bytes(files[STATEMENT])
    report = verify_path(alone, key=made.house.keys)
    assert "carries text/plain" in failed(report, "statement") and not report.ok


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"salt": bytes(32)}, "does not open receipt 2: its salt or digest is wrong"),
        ({"sha256": "ab" * 32}, "does not open receipt 2: its salt or digest is wrong"),
        ({"seq": 99}, "opens a receipt that is not here"),
        ({"path": "data/nothing.bin"}, "data/nothing.bin is missing; receipt 2 names it"),
        ({"path": "data/0000-tracking.history.json"}, "is not what receipt 2"),
        ({"path": RECEIPTS}, "opens receipt 2, which is not for it to open"),
    ],
)
def test_an_opening_that_lies_is_named(
    made: Made, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    files = files_of(reviewers(made))
    openings = [
        replace(one, **change) if one.seq == 2 else one for one in Opening.read_all(files[OPENINGS])
    ]
    files[OPENINGS] = openings_bytes(openings)
    report = verified(tmp_path, zipped(files, by=made.house))
    assert not report.ok and words in failed(report, "openings")


def test_where_the_receipts_do_not_hold_nothing_is_concluded_from_them(
    made: Made, tmp_path: Path
) -> None:
    for broken in (b"", made.receipts[0][:-1], b"\n".join(made.receipts[1:]) + b"\n", b"{}\n"):
        files = files_of(made) | {RECEIPTS: broken}
        report = verified(tmp_path, zipped(files, tidy=False), key=made.house.keys)
        assert not report.ok and failed(report, "receipts")
        for name in ("statement-root", "openings", "manifest-receipts"):
            assert "Not compared: " in unsure(report, name)


def test_openings_that_cannot_be_read_open_nothing(made: Made, tmp_path: Path) -> None:
    for raw in (b"[]", b"{", canonical({"v": 2, "openings": []})):
        files = files_of(made) | {OPENINGS: raw}
        assert f"{OPENINGS}:" in failed(verified(tmp_path, zipped(files)), "openings")
    files = files_of(made) | {OPENINGS: openings_bytes([])}
    report = verified(tmp_path, zipped(files))
    assert "does not open receipt 5" in failed(report, "openings")
    assert "does not open receipt 6" in failed(report, "openings")
