"""The console in a real browser: how much an order of 300 items sends, and how soon it can be used.

sent          bytes of page, style and scripts over the wire, without pictures (goal: under 150 kB)
interactive   from asking for the page until it is drawn, its scripts have run and no task of more
              than 50 ms is left for five seconds: "time to interactive", as Lighthouse defines it
              (goal: under 1 s here). The script is cold: each round has an empty cache.

Needs Chromium. With ORDERPROOF_LIGHTHOUSE naming Google's program (npm install lighthouse), that is
asked as well, with a desktop's settings.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp.test_utils import TestServer

from evidence.orders import OrderRef, Platform
from service.access.callers import Role
from service.access.tokens import new_token
from service.api.opened import open_runtime
from service.console.places import order_page
from service.http.app import make_app
from service.runtime import Runtime
from service.settings import Settings, SourceSettings
from tests.auditor.page.browser import NAMES, Tab, find_browser, open_tab

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845", "US")
ITEMS = 300
ROUNDS = 5
MOST_BYTES, MOST_S = 150_000, 1.0
# Seconds without a long task after which a page is at rest.
QUIET_S = 5.0
_MEASURE = f"""new Promise((done) => {{
  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries()))
    .observe({{ type: "longtask", buffered: true }});
  setTimeout(() => {{
    const [page] = performance.getEntriesByType("navigation");
    const drawn = performance.getEntriesByName("first-contentful-paint")[0];
    const others = performance.getEntriesByType("resource")
      .filter(({{ initiatorType, name }}) => initiatorType !== "img" && !name.endsWith(".svg"));
    done({{
      sent: [page, ...others].reduce((sum, each) => sum + each.transferSize, 0),
      answered: page.responseEnd / 1000,
      drawn: drawn.startTime / 1000,
      interactive: Math.max(drawn.startTime, page.domContentLoadedEventEnd,
        ...long.map((each) => each.startTime + each.duration)) / 1000,
      elements: document.querySelectorAll("*").length,
    }});
  }}, {QUIET_S * 1000});
}})"""


@dataclass(frozen=True, slots=True)
class Service:
    url: str
    token: str


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[Service]:
    """An order with a mail for each item, collected and sealed, and the console before it."""
    mails = folder / "mail"
    mails.mkdir(parents=True)
    for number in range(ITEMS):
        (mails / f"{number}.eml").write_bytes(_mail(number))
    settings = Settings(
        data=folder / "data",
        keys=folder / "keys",
        access="tokens",
        sources=(SourceSettings(name="mailbox", collector="mailbox", folder=mails),),
    )
    async with await Runtime.open(settings) as runtime:
        kept, secret = new_token(
            tenant=settings.tenant, name="bench", role=Role.APPEAL_TOOL, made_by="bench",
            now=runtime.clock(),
        )  # fmt: skip
        await runtime.ledger.add_access_token(kept)
        defect = {"kind": "a-to-z", "noticed_at": "2026-11-06T17:20:00Z"}
        made, _ = await runtime.request_collection(ORDER, tenant=settings.tenant, defect=defect)
        if await runtime.walk(settings.tenant, made.id) != "sealed":
            raise SystemExit("the order was not sealed")
    server = TestServer(make_app(settings, opening=partial(open_runtime, worker=False)))
    await server.start_server()
    try:
        yield Service(str(server.make_url("")).rstrip("/"), secret)
    finally:
        await server.close()


def _mail(number: int) -> bytes:
    mail = EmailMessage()
    mail["From"] = f'"Jane Doe - Amazon Marketplace" <buyer{number}@marketplace.amazon.com>'
    mail["To"] = "service@brightleaf.example"
    mail["Subject"] = f"Order information from Amazon seller BrightLeaf-US (Order: {ORDER.id})"
    mail["Date"] = f"Thu, 05 Nov 2026 {number // 60 % 24:02}:{number % 60:02}:09 -0800"
    mail["Message-ID"] = f"<{number}@buyer.example>"
    mail.set_content(f"Order ID {ORDER.id}\n\nWhere is my lamp? I ask for time number {number}.\n")
    return mail.as_bytes()


async def _sign_in(tab: Tab, at: Service) -> None:
    await tab.open(f"{at.url}/console/sign-in?words=en")
    await tab.run("document.getElementById('token').focus()")
    await tab.send("Input.insertText", text=at.token)
    await tab.press("Enter", 13)
    await tab.until("!location.pathname.endsWith('/sign-in') && document.readyState === 'complete'")


async def measured(tab: Tab, url: str) -> dict[str, float]:
    """The median of some rounds, each with an empty cache."""
    found: list[dict[str, float]] = []
    await tab.send("Network.setCacheDisabled", cacheDisabled=True)
    for _ in range(ROUNDS):
        await tab.open(url)
        found.append(await tab.run(_MEASURE))
    return {name: statistics.median(each[name] for each in found) for name in found[0]}


async def lighthouse(program: str, at: Service, path: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        program, at.url + path,
        "--quiet", "--output=json", "--output-path=stdout", "--preset=desktop",
        "--only-categories=performance,accessibility,best-practices",
        "--chrome-flags=--headless --no-sandbox --disable-dev-shm-usage",
        f"--extra-headers={json.dumps({'Authorization': f'Bearer {at.token}'})}",
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "CHROME_PATH": find_browser()},
    )  # fmt: skip
    out, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{program} ended with {process.returncode}")
    said = json.loads(out)
    return {name: each["score"] for name, each in said["categories"].items()} | {
        name: said["audits"][name]["numericValue"]
        for name in ("interactive", "largest-contentful-paint", "total-blocking-time")
    }


async def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if not (os.environ.get("ORDERPROOF_BROWSER") or any(map(shutil.which, NAMES))):
        print("no browser is here: nothing was measured")
        return 0
    missed = []
    with tempfile.TemporaryDirectory() as name:
        async with service(Path(name) / "service") as at, open_tab(Path(name) / "browser") as tab:
            await _sign_in(tab, at)
            page = order_page(ORDER)
            await tab.open(at.url + page)
            first = await tab.run("document.querySelector('#items a').getAttribute('href')")
            for what, path in (("order", page), ("item", first), ("worklist", "/console/orders")):
                found = await measured(tab, at.url + path)
                print(
                    f"{what:<9} sent {found['sent'] / 1000:6.1f} kB  answered "
                    f"{found['answered']:.2f} s  drawn {found['drawn']:.2f} s  interactive "
                    f"{found['interactive']:.2f} s  elements {found['elements']:.0f}"
                )
                if found["sent"] > MOST_BYTES or found["interactive"] > MOST_S:
                    missed.append(what)
            if program := os.environ.get("ORDERPROOF_LIGHTHOUSE", ""):
                print(f"lighthouse {await lighthouse(program, at, page)}")
    if missed:
        print(f"goal missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
