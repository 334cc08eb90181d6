"""How the tests go about in a real browser: to a page, at a size, signed in with the keyboard."""

from __future__ import annotations

from service.access.callers import Role
from tests.auditor.page.browser import Tab
from tests.console.stage import Stage

PHONE, DESK = (390, 844), (1280, 900)


async def go(tab: Tab, here: Stage, path: str, *, words: str = "en") -> None:
    page, _, anchor = path.partition("#")
    joint = "&" if "?" in page else "?"
    await tab.open(f"{here.url}{page}{joint}words={words}{'#' + anchor if anchor else ''}")


async def size(tab: Tab, to: tuple[int, int]) -> None:
    width, height = to
    await tab.send(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
    )  # fmt: skip


async def sign_in(tab: Tab, here: Stage, role: Role, *, words: str = "en") -> None:
    await tab.send("Network.clearBrowserCookies")
    await size(tab, DESK)
    await go(tab, here, "/console/sign-in", words=words)
    await tab.run("document.getElementById('token').focus()")
    await tab.send("Input.insertText", text=here.tokens[role])
    await tab.press("Enter", 13)
    await tab.until("!location.pathname.endsWith('/sign-in') && document.readyState === 'complete'")
    tab.errors.clear()


async def text(tab: Tab) -> str:
    return str(await tab.run("document.body.innerText"))
