"""Secrets are taken out before anything is written down."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
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


class Redactor:
    """Knows each secret in every form it is sent in: plain, escaped for URL and JSON, base64."""

    def __init__(self, secrets: Iterable[Secret], *, headers: Iterable[str] = ()) -> None:
        needles: dict[bytes, str] = {}
        for secret in secrets:
            for form in _forms(secret.reveal()):
                needles.setdefault(form, secret.name)
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
    texts |= {text.replace("%", "%25") for text in texts if "%" in text}
    texts |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    # A vendor's PHP escapes the slash, and some write their escapes in lower case.
    texts |= {json.dumps(value)[1:-1].replace("/", "\\/"), _lower_escapes(quote(value, safe=""))}
    encoded = base64.b64encode(raw).decode()
    texts |= {encoded, encoded.rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    return {text.encode() for text in texts if len(text.encode()) >= LEAST_BYTES}


def _lower_escapes(text: str) -> str:
    head, *rest = text.split("%")
    return head + "".join(f"%{piece[:2].lower()}{piece[2:]}" for piece in rest)
