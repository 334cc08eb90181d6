"""Each document and picture is told what kind of file it is; a copy is open, never a failure."""

from __future__ import annotations

import pytest

from evidence.facts import Fact
from evidence.items import Role
from evidence.locators import WHOLE
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import facts_of, item, sha_of
from verifiers.marks.origin import verify

ITEMS = (item("first", Role.POD_DOCUMENT), item("second", Role.POD_PHOTO))
DRAWN = ("0.7 even", "0.8 tones", "0 tint", "90 colour")
BUBBLES = (*DRAWN, "2 left", "2 right")
SEEN = ("0.1 even", "0.3 tones", "9 tint", "90 colour", "12 shade")
BLACK = ("0.01 between", "0 colour", "250 paper")


def of(name: str, fact: str, value: str) -> Fact:
    return Fact(name=fact, value=value, locator=WHOLE, item=sha_of(name), origin="x")


def picture(name: str, *traits: str) -> list[Fact]:
    measured = [of(name, "picture.trait", trait) for trait in traits]
    return [of(name, "picture.size", "900 x 1200"), *measured]


def judged(*facts: Fact) -> tuple[Verdict, list[str], list[str]]:
    verdict, findings = verify(items=(*ITEMS, ITEMS[0]), facts=facts_of(*facts))
    return verdict, [one.code for one in findings], [one.sentence for one in findings]


@pytest.mark.parametrize(
    ("facts", "verdict", "said"),
    [
        ([of("first", "document.text", "Delivered")], Verdict.PASS, "It is an original"),
        (picture("first", *DRAWN), Verdict.PASS, "It is a capture of a page: each surface"),
        (picture("first", *SEEN), Verdict.INCONCLUSIVE, "It is a photo: its light falls off"),
        (picture("first", *BUBBLES), Verdict.INCONCLUSIVE, "It is a chat, or a copy that went"),
        (picture("first", *BLACK), Verdict.INCONCLUSIVE, "It is a scan of paper: all is black"),
        (picture("first"), Verdict.INCONCLUSIVE, "It is of a kind that nothing tells: its pixels"),
    ],
    ids=["an export", "a capture", "a photo", "a chat", "a scan", "nothing"],
)
def test_one_item_is_told_once_and_in_words(facts: list[Fact], verdict: Verdict, said: str) -> None:
    found, codes, (sentence,) = judged(*facts)
    assert (found, len(codes)) == (verdict, 1)
    assert sentence.startswith(said) and sentence.endswith(".")


def test_one_copy_among_originals_leaves_the_answer_open() -> None:
    export = of("first", "document.text", "Delivered")
    assert judged(export, *picture("second", *DRAWN))[0] is Verdict.PASS
    assert judged(export, *picture("second", *SEEN))[0] is Verdict.INCONCLUSIVE


def test_records_and_unread_items_are_not_asked_about() -> None:
    assert judged() == (Verdict.NOT_APPLICABLE, [], [])
    assert judged(of("first", "order.id", "1"))[0] is Verdict.NOT_APPLICABLE
