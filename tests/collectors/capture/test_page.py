"""A page as a person sees it: captured in a real browser from a server on loopback."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image
from pypdf import PdfReader
from warcio.archiveiterator import ArchiveIterator

from collectors.capture.browser import Loaded, Page, View, find_browser
from collectors.capture.page import Capture
from collectors.capture.wacz import wacz
from collectors.collector import Context
from evidence.errors import ConfigError, OutageError
from evidence.items import Item, Provenance, Role
from evidence.orders import OrderRef, Platform
from tests.collectors.http_bench import NOW, MemorySpool, no_text, server

NUMBER = "1Z84A7V90344127810"
ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
HTML = """<!doctype html><html><head><meta charset="utf-8"><title>Track {number}</title></head>
<body style="margin:0;background:#fff"><h1>Delivered</h1><p id="told">waiting</p>
<img src="/door.png" width="60" height="40"><div style="height:1800px"></div><p>The end</p>
<script>
fetch("/api/history").then(r => r.json()).then(h => {{
  document.getElementById("told").textContent =
    h.status + " " + Intl.DateTimeFormat().resolvedOptions().timeZone + " " + navigator.language;
}});
fetch("http://127.0.0.1:{elsewhere}/secret").catch(() => 0);
</script></body></html>"""


def context(settings: dict[str, Any], *numbers: str) -> Context:
    return Context(
        source="capture",
        version=1,
        facts={"shipment.tracking_number": numbers},
        settings=settings,
        now=lambda: NOW,
        spool=MemorySpool(),
        text_of=no_text,
    )


@asynccontextmanager
async def portal() -> AsyncIterator[tuple[str, list[str]]]:
    """A carrier's page, and what its neighbour on this machine was asked for."""
    stolen: list[str] = []

    async def secret(request: web.Request) -> web.Response:
        stolen.append(request.path)
        return web.Response(text="secret", headers={"Access-Control-Allow-Origin": "*"})

    async def page(request: web.Request) -> web.Response:
        port = neighbour.rpartition(":")[2]
        text = HTML.format(number=request.match_info["number"], elsewhere=port)
        return web.Response(text=text, content_type="text/html")

    async def door(_: web.Request) -> web.Response:
        out = io.BytesIO()
        Image.new("RGB", (60, 40), (200, 0, 0)).save(out, "PNG")
        return web.Response(body=out.getvalue(), content_type="image/png")

    async def history(_: web.Request) -> web.Response:
        return web.json_response({"status": "delivered"})

    async with server(web.get("/secret", secret)) as neighbour:
        routes = (
            web.get("/track/{number}", page),
            web.get("/door.png", door),
            web.get("/api/history", history),
        )
        async with server(*routes) as url:
            yield url, stolen


async def captured(url: str, **settings: Any) -> list[Item]:
    told = {"pages": {"ups": f"{url}/track/{{number}}"}, "usual_pages": False} | settings
    return [item async for item in Capture().collect(ORDER, context(told, NUMBER))]


@pytest.fixture
def browser() -> str:
    found = find_browser()
    if found is None:
        pytest.skip("NO BROWSER, CAPTURES ARE UNTESTED: apt install chromium-headless-shell")
    return found


@pytest.mark.browser
async def test_a_page_comes_as_picture_pdf_and_all_that_it_loaded(browser: str) -> None:
    async with portal() as (url, stolen):
        png, pdf, packed = await captured(url, zone="Asia/Shanghai", language="de-DE")
    for item in (png, pdf, packed):
        assert (item.role, item.provenance) == (Role.CAPTURE_PAGE, Provenance.CAPTURE)
        assert item.about == {"shipment.tracking_number": NUMBER}
        assert item.hints["capture.url"] == f"{url}/track/{NUMBER}"
        assert item.hints["capture.status"] == "200"
        assert item.hints["capture.complete"] == "yes"
        assert "Chrome/" in item.hints["capture.browser"]
    picture = Image.open(io.BytesIO(png.content.read(1 << 24)))
    assert picture.width == 1280 and picture.height > 1800
    pages = PdfReader(io.BytesIO(pdf.content.read(1 << 24))).pages
    text = "".join(page.extract_text() for page in pages)
    assert "Delivered" in text and "The end" in text
    assert "delivered Asia/Shanghai de-DE" in text, "zone and language are those asked for"
    assert stolen == [], "a page reaches nobody on this machine"
    bodies = dict(records(packed.content.read(1 << 26)))
    assert json.loads(bodies[f"{url}/api/history"]) == {"status": "delivered"}
    assert bodies[f"{url}/door.png"].startswith(b"\x89PNG")
    assert bodies[f"urn:fullPage:{url}/track/{NUMBER}"] == png.content.read(1 << 24)


@pytest.mark.browser
async def test_a_page_that_cannot_be_opened_is_an_outage(browser: str) -> None:
    async with portal() as (url, _):
        pass
    with pytest.raises(OutageError):
        await captured(url, seconds=5)


async def test_without_a_browser_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "chromium-headless-shell" in Capture().lacking({})
    with pytest.raises(ConfigError, match="chromium-headless-shell"):
        await captured("http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"pages": {"ups": "https://x.example/"}}, "number"),
        ({"pages": {"ups": "file:///etc/passwd?{number}"}}, "pages.ups"),
        ({"pages": []}, "pages"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"width": 10}, "width"),
        ({"seconds": "long"}, "seconds"),
    ],
)
def test_a_setting_that_is_wrong_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Capture().configured(settings)


def test_a_number_is_shown_by_its_own_carrier_or_by_all_it_may_be() -> None:
    from collectors.capture.page import _parcels, _settings

    def pages(number: str) -> set[str]:
        return {carrier for carrier, _ in _parcels(context({}, number), _settings({}))}

    assert pages(NUMBER) == {"ups"}
    assert {"fedex", "ups"} <= pages("123456789012")


# The file around what was loaded


def a_page() -> Page:
    loaded = Loaded(
        url="https://carrier.example/t?n=1",
        method="GET",
        status=200,
        reason="成功",
        protocol="h2",
        mime="text/html",
        request_headers={"Accept": "*/*", ":authority": "carrier.example"},
        response_headers={"content-encoding": "br", "set-cookie": "a=1\nb=2", "x-a": "签收"},
        security={"protocol": "TLS 1.3"},
        body="<p>ü</p>".encode(),
    )
    large = Loaded(**{name: getattr(loaded, name) for name in Loaded.__slots__} | {"body": None})
    return Page(
        url=loaded.url,
        title="Track",
        status=200,
        png=b"png",
        pdf=b"pdf",
        loaded=(loaded, large),
        certificates=(b"der",),
        browser="HeadlessChrome/1",
        complete=True,
    )


def packed_page() -> bytes:
    at = datetime(2026, 7, 25, 10, 0, tzinfo=UTC)
    return wacz(a_page(), at=at, addresses={"carrier.example": "192.0.2.1"}, software="test/1")


def records(packed: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        stream = io.BytesIO(files.read("archive/data.warc.gz"))
    return [
        (record.rec_headers.get_header("WARC-Target-URI") or "", record.content_stream().read())
        for record in ArchiveIterator(stream)
        if record.rec_type in ("response", "resource")
    ]


def test_the_same_capture_gives_the_same_bytes_and_every_file_is_listed() -> None:
    assert packed_page() == packed_page()
    with zipfile.ZipFile(io.BytesIO(packed_page())) as files:
        package = json.loads(files.read("datapackage.json"))
        digest = json.loads(files.read("datapackage-digest.json"))
        listed = {one["path"]: one for one in package["resources"]}
        for name in files.namelist():
            data = files.read(name)
            said = f"sha256:{hashlib.sha256(data).hexdigest()}"
            if name in listed:
                assert (listed[name]["hash"], listed[name]["bytes"]) == (said, len(data))
            elif name == "datapackage.json":
                assert digest["hash"] == said
        assert set(files.namelist()) - set(listed) == {
            "datapackage.json",
            "datapackage-digest.json",
        }


def test_the_index_leads_to_each_record() -> None:
    with zipfile.ZipFile(io.BytesIO(packed_page())) as files:
        archive = files.read("archive/data.warc.gz")
        (line,) = files.read("indexes/index.cdx").decode().splitlines()
    told = json.loads(line.partition("{")[1] + line.partition("{")[2])
    at, size = int(told["offset"]), int(told["length"])
    first = next(iter(ArchiveIterator(io.BytesIO(archive[at : at + size]))))
    assert first.rec_headers.get_header("WARC-Target-URI") == told["url"]
    assert first.rec_headers.get_header("WARC-IP-Address") == "192.0.2.1"
    assert first.http_headers.get_header("X-Archive-Orig-content-encoding") == "br"
    assert (first.http_headers.statusline, first.http_headers["x-a"]) == ("200 成功", "签收")
    assert first.content_stream().read() == "<p>ü</p>".encode()
    assert line.startswith("example,carrier)/t?n=1 20260725100000 ")


def test_warcio_finds_every_digest_right(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packed_page())) as files:
        (tmp_path / "data.warc.gz").write_bytes(files.read("archive/data.warc.gz"))
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", str(tmp_path / "data.warc.gz")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "digest pass" in done.stdout


def test_the_view_is_plain_by_default() -> None:
    assert View() == View(width=1280, height=900, zone="UTC", language="en-US")
