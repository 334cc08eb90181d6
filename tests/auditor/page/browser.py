"""A real browser without a window, spoken to over the DevTools protocol."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # CI is root in a container, where Chromium has no sandbox to offer
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--remote-debugging-port=0",
)


def find_browser() -> str:
    """The browser to drive: ORDERPROOF_BROWSER, or one of NAMES; skips where there is none."""
    named = os.environ.get("ORDERPROOF_BROWSER")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("NO BROWSER, verify.html IS UNTESTED: apt install chromium-headless-shell")
    return found


class Tab:
    """One page. `requests`, `said` and `errors` hold all that happened since it was opened."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self.requests: list[str] = []
        self.said: list[str] = []
        self.errors: list[str] = []

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(answer, 60)

    async def open(self, url: str) -> None:
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            await self.send(f"{domain}.enable")
        self._loaded.clear()
        await self.send("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), 60)

    async def run(self, expression: str) -> Any:
        """The value of an expression, awaited if it is a promise."""
        done = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in done:
            raise AssertionError(json.dumps(done["exceptionDetails"])[:2_000])
        return done["result"].get("value")

    async def until(self, expression: str, *, seconds: float = 60) -> None:
        """Wait until an expression is true."""
        for _ in range(int(seconds / 0.05)):
            if await self.run(expression):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"never true: {expression}")

    async def pick(self, selector: str, *paths: Path) -> None:
        """Put files into an input, as its dialogue would."""
        root = (await self.send("DOM.getDocument"))["root"]["nodeId"]
        node = (await self.send("DOM.querySelector", nodeId=root, selector=selector))["nodeId"]
        await self.send("DOM.setFileInputFiles", nodeId=node, files=[str(p) for p in paths])

    async def drop(self, *paths: Path) -> None:
        """Drop files onto the page, all at once."""
        files = [str(path) for path in paths]
        data = {"items": [], "files": files, "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            await self.send("Input.dispatchDragEvent", type=kind, x=200, y=200, data=data)

    async def press(self, key: str, code: int) -> None:
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            await self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                text=text if kind == "keyDown" else "",
            )

    async def close(self) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._socket.close()

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                answer = self._waiting.pop(said["id"])
                if answer.done():
                    continue
                if "error" in said:
                    answer.set_exception(AssertionError(said["error"]))
                else:
                    answer.set_result(said["result"])
            else:
                self._note(said["method"], said["params"])

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.consoleAPICalled":
                self.said.append(json.dumps(params["args"]))
            case "Page.javascriptDialogOpening":
                self.errors.append(f"dialogue: {params['message']}")
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(params["exceptionDetails"])[:2_000])
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.errors.append(params["entry"]["text"])


@contextlib.asynccontextmanager
async def open_tab(folder: Path) -> AsyncIterator[Tab]:
    """Start a browser with an empty profile in `folder`; it is gone again afterwards."""
    profile = folder / "profile"
    process = await asyncio.create_subprocess_exec(
        find_browser(),
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        port = await _port(profile / "DevToolsActivePort", process)
        base = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{base}/json/list") as answer:
                pages = [t for t in await answer.json() if t["type"] == "page"]
            socket = await session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0)
            tab = Tab(socket)
            try:
                yield tab
            finally:
                await tab.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            # What was started may be a script of the distribution that started the browser.
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _port(file: Path, process: asyncio.subprocess.Process) -> int:
    for _ in range(600):
        if file.is_file() and (lines := file.read_text().split()):
            return int(lines[0])
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    raise AssertionError("the browser did not start")
