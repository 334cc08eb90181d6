"""Do a tenant's stores run independently? Declared by whoever runs them, each with what shows it.

A platform that blames one store for another asks for a chain of four: domain, IP address, bank
account, logistics (S0-09). What is shared with another store of the tenant speaks against it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Any

from evidence.errors import RequestError
from evidence.verdicts import Verdict
from storage.ledger.separation import Declared, Dimension

_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_BANK = re.compile(r"[A-Z0-9*]{4,40}")


def normal(dimension: Dimension, value: str) -> str:
    """The one form of a value. RequestError for what is none, without repeating it."""
    text, found, ok = value.strip(), "", False
    match dimension:
        case Dimension.DOMAIN:
            found = text.lower().removesuffix(".").removeprefix("www.")
            ok = _DOMAIN.fullmatch(found) is not None
        case Dimension.IP:
            try:
                found, ok = str(ipaddress.ip_address(text)), True
            except ValueError:
                pass
        case Dimension.BANK:
            found = re.sub(r"[\s-]", "", text).upper()
            ok = _BANK.fullmatch(found) is not None
        case Dimension.LOGISTICS:
            found = " ".join(text.casefold().split())
            ok = bool(found)
    if not ok:
        raise RequestError(what=f"the {dimension}", why="it does not look like one")
    return found


def judged(declared: Sequence[Declared]) -> tuple[Verdict, list[str], list[str]]:
    """pass: all four are shown and none is shared. fail: one is shared. Else inconclusive.

    Also which dimensions nobody declared, and which nothing shows.
    """
    there = {each.dimension for each in declared}
    missing = [str(each) for each in Dimension if each not in there]
    bare = [str(each.dimension) for each in declared if each.document is None]
    if any(each.shared_with for each in declared):
        return Verdict.FAIL, missing, bare
    return (Verdict.INCONCLUSIVE if missing or bare else Verdict.PASS), missing, bare


def report(store: str, declared: Sequence[Declared], *, seen: Any) -> dict[str, Any]:
    """As JSON, without any value. `seen(store)`: whether whoever asks may know of that store."""
    verdict, missing, bare = judged(declared)
    return {
        "store": store,
        "verdict": str(verdict),
        "missing": missing,
        "not_shown": bare,
        "dimensions": [
            {
                "dimension": str(each.dimension),
                "source": each.source,
                "as_of": str(each.as_of),
                "document": each.document,
                "shared_with": [other for other in each.shared_with if seen(other)],
                "shared": len(each.shared_with),
            }
            for each in declared
        ],
    }
