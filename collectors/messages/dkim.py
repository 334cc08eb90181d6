"""DKIM signatures of a mail, checked with keys that are handed in.

Sources: RFC 6376 (signatures), RFC 8301 (no SHA-1, RSA keys of 1,024 bits at least), RFC 8463
(Ed25519). Pure and linear in the mail's size. The libraries there are compare `t=` and `x=` with
the machine's clock, so that a sealed mail would fail in ten years; here the moment is handed in.
dkimpy signs for the tests and judges the same mails.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from collectors.messages.dns_answers import KeyAnswer

MAX_FIELDS = 2_000
_ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
_CANONICAL = frozenset({"simple", "relaxed"})
_LEAST_BITS, _MOST_BITS = 1024, 8192
# Clocks of signers are a little off; a signature from tomorrow is none.
_AHEAD = timedelta(days=1)
_LABELS = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))+")
_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]+):")
_DIGITS = re.compile(r"[0-9]{1,15}")


class State(StrEnum):
    """pass: it holds over these bytes. fail: it does not. unchecked: nobody can say."""

    PASS = "pass"
    FAIL = "fail"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Field:
    """A header field. `name` in lower case; `raw` is all of it, its last CRLF left out."""

    name: str
    raw: bytes

    @property
    def value(self) -> bytes:
        return self.raw.partition(b":")[2]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as signatures see it: fields and body, lines ended by CRLF.

    odd  its head has a bare CR or a line that is no field: programs differ, so it proves nothing
    """

    fields: tuple[Field, ...]
    body: bytes
    odd: bool = False
    _bodies: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def named(self, name: str) -> list[Field]:
        return [one for one in self.fields if one.name == name]

    def body_as(self, canonical: str) -> bytes:
        """The body as `simple` or `relaxed` (RFC 6376, 3.4.3 and 3.4.4)."""
        if canonical not in self._bodies:
            make = _relaxed_body if canonical == "relaxed" else _simple_body
            self._bodies[canonical] = make(self.body)
        return self._bodies[canonical]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A signature and what came of it.

    why         of all but a pass
    covers      names of fields in the mail that it signs, in its order, each once
    whole_body  no byte of the body lies outside of it
    """

    state: State
    why: str = ""
    domain: str = ""
    selector: str = ""
    covers: tuple[str, ...] = ()
    whole_body: bool = False


def letter_of(data: bytes) -> Letter:
    """Cut a mail into fields and body; lines that end in LF alone are as good as those in CRLF."""
    data = re.sub(rb"\r?\n", b"\r\n", data)
    head, _, body = data.partition(b"\r\n\r\n")
    odd = head.replace(b"\r\n", b"").find(b"\r") >= 0
    lines = re.split(rb"\r\n(?![ \t])", head, maxsplit=MAX_FIELDS)
    if re.match(rb"From [^\s:]", lines[0]):  # a mailbox file's line, which is no field
        del lines[0]
    fields = []
    for raw in lines[:MAX_FIELDS]:
        if found := _NAME.match(raw):
            fields.append(Field(found[1].decode().lower(), raw))
        else:
            odd = True
    return Letter(tuple(fields), body, odd or len(lines) > MAX_FIELDS)


def tags_of(value: bytes) -> dict[str, str] | None:
    """A tag list (RFC 6376, 3.2), white space around values off; None where it is not one."""
    tags: dict[str, str] = {}
    for part in value.decode("latin-1").split(";"):
        if not part.strip():
            continue
        name, equals, said = part.partition("=")
        name = name.strip()
        if not equals or name in tags or not name.isascii() or not name.isidentifier():
            return None
        tags[name] = said.strip()
    return tags


def key_name(tags: Mapping[str, str]) -> str | None:
    """The DNS name of the key that a signature asks for; None where it names none."""
    domain, selector = tags.get("d", "").lower(), tags.get("s", "").lower()
    name = f"{selector}._domainkey.{domain}"
    fine = _DOMAIN.fullmatch(domain) and _LABELS.fullmatch(selector) and len(name) <= 253
    return name if fine else None


def check(
    letter: Letter,
    signature: Field,
    keys: Mapping[str, KeyAnswer],
    at: datetime,
    *,
    arc: bool = False,
) -> Checked:
    """Check one signature of the mail as of `at`.

    keys  DNS answers by the name asked for
    arc   it is an ARC-Message-Signature (RFC 8617, 4.1.2): no `v=`, and `i=` is its instance
    """
    tags = tags_of(signature.value)
    if tags is None:
        return Checked(state=State.UNCHECKED, why="it is malformed")
    found = partial(
        Checked,
        domain=tags.get("d", "").lower()[:253],
        selector=tags.get("s", "")[:253],
    )
    if why := _malformed(tags, arc=arc) or _untimely(tags, at):
        return found(state=State.UNCHECKED, why=why)
    names = [name.strip().lower() for name in tags["h"].split(":")]
    heads, bodies = _canonical(tags)
    body = letter.body_as(bodies)
    length = int(tags.get("l", len(body)))
    there = {one.name for one in letter.fields}
    found = partial(
        found,
        covers=tuple(dict.fromkeys(name for name in names if name in there)),
        whole_body=length == len(body),
    )
    stated = _unbased(tags["bh"])
    if length > len(body) or hashlib.sha256(body[:length]).digest() != stated:
        return found(state=State.FAIL, why="the body is not the one that was signed")
    signed = _signed_fields(letter.fields, names, signature)
    data = b"".join(head_as(one, heads) + b"\r\n" for one in signed)
    data += head_as(unsigned(signature), heads)
    state, why = holds(tags, data, keys, identity="" if arc else tags.get("i", ""))
    return found(state=state, why=why)


def holds(
    tags: Mapping[str, str], data: bytes, keys: Mapping[str, KeyAnswer], *, identity: str = ""
) -> tuple[State, str]:
    """Whether `b=` is the key owner's signature over `data`, and why not."""
    name = key_name(tags)
    answer = None if name is None else keys.get(name)
    if answer is None:
        return State.UNCHECKED, "no answer of the DNS on its key was brought"
    if not answer.texts:
        gone = answer.said in ("NXDOMAIN", "NOERROR")
        why = "its key is not there" if gone else "the DNS did not say what its key is"
        return State.UNCHECKED, f"{why} ({answer.said})"
    whys = []
    for text in answer.texts[:5]:
        state, why = _holds_under(tags, data, text, identity)
        if state is State.PASS:
            return state, why
        whys.append((state, why))
    return next((pair for pair in whys if pair[0] is State.FAIL), whys[0])


def _holds_under(
    tags: Mapping[str, str], data: bytes, record: bytes, identity: str
) -> tuple[State, str]:
    kind = _ALGORITHMS[tags["a"]]
    key = tags_of(record)
    if key is None or key.get("v", "DKIM1") != "DKIM1":
        return State.UNCHECKED, "its key's record is malformed"
    flags = [flag.strip() for flag in key.get("t", "").split(":")]
    usable = {
        "its key is of another kind": key.get("k", "rsa") == kind,
        "its key is for other hashes": "sha256" in _listed(key.get("h", "sha256")),
        "its key is not for mail": bool({"*", "email"} & set(_listed(key.get("s", "*")))),
        "its key was revoked": bool(key.get("p", "")),
        "its domain only tries out signing": "y" not in flags,
        "its key is not for subdomains": "s" not in flags
        or not identity
        or identity.rpartition("@")[2].lower() == tags["d"].lower(),
    }
    for why, fine in usable.items():
        if not fine:
            return State.UNCHECKED, why
    try:
        _verify(kind, _unbased(key["p"]) or b"", _unbased(tags["b"]) or b"", data)
    except InvalidSignature:
        return State.FAIL, "the headers are not those that were signed"
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        known = isinstance(problem, _WeakKeyError)
        return State.UNCHECKED, str(problem) if known else "its key cannot be read"
    return State.PASS, ""


class _WeakKeyError(ValueError):
    """Its message is the reason."""


def _verify(kind: str, public: bytes, signature: bytes, data: bytes) -> None:
    if kind == "ed25519":  # RFC 8463, 3: the signature is over the hash
        Ed25519PublicKey.from_public_bytes(public).verify(signature, hashlib.sha256(data).digest())
        return
    key = load_der_public_key(public)
    if not isinstance(key, RSAPublicKey):
        raise _WeakKeyError("its key is of another kind")
    if not _LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise _WeakKeyError(f"its key has {key.key_size} bits")
    key.verify(signature, data, padding.PKCS1v15(), SHA256())


def _malformed(tags: Mapping[str, str], *, arc: bool) -> str:
    """What keeps a signature from being looked at at all, or ""."""
    wanted = ("a", "b", "bh", "d", "h", "s") if arc else ("v", "a", "b", "bh", "d", "h", "s")
    if lacking := [name for name in wanted if not tags.get(name)]:
        return f"it has no {lacking[0]}="
    if not arc and tags["v"] != "1":
        return "it is of another version"
    if tags["a"] not in _ALGORITHMS:
        sha1 = tags["a"] == "rsa-sha1"
        return "it rests on SHA-1 (RFC 8301)" if sha1 else "its algorithm is not known here"
    if not set(_canonical(tags)) <= _CANONICAL:
        return "its canonicalization is not known"
    if key_name(tags) is None:
        return "its domain or selector is none"
    for name in ("l", "t", "x"):
        if name in tags and not _DIGITS.fullmatch(tags[name]):
            return f"its {name}= is no number"
    if "from" not in [name.strip().lower() for name in tags["h"].split(":")]:
        return "it does not sign From"
    domain, signer = tags["d"].lower(), tags.get("i", "").rpartition("@")[2].lower()
    if not arc and "i" in tags and not within(signer, domain):
        return "its i= is not of its domain"
    if _unbased(tags["bh"]) is None or _unbased(tags["b"]) is None:
        return "it is not base64"
    return ""


def _untimely(tags: Mapping[str, str], at: datetime) -> str:
    now = at.timestamp()
    if "t" in tags and int(tags["t"]) > now + _AHEAD.total_seconds():
        return "it says it was made later than now"
    if "x" in tags and int(tags["x"]) < now:
        return "its time was over when it was checked"
    return ""


def within(name: str, domain: str) -> bool:
    """Whether a host is the domain or lies in it."""
    return name == domain or name.endswith(f".{domain}")


def head_as(one: Field, canonical: str) -> bytes:
    """A field as `simple` or `relaxed` (RFC 6376, 3.4.1 and 3.4.2)."""
    if canonical == "simple":
        return one.raw
    value = re.sub(rb"[ \t]+", b" ", one.value.replace(b"\r\n", b"")).strip(b" \t")
    return one.name.encode("latin-1") + b":" + value


def unsigned(signature: Field) -> Field:
    """A signature's field with an empty `b=`, all else as it stands (RFC 6376, 3.7)."""
    head, colon, value = signature.raw.partition(b":")
    parts = value.split(b";")
    for place, part in enumerate(parts):
        name, equals, _ = part.partition(b"=")
        if equals and name.strip() == b"b":
            parts[place] = name + equals
    return Field(signature.name, head + colon + b";".join(parts))


def _signed_fields(fields: Sequence[Field], names: Sequence[str], signature: Field) -> list[Field]:
    """The fields that `h=` names, from the bottom up (RFC 6376, 5.4.2); what is absent is empty."""
    left: dict[str, list[Field]] = {}
    for one in fields:
        if one is not signature:
            left.setdefault(one.name, []).append(one)
    return [left[name].pop() for name in names if left.get(name)]


def _canonical(tags: Mapping[str, str]) -> tuple[str, str]:
    heads, _, bodies = tags.get("c", "simple").lower().partition("/")
    return heads, bodies or "simple"


def _listed(value: str) -> list[str]:
    return [word.strip().lower() for word in value.split(":")]


def _unbased(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _simple_body(body: bytes) -> bytes:
    return _without_last_lines(body) + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    # Blanks are one before those at line ends go: the other way round takes quadratic time.
    body = re.sub(rb"[ \t]+", b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    kept = _without_last_lines(body)
    return kept + b"\r\n" if kept else b""


_ENDS = re.compile(rb"(?:\n\r)*")


def _without_last_lines(body: bytes) -> bytes:
    """The body without the line breaks at its end."""
    ends = _ENDS.match(body[len(body.rstrip(b"\r\n")) :][::-1])
    return body[: len(body) - len(ends[0])] if ends and ends[0] else body
