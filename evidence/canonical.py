"""One way to write a value down: canonical JSON, canonical base64, hex digests.

Whatever is hashed or signed here goes through this file, and whatever comes back is
refused unless it is byte for byte what we would have written. So a flipped bit cannot
hide in white space, in the order of keys or in the spare bits of a base64 character.

Sources: RFC 8785 (JSON Canonicalization Scheme), RFC 7493 (I-JSON), RFC 4648.
"""

import base64
import binascii
import hashlib
import json
import re
from typing import Any, NoReturn

import rfc8785

from evidence.errors import FormatError, RequestError, TooLargeError

# Deeper than any document of ours, and far from the interpreter's own limit, so the
# answer does not depend on how deep the caller already is.
MAX_DEPTH = 100
MAX_JSON_BYTES = 64 << 20

_SAFE_INTEGER = 2**53 - 1

# What keeps code point order from being UTF-16 order: see `_is_canonical`.
_HIGH_TEXT = re.compile("[\ud800-\U0010ffff]")
_HIGH_BYTES = re.compile(rb"[\xf0-\xff]")


def digest(data: bytes) -> str:
    """SHA-256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value (dict, list, tuple, str, int, float, bool, None).

    Raises RequestError for what I-JSON cannot hold: NaN, infinities, integers beyond
    2^53 - 1, lone surrogates, keys that are not strings, other types, deep nesting.
    """
    try:
        return _plain_bytes(value) or rfc8785.dumps(value)
    except RecursionError:
        why = "it is nested too deeply"
    except ValueError as error:  # CanonicalizationError, UnicodeEncodeError
        why = f"it has no canonical JSON form ({error})"
    raise RequestError(what="A value to be written as JSON", why=why)


def writable(text: str) -> str:
    """`text` with every lone surrogate replaced by U+FFFD, so that JSON can hold it.

    Mail headers, file names and JSON escapes such as "\\ud800" bring them; one would stop the
    sealing of a whole order. The received bytes still say what they said.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def parse_canonical(
    data: bytes, *, limit: int = MAX_JSON_BYTES, what: str = "The JSON text"
) -> Any:
    """Read JSON that must be exactly what `canonical` writes.

    limit   most bytes to look at
    what    how an error names the text

    Raises TooLargeError, and FormatError for anything `parse_json` refuses or for
    bytes that are not canonical.
    """
    value, plain = _parse(data, limit=limit, what=what)
    if not _is_canonical(data, value, plain=plain):
        raise FormatError(what=what, why="it is not canonical JSON (RFC 8785)")
    return value


def parse_json(data: bytes, *, limit: int = MAX_JSON_BYTES, what: str = "The JSON text") -> Any:
    """Read JSON from outside: UTF-8, no key twice, no NaN, at most MAX_DEPTH deep.

    An integer beyond 2^53 - 1 comes back as the float that I-JSON takes it for.
    """
    value, _ = _parse(data, limit=limit, what=what)
    return value


def to_base64(data: bytes) -> str:
    """Standard base64 with padding, one line (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str | memoryview, *, what: str) -> bytes:
    """The bytes of standard base64; only the one text that `to_base64` writes is read.

    Raises FormatError. `what` names the thing, as in "The root hash".
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(what=what, why="it is not standard base64") from error
    # RFC 4648, 3.5: the spare bits of the last four characters may be anything, so two texts could
    # mean one value. Of all others each four are three bytes, and no other four are.
    last = (len(data) - 1) // 3
    ending = text[4 * last :].encode() if isinstance(text, str) else text[4 * last :]
    if len(text) != 4 * (last + 1) or base64.b64encode(data[3 * last :]) != ending:
        raise FormatError(what=what, why="its base64 is not the canonical form")
    return data


class _Refused(ValueError):
    """Raised inside json.loads, translated by _parse."""


def _parse(data: bytes, *, limit: int, what: str) -> tuple[Any, bool]:
    """The value, and whether every number in it was an integer in the safe range."""
    if len(data) > limit:
        raise TooLargeError(what=what, size=len(data), limit=limit)
    plain = True

    def integer(text: str) -> int | float:
        if len(text) <= 17 and abs(number := int(text)) <= _SAFE_INTEGER:
            return number
        return real(text)

    def real(text: str) -> float:
        nonlocal plain
        plain = False
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise _Refused(f"the number {text[:24]} is out of range")
        return number

    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=integer,
            parse_float=real,
            parse_constant=_constant,
        )
    except _Refused as error:
        raise FormatError(what=what, why=str(error)) from None
    except RecursionError:
        raise _too_deep(what) from None
    except UnicodeDecodeError as error:
        raise FormatError(what=what, why="it is not UTF-8") from error
    except json.JSONDecodeError as error:
        why = f"it is not JSON ({error.msg} at character {error.pos})"
        raise FormatError(what=what, why=why) from None
    if _deeper_than(value, MAX_DEPTH):
        raise _too_deep(what)
    return value, plain


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise _Refused(f"the key {twice[:40]!r} stands twice in one object")
    return made


def _constant(text: str) -> NoReturn:
    raise _Refused(f"{text} is not a JSON number")


def _too_deep(what: str) -> FormatError:
    return FormatError(what=what, why=f"it is nested more than {MAX_DEPTH} deep")


def _deeper_than(value: Any, limit: int) -> bool:
    level: list[Any] = [value] if isinstance(value, (dict, list)) else []
    for _ in range(limit):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list  # json.loads makes no others
        ]
        if not level:
            return False
    return True


# Twenty times as quick as the pure Python of rfc8785; a receipt is written so at every step.
_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _plain_bytes(value: Any) -> bytes | None:
    """The canonical bytes by the C encoder, where it surely writes them; None elsewhere.

    The reasons are those of `_is_canonical`: no floats, no integers beyond the safe range, no
    character beyond U+FFFF that could stand in a key. A lone surrogate is for rfc8785 to refuse.
    """
    if not _is_plain(value):
        return None
    text = _PLAIN.encode(value)
    if text.isascii() or not _HIGH_TEXT.search(text):
        return text.encode("utf-8")
    return None


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-_SAFE_INTEGER <= value <= _SAFE_INTEGER)
    if kind is dict:
        return set(map(type, value)) <= {str} and all(map(_is_plain, value.values()))
    return (kind is list or kind is tuple) and all(map(_is_plain, value))


def _is_canonical(data: bytes, value: Any, *, plain: bool) -> bool:
    # The C encoder, five times as quick as the pure Python of rfc8785, writes what RFC
    # 8785 asks for as long as there are no floats and code point order is UTF-16 order.
    # Only characters beyond U+FFFF break that: four bytes of UTF-8, the first F0 or more.
    if plain and (data.isascii() or not _HIGH_BYTES.search(data)):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        try:
            return text.encode("utf-8") == data
        except UnicodeEncodeError:  # "\ud800" written as an escape
            return False
    try:
        return canonical(value) == data
    except RequestError:
        return False
