"""A mailbox's mails are graded by their signatures, and whoever has the bytes can do it again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.messages.brought import parsed
from collectors.messages.dns_answers import answer_of
from collectors.messages.mailbox import Mailbox
from collectors.messages.proof import answers_in, prove
from collectors.messages.relay import is_relay
from collectors.resolver import Resolver, server_of
from evidence.errors import ConfigError, ShapeError
from evidence.facts import Facts
from evidence.items import Item, Provenance, Role
from tests.collectors.folder_script import ORDER, context
from tests.collectors.messages.signing import (
    Zone,
    answered,
    name_of,
    record_of,
    rsa_key,
    sign,
)
from tests.collectors.messages.test_dkim import MAIL

RELAY = "marketplace.amazon.com"
BUYER = MAIL.replace(b"ann@shop.example", f"abcdefgh12@{RELAY}".encode())
KEYS = {name_of(RELAY): [record_of(rsa_key())]}


async def brought(folder: Path, zone: Zone | None) -> list[Item]:
    """What the mailbox brings, with the zone for its resolver."""
    if zone is None:
        return await asked(folder, None)
    async with zone.served() as server:
        return await asked(folder, resolver(server))


async def asked(folder: Path, dns: Resolver | None) -> list[Item]:
    told = context(folder, source="mailbox")
    told = replace(told, now=lambda: datetime.now(UTC), dns=dns)
    return [item async for item in Mailbox().collect(ORDER, told)]


def resolver(server: str, *, timeout_s: float = 60.0) -> Resolver:
    clock = lambda: datetime.now(UTC)  # noqa: E731
    return Resolver(server, collector="mailbox/2", clock=clock, timeout_s=timeout_s)


def save(folder: Path, mails: Mapping[str, bytes]) -> Path:
    for name, data in mails.items():
        (folder / name).write_bytes(data)
    return folder


async def test_a_signed_mail_is_graded_so_and_what_the_dns_said_is_kept(tmp_path: Path) -> None:
    attached = BUYER.replace(
        b"Content-Type: text/plain; charset=utf-8\n\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\n"
        b"Content-Disposition: attachment; filename=a.bin\n\nxyz\n--b--\n\n",
    )
    zone = Zone(KEYS)
    mails = {"1.eml": sign(attached, RELAY), "2.eml": sign(BUYER, RELAY), "3.eml": BUYER}
    answer, first, part, second, third = await brought(save(tmp_path, mails), zone)
    assert zone.asked == [name_of(RELAY)]  # once, for both
    assert (answer.role, answer.origin) == (Role.DNS_ANSWER, "dns")
    assert answer_of(answer.content.read(1 << 16)).texts == (KEYS[name_of(RELAY)][0].encode(),)
    assert [one.provenance for one in (first, part, second, third)] == [
        Provenance.DKIM_MAIL, Provenance.DKIM_MAIL, Provenance.DKIM_MAIL, Provenance.UPLOAD,
    ]  # fmt: skip
    assert answers_in(first.hints)[name_of(RELAY)] == answer.content.read(1 << 16)
    assert answers_in(part.hints) == {}


async def test_the_facts_say_who_signed_what_and_are_the_same_in_ten_years(tmp_path: Path) -> None:
    answer, mail = await brought(save(tmp_path, {"1.eml": sign(BUYER, RELAY)}), Zone(KEYS))
    facts = Facts(Mailbox().read(mail))
    assert facts.values("message.proven") == ["yes"]
    assert facts.values("message.dkim", "message.dkim.domain", "message.dkim.covers") == [
        "pass", RELAY, "from to subject date message-id body",
    ]  # fmt: skip
    # As of the moment when it was collected, not as of now.
    later = replace(mail, collected_at=mail.collected_at)
    assert [fact.to_json() for fact in Mailbox().read(later)] == [f.to_json() for f in facts]
    told = Facts(Mailbox().read(answer))
    assert told.values("dns.name", "dns.said", "dns.checked") == [name_of(RELAY), "NOERROR", "no"]
    assert told.values("dns.text") == KEYS[name_of(RELAY)]


@pytest.mark.parametrize(
    ("texts", "why"),
    [({}, "not there (NXDOMAIN)"), ({name_of(RELAY): []}, "not there (NOERROR)")],
)
async def test_a_key_that_is_gone_is_an_answer_and_leaves_the_mail_an_upload(
    tmp_path: Path, texts: Mapping[str, Sequence[str]], why: str
) -> None:
    _, mail = await brought(save(tmp_path, {"1.eml": sign(BUYER, RELAY)}), Zone(texts))
    assert mail.provenance is Provenance.UPLOAD
    facts = Facts(Mailbox().read(mail))
    assert facts.values("message.proven") == ["no"]
    (said,) = facts.named("message.dkim")
    assert why in said.text and said.text.startswith("unchecked")


@pytest.mark.parametrize("dumb", [True, False])
async def test_without_a_resolver_or_an_answer_mails_come_all_the_same(
    tmp_path: Path, dumb: bool
) -> None:
    folder = save(tmp_path, {"1.eml": sign(BUYER, RELAY)})
    if dumb:
        async with Zone(dumb=True).served() as server:
            (mail,) = await asked(folder, resolver(server, timeout_s=0.05))
    else:
        (mail,) = await brought(folder, None)
    assert mail.provenance is Provenance.UPLOAD
    (said,) = Facts(Mailbox().read(mail)).named("message.dkim")
    assert "no answer of the DNS" in said.text


async def test_a_resolver_that_is_silent_is_not_asked_for_ever() -> None:
    zone = Zone(dumb=True)
    async with zone.served() as server:
        dns = resolver(server, timeout_s=0.05)
        assert [await dns.txt(f"s._domainkey.d{n}.example") for n in range(20)] == [None] * 20
    assert len(zone.asked) == 3


@pytest.mark.needs_shared
async def test_no_mail_of_the_fixtures_is_proven_by_a_header_that_anybody_can_write(
    shared: Path,
) -> None:
    """They say dkim=pass of themselves, and are signed by nobody."""
    zone = Zone()
    items = await brought(shared / "contracts/market/amazon-mail/eml", zone)
    assert zone.asked == []
    assert {item.provenance for item in items} == {Provenance.UPLOAD}
    claims = [
        fact.text
        for item in items
        for fact in Mailbox().read(item)
        if fact.name == "message.results"
    ]
    assert any("dkim=pass" in claim for claim in claims)
    for item in items:
        mail = parsed(item.content)
        if item.role is Role.MESSAGE_MAIL and mail is not None:
            assert not prove(mail, {}, item.collected_at).proven


async def test_an_answer_that_says_dnssec_was_checked_says_so() -> None:
    assert answer_of(answered("a.example", ["x"], checked=True)).checked


@pytest.mark.parametrize("data", [b"", b"\0" * 12, b"\xff" * 600, answered("a.example")[:20]])
def test_bytes_that_are_no_answer_are_refused(data: bytes) -> None:
    with pytest.raises(ShapeError):
        answer_of(data)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("127.0.0.1:5300", ("127.0.0.1", 5300)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
    ],
)
def test_a_resolver_is_an_address(text: str, server: tuple[str, int]) -> None:
    assert server_of(text) == server


@pytest.mark.parametrize("text", ["", "dns.example", "1.1.1.1:0", "1.1.1.1:x", "[::1]:99999"])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ConfigError):
        server_of(text)


@pytest.mark.parametrize(("said", "flag"), [("auto-replied", ["yes"]), ("no", ["no"]), ("", [])])
async def test_an_answer_that_nobody_wrote_says_so_itself(
    tmp_path: Path, said: str, flag: list[str]
) -> None:
    head = f"Auto-Submitted: {said}; owner-email=a@b.example\n".encode() if said else b""
    (mail,) = await brought(save(tmp_path, {"1.eml": head + BUYER}), None)
    assert Facts(Mailbox().read(mail)).values("message.automatic") == flag


@pytest.mark.needs_shared
def test_a_relay_address_is_one_under_each_of_amazons_domains_and_nowhere_else(
    shared: Path,
) -> None:
    known = json.loads((shared / "contracts/market/amazon-mail/format.json").read_bytes())
    case = "11111111-2222-4333-8444-555555555555"
    for domain in known["relay_address"]["tlds"]:
        for alias in ("kdt7gq2m1x9zzz1", f"sz2y5ywh1qg1vhx+{case}", "sz2y5ywh1qg1vhx+1a2b3c4d"):
            assert is_relay(f"{alias}@marketplace.amazon.{domain}")
            assert not is_relay(f"{alias}@marketplace.amazon.{domain}.evil.test")
            assert not is_relay(f"{alias}@marketplace-amazon.{domain}")
