"""Is every conversation whole?

A conversation comes in pages, and each says what it was asked for with and what the next one is to
be asked for with. A page that nobody has, or messages that the source counts and did not send, may
be the ones that matter.

Reads     `thread.asked`, `thread.next`, `thread.end`, `thread.count`, `message.id`.
Assumes   that a source's keys differ in the page's number only within one conversation; of a page
          that was brought several times the newest counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evidence.facts import Fact, Facts
from evidence.items import Role
from evidence.manifest import SealedItem
from evidence.verdicts import Answer, Finding, Severity, Verdict

_WHOLE = Finding.good("thread-whole")
_MISSING = Finding.grave(
    "thread-page-missing", do="Collect again; if the page stays away, ask the platform for it."
)
_FEWER = Finding.grave(
    "thread-messages-missing", do="Collect again, and compare with the platform's own inbox."
)


@dataclass(frozen=True, slots=True)
class _Page:
    item: SealedItem
    facts: Facts

    def said(self, name: str) -> Fact | None:
        found = self.facts.named(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        fact = self.said(name)
        return fact.text if fact is not None else ""

    @property
    def ends(self) -> bool:
        return self.text("thread.end") == "yes"


def verify(*, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Follow each conversation from page to page, and count its messages where the source does.

    pass            each conversation leads to a page after which nothing follows
    fail            a page is not there, or fewer messages than the source counts
    not_applicable  nothing among the items is a page of a conversation
    """
    threads = _threads(items, facts)
    if not threads:
        return Verdict.NOT_APPLICABLE, []
    findings = [finding for pages in threads.values() for finding in _judged(pages)]
    grave = any(finding.severity is Severity.GRAVE for finding in findings)
    return Verdict.FAIL if grave else Verdict.PASS, findings


def _threads(
    items: Sequence[SealedItem], facts: Facts
) -> Mapping[tuple[str, str], Sequence[_Page]]:
    """The newest of each page, by collector and conversation."""
    newest: dict[tuple[str, str], SealedItem] = {}
    for item in sorted(items, key=lambda item: item.seq):
        if item.role is Role.MESSAGE_THREAD and facts.of_item(item.sha256).named("thread.end"):
            newest[item.collector, item.key] = item
    threads: dict[tuple[str, str], list[_Page]] = {}
    for (collector, key), item in newest.items():
        conversation = key.rpartition("/")[0]
        page = _Page(item, facts.of_item(item.sha256))
        threads.setdefault((collector, conversation), []).append(page)
    return threads


def _judged(pages: Sequence[_Page]) -> Iterator[Finding]:
    # Only the first page was asked for without anything.
    asked = {page.text("thread.asked") for page in pages}
    broken = [page for page in pages if not page.ends and not _goes_on(page, pages, asked)]
    for page in broken:
        told = [fact for name in ("thread.next", "thread.end") if (fact := page.said(name))]
        yield _MISSING.saying(
            f"A page of {page.item.origin} is followed by another, which is not there.", *told[:1]
        )
    if "" not in asked:
        begun = [fact for page in pages[:1] if (fact := page.said("thread.asked"))]
        yield _MISSING.saying(f"The first page of {pages[0].item.origin} is not there.", *begun)
        return
    ids = {fact.text for page in pages for fact in page.facts.named("message.id")}
    counts = [fact for page in pages for fact in page.facts.named("thread.count")]
    counted = max((fact for fact in counts if fact.text.isdigit()), key=_number, default=None)
    if counted is not None and len(ids) < _number(counted):
        yield _FEWER.saying(
            f"{counted.origin} counts {counted.text} messages; {len(ids)} are there.", counted
        )
    elif not broken:
        said = f"{len(ids)} messages of {pages[0].item.origin} on {len(pages)} pages, to the end."
        yield _WHOLE.saying(said)


def _goes_on(page: _Page, pages: Sequence[_Page], asked: set[str]) -> bool:
    """Whether what follows is there: the page it names; else, some page that is the last."""
    following = page.text("thread.next")
    return following in asked if following else any(each.ends for each in pages)


def _number(fact: Fact) -> int:
    return int(fact.text)
