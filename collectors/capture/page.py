"""A carrier's public tracking page as a person sees it: picture, PDF, and all that it loaded.

Source   the carriers' own public pages; a headless Chromium, WACZ 1.1.1.
Tried    on pages of a local server, in a real browser. Carriers' pages were never opened from here.
Times    the page's own are in its text; the capture's is our clock, `collected_at`.
Limits   45 seconds a page, 256 MB loaded, 16,000 pixels high. Many carriers keep robots out: what
         is captured then is the page that says so. A portal's own export is better evidence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from yarl import URL

from collectors.capture.browser import Page, View, captured, find_browser
from collectors.capture.proxy import GuardedProxy
from collectors.capture.wacz import wacz
from collectors.carriers.numbers import CARRIERS, Likeness, likeness, normalize
from collectors.collector import Context
from evidence.errors import ConfigError, EvidenceError
from evidence.facts import Fact
from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import OrderRef
from evidence.times import zone_of

# Where a carrier shows a parcel to anybody; {number} is the parcel's.
PAGES = {
    "ups": "https://www.ups.com/track?loc=en_US&tracknum={number}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}&submit=1",
    "royal_mail": "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    "canada_post": "https://www.canadapost-postescanada.ca/track-reperage/en#/details/{number}",
}
SOFTWARE = "orderproof capture/1"
MOST = 10


@dataclass(frozen=True, slots=True)
class _Settings:
    pages: Mapping[str, str]
    view: View
    browser: str | None
    seconds: float


class Capture:
    name = "capture"
    version = 1
    roles = frozenset({Role.CAPTURE_PAGE})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def configured(self, options: Mapping[str, Any]) -> Capture:
        """Check the settings when the service starts. ConfigError names the one that is wrong."""
        _settings(options)
        return self

    def lacking(self, options: Mapping[str, Any]) -> str:
        if _settings(options).browser is not None:
            return ""
        return "No browser is installed: apt install chromium-headless-shell, or set `browser`."

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each parcel's page as picture, PDF and WACZ.

        ConfigError where no browser is installed. A page that cannot be opened does not keep the
        others from being captured.
        """
        settings = _settings(context.settings)
        trouble: EvidenceError | None = None
        for carrier, number in _parcels(context, settings)[:MOST]:
            url = settings.pages[carrier].format(number=quote(number, safe=""))
            async with GuardedProxy(trusted=_configured_hosts(context.settings)) as proxy:
                try:
                    page = await captured(
                        settings.browser,
                        url,
                        view=settings.view,
                        proxy=proxy.url,
                        seconds=settings.seconds,
                    )
                except ConfigError:
                    raise
                except EvidenceError as problem:
                    trouble = problem
                    continue
                at = context.now()
                whole = wacz(page, at=at, addresses=proxy.addresses, software=SOFTWARE)
            for suffix, media_type, data in (
                ("png", "image/png", page.png),
                ("pdf", "application/pdf", page.pdf),
                ("wacz", "application/wacz", whole),
            ):
                yield context.item(
                    Role.CAPTURE_PAGE,
                    InMemory(data),
                    key=f"{carrier}/{number}.{suffix}",
                    media_type=media_type,
                    origin=carrier,
                    provenance=Provenance.CAPTURE,
                    name=f"{carrier}-{number}.{suffix}",
                    about={"shipment.tracking_number": number},
                    hints=_hints(page, url, settings.view),
                )
        if trouble is not None:
            raise trouble

    def read(self, item: Item) -> list[Fact]:
        """Nothing by itself: the readers read picture and PDF as they read any."""
        return []


def _parcels(context: Context, settings: _Settings) -> list[tuple[str, str]]:
    """Each parcel with every carrier whose number it can be, or with the one whose it surely is.

    A page under a name that no table of numbers knows is opened for every parcel.
    """
    found: list[tuple[str, str]] = []
    for number in context.known_all("shipment.tracking_number"):
        how = {name: likeness(number, name) for name in settings.pages if name in CARRIERS}
        sure = [name for name, like in how.items() if like is Likeness.CERTAIN]
        may = sure or [name for name, like in how.items() if like is Likeness.AMBIGUOUS]
        others = [name for name in settings.pages if name not in CARRIERS]
        found += [(name, normalize(number)) for name in (*may, *others)]
    return list(dict.fromkeys(found))


def _hints(page: Page, url: str, view: View) -> dict[str, str]:
    return {
        "capture.asked": url,
        "capture.url": page.url,
        "capture.status": str(page.status),
        "capture.view": f"{view.width}x{view.height} {view.zone} {view.language}",
        "capture.browser": page.browser,
        "capture.complete": "yes" if page.complete else "no",
    }


def _configured_hosts(settings: Mapping[str, Any]) -> set[str]:
    """Hosts that the operator wrote down, with their ports; the usual carriers' are public ones."""
    own = settings.get("pages", {})
    urls = [URL(str(template)) for template in own.values()] if isinstance(own, dict) else []
    return {f"{url.host}:{url.port}" for url in urls if url.host}


def _settings(options: Mapping[str, Any]) -> _Settings:
    own = options.get("pages", {})
    if not isinstance(own, Mapping) or not all(isinstance(url, str) for url in own.values()):
        raise _wrong("pages", "it is not a table of addresses by carrier")
    for carrier, url in own.items():
        if not url.startswith(("https://", "http://")) or "{number}" not in url:
            raise _wrong(f"pages.{carrier}", "it is no address with {number} in it")
    zone, language = str(options.get("zone", "UTC")), str(options.get("language", "en-US"))
    try:
        zone_of(zone)
    except EvidenceError as problem:
        raise _wrong("zone", str(problem)) from problem
    size = []
    for name, usual in (("width", 1280), ("height", 900)):
        value = options.get(name, usual)
        if type(value) is not int or not 200 <= value <= 4000:
            raise _wrong(name, "it is not from 200 to 4000 pixels")
        size.append(value)
    seconds = options.get("seconds", 45)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= 300:
        raise _wrong("seconds", "it is not from 1 to 300")
    named = options.get("browser")
    return _Settings(
        pages={**(PAGES if options.get("usual_pages", True) else {}), **own},
        view=View(width=size[0], height=size[1], zone=zone, language=language),
        browser=find_browser(str(named) if named else None),
        seconds=float(seconds),
    )


def _wrong(name: str, why: str) -> ConfigError:
    return ConfigError(what=f"the setting {name} of a capture", why=why)
