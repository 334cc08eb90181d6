"""What a caller hands in, held to what a case can take. Refusals name the field, not its value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from evidence.canonical import writable
from evidence.errors import RequestError
from evidence.items import Role
from evidence.orders import OrderRef, order_ref
from evidence.times import rfc3339
from service.cases.desk import Paper

MOST_ORDERS = 1_000
MOST_PAPERS = 20
MOST_PAPER_BYTES = 8 << 20
ROLES = {role.removeprefix("case."): role for role in Role if role.startswith("case.")}
_SECRET = re.compile(r"authorization|cookie|token|secret|api-?key|signature", re.IGNORECASE)
_SHA256 = re.compile("[0-9a-f]{64}")


def text_of(body: Mapping[str, Any], name: str, *, most: int = 500) -> str:
    """A text field, "" where it is not there."""
    value = body.get(name) or ""
    if not isinstance(value, str) or len(value) > most:
        raise RequestError(what=f"`{name}`", why=f"it is not a text of at most {most} characters")
    return writable(value.strip())


def needed(body: Mapping[str, Any], name: str) -> str:
    value = text_of(body, name)
    if not value:
        raise RequestError(what=f"`{name}`", why="it is missing; this step needs it")
    return value


def time_of(body: Mapping[str, Any], name: str) -> datetime | None:
    """A time with its offset. One without is refused: nobody guesses a zone."""
    said = text_of(body, name, most=40)
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
        if at.tzinfo is None:
            raise RequestError(what=f"`{name}`", why="it has no time zone")
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        why = "it is no time; write it as 2026-11-22T08:15:00Z"
        raise RequestError(what=f"`{name}`", why=why) from None


def told_time(body: Mapping[str, Any], name: str) -> str | None:
    at = time_of(body, name)
    return None if at is None else rfc3339(at)


def day_of(body: Mapping[str, Any], name: str) -> date | None:
    said = text_of(body, name, most=10)
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        why = "it is no day; write it as 2026-11-22"
        raise RequestError(what=f"`{name}`", why=why) from None


def texts_of(body: Mapping[str, Any], name: str, *, most: int = 100) -> list[str]:
    value = body.get(name) or []
    if not isinstance(value, list) or len(value) > most:
        raise RequestError(what=f"`{name}`", why=f"it is not a list of at most {most}")
    return [needed({name: each}, name) for each in value]


def digests_of(body: Mapping[str, Any], name: str) -> list[str]:
    found = texts_of(body, name, most=5_000)
    if not all(_SHA256.fullmatch(each) for each in found):
        raise RequestError(what=f"`{name}`", why="an entry is not a SHA-256 in lower-case hex")
    return found


def orders_of(platform: str, site: str, ids: Sequence[str]) -> list[OrderRef]:
    """The orders of these numbers, each once, as they were named."""
    if len(ids) > MOST_ORDERS:
        why = f"a case names at most {MOST_ORDERS}"
        raise RequestError(what="`orders`", why=why)
    return list(dict.fromkeys(order_ref(platform, id, site) for id in ids))


def headers_of(body: Mapping[str, Any], name: str) -> dict[str, str]:
    """Headers of an answer, by lower-case name; what may open something is replaced."""
    value = body.get(name) or {}
    if not isinstance(value, dict) or len(value) > 60:
        raise RequestError(what=f"`{name}`", why="it is not an object of at most 60 headers")
    return {
        needed({"name": key}, "name").lower(): "[removed]"
        if _SECRET.search(key)
        else text_of({key: each}, key, most=2_000)
        for key, each in value.items()
    }


def papers_of(body: Mapping[str, Any], *, usual: str) -> list[Paper]:
    """What came with the step.

    usual  the role of a paper that names none, without `case.`
    """
    value = body.get("papers") or []
    if len(value) > MOST_PAPERS:
        raise RequestError(what="`papers`", why=f"a step takes at most {MOST_PAPERS}")
    return [_paper(each, usual) for each in value]


def _paper(said: Mapping[str, Any], usual: str) -> Paper:
    role = text_of(said, "role") or usual
    if role not in ROLES or role == "event":
        named = ", ".join(name for name in ROLES if name != "event")
        raise RequestError(what="a paper's `role`", why=f"it is none of {named}")
    hints = said.get("hints") or {}
    if not isinstance(hints, dict) or len(hints) > 20:
        raise RequestError(what="a paper's `hints`", why="they are not an object of at most 20")
    media_type = text_of(said, "media_type", most=200)
    return Paper(
        role=ROLES[role],
        data=_data(said),
        media_type=media_type or ("text/plain" if "text" in said else "application/octet-stream"),
        name=text_of(said, "name", most=200),
        hints={needed({"hint": k}, "hint"): text_of({k: v}, k) for k, v in hints.items()},
    )


def _data(said: Mapping[str, Any]) -> bytes:
    data = said.get("data")  # a file that was sent as it is; no JSON has it
    if not isinstance(data, bytes):
        if ("text" in said) == ("base64" in said):
            raise RequestError(what="a paper", why="it has neither `text` nor `base64`, or both")
        if "text" in said:
            data = text_of(said, "text", most=MOST_PAPER_BYTES).encode()
        else:
            try:
                data = base64.b64decode(str(said["base64"]), validate=True)
            except (ValueError, binascii.Error):
                raise RequestError(what="a paper's `base64`", why="it is no base64") from None
    if not data:
        raise RequestError(what="a paper", why="it is empty")
    return data
