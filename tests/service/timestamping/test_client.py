"""One question, one answer: whatever is wrong with it, it is not taken for a token."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from evidence.errors import OutageError, ProofError, RequestError
from service.sandbox.authority import POLICY, SandboxAuthority
from service.settings import load_settings
from service.timestamping.authority import configured
from service.timestamping.client import MAX_REPLY_BYTES, TimeClient
from service.timestamping.der import time_query
from storage.ledger.tokens import Token
from tests.service.timestamping.conftest import Play, Playing, reply

NOTE = b"log.example/acme\n3\nAAAA=\n\n\xe2\x80\x94 log.example/acme BBBB\n"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def client() -> AsyncIterator[TimeClient]:
    made = TimeClient(now)
    yield made
    await made.close()


async def test_a_token_is_over_the_notes_bytes_at_the_authoritys_time(
    play: Play, client: TimeClient
) -> None:
    playing = await play()
    token = await client.stamp(playing.configured(), NOTE)
    assert abs(token.gen_time - now()) < timedelta(minutes=5)
    assert token.asked_at <= token.answered_at
    assert playing.queries == [token.query]
    assert hashlib.sha256(NOTE).digest() in token.query
    assert (await client.stamp(playing.configured(), NOTE)).query != token.query


async def test_openssl_agrees_about_token_query_and_policy(
    play: Play, client: TimeClient, tmp_path: Path
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: nobody else judged our tokens here")
    playing = await play()
    token = await client.stamp(playing.configured(policy=POLICY), NOTE)
    for name, data in (("note", NOTE), ("token", token.reply), ("query", token.query)):
        (tmp_path / name).write_bytes(data)

    def openssl(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["openssl", "ts", *words], cwd=tmp_path, capture_output=True)

    pinned = ("-CAfile", "tsa-1/root.pem", "-untrusted", "tsa-1/tsa.pem")
    assert openssl("-verify", "-data", "note", "-in", "token", *pinned).returncode == 0
    assert openssl("-verify", "-queryfile", "query", "-in", "token", *pinned).returncode == 0
    shown = openssl("-query", "-in", "query", "-text").stdout.decode()
    assert "Certificate required: yes" in shown
    assert f"Policy OID: {POLICY}" in shown
    (tmp_path / "note").write_bytes(NOTE + b"x")
    assert openssl("-verify", "-data", "note", "-in", "token", *pinned).returncode != 0


async def broken(playing: Playing, kind: str) -> None:
    """Make the authority answer in a way that must not be believed."""
    other = SandboxAuthority.make()

    async def behave(query: bytes) -> web.StreamResponse:
        digest = hashlib.sha256(NOTE).digest()
        match kind:
            case "wrong nonce":
                return reply(playing.made.token(digest, nonce=7, with_certificate=True))
            case "no nonce":
                return reply(playing.made.token(digest, nonce=None, with_certificate=True))
            case "other certificate":
                return reply(other.reply(query))
            case "other bytes":
                wrong = time_query(hashlib.sha256(b"other").digest(), nonce=5)
                return reply(playing.made.reply(wrong))
            case "flipped":
                whole = playing.made.reply(query)
                return reply(whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:])
            case "trailing bytes":
                return reply(playing.made.reply(query) + b"\0")
            case "rejected":
                return reply(playing.made.reply(b"nonsense"))
            case _:
                return reply(b"<html>garbage</html>")

    playing.behave = behave


@pytest.mark.parametrize(
    "kind",
    [
        "wrong nonce", "no nonce", "other certificate", "other bytes", "flipped",
        "trailing bytes", "rejected", "garbage",
    ],
)  # fmt: skip
async def test_an_answer_that_does_not_verify_is_refused(
    play: Play, client: TimeClient, kind: str
) -> None:
    playing = await play()
    await broken(playing, kind)
    with pytest.raises(ProofError, match="the time authority here"):
        await client.stamp(playing.configured(), NOTE)


async def test_another_policy_than_was_asked_for_is_refused(play: Play, client: TimeClient) -> None:
    playing = await play()
    ordinary = playing.made.token

    async def behave(query: bytes) -> web.StreamResponse:
        nonce = int.from_bytes(query[query.index(b"\x02\x09\x00") + 3 :][:8], "big")
        return reply(ordinary(hashlib.sha256(NOTE).digest(), nonce=nonce, with_certificate=True))

    playing.behave = behave
    assert isinstance(await client.stamp(playing.configured(), NOTE), Token)
    with pytest.raises(ProofError, match="Policy"):
        await client.stamp(playing.configured(policy="1.2.3.4"), NOTE)


async def test_an_authority_that_is_slow_away_or_endless_is_an_outage(
    play: Play, client: TimeClient
) -> None:
    playing = await play()
    impatient, authority = playing.configured(answer_s=0.4), playing.configured()

    async def slow(query: bytes) -> web.StreamResponse:
        await asyncio.sleep(60)
        return reply(playing.made.reply(query))

    async def huge(_: bytes) -> web.StreamResponse:
        return reply(bytes(MAX_REPLY_BYTES + 1))

    async def failing(_: bytes) -> web.StreamResponse:
        return web.Response(status=503)

    async def elsewhere(_: bytes) -> web.StreamResponse:
        raise web.HTTPFound("http://127.0.0.1:1/tsa")

    async def a_page(query: bytes) -> web.StreamResponse:
        return web.Response(body=playing.made.reply(query), content_type="text/html")

    playing.behave = slow
    with pytest.raises(OutageError, match=r"more than 0\.4 s"):
        await client.stamp(impatient, NOTE)
    for behave, told in (
        (huge, "more than 65536 bytes"),
        (failing, "HTTP 503"),
        (elsewhere, "HTTP 302"),
        (a_page, "no time-stamp reply"),
    ):
        playing.behave = behave
        with pytest.raises(OutageError, match=told):
            await client.stamp(authority, NOTE)
    away = playing.configured(url="http://127.0.0.1:1/tsa")
    with pytest.raises(OutageError, match="connection failed"):
        await client.stamp(away, NOTE)


async def test_a_table_that_cannot_be_used_is_refused_by_name(play: Play, tmp_path: Path) -> None:
    good = await play()
    tsa, root = good.made.leave(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(tsa.read_bytes() + root.read_bytes())
    (tmp_path / "empty.pem").write_bytes(b"")
    for wrong, told in (
        ({"name": "Not a name"}, "lower-case"),
        ({"url": "ftp://tsa.example"}, "http"),
        ({"url": "https://user:secret@tsa.example"}, "password"),
        ({"policy": "1.x"}, "dotted"),
        ({"answer_s": 0.0}, "answer_s"),
        ({"answer_s": float("nan")}, "answer_s"),
        ({"certificate_file": both}, "more than the authority's own"),
        ({"certificate_file": root}, "time-stamping"),
        ({"certificate_file": tmp_path / "absent.pem"}, "cannot be read"),
        ({"roots_file": tmp_path / "empty.pem"}, "PEM"),
    ):
        with pytest.raises(RequestError, match=told) as refused:
            configured([good.settings(**{"name": "here"} | wrong)])
        assert "secret" not in str(refused.value)
    with pytest.raises(RequestError, match="one name"):
        configured([good.settings(), good.settings()])


def test_the_configuration_names_what_is_wrong_with_an_authority(tmp_path: Path) -> None:
    whole = 'name = "a"\nurl = "http://127.0.0.1/"\ncertificate_file = "c"\nroots_file = "r"\n'
    config = tmp_path / "orderproof.toml"
    config.write_text(f'[[authority]]\n{whole}answer_s = 3\npolicy = "1.2.3"\n')
    (read,) = load_settings(config, environment={}).authorities
    assert (read.name, read.policy, read.answer_s) == ("a", "1.2.3", 3.0)
    assert (read.certificate_file, read.roots_file) == (tmp_path / "c", tmp_path / "r")
    for text, told in (
        ('authority = "x"', r"\[\[authority\]\]"),
        ('[[authority]]\nname = "a"', "authority 1: url"),
        (f"[[authority]]\n{whole}answer_s = true", "answer_s"),
        (f"[[authority]]\n{whole}policy = 3", "policy"),
        (f"[[authority]]\n{whole}pin = 3", "pin"),
    ):
        config.write_text(text)
        with pytest.raises(RequestError, match=told):
            load_settings(config, environment={})
