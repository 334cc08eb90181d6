"""A mail's traces: whether its body is the one that was signed, and its clocks against each other.

DKIM's body hash (RFC 6376, 3.7) needs no key: it says whether the body is the one the sender
signed, if only the header that holds it was left alone. The signature over the headers needs the
sender's key from DNS, which a reader may not ask. Where the receiving server wrote that the
signature held (RFC 8601), a body that does not fit any more was changed after it came.
"""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime

from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import header
from verifiers.readers.reader import MAX_BYTES
from verifiers.readers.traces.trace import Trace, facts_of

MAX_SIGNATURES = 10


def read(item: Item) -> list[Fact]:
    """Every trace; never raises for bad bytes."""
    data = item.content.read(MAX_BYTES)
    traces: list[Trace] = []
    for part in (_signed_bodies, _clocks):
        try:
            traces += part(data)
        except Exception as problem:  # hostile headers reach every corner of the parser
            said = f"its headers cannot be looked at ({type(problem).__name__})"
            traces.append(Trace("trace.unchecked", said))
    return facts_of(item, traces)


def _signed_bodies(data: bytes) -> list[Trace]:
    return list(_bodies(data))


def _bodies(data: bytes) -> Iterator[Trace]:
    head, body = _split(data)
    message = _headers(head)
    passed = any(
        re.search(r"\bdkim\s*=\s*pass\b", value, re.IGNORECASE)
        for value in message.get_all("Authentication-Results", [])
    )
    passed_on = any(
        name in message for name in ("List-Id", "List-Post", "X-Forwarded-For", "Resent-From")
    )
    verdicts, added = [], False
    for value in message.get_all("DKIM-Signature", [])[:MAX_SIGNATURES]:
        fits = _body_fits(str(value), body)
        if fits is not None:
            verdicts.append((fits, _tag(str(value), "d")[:80]))
            added = added or (not fits and _fits_within(str(value), body))
    if not verdicts:
        return
    if any(fits for fits, _ in verdicts):
        domain = next(domain for fits, domain in verdicts if fits)
        said = f"the body is the one that {domain} signed; the key was not asked for"
        yield Trace("trace.mail.body_holds", said, header("DKIM-Signature"))
        return
    _, domain = verdicts[0]
    said = f"the body is not the one that {domain} signed"
    if passed:
        said += ", though it was when the receiving server checked it"
    on_its_way = added or passed_on or _is_by_a_gateway(message, body)
    if on_its_way:
        said += (
            "; gateways and lists that add lines, rewrite links or save it anew leave that as well"
        )
    strength = 0.5 if on_its_way else 0.97 if passed else 0.85
    yield Trace("trace.mail.body_changed", said, header("DKIM-Signature"), strength)


_MOST_ADDED, _MOST_HASHED = 12, 1 << 20  # lines at either end; bytes


def _fits_within(signature: str, body: bytes) -> bool:
    """Whether the body fits without a few of its first or its last lines: a banner, a footer."""
    if len(body) > _MOST_HASHED:
        return False
    lines = body.split(b"\r\n")
    cuts = range(1, min(_MOST_ADDED, len(lines) - 1) + 1)
    parts = (part for cut in cuts for part in (lines[cut:], lines[:-cut]))
    return any(_body_fits(signature, b"\r\n".join(part)) for part in parts)


# A company's gateway puts its own address before every link, and writes over mails from outside.
_REWRITTEN = re.compile(
    rb"urldefense\.|safelinks\.protection\.outlook\.|linkprotect\.cudasvc\."
    rb"|protect[\w.-]{0,40}\.mimecast\.|secure-web\.cisco\.|clicktime\.symantec\."
    rb"|protection\.sophos\.",
    re.IGNORECASE,
)
_BANNER = re.compile(
    rb"originated? (?:from )?outside|from outside (?:of )?(?:the|your|our) organi[sz]ation"
    rb"|\[ext(?:ern(?:al)?)?\]|external (?:e-?mail|sender|message)|externen? (?:e-?mail|absender)"
    rb"|exp(?:\xc3\xa9|=C3=A9|e)diteur externe|remitente externo"
    rb"|(?:has been|was) scanned (?:by|for)|virus-free",
    re.IGNORECASE,
)
_EXCHANGES = re.compile(rb"^--_0\d\d_\w+", re.MULTILINE)  # the bounds of parts that it made anew


def _is_by_a_gateway(message: Message, body: bytes) -> bool:
    """Whether what changes bodies on their way, or in a mailbox, left its mark in this one."""
    plain = body[:_MOST_HASHED].replace(b"=\r\n", b"")
    if _REWRITTEN.search(plain) or _BANNER.search(plain):
        return True
    stored = any(name.lower().startswith("x-ms-exchange-") for name in message)
    return stored and _EXCHANGES.search(plain) is not None


def _split(data: bytes) -> tuple[bytes, bytes]:
    data = re.sub(rb"\r?\n", b"\r\n", data)
    if data.startswith(b"From "):  # an mbox's line, which is no header
        data = data.partition(b"\r\n")[2]
    head, _, body = data.partition(b"\r\n\r\n")
    return head, body


def _headers(head: bytes) -> Message:
    return email.message_from_bytes(head + b"\r\n\r\n", policy=email.policy.compat32)


def _tag(value: str, name: str) -> str:
    """A tag of a DKIM signature (RFC 6376, 3.2), without the white space in it."""
    for part in value.split(";"):
        key, _, said = part.partition("=")
        if key.strip() == name:
            return re.sub(r"\s", "", said)
    return ""


def _body_fits(signature: str, body: bytes) -> bool | None:
    """Whether `body` has the hash that the signature states; None if it cannot be told."""
    algorithm = {"rsa-sha256": "sha256", "ed25519-sha256": "sha256", "rsa-sha1": "sha1"}.get(
        _tag(signature, "a").lower()
    )
    stated = _tag(signature, "bh")
    if algorithm is None or not stated:
        return None
    relaxed = _tag(signature, "c").lower().partition("/")[2] == "relaxed"
    kept = _relaxed(body) if relaxed else _simple(body)
    if (length := _tag(signature, "l")).isdigit():
        kept = kept[: int(length)]
    try:
        wanted = base64.b64decode(stated, validate=True)
    except ValueError:
        return None
    # SHA-1 is what old signatures state; nothing of ours rests on it.
    return hashlib.new(algorithm, kept, usedforsecurity=False).digest() == wanted


def _simple(body: bytes) -> bytes:
    """RFC 6376, 3.4.3: the empty lines at the end count as one."""
    return re.sub(rb"(?:\r\n)*\Z", b"", body) + b"\r\n"


def _relaxed(body: bytes) -> bytes:
    """RFC 6376, 3.4.4: white space is one space, none at the ends of lines."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"\r\n".join(lines) + b"\r\n" if lines else b""


_WEEKDAY = re.compile(r"\s*(Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s")
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _clocks(data: bytes) -> list[Trace]:
    return list(_clock_traces(data))


def _clock_traces(data: bytes) -> Iterator[Trace]:
    head, _ = _split(data)
    message = _headers(head)
    stamps = [str(value).rpartition(";")[2] for value in message.get_all("Received", [])[:50]]
    for name, value in [("Date", str(message.get("Date", ""))), *(("Received", s) for s in stamps)]:
        yield from _weekday(name, value)
    sent = _moment(str(message.get("Date", "")))
    hops = [moment for stamp in stamps if (moment := _moment(stamp)) is not None]
    if sent is None or not hops:
        return
    # Relays write from the bottom up; the top one is the receiver's own.
    first, last = hops[-1], hops[0]
    if sent > last + timedelta(hours=26):
        said = f"Date ({message['Date']}) lies after the mail had arrived ({last:%Y-%m-%d %H:%M}Z)"
        yield Trace("trace.mail.clocks", said, header("Date"), 0.92)
    elif sent < first - timedelta(days=3):
        said = (
            f"Date ({message['Date']}) lies days before the first server had it ({first:%Y-%m-%d})"
        )
        yield Trace("trace.mail.clocks", said, header("Date"), 0.85)
    elif abs(sent - first) > timedelta(hours=26):
        said = (
            f"Date ({message['Date']}) is a day or more from the first server's clock ({first:%c}Z)"
        )
        yield Trace("trace.mail.clocks", said, header("Date"), 0.5)
    for later, earlier in itertools.pairwise(hops):
        if later < earlier - timedelta(hours=2):
            said = f"one server had it {earlier:%Y-%m-%d %H:%M}Z, the next {later:%Y-%m-%d %H:%M}Z"
            strength = 0.85 if earlier - later > timedelta(hours=26) else 0.4
            yield Trace("trace.mail.clocks", said, header("Received"), strength)
            break


def _weekday(name: str, value: str) -> Iterator[Trace]:
    """Programs write these, and know the weekday."""
    said = _WEEKDAY.match(value)
    moment = _local(value)
    if said is None or moment is None:
        return
    if _NAMES[moment.weekday()] != said[1]:
        text = (
            f"{name} says {said[1]} of a day that was a {_NAMES[moment.weekday()]}: {value.strip()}"
        )
        yield Trace("trace.mail.clocks", text, header(name), 0.95)


def _local(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value.strip())
    except (TypeError, ValueError, IndexError):
        return None


def _moment(value: str) -> datetime | None:
    moment = _local(value)
    if moment is None or moment.tzinfo is None:
        return None
    return moment.astimezone(UTC)
