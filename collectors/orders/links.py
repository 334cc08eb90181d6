"""The next page, where an answer's Link header names it (RFC 8288)."""

from __future__ import annotations

import re

from collectors.collector import Http, Reply

# Pages of one list; a source that links in a circle must end some time.
MOST_PAGES = 100
_NEXT = re.compile(r'<([^<>\s]{1,4000})>\s*;[^,<]*\brel="?next"?')


def next_url(reply: Reply) -> str | None:
    """The URL of the next page, or None."""
    found = _NEXT.search(reply.headers.get("Link", ""))
    return found[1] if found else None


async def next_page(http: Http, reply: Reply, *, seen: int) -> Reply | None:
    """The next page, or None after the last, or after MOST_PAGES. `seen` pages came so far."""
    url = next_url(reply)
    return await http.fetch(url) if url is not None and seen < MOST_PAGES else None
