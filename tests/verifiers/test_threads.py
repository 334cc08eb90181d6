"""Is every conversation whole? Pages that hang together, and such that only seem to."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from evidence.facts import Fact
from evidence.items import Role
from evidence.manifest import SealedItem
from evidence.verdicts import Finding, Verdict
from tests.verifiers.evidence_of import facts_of, item, said
from verifiers.threads import verify


def pages(
    *numbers: int, last: int, count: str = "", named: bool = True
) -> tuple[list[SealedItem], list[Fact]]:
    """Pages of a conversation, two messages each; the page `last` says that nothing follows."""
    items, facts = [], []
    for number in numbers:
        name = f"page{number}"
        page = item(name, Role.MESSAGE_THREAD, origin="platform")
        items.append(replace(page, key=f"conversation/7/{number}", seq=number))
        told = {"thread.end": "yes" if number == last else "no"}
        told |= {"thread.asked": f"c{number}"} if number > 1 else {}
        told |= {"thread.next": f"c{number + 1}"} if named and number != last else {}
        told |= {"thread.count": count} if count else {}
        facts += [said(key, value, by="platform", item=name) for key, value in told.items()]
        facts += [
            said("message.id", f"m{number}.{n}", by="platform", item=name, group=f"message/{n}")
            for n in range(2)
        ]
    return items, facts


def judge(given: tuple[list[SealedItem], list[Fact]]) -> tuple[Verdict, set[str]]:
    items, facts = given
    verdict, findings = verify(items=items, facts=facts_of(*facts))
    return verdict, {finding.code for finding in findings}


def test_pages_that_lead_to_the_last_are_whole() -> None:
    assert judge(pages(1, 2, 3, last=3)) == (Verdict.PASS, {"thread-whole"})
    assert judge(pages(1, last=1)) == (Verdict.PASS, {"thread-whole"})
    assert judge(pages(1, 2, last=2, named=False)) == (Verdict.PASS, {"thread-whole"})


def test_a_page_in_the_middle_or_at_the_end_that_lacks_is_named() -> None:
    for lacking in (
        pages(1, 3, last=3), pages(1, 2, last=3), pages(2, 3, last=3),
        pages(1, last=2, named=False), pages(2, last=2, named=False),
    ):  # fmt: skip
        assert judge(lacking) == (Verdict.FAIL, {"thread-page-missing"})


def test_fewer_messages_than_the_source_counts_are_told() -> None:
    assert judge(pages(1, 2, last=2, count="4"))[0] is Verdict.PASS
    assert judge(pages(1, 2, last=2, count="5")) == (Verdict.FAIL, {"thread-messages-missing"})


def test_a_page_that_came_again_is_counted_once_and_mails_are_no_pages() -> None:
    items, facts = pages(1, 2, last=2)
    stale = replace(items[1], sha256="0" * 64, seq=0)
    stale_end = replace(facts[2], item="0" * 64)
    assert judge(([stale, *items], [stale_end, *facts]))[0] is Verdict.PASS
    mail = item("mail", Role.MESSAGE_MAIL)
    assert judge(([mail], [said("message.id", "m", by="buyer", item="mail")])) == (
        Verdict.NOT_APPLICABLE, set(),
    )  # fmt: skip


@given(st.integers(1, 12), st.sets(st.integers(1, 12)))
def test_whatever_page_is_taken_away_is_missed(length: int, gone: set[int]) -> None:
    left = [n for n in range(1, length + 1) if n not in gone]
    verdict, _ = judge(pages(*left, last=length))
    if left:
        assert (verdict is Verdict.PASS) is (len(left) == length)


def test_conversations_of_one_key_from_two_collectors_stand_apart() -> None:
    items, facts = pages(1, 2, last=2)
    other, theirs = pages(1, last=2)
    elsewhere = replace(other[0], collector="another", sha256="1" * 64)
    theirs = [replace(fact, item="1" * 64) for fact in theirs]
    verdict, findings = verify(items=[*items, elsewhere], facts=facts_of(*facts, *theirs))
    assert verdict is Verdict.FAIL
    assert sorted(one.code for one in findings) == ["thread-page-missing", "thread-whole"]


def test_a_lacking_page_rests_on_what_names_it() -> None:
    for brought, name in (
        (pages(1, last=2), "thread.next"),
        (pages(1, last=2, named=False), "thread.end"),
        (pages(2, last=2), "thread.asked"),
    ):
        items, facts = brought
        (missing,) = verify(items=items, facts=facts_of(*facts))[1]
        (named,) = [fact for fact in facts if fact.name == name]
        assert missing.rests == Finding.note("any", do="").saying("", named).rests


def test_a_count_that_is_no_number_is_no_count_and_the_highest_one_counts() -> None:
    items, facts = pages(1, 2, last=2, count="many")
    assert judge((items, facts)) == (Verdict.PASS, {"thread-whole"})
    nine = said("thread.count", "9", by="platform", item="page1")
    verdict, (fewer,) = verify(
        items=items, facts=facts_of(*pages(1, 2, last=2, count="4")[1], nine, *facts)
    )
    assert verdict is Verdict.FAIL and "counts 9 messages; 4 are there" in fewer.sentence
