"""Can the evidence be sent in the form that the platform takes?

Only files are held to it: what a source answered as data is not sent as it is. Originals never
change, so a file that does not fit is no fault of the evidence; a copy that fits is made of it
(`orderproof derive`), and this says of which, and why.

Reads     the policy's `files.*` and `pdf.pages` limits, sizes and media types of files that the
          policy asks for, `file.media_type`, `document.pages`.
Assumes   that a file is sent once, however many receipts it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from evidence.facts import Facts
from evidence.items import Role
from evidence.manifest import SealedItem
from evidence.policy import Limit, Policy
from evidence.verdicts import Answer, Finding, Verdict
from verifiers.terms.keys import allowed, fits, strictest
from verifiers.terms.validity import in_force

_FITS = Finding.good("form-fits")
_TYPE = Finding.note("form-type-refused", do="Convert a copy of it: orderproof derive.")
_LARGE = Finding.note("form-too-large", do="Make a smaller copy of it: orderproof derive.")
_TOTAL = Finding.note(
    "form-too-much", do="Make smaller copies of the largest, or leave out what is only helpful."
)
_MANY = Finding.note(
    "form-too-many-files", do="Put several into one file, the required ones first."
)
_PAGES = Finding.note("form-too-many-pages", do="Send the pages that matter, as a copy.")
_NAME = Finding.note("form-name-refused", do="Send it under a name of plain letters and digits.")

# What is sent as a file; the rest are answers and tables, which go in as text.
_FILES = re.compile(r"(application/pdf|image/[a-z0-9.+-]+|video/[a-z0-9.+-]+)")
_LARGEST = 3


def verify(
    *, items: Sequence[SealedItem], facts: Facts, policy: Policy, at: datetime, **_: object
) -> Answer:
    """Hold each file that the policy asks for against the form's limits.

    pass            all fit as they are
    inconclusive    a copy of one or more has to be made first
    not_applicable  the policy limits no files, or there are none to send
    """
    limits = {
        key: found
        for key in ("files.types", "files.each_bytes", "files.total_bytes", "files.count",
                    "files.name_allows", "files.name_characters", "pdf.pages")
        if (found := _limit(policy, key, facts, at)) is not None
    }  # fmt: skip
    asked = set(policy.roles()) - {Role.EXCHANGE}
    files = {item.sha256: item for item in items if item.role in asked and _is_file(item, facts)}
    if not limits or not files:
        return Verdict.NOT_APPLICABLE, []
    kept = list(files.values())
    findings = [*_each(kept, facts, limits), *_together(kept, limits)]
    if not findings:
        size = sum(item.size for item in kept)
        said = f"{len(kept)} files of {size} bytes fit what {policy.id} says of files."
        return Verdict.PASS, [_FITS.saying(said)]
    return Verdict.INCONCLUSIVE, findings


def _limit(policy: Policy, key: str, facts: Facts, at: datetime) -> Limit | None:
    found = [limit for limit in policy.limited(key) if fits(limit) and in_force(limit, facts, at)]
    return strictest(found)


def _type_of(item: SealedItem, facts: Facts) -> str:
    sniffed = [f.text for f in facts.named("file.media_type") if f.item == item.sha256]
    return (sniffed[0] if sniffed else item.media_type).partition(";")[0].strip().lower()


def _is_file(item: SealedItem, facts: Facts) -> bool:
    return _FILES.fullmatch(_type_of(item, facts)) is not None


def _each(files: list[SealedItem], facts: Facts, limits: dict[str, Limit]) -> Iterator[Finding]:
    for item in files:
        called = f"{item.role} {item.sha256[:12]}"
        kind = _type_of(item, facts)
        if (types := limits.get("files.types")) and kind not in types.value.split(", "):
            yield _of(item, _TYPE, f"{called} is {kind}; taken are {types.value} ({types.source}).")
        if (most := limits.get("files.each_bytes")) and item.size > int(most.value):
            said = f"{called} has {item.size} bytes; at most {most.value} are taken"
            yield _of(item, _LARGE, f"{said} ({most.source}).")
        pages = [f for f in facts.named("document.pages") if f.item == item.sha256]
        most = limits.get("pdf.pages")
        if most and pages and pages[0].text.isdecimal() and int(pages[0].text) > int(most.value):
            said = f"{called} has {pages[0].text} pages; at most {most.value} are taken"
            yield _of(item, _PAGES, f"{said} ({most.source}).")
        yield from _name(item, called, limits)


def _name(item: SealedItem, called: str, limits: dict[str, Limit]) -> Iterator[Finding]:
    allows, most = limits.get("files.name_allows"), limits.get("files.name_characters")
    if item.name is None:
        return
    for rule, refused in (
        (allows, allows is not None and not allowed(allows.value, item.name)),
        (most, most is not None and len(item.name) > int(most.value)),
    ):
        if rule is not None and refused:
            said = f"{called} has a name that is not taken as it is: {rule.key} {rule.value}"
            yield _of(item, _NAME, f"{said} ({rule.source}).")
            return


def _together(files: list[SealedItem], limits: dict[str, Limit]) -> Iterator[Finding]:
    total = sum(item.size for item in files)
    largest = sorted(files, key=lambda item: (-item.size, item.sha256))[:_LARGEST]
    if (most := limits.get("files.total_bytes")) and total > int(most.value):
        told = ", ".join(f"{item.role} {item.sha256[:12]} {item.size}" for item in largest)
        said = f"The files have {total} bytes together; at most {most.value} are taken"
        rests = tuple((item.sha256, "item:") for item in largest)
        yield Finding(
            _TOTAL.code, _TOTAL.severity, _TOTAL.do,
            f"{said} ({most.source}). The largest: {told}.", rests,
        )  # fmt: skip
    if (most := limits.get("files.count")) and len(files) > int(most.value):
        yield _MANY.saying(f"{len(files)} files; at most {most.value} are taken ({most.source}).")


def _of(item: SealedItem, kind: Finding, sentence: str) -> Finding:
    return Finding(kind.code, kind.severity, kind.do, sentence, ((item.sha256, "item:"),))
