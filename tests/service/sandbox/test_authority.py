"""The sandbox's time authority, judged by other people's programs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from auditor.keys import Authority
from auditor.tokens import time_of
from service.sandbox.app import run_sandbox
from service.sandbox.authority import PATH, SandboxAuthority
from service.sandbox.scenario import parse_scenario
from service.timestamping.der import time_query

NOON = datetime(2026, 11, 1, 12, 0, 7, tzinfo=UTC)


async def test_it_stamps_what_others_ask_beside_the_carrier_with_its_own_clock() -> None:
    authority = SandboxAuthority.make(clock=lambda: NOON)
    pinned = Authority(authority.certificate, (authority.root,))
    builder = TimestampRequestBuilder().data(b"note").hash_algorithm(HashAlgorithm.SHA256)
    async with (
        run_sandbox(parse_scenario(b""), authority=authority) as url,
        aiohttp.ClientSession() as http,
    ):
        for with_certificate in (True, False):
            query = builder.cert_request(cert_request=with_certificate).build().as_bytes()
            async with http.post(url + PATH, data=query) as answer:
                assert answer.content_type == "application/timestamp-reply"
                reply = await answer.read()
            assert time_of(reply, query=query, message=b"note", pinned=pinned) == NOON
            held = decode_timestamp_response(reply).signed_data.certificates
            assert len(held) == with_certificate
        query = builder.build().as_bytes()
        async with http.post(url + PATH, data=b"nonsense") as answer:
            rejected = await answer.read()
    assert time_of(rejected, query=query, message=b"note", pinned=pinned) == "Missing SignedData"


def test_openssl_asks_it_and_believes_it_only_under_its_own_root(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: nobody else judged the sandbox's tokens here")

    def openssl(*words: str) -> int:
        done = subprocess.run(["openssl", "ts", *words], cwd=tmp_path, capture_output=True)
        return done.returncode

    authority, other = SandboxAuthority.make(), SandboxAuthority.make()
    authority.leave(tmp_path / "own")
    other.leave(tmp_path / "other")
    (tmp_path / "data").write_bytes(b"note")
    assert openssl("-query", "-data", "data", "-sha256", "-cert", "-out", "query") == 0
    (tmp_path / "reply").write_bytes(authority.reply((tmp_path / "query").read_bytes()))
    verify = ("-verify", "-queryfile", "query", "-in", "reply")
    assert openssl(*verify, "-CAfile", "own/root.pem") == 0
    assert openssl(*verify, "-CAfile", "other/root.pem") != 0
    names = {path.name for path in (tmp_path / "own").iterdir()}
    assert names == {"tsa.pem", "root.pem"}
    assert all(b"PRIVATE" not in path.read_bytes() for path in (tmp_path / "own").iterdir())


def test_a_policy_that_is_not_its_own_and_a_digest_that_is_not_sha_256_are_rejected() -> None:
    authority = SandboxAuthority.make()
    pinned = Authority(authority.certificate, (authority.root,))
    query = time_query(hashlib.sha256(b"note").digest(), nonce=1, policy="1.2.3.4")
    longer = TimestampRequestBuilder().data(b"note").hash_algorithm(HashAlgorithm.SHA512).build()
    for asked in (query, longer.as_bytes()):
        said = time_of(authority.reply(asked), query=asked, message=b"note", pinned=pinned)
        assert isinstance(said, str)
