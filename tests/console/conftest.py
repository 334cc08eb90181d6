"""One stage for all tests of the console's pages, and a way to ask for pages as a browser does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from service.access.callers import Role
from tests.auditor.page.browser import Tab, open_tab
from tests.console.stage import Stage, stage


@dataclass(frozen=True, slots=True)
class Shown:
    status: int
    headers: Any
    text: str
    path: str


@dataclass(slots=True)
class Visitor:
    """A browser without scripts: it keeps cookies, follows redirects and sends forms."""

    url: str
    session: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookie: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, *, follow: bool = True, **more: Any) -> Shown:
        for _ in range(5):
            headers = {**more.pop("headers", {})}
            if self.cookies:
                headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
            async with self.session.request(
                method, self.url + path, headers=headers, allow_redirects=False, **more
            ) as answer:
                body = await answer.read()
                self._keep(answer.headers.getall("Set-Cookie", []))
                if answer.status != 303 or not follow:
                    text = body.decode("utf-8", "replace")
                    return Shown(answer.status, answer.headers, text, path)
                method, path, more = "GET", answer.headers["Location"], {}
        raise AssertionError("it goes on for ever")

    def _keep(self, said: list[str]) -> None:
        self.set_cookie += said
        for one in said:
            for name, morsel in SimpleCookie(one).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    async def get(self, path: str, **more: Any) -> Shown:
        return await self.ask("GET", path, **more)

    async def send(self, page: Shown, action: str, fields: dict[str, str] | None = None) -> Shown:
        """Send a form of the page, with its token."""
        found = re.search(r'name="form" value="([0-9a-f]{64})"', page.text)
        assert found, page.text[:500]
        return await self.ask("POST", action, data={"form": found[1], **(fields or {})})

    async def sign_in(self, token: str) -> Shown:
        page = await self.get("/console/sign-in?words=en")
        return await self.send(page, "/console/sign-in", {"token": token})


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="package")
async def visitor(here: Stage) -> AsyncIterator[Visitor]:
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Visitor(here.url, session)


@pytest_asyncio.fixture(loop_scope="package")
async def admin(here: Stage, visitor: Visitor) -> Visitor:
    assert (await visitor.sign_in(here.tokens[Role.ADMIN])).status == 200
    return visitor


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def tab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    folder = tmp_path_factory.mktemp("browser")
    async with open_tab(folder) as opened:
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            await opened.send(f"{domain}.enable")
        await opened.send("Emulation.setTimezoneOverride", timezoneId="Asia/Shanghai")
        await opened.send(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder / "saved")
        )
        yield opened
