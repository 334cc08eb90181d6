"""Who is let in, and what comes in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.secrets import Secret
from evidence.errors import RequestError
from service.api.scratch import Scratch
from service.http.app import make_app
from service.settings import Settings
from tests.service.conftest import ORDER, AskOf, Checked


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer wrong",
        "Bearer right-tokenx",
        "right-token",
        "Basic right-token",
        "Bearer \u00e9",
    ],
)
async def test_without_the_right_token_nothing_is_told(
    guarded: Checked, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    for path in (ORDER, "/v1/policies", "/metrics", "/v1/log/checkpoint"):
        answer = await guarded.get(path, headers=headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_right_token_opens_and_health_needs_none(guarded: Checked) -> None:
    headers = {"Authorization": "bearer right-token"}
    assert (await guarded.get("/v1/policies", headers=headers)).status == 200
    for path in ("/healthz", "/readyz", "/openapi.yaml"):
        assert (await guarded.get(path)).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "proof.example"])
def test_nobody_listens_beyond_this_machine_without_a_token(settings: Settings, host: str) -> None:
    with pytest.raises(RequestError, match="ORDERPROOF_API_TOKEN"):
        make_app(replace(settings, host=host))
    make_app(replace(settings, host=host, api_token=Secret("api_token", "t")))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_this_machine_needs_no_token(settings: Settings, host: str) -> None:
    make_app(replace(settings, host=host))


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example:8321"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
async def test_without_a_token_a_page_in_a_browser_gets_nothing(
    ask: Checked, headers: dict[str, str]
) -> None:
    assert (await ask.get("/v1/policies", headers=headers)).status == 421


async def test_with_a_token_any_name_of_the_service_will_do(guarded: Checked) -> None:
    headers = {"Authorization": "Bearer right-token", "Host": "proof.example"}
    assert (await guarded.get("/v1/policies", headers=headers)).status == 200


# -- uploads -------------------------------------------------------------------------------

ZIP = {"Content-Type": "application/zip"}


async def test_an_upload_that_is_no_bundle_cannot_be_checked(ask: Checked) -> None:
    pytest.importorskip("auditor.verify")
    answer = await ask.post("/v1/verify", data=b"not a bundle", headers=ZIP)
    assert answer.status == 422


async def test_an_upload_is_gone_once_it_is_answered(ask: Checked, settings: Settings) -> None:
    pytest.importorskip("auditor.verify")
    await ask.post("/v1/verify", data=b"not a bundle", headers=ZIP)
    left = [file for file in (settings.data / "scratch").rglob("*") if file.is_file()]
    assert [file.name for file in left] == [".lock"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_upload_over_the_limit_is_refused_however_it_comes(
    ask_of: AskOf, settings: Settings, chunked: bool
) -> None:
    pytest.importorskip("auditor.verify")
    ask = await ask_of(replace(settings, limits=replace(settings.limits, upload_bytes=1000)))
    answer = await ask.post(
        "/v1/verify", data=bytes(2_000_000), headers=ZIP, chunked=chunked or None
    )
    assert (answer.status, answer.json["type"]) == (413, "urn:orderproof:problem:too-large")


async def test_an_empty_upload_and_one_of_another_type_are_refused(ask: Checked) -> None:
    pytest.importorskip("auditor.verify")
    assert (await ask.post("/v1/verify", headers=ZIP)).status == 400
    headers = {"Content-Type": "text/html"}
    assert (await ask.post("/v1/verify", data=b"x", headers=headers)).status == 415


async def test_an_upload_that_never_comes_is_not_waited_for(
    ask: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("auditor.verify")
    monkeypatch.setattr("service.api.verify.SILENCE_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", ask.client.port)
    writer.write(
        b"POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/zip\r\n"
        b"Content-Length: 100\r\n\r\nPK"
    )
    async with asyncio.timeout(60):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()


def test_what_a_killed_process_left_goes_and_what_a_living_one_holds_stays(tmp_path: Path) -> None:
    living = Scratch(tmp_path)
    left = tmp_path / "left"
    left.mkdir()
    (left / ".lock").touch()
    (left / "upload").write_bytes(b"personal")
    with living.folder() as folder:
        (folder / "bundle.zip").touch()
        other = Scratch(tmp_path)
        assert not left.exists()
        assert (folder / "bundle.zip").exists()
        other.close()
    living.close()
    assert list(tmp_path.iterdir()) == []
