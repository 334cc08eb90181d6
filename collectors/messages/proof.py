"""What a mail's signatures prove of where it came from: checked when it is collected, with the DNS
answers of that moment, and again from the same bytes whenever somebody asks.

A mail is proven if a signature holds that covers From, Subject and Date, each there once, and the
whole body, and whose domain is the sender's or one that the sender's lies in. A domain below the
sender's, as DMARC's relaxed alignment takes it, does not count: that needs a list of who owns what.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from collectors.messages.arc import Chain, arc_key_names, chain_of
from collectors.messages.dkim import (
    Checked,
    Letter,
    State,
    check,
    key_name,
    letter_of,
    tags_of,
    within,
)
from collectors.messages.dns_answers import KeyAnswer, answer_of
from collectors.messages.relay import addresses
from evidence.canonical import canonical, parse_json
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Provenance
from evidence.locators import Locator, header
from evidence.mail import MAX_MAIL, Mail

MAX_SIGNATURES = 10
MAX_KEYS = 30
HINT = "dns"
_SIGNED_BY_ALL = ("from", "subject", "date")
_QUOTED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_UNQUOTED = "once the `>` is taken off that a mailbox file puts before From"


@dataclass(frozen=True, slots=True)
class Proof:
    """proven  the sender's domain vouches for what is read of the mail."""

    signatures: tuple[Checked, ...]
    chain: Chain | None
    proven: bool


def keys_asked(data: bytes) -> list[str]:
    """The DNS names whose TXT records are needed to check a mail's signatures."""
    letter = letter_of(data[:MAX_MAIL])
    signatures = letter.named("dkim-signature")[:MAX_SIGNATURES]
    names = [key_name(tags_of(one.value) or {}) for one in signatures]
    return list(dict.fromkeys([*filter(None, names), *arc_key_names(letter)]))[:MAX_KEYS]


def prove(mail: Mail, answers: Mapping[str, bytes], at: datetime) -> Proof:
    """Check every signature. `answers` are DNS messages by the name that was asked for."""
    letter = letter_of(mail.data)
    keys = dict(_keys(answers))
    signatures = _signatures(letter, keys, at)
    if not any(one.state is State.PASS for one in signatures):
        signatures = _unquoted(letter, keys, at) or signatures
    sender = _sender(mail)
    proven = not letter.odd and any(_vouches(one, letter, sender) for one in signatures)
    return Proof(signatures, chain_of(letter, keys, at), proven)


def hints_of(answers: Mapping[str, bytes]) -> dict[str, str]:
    """For Item.hints: the answers that this mail was checked with, so that it can be again."""
    told = {name: base64.b64encode(data).decode() for name, data in answers.items()}
    return {HINT: canonical(told).decode()} if told else {}


def answers_in(hints: Mapping[str, str]) -> dict[str, bytes]:
    """The inverse of `hints_of`; nothing where it is not ours."""
    try:
        told = parse_json(hints.get(HINT, "{}").encode(), limit=4 << 20)
        return {str(name): base64.b64decode(data) for name, data in told.items()}
    except (EvidenceError, AttributeError, TypeError, ValueError):
        return {}


def graded(item: Item, mail: Mail) -> Item:
    """The mail's item with the grade that its signatures give it."""
    proven = prove(mail, answers_in(item.hints), item.collected_at).proven
    return replace(item, provenance=Provenance.DKIM_MAIL) if proven else item


def proof_facts(item: Item, mail: Mail, group: str) -> Iterator[Fact]:
    """What came of each signature and of the chain; nothing of a mail that has none."""
    proof = prove(mail, answers_in(item.hints), item.collected_at)

    def fact(name: str, value: str, at: Locator, part: str = "") -> Fact:
        return Fact(
            name=name,
            value=value,
            locator=at,
            item=item.sha256,
            origin=item.origin,
            group=group + part,
        )

    place = header("DKIM-Signature")
    for number, one in enumerate(proof.signatures):
        part = f"/signature/{number}"
        yield fact("message.dkim", _said(one.state, one.why), place, part)
        yield fact("message.dkim.domain", one.domain, place, part)
        body = () if not one.covers else ("body",) if one.whole_body else ("part of the body",)
        yield fact("message.dkim.covers", " ".join([*one.covers, *body]), place, part)
    if proof.signatures:
        yield fact("message.proven", "yes" if proof.proven else "no", place)
    if proof.chain is not None:
        sealers = f" (sealed by {', '.join(proof.chain.sealers)})" if proof.chain.sealers else ""
        said = _said(proof.chain.state, proof.chain.why) + sealers
        yield fact("message.arc", said, header("ARC-Seal"))
    for name in ("Authentication-Results", "ARC-Authentication-Results"):
        for said in mail.head.raw_headers(name)[:10]:
            written = said.encode("utf-8", "replace").decode("utf-8")
            yield fact("message.results", written, header(name))


def _keys(answers: Mapping[str, bytes]) -> Iterator[tuple[str, KeyAnswer]]:
    for name, data in answers.items():
        try:
            answer = answer_of(data)
        except EvidenceError:
            continue
        if answer.name == name:
            yield name, answer


def _signatures(letter: Letter, keys: Mapping[str, KeyAnswer], at: datetime) -> tuple[Checked, ...]:
    found = letter.named("dkim-signature")[:MAX_SIGNATURES]
    return tuple(check(letter, one, keys, at) for one in found)


def _unquoted(letter: Letter, keys: Mapping[str, KeyAnswer], at: datetime) -> tuple[Checked, ...]:
    """The signatures over the mail as it was before a mailbox file quoted it, if one holds then."""
    body = _QUOTED.sub(b"", letter.body)
    if body == letter.body:
        return ()
    found = _signatures(Letter(letter.fields, body, letter.odd), keys, at)
    if not any(one.state is State.PASS for one in found):
        return ()
    return tuple(replace(one, why=_UNQUOTED) if one.state is State.PASS else one for one in found)


def _vouches(one: Checked, letter: Letter, sender: str) -> bool:
    return (
        one.state is State.PASS
        and one.whole_body
        and all(name in one.covers and len(letter.named(name)) == 1 for name in _SIGNED_BY_ALL)
        and within(sender, one.domain)
    )


def _sender(mail: Mail) -> str:
    """The domain of the one address in the one From line; "" where that is not so."""
    senders = addresses(mail.head, "From")
    if len(mail.head.raw_headers("From")) != 1 or len(senders) != 1:
        return ""
    return senders[0].rpartition("@")[2]


def _said(state: State, why: str) -> str:
    return f"{state}: {why}" if why else str(state)
