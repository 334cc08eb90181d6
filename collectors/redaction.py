"""Secrets are taken out before anything is written down."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from collectors.secrets import Secret

# Shorter than this is no secret; replacing it would only tear the answer to pieces.
LEAST_BYTES = 4
# These carry credentials by their nature; what stands in them is replaced, known to us or not.
_CREDENTIALS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "api-key",
        "x-amz-access-token",
    }
)


@dataclass(frozen=True, slots=True)
class _Needle:
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A secret with any of its characters escaped, or none: every library escapes others."""

    name: str
    expression: re.Pattern[bytes]


class Redactor:
    """Knows each secret in every form it is sent in: plain, escaped for URL and JSON, base64."""

    def __init__(self, secrets: Iterable[Secret], *, headers: Iterable[str] = ()) -> None:
        needles: dict[bytes, str] = {}
        patterns: dict[str, _Pattern] = {}
        for secret in secrets:
            value = secret.reveal()
            for form in _forms(value):
                needles.setdefault(form, secret.name)
            if len(value.encode()) >= LEAST_BYTES:
                patterns[value] = _Pattern(secret.name, re.compile(_any_escape(value)))
        self._patterns = tuple(patterns[value] for value in sorted(patterns, key=len, reverse=True))
        longest_first = sorted(needles, key=len, reverse=True)
        self._needles = tuple(_Needle(needles[data], data) for data in longest_first)
        self._headers = _CREDENTIALS | {name.lower() for name in headers}

    @property
    def longest(self) -> int:
        """Bytes of the longest form: pieces of a stream must overlap by one less to be searched."""
        return len(self._needles[0].data) if self._needles else 0

    def found_in(self, data: bytes) -> str | None:
        """The name of a secret that `data` holds, or None."""
        return next((needle.name for needle in self._needles if needle.data in data), None)

    def bytes(self, data: bytes) -> tuple[bytes, list[str]]:
        """`data` with `[secret:<name>]` where a secret was, and the names replaced."""
        replaced: list[str] = []
        for needle in self._needles:
            if needle.data in data:
                data = data.replace(needle.data, f"[secret:{needle.name}]".encode())
                replaced.append(needle.name)
        for pattern in self._patterns:
            data, times = pattern.expression.subn(_shown(pattern.name), data)
            replaced += [pattern.name] * min(times, 1)
        return data, list(dict.fromkeys(replaced))

    def text(self, text: str) -> tuple[str, list[str]]:
        data, replaced = self.bytes(text.encode("utf-8", "surrogateescape"))
        return data.decode("utf-8", "surrogateescape"), replaced

    def headers(self, pairs: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[str]]:
        """The headers in their order, and the names replaced in them."""
        clean: list[tuple[str, str]] = []
        replaced: list[str] = []
        for name, value in pairs:
            safe, found = self.text(value)
            if name.lower() in self._headers and not found:
                safe, found = f"[secret:{name.lower()}]", [name.lower()]
            clean.append((name, safe))
            replaced += found
        return clean, list(dict.fromkeys(replaced))


def _forms(value: str) -> set[bytes]:
    raw = value.encode()
    if len(raw) < LEAST_BYTES:
        return set()
    texts = {value, quote(value, safe=""), quote(value), quote_plus(value)}
    texts.add(quote_plus(value, safe="/?:@-._~!$'()*,"))  # as yarl writes a query
    texts |= {text.replace("%", "%25") for text in texts if "%" in text}
    texts |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    # A vendor's PHP escapes the slash, and some write their escapes in lower case.
    texts |= {json.dumps(value)[1:-1].replace("/", "\\/"), _lower_escapes(quote(value, safe=""))}
    encoded = base64.b64encode(raw).decode()
    texts |= {encoded, encoded.rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    return {text.encode() for text in texts if len(text.encode()) >= LEAST_BYTES}


def _shown(name: str) -> Callable[[re.Match[bytes]], bytes]:
    return lambda _: f"[secret:{name}]".encode()


def _any_escape(value: str) -> bytes:
    """An expression for `value` with each character plain, percent-encoded or escaped for JSON."""
    return b"".join(_escapes(character) for character in value)


def _escapes(character: str) -> bytes:
    raw = character.encode()
    units = character.encode("utf-16-be")
    percent = "".join(f"%{byte:02x}" for byte in raw)
    escaped = "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    ways = [re.escape(raw), b"(?i:%s)" % re.escape(percent.encode())]
    ways.append(b"(?i:%s)" % re.escape(escaped.encode()))
    if character == " ":
        ways.append(rb"\+")
    if character in '"\\/':
        ways.append(re.escape(b"\\" + raw))
    return b"(?:%s)" % b"|".join(ways)


def _lower_escapes(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join(f"%{piece[:2].lower()}{piece[2:]}" for piece in rest)
