"""The pictures of the console in the READMEs: real pages on the demo's data, as SVG.

    python -m tests.console.pictures docs

Chromium prints each page as a screen shows it onto one sheet of the window's size, and pdftocairo
(Debian: poppler-utils) makes an SVG of that. Letters are outlines in it, so it needs no font and
looks the same everywhere. The times in it are those of the day on which it was made.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from service.access.callers import Role
from tests.auditor.page.browser import Tab, open_tab
from tests.console.stage import ORDER_PAGE, Stage, stage

_POINTS = 96  # a sheet's inches, in pixels
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page in a window of this size, in pixels, and in one of the languages."""

    name: str
    path: str
    words: str
    width: int
    height: int


PICTURES = (
    Picture("console-order.svg", ORDER_PAGE, "en", 1280, 1000),
    Picture("console-phone.svg", ORDER_PAGE, "zh", 400, 860),
)


async def draw(to: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with stage(folder / "stage") as here, open_tab(folder / "browser") as tab:
            await _sign_in(tab, here)
            for picture in PICTURES:
                sheet = folder / "sheet.pdf"
                sheet.write_bytes(await _printed(tab, here, picture))
                (to / picture.name).write_text(shrunk(_drawn(sheet)), "utf-8")


async def _sign_in(tab: Tab, here: Stage) -> None:
    await tab.open(f"{here.url}/console/sign-in?words=en")
    await tab.send("Emulation.setTimezoneOverride", timezoneId="Asia/Shanghai")
    await tab.run("document.getElementById('token').focus()")
    await tab.send("Input.insertText", text=here.tokens[Role.APPEAL_TOOL])
    await tab.press("Enter", 13)
    await tab.until("!location.pathname.endsWith('/sign-in') && document.readyState === 'complete'")


async def _printed(tab: Tab, here: Stage, picture: Picture) -> bytes:
    """The page as a PDF of one sheet: what does not fit on it is cut off, as by a window."""
    await tab.send(
        "Emulation.setDeviceMetricsOverride",
        width=picture.width, height=picture.height, deviceScaleFactor=1, mobile=picture.width < 600,
    )  # fmt: skip
    await tab.send("Emulation.setEmulatedMedia", media="screen")
    await tab.open(f"{here.url}{picture.path}&words={picture.words}")
    done = await tab.send(
        "Page.printToPDF",
        printBackground=True, pageRanges="1", preferCSSPageSize=False,
        paperWidth=picture.width / _POINTS, paperHeight=picture.height / _POINTS,
        marginTop=0, marginBottom=0, marginLeft=0, marginRight=0,
    )  # fmt: skip
    return base64.b64decode(done["data"])


def _drawn(sheet: Path) -> str:
    tool = shutil.which("pdftocairo")
    if tool is None:
        raise SystemExit("pdftocairo is not here: apt install poppler-utils")
    out = sheet.with_suffix(".svg")
    subprocess.run([tool, "-svg", "-f", "1", "-l", "1", str(sheet), str(out)], check=True)
    return out.read_text("utf-8")


def shrunk(svg: str) -> str:
    """The same drawing with short names and no more digits than a screen shows."""
    svg = svg[svg.index("<svg") :]  # UTF-8 needs no prologue
    names = _names()
    short: dict[str, str] = {}
    for found in re.findall(r'\bid="([^"]+)"', svg):
        short.setdefault(found, next(names))
    svg = re.sub(r'\bid="([^"]+)"', lambda m: f'id="{short[m[1]]}"', svg)
    svg = re.sub(r'xlink:href="#([^"]+)"', lambda m: f'href="#{short[m[1]]}"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{short[m[1]]})", svg)
    svg = svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    svg = re.sub(r"\bd=\"([^\"]+)\"", lambda m: f'd="{_relative(m[1])}"', svg)
    svg = re.sub(r"\d+\.\d+", lambda m: _number(float(m[0])), svg)
    svg = re.sub(r">\s+<", "><", svg)
    for usual in ("fill-opacity:1;", "stroke:none;", "fill-rule:nonzero;", "stroke-opacity:1;"):
        svg = svg.replace(usual, "")
    svg = svg.replace(' style=" ', ' style="').replace(' clip-rule="nonzero"', "")
    # Letters of one colour, one after the other, are one group.
    once = re.compile(r"(<g style=\"[^\"]*\">)((?:<use [^>]*/>)+)</g>\1(?=<use )")
    while (merged := once.sub(r"\1\2", svg)) != svg:
        svg = merged
    return svg


def _relative(path: str) -> str:
    """Steps from place to place take fewer digits than places; M, L, C and Z is all there is."""
    said, x, y = [], 0.0, 0.0
    begin = (x, y)
    for name, numbers in re.findall(r"([MLCZ])([^MLCZ]*)", path):
        if name == "Z":
            said.append("z")
            x, y = begin
            continue
        places = [float(each) for each in numbers.split()]
        steps = [round(each - (x, y)[n % 2], 2) for n, each in enumerate(places)]
        x, y = round(x + steps[-2], 2), round(y + steps[-1], 2)
        if name == "M":
            begin = (x, y)
        said.append(name.lower() + " ".join(map(_number, steps)).replace(" -", "-"))
    # A path ends where it began: what is drawn of it last is nothing.
    return re.sub(r"z(m[^a-z]*)$", "z", "".join(said))


def _number(value: float) -> str:
    said = f"{value:.2f}".rstrip("0").rstrip(".")
    return re.sub(r"^(-?)0\.", r"\1.", said) if said not in ("-0", "") else "0"


def _names() -> itertools.chain[str]:
    return itertools.chain.from_iterable(
        ("a" + "".join(digits) for digits in itertools.product(_DIGITS, repeat=length))
        for length in (1, 2, 3, 4)
    )


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
