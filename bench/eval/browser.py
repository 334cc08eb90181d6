"""Chromium without a window, driven over a pipe: pages in, pictures and PDF files out.

Only pages we wrote ourselves are opened, as files; nothing is fetched.
"""

from __future__ import annotations

import base64
import fcntl
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from PIL import Image

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",  # root in a container has no sandbox to offer
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
ABSENT = (
    "No Chromium was found, and the pages of the evaluation are drawn by it. On Debian: "
    "apt install chromium-headless-shell (or name a browser in ORDERPROOF_BROWSER)."
)

# Every element that carries data-f, with the box of each of its characters: edits need to know
# where a digit stands.
_MARKS = """
(async () => { await document.fonts.ready;
 const out = [];
 for (const el of document.querySelectorAll('[data-f]')) {
  const box = r => [r.left + scrollX, r.top + scrollY, r.right + scrollX, r.bottom + scrollY];
  const chars = [];
  const walk = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode())
   for (let i = 0; i < n.data.length; i++) { const r = document.createRange();
    r.setStart(n, i); r.setEnd(n, i + 1); chars.push([n.data[i], box(r.getBoundingClientRect())]); }
  const s = getComputedStyle(el);
  out.push({name: el.dataset.f, text: el.textContent, box: box(el.getBoundingClientRect()),
            chars, size: parseFloat(s.fontSize), color: s.color, weight: s.fontWeight});
 }
 return {marks: out, width: document.documentElement.scrollWidth,
         height: document.documentElement.scrollHeight}; })()
"""
# Each piece of text with its box, for pages of which every word is wanted.
_WORDS = """
(() => { const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
 for (let n = walk.nextNode(); n; n = walk.nextNode()) { if (!n.data.trim()) continue;
  const r = document.createRange(); r.selectNodeContents(n); const b = r.getBoundingClientRect();
  const s = getComputedStyle(n.parentElement);
  out.push({name: 'word', text: n.data.trim(), chars: [], size: parseFloat(s.fontSize),
   box: [b.left + scrollX, b.top + scrollY, b.right + scrollX, b.bottom + scrollY],
   color: s.color, weight: s.fontWeight}); }
 return out; })()
"""

Box = tuple[float, float, float, float]


class BrowserAbsentError(RuntimeError):
    """There is no Chromium to draw pages with."""


@dataclass(frozen=True)
class Mark:
    """A fact as it was drawn. Boxes are (left, top, right, bottom) in pixels of the picture."""

    name: str
    text: str
    box: Box
    chars: tuple[tuple[str, Box], ...]
    size: float
    color: tuple[int, int, int]
    bold: bool


@dataclass(frozen=True)
class Shot:
    """A page as a picture, and where its facts stand in it."""

    image: Image.Image
    marks: tuple[Mark, ...]

    def mark(self, name: str) -> Mark | None:
        return next((mark for mark in self.marks if mark.name == name), None)


def find_browser() -> str:
    """The browser to draw with: ORDERPROOF_BROWSER, or one of NAMES."""
    named = os.environ.get("ORDERPROOF_BROWSER")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise BrowserAbsentError(ABSENT)
    return found


class Browser:
    """One Chromium for many pages; a context manager."""

    def __init__(self) -> None:
        self._program = find_browser()
        self._number = 0
        self._buffer = b""
        self._events: set[str] = set()

    def __enter__(self) -> Self:
        # Helpers of a browser that was told to go may still write for a moment.
        self._folder = tempfile.TemporaryDirectory(
            prefix="eval-browser-", ignore_cleanup_errors=True
        )
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # Chromium reads from 3 and writes to 4; both ends are moved out of the way first.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in (theirs_in, theirs_out)]
        os.close(theirs_in)
        os.close(theirs_out)

        def place() -> None:
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        profile = Path(self._folder.name, "profile")
        self._process = subprocess.Popen(
            [self._program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=place,
            pass_fds=(3, 4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TZ": "UTC", "LANG": "C.UTF-8"},
        )
        for fd in high:
            os.close(fd)
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        self._send("Page.enable")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._out)
        os.close(self._in)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def shot(
        self, html: str, *, width: int, height: int, scale: float = 1.0, whole: bool = False,
        words: bool = False,
    ) -> Shot:  # fmt: skip
        """The page drawn `width` x `height` CSS pixels large; `whole`: as high as it is.

        words  every piece of text is a mark called "word" as well
        """
        self._size(width, height, scale)
        found = self._open(html)
        if whole:
            height = min(max(height, int(found["height"])), 6000)
            self._size(width, height, scale)
            found = self._evaluate()
        data = self._send("Page.captureScreenshot", format="png")["data"]
        image = Image.open(io.BytesIO(base64.b64decode(data)))
        image.load()
        marks = _marks(found["marks"], scale)
        if words:
            marks += _marks(self._evaluate(_WORDS), scale)
        return Shot(image.convert("RGB"), marks)

    def pdf(
        self, html: str, *, width_in: float, height_in: float,
        margins: tuple[str, str] | None = None,
    ) -> tuple[bytes, tuple[Mark, ...]]:  # fmt: skip
        """The page printed without margins (the page brings its own), and the boxes of its facts.

        margins  what a browser prints above and below a page, as HTML; then there are margins, and
                 no boxes
        Boxes are points from the top left, and hold on the first page.
        """
        margin = 0.42 if margins else 0
        head, foot = margins or ("", "")
        self._size(round(width_in * 96), round(height_in * 96), 1)
        self._send("Emulation.setEmulatedMedia", media="print")
        found = self._open(html)
        data = self._send(
            "Page.printToPDF",
            printBackground=True,
            paperWidth=width_in,
            paperHeight=height_in,
            marginTop=margin,
            marginBottom=margin,
            marginLeft=margin,
            marginRight=margin,
            displayHeaderFooter=bool(margins),
            headerTemplate=head,
            footerTemplate=foot,
            preferCSSPageSize=False,
        )["data"]
        self._send("Emulation.setEmulatedMedia", media="")
        return base64.b64decode(data), () if margins else _marks(found["marks"], 0.75)

    def keep(self, name: str, image: Image.Image) -> str:
        """A picture beside the page, and the name by which the page can show it."""
        image.save(Path(self._folder.name, name))
        return name

    def _open(self, html: str) -> Any:
        page = Path(self._folder.name, "page.html")
        page.write_text(html, encoding="utf-8")
        self._events.clear()
        self._send("Page.navigate", url=page.as_uri())
        while "Page.loadEventFired" not in self._events:
            self._next()
        return self._evaluate()

    def _evaluate(self, script: str = _MARKS) -> Any:
        answer = self._send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        return answer["result"]["value"]

    def _size(self, width: int, height: int, scale: float) -> None:
        self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )

    def _send(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"Chromium refused {method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._in, 1 << 20)
            if not more:
                raise RuntimeError("Chromium went away.")
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(line)
        self._events.add(answer.get("method", ""))
        return answer


def _marks(found: list[dict[str, Any]], scale: float) -> tuple[Mark, ...]:
    def scaled(box: list[float]) -> Box:
        left, top, right, bottom = (round(edge * scale, 2) for edge in box)
        return left, top, right, bottom

    def rgb(text: str) -> tuple[int, int, int]:
        red, green, blue = (int(part) for part in re.findall(r"\d+", text)[:3])
        return red, green, blue

    return tuple(
        Mark(
            name=one["name"],
            text=one["text"],
            box=scaled(one["box"]),
            chars=tuple((char, scaled(box)) for char, box in one["chars"]),
            size=one["size"] * scale,
            color=rgb(one["color"]),
            bold=int(one["weight"]) >= 600,
        )
        for one in found
    )
