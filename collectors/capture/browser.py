"""A browser without a window, spoken to over the DevTools protocol, for one page.

It starts with an empty profile, sees the network through our guarded proxy only, and is gone again
afterwards. Viewport, zone and language are fixed, so that a page shows the same to everybody.
Source: DevTools protocol 1.3, domains Page, Network, Emulation, Target.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from evidence.errors import AccessError, ConfigError, OutageError

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Whatever would talk to anybody but the page, or go around the proxy, is off.
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy",
    "--disable-features=WebRtcHideLocalIpsWithMdns,OptimizationHints,MediaRouter,Translate",
    "--proxy-bypass-list=<-loopback>",
    "--remote-debugging-port=0",
)
MAX_BODY = 32 << 20
MAX_HEIGHT = 16_000
QUIET_S = 1.0
_ANSWER_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the page is looked at: pixels, an IANA zone, a language tag."""

    width: int = 1280
    height: int = 900
    zone: str = "UTC"
    language: str = "en-US"


@dataclass(slots=True, kw_only=True)
class Loaded:
    """One thing that the page loaded; `body` decoded, None where it is too large."""

    url: str
    method: str
    status: int
    reason: str
    protocol: str
    mime: str
    request_headers: Mapping[str, str]
    response_headers: Mapping[str, str]
    security: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page was: where it ended up, how it looked, and all that it loaded, in order.

    certificates   the server's chain as the browser verified it, DER, leaf first
    complete       it went quiet; False: it was still loading when its time was up
    """

    url: str
    title: str
    status: int
    png: bytes
    pdf: bytes
    loaded: tuple[Loaded, ...]
    certificates: tuple[bytes, ...]
    browser: str
    complete: bool


def find_browser(named: str | None = None) -> str | None:
    """The program to start: the one that is named, or the first of NAMES that is installed."""
    if named:
        return named if os.access(named, os.X_OK) else shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None)


async def captured(
    program: str | None, url: str, *, view: View, proxy: str, seconds: float = 45.0
) -> Page:
    """Open `url` and take everything down. The browser is ended whatever happens.

    ConfigError if there is no browser, OutageError if the page cannot be opened or the browser
    breaks, AccessError if the page's server cannot be verified.
    """
    if program is None:
        raise ConfigError(
            what="a browser", why="none is installed: apt install chromium-headless-shell"
        )
    folder = tempfile.mkdtemp(prefix="orderproof-browser-")
    try:
        async with asyncio.timeout(seconds + 30), _started(program, Path(folder), proxy) as tab:
            return await _taken(tab, url, view, seconds)
    except TimeoutError:
        raise OutageError(source="the browser", why="the page did not come in time") from None
    except (aiohttp.ClientError, OSError, KeyError, ValueError) as problem:
        raise OutageError(source="the browser", why="it broke over the page") from problem
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class _Tab:
    """A page of the browser; remembers what it loads."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self.version = self.agent = ""
        self.arrived = asyncio.Event()
        self.changed = asyncio.Event()
        self.under_way: set[str] = set()
        self.asked: dict[str, dict[str, Any]] = {}
        self.answered: dict[str, dict[str, Any]] = {}
        self.finished: list[str] = []

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(answer, _ANSWER_S)

    async def close(self) -> None:
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        await self._socket.close()

    async def _read(self) -> None:
        async for message in self._socket:
            said = message.json()
            if "id" not in said:
                self._note(said["method"], said.get("params", {}))
                continue
            answer = self._waiting.pop(said["id"], None)
            if answer is None or answer.done():
                continue
            if "error" in said:
                answer.set_exception(ValueError("the browser refused a command"))
            else:
                answer.set_result(said["result"])
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(OSError("the browser is gone"))

    def _note(self, method: str, params: dict[str, Any]) -> None:
        request = params.get("requestId", "")
        match method:
            case "Network.requestWillBeSent":
                self.under_way.add(request)
                self.asked[request] = params["request"]
            case "Network.responseReceived":
                self.answered[request] = params["response"]
            case "Network.loadingFinished":
                self.under_way.discard(request)
                self.finished.append(request)
            case "Network.loadingFailed":
                self.under_way.discard(request)
            case "Page.loadEventFired":
                self.arrived.set()
            case "Page.javascriptDialogOpening":
                # A dialogue would hold the page up; nobody is there to answer it.
                dismissed = self.send("Page.handleJavaScriptDialog", accept=False)
                self._dismissing = asyncio.create_task(dismissed)
        self.changed.set()

    async def settle(self, seconds: float) -> bool:
        """Wait until it has loaded and asked nothing for QUIET_S; False if it never does."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            self.changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), min(QUIET_S, left))
                continue
            if self.arrived.is_set() and not self.under_way:
                return True
        return False


@contextlib.asynccontextmanager
async def _started(program: str, folder: Path, proxy: str) -> AsyncIterator[_Tab]:
    profile = folder / "profile"
    # Root's browser has no sandbox to offer, so it is not run as root.
    as_root = os.geteuid() == 0
    if as_root:
        os.chmod(folder, 0o777)  # noqa: S103  # a folder of its own, for the user below
    process = await asyncio.create_subprocess_exec(
        program,
        *_FLAGS,
        *(("--no-sandbox",) if as_root else ()),
        f"--proxy-server={proxy}",
        f"--user-data-dir={profile}",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"HOME": str(folder), "PATH": os.environ.get("PATH", ""), "TZ": "UTC"},
        user="nobody" if as_root else None,
        start_new_session=True,
    )
    try:
        port = await _port(profile / "DevToolsActivePort", process)
        async with aiohttp.ClientSession(trust_env=False) as session:
            base = f"http://127.0.0.1:{port}"
            async with session.get(f"{base}/json/version") as answer:
                version = await answer.json()
            async with session.get(f"{base}/json/list") as answer:
                page = next(one for one in await answer.json() if one["type"] == "page")
            socket = await session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
            tab = _Tab(socket)
            tab.version, tab.agent = str(version["Browser"]), str(version["User-Agent"])
            try:
                yield tab
            finally:
                await tab.close()
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _port(file: Path, process: asyncio.subprocess.Process) -> int:
    for _ in range(300):
        if file.is_file() and (lines := file.read_text().split()):
            return int(lines[0])
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    raise OutageError(source="the browser", why="it did not start")


async def _taken(tab: _Tab, url: str, view: View, seconds: float) -> Page:
    for domain in ("Page", "Network"):
        await tab.send(f"{domain}.enable")
    size = {"width": view.width, "height": view.height}
    await tab.send("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)
    await tab.send("Emulation.setTimezoneOverride", timezoneId=view.zone)
    await tab.send("Emulation.setLocaleOverride", locale=view.language)
    await tab.send(
        "Emulation.setUserAgentOverride", userAgent=tab.agent, acceptLanguage=view.language
    )
    opened = await tab.send("Page.navigate", url=url)
    if error := str(opened.get("errorText", "")):
        if "CERT" in error:
            raise AccessError(source="the page's server", why="its certificate is not valid")
        raise OutageError(source="the page", why=f"it could not be opened ({error[:60]})")
    complete = await tab.settle(seconds)
    if (await tab.send("Page.getFrameTree"))["frameTree"]["frame"].get("unreachableUrl"):
        raise OutageError(source="the page", why="its server cannot be reached")
    history = await tab.send("Page.getNavigationHistory")
    entry = history["entries"][history["currentIndex"]]
    png = await _picture(tab, view)
    pdf = await tab.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
    loaded = [await _loaded(tab, request) for request in tab.finished if request in tab.answered]
    main = next((one for one in loaded if one.url == entry["url"].partition("#")[0]), None)
    return Page(
        url=entry["url"],
        title=str(entry.get("title", "")),
        status=main.status if main else 0,
        png=png,
        pdf=base64.b64decode(pdf["data"]),
        loaded=tuple(loaded),
        certificates=await _certificates(tab, entry["url"]),
        browser=tab.version,
        complete=complete,
    )


async def _picture(tab: _Tab, view: View) -> bytes:
    """The whole page, as wide as the view and as high as it is, up to MAX_HEIGHT."""
    metrics = await tab.send("Page.getLayoutMetrics")
    height = min(max(int(metrics["cssContentSize"]["height"]), view.height), MAX_HEIGHT)
    clip = {"x": 0, "y": 0, "width": view.width, "height": height, "scale": 1}
    taken = await tab.send(
        "Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip
    )
    return base64.b64decode(taken["data"])


async def _loaded(tab: _Tab, request: str) -> Loaded:
    asked, answered = tab.asked.get(request, {}), tab.answered[request]
    body: bytes | None = None
    # A body that the browser let go of, or that is too large, is left out and said to be.
    with contextlib.suppress(ValueError):
        said = await tab.send("Network.getResponseBody", requestId=request)
        raw = said["body"]
        body = base64.b64decode(raw) if said["base64Encoded"] else raw.encode()
        body = body if len(body) <= MAX_BODY else None
    return Loaded(
        url=str(answered["url"]),
        method=str(asked.get("method", "GET")),
        status=int(answered["status"]),
        reason=str(answered.get("statusText", "")),
        protocol=str(answered.get("protocol", "")),
        mime=str(answered.get("mimeType", "")),
        request_headers=answered.get("requestHeaders") or asked.get("headers", {}),
        response_headers=answered.get("headers", {}),
        security=answered.get("securityDetails") or {},
        body=body,
    )


async def _certificates(tab: _Tab, url: str) -> tuple[bytes, ...]:
    if not url.startswith("https://"):
        return ()
    origin = "/".join(url.split("/")[:3])
    with contextlib.suppress(ValueError):
        said = await tab.send("Network.getCertificate", origin=origin)
        return tuple(base64.b64decode(one) for one in said["tableNames"])
    return ()
