"""What the program that saved a page wrote into it: when, and from which address.

SingleFile, monolith and HTTrack write a comment with a date; browsers write the address alone. That
is what the file says of itself: anyone can write a comment, so it is less sure than a printed date.

Sources: the comments as SingleFile 1.22 (`saved date`), monolith 2.8 and HTTrack 3.49 write them;
"Mark of the Web" (`saved from url=(0014)`) as browsers write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import meta
from evidence.mail_times import mail_time
from evidence.times import Time, parse_iso
from verifiers.readers.reader import fact

# Programs write it before the page, or at its very end.
_WHERE = 20_000
_SURE = 0.9
_COMMENT = re.compile(r"<!--(.{0,4000}?)-->", re.DOTALL)
_ADDRESS = re.compile(
    r"saved from url=\(\d+\)\s*(\S{4,2000})"
    r"|^\s*url:\s*(\S{4,2000})|saved from (\S{4,2000}) at "
    r"|mirrored from (\S{4,2000}) by HTTrack",
    re.IGNORECASE | re.MULTILINE,
)
# `Fri Nov 28 2026 10:00:00 GMT+0100 (...)`, as Date.toString() writes it.
_JAVASCRIPT = re.compile(
    r"saved date:\s*[A-Z][a-z]{2} ([A-Z][a-z]{2} \d{1,2} \d{4} \d{2}:\d{2}:\d{2}) GMT([+-]\d{4})"
)
_ISO = re.compile(
    r"(?:saved date:\s*|saved from \S+ at )"
    r"(\d{4}-\d\d-\d\dT[0-9:.]{5,15}(?:Z|[+-]\d\d:\d\d))",
    re.IGNORECASE,
)
_HTTP = re.compile(
    r"by HTTrack[^,\n]{0,80}(?:,[^,\n]{0,40}\])?,\s*"
    r"([A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT)"
)


def facts_of(item: Item, markup: str) -> Iterator[Fact]:
    """Address and date in the comments of a page's first and last characters."""
    head, tail = markup[:_WHERE], markup[_WHERE:][-_WHERE:]
    for comment in islice((c for text in (head, tail) for c in _COMMENT.findall(text)), 40):
        if found := _ADDRESS.search(comment):
            address = next(group for group in found.groups() if group)
            yield fact(item, "document.address", address[:500], meta("saved from"))
        if (moment := _saved_at(comment)) is not None:
            place = meta("saved date")
            yield fact(item, "document.captured.at", moment, place, confidence=_SURE)


def _saved_at(comment: str) -> Time | None:
    try:
        if found := _JAVASCRIPT.search(comment):
            wall = datetime.strptime(found[1], "%b %d %Y %H:%M:%S")
            return parse_iso(f"{wall.isoformat()}{found[2][:3]}:{found[2][3:]}")
        if found := _ISO.search(comment):
            return parse_iso(found[1])
        if found := _HTTP.search(comment):
            return mail_time(found[1])
    except (EvidenceError, ValueError):
        return None
    return None
