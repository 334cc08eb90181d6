"""What a vendor renewed is there after a restart, for every process, and readable by no other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from structlog.testing import LogCapture

from collectors.orders.tiktok import TikTok
from collectors.secrets import Secret
from evidence.orders import OrderRef, Platform
from service.sources.renewed import FOLDER, Renewed
from storage.vault.vault import Vault
from tests.collectors.http_bench import NOW, bench, context, server

FIRST = Secret("refresh_token", "from-the-seller")
ORDER = OrderRef(Platform.TIKTOK, "576684019603311365")


def keeper(folder: Path, first: Secret = FIRST) -> Renewed:
    return Renewed(Vault.open(folder / "keys"), folder / "keys", "default", first)


def test_the_newest_is_had_by_the_next_process_and_is_nowhere_in_the_clear(tmp_path: Path) -> None:
    assert keeper(tmp_path).kept().reveal() == "from-the-seller"
    for newest in ("second", "third"):
        keeper(tmp_path).keep(Secret("refresh_token", newest))
    kept = keeper(tmp_path).kept()
    assert (kept.name, kept.reveal()) == ("refresh_token", "third")
    (path,) = (tmp_path / "keys" / FOLDER).iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"third" not in path.read_bytes() and "seller" not in path.name


def test_another_configured_secret_begins_anew(tmp_path: Path) -> None:
    keeper(tmp_path).keep(Secret("refresh_token", "second"))
    again = Secret("refresh_token", "from-the-seller-again")
    assert keeper(tmp_path, again).kept().reveal() == "from-the-seller-again"
    assert keeper(tmp_path).kept().reveal() == "second"


def test_what_cannot_be_read_or_kept_stops_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = LogCapture()  # whatever end and level another test set up for the log
    told = structlog.wrap_logger(None, processors=[heard], wrapper_class=structlog.BoundLogger)
    monkeypatch.setattr("service.sources.renewed.log", told)
    keeper(tmp_path).keep(Secret("refresh_token", "second"))
    (path,) = (tmp_path / "keys" / FOLDER).iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert keeper(tmp_path).kept().reveal() == "from-the-seller"
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("no folder")
    keeper(tmp_path).keep(Secret("refresh_token", "third"))
    assert keeper(tmp_path).kept().reveal() == "from-the-seller"
    said = str(heard.entries)
    assert "cannot be read" in said and "could not be kept" in said and "third" not in said


async def test_a_shop_that_was_renewed_is_asked_with_the_newest_after_a_restart(
    tmp_path: Path,
) -> None:
    bought: list[str] = []

    async def token(request: web.Request) -> web.Response:
        bought.append(request.query["refresh_token"])
        ends = int((datetime.now(UTC) + timedelta(days=1)).timestamp())
        data = {
            "access_token": f"token-{len(bought)}",
            "refresh_token": f"refresh-{len(bought)}",
            "access_token_expire_in": max(ends, int(NOW.timestamp()) + 86_400),
        }
        return web.json_response({"code": 0, "data": data})

    async def order(request: web.Request) -> web.Response:
        return web.json_response({"code": 0, "data": {"orders": []}})

    secrets = {"app_secret": Secret("app_secret", "s"), "refresh_token": FIRST}
    async with server(web.get("/t", token), web.get("/order/202507/orders", order)) as url:
        options = {"app_key": "k", "shop_cipher": "c", "token_url": f"{url}/t"}
        for _ in range(3):  # each a process that was started anew
            auth = TikTok().auth(options, secrets)
            auth.keep_with(lambda first: keeper(tmp_path, first))
            async with bench(url, auth=auth, collector="tiktok/1") as b:
                assert [i async for i in TikTok().collect(ORDER, context(b.session, {}))]
    assert bought == ["from-the-seller", "refresh-1", "refresh-2"]
    assert (await asyncio.to_thread(keeper(tmp_path).kept)).reveal() == "refresh-3"
