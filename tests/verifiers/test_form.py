"""Can the evidence be sent in the form that the platform takes? Each limit from both sides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.facts import Fact
from evidence.items import Role
from evidence.manifest import SealedItem
from evidence.policy import parse_policy
from evidence.verdicts import Finding, Severity, Verdict
from tests.verifiers.evidence_of import NOW, facts_of, item, said, sha_of
from verifiers.terms.form import verify

HEAD = """id = "x.y"
version = "1"
platform = "other"
defect_kinds = []
title = "t"
[[requirement]]
id = "pod"
text = "Proof"
any_of = ["pod.document", "pod.photo", "exchange"]
level = "required"
source = "a page"
source_date = "n.d."
confidence = "seed"
"""


def limit(key: str, value: str, source: str = "p. 3") -> str:
    return (
        f'[[limit]]\nkey = "{key}"\nvalue = "{value}"\nsource = "{source}"\n'
        'source_date = "n.d."\nconfidence = "seed"\n'
    )


def file(
    name: str = "a",
    *,
    size: int = 10,
    media_type: str = "application/pdf",
    called: str | None = None,
    role: Role = Role.POD_DOCUMENT,
) -> SealedItem:
    return replace(item(name, role), size=size, media_type=media_type, name=called)


def judged(
    limits: str, *files: SealedItem, facts: tuple[Fact, ...] = ()
) -> tuple[Verdict, list[Finding]]:
    policy = parse_policy((HEAD + limits).encode())
    verdict, findings = verify(items=files, facts=facts_of(*facts), policy=policy, at=NOW)
    return verdict, list(findings)


def sentence(limits: str, *files: SealedItem, facts: tuple[Fact, ...] = ()) -> str:
    """What is told of the one thing that does not fit; "" if all fits."""
    verdict, (finding,) = judged(limits, *files, facts=facts)
    if verdict is Verdict.PASS:
        assert finding.code == "form-fits" and finding.severity is Severity.GOOD
        return ""
    assert verdict is Verdict.INCONCLUSIVE and finding.severity is Severity.NOTE and finding.do
    return finding.sentence


A, B = sha_of("a")[:12], sha_of("b")[:12]
CALLED = f"pod.document {A}"


@pytest.mark.parametrize(
    ("limits", "one", "expected"),
    [
        (limit("files.types", "image/jpeg, application/pdf"), file(), ""),
        (limit("files.types", "image/jpeg"), file(media_type="Image/JPEG; q=1"), ""),
        (
            limit("files.types", "image/jpeg, image/png"),
            file(),
            f"{CALLED} is application/pdf; taken are image/jpeg, image/png (p. 3).",
        ),
        (limit("files.each_bytes", "10"), file(), ""),
        (
            limit("files.each_bytes", "9"),
            file(),
            f"{CALLED} has 10 bytes; at most 9 are taken (p. 3).",
        ),
        (limit("files.total_bytes", "10"), file(), ""),
        (
            limit("files.total_bytes", "9"),
            file(),
            "The files have 10 bytes together; at most 9 are taken (p. 3). The largest: "
            f"{CALLED} 10.",
        ),
        (limit("files.count", "1"), file(), ""),
        (limit("files.count", "0"), file(), "1 files; at most 0 are taken (p. 3)."),
        (limit("files.name_characters", "5"), file(called="a.pdf"), ""),
        (
            limit("files.name_characters", "4"),
            file(called="a.pdf"),
            f"{CALLED} has a name that is not taken as it is: files.name_characters 4 (p. 3).",
        ),
        (limit("files.name_characters", "4"), file(), ""),
        (limit("files.name_allows", "a-z."), file(called="a.pdf"), ""),
        (
            limit("files.name_allows", "a-z") + limit("files.name_characters", "4"),
            file(called="a.pdf"),
            f"{CALLED} has a name that is not taken as it is: files.name_allows a-z (p. 3).",
        ),
    ],
)
def test_a_file_fits_or_it_is_told_what_does_not(
    limits: str, one: SealedItem, expected: str
) -> None:
    assert sentence(limits, one) == expected


@pytest.mark.parametrize(("pages", "fits"), [("3", True), ("4", False), ("many", True)])
def test_pages_are_counted_of_the_file_itself(pages: str, *, fits: bool) -> None:
    own = said("document.pages", pages, by="x", item="a")
    other = said("document.pages", "99", by="x", item="z")
    expected = "" if fits else f"{CALLED} has {pages} pages; at most 3 are taken (p. 3)."
    assert sentence(limit("pdf.pages", "3"), file(), facts=(other, own)) == expected


def test_what_the_bytes_are_says_more_than_what_was_declared() -> None:
    sniffed = said("file.media_type", "image/png", by="x", item="a")
    only = limit("files.types", "image/png")
    assert sentence(only, file(), facts=(sniffed,)) == ""
    text = said("file.media_type", "text/plain", by="x", item="a")
    assert judged(only, file(), facts=(text,)) == (Verdict.NOT_APPLICABLE, [])


def test_the_three_largest_are_named_and_shown() -> None:
    files = [file(name, size=size) for name, size in zip("abcd", (5, 7, 6, 7), strict=True)]
    _, (finding,) = judged(limit("files.total_bytes", "24"), *files)
    largest = [*sorted("bd", key=sha_of), "c"]
    told = ", ".join(
        f"pod.document {sha_of(name)[:12]} {size}"
        for name, size in zip(largest, (7, 7, 6), strict=True)
    )
    assert finding.sentence.endswith(f"The largest: {told}.")
    assert finding.rests == tuple((sha_of(name), "item:") for name in largest)
    assert (finding.code, finding.do.split(",")[0]) == (
        "form-too-much", "Make smaller copies of the largest",
    )  # fmt: skip


def test_each_finding_points_at_its_file_and_says_what_to_do() -> None:
    limits = limit("files.types", "image/png") + limit("files.each_bytes", "9")
    verdict, findings = judged(limits, file(), file("b", size=1))
    assert verdict is Verdict.INCONCLUSIVE
    assert [(one.code, one.rests) for one in findings] == [
        ("form-type-refused", ((sha_of("a"), "item:"),)),
        ("form-too-large", ((sha_of("a"), "item:"),)),
        ("form-type-refused", ((sha_of("b"), "item:"),)),
    ]
    assert all("orderproof derive" in one.do for one in findings)


def test_only_files_that_the_policy_asks_for_are_held_to_it() -> None:
    strict = limit("files.each_bytes", "1")
    nothing: tuple[Verdict, list[Finding]] = (Verdict.NOT_APPLICABLE, [])
    assert judged(strict) == nothing
    assert judged("", file()) == nothing
    assert judged(strict, file(role=Role.ORDER_RECORD)) == nothing
    assert judged(strict, file(role=Role.EXCHANGE)) == nothing
    assert judged(strict, file(media_type="application/json")) == nothing
    assert judged(strict, file(media_type="video/mp4"))[0] is Verdict.INCONCLUSIVE
    assert judged(strict, file(media_type="image/svg+xml"))[0] is Verdict.INCONCLUSIVE


def test_a_file_with_two_receipts_is_sent_once() -> None:
    assert sentence(limit("files.count", "1"), file(), file()) == ""
    assert sentence(limit("files.total_bytes", "10"), file(), file()) == ""
    _, (finding,) = judged(limit("files.each_bytes", "10"), file(), file(), file("b"))
    assert finding.sentence == "2 files of 20 bytes fit what x.y says of files."


def test_the_strictest_of_several_readings_is_held_to() -> None:
    both = limit("files.each_bytes", "20", "lax") + limit("files.each_bytes", "9", "strict")
    assert sentence(both, file()) == f"{CALLED} has 10 bytes; at most 9 are taken (strict)."
    unread = limit("files.each_bytes", "none to speak of")
    assert judged(unread, file()) == (Verdict.NOT_APPLICABLE, [])
