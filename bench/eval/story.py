"""What truly happened to one parcel: the story that pages tell, or are made to tell wrongly."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bench.eval import numbers
from bench.eval.carriers import Carrier, carriers

# Cities with one zone each; people and streets are invented.
_CITIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "US": (
        ("AUSTIN, TX 78745", "Austin, TX", "America/Chicago"),
        ("BROOKLYN, NY 11215", "Brooklyn, NY", "America/New_York"),
        ("PORTLAND, OR 97214", "Portland, OR", "America/Los_Angeles"),
        ("DENVER, CO 80211", "Denver, CO", "America/Denver"),
        ("ATLANTA, GA 30316", "Atlanta, GA", "America/New_York"),
    ),
    "GB": (
        ("LEEDS LS6 2AB", "Leeds", "Europe/London"),
        ("BRISTOL BS3 1TF", "Bristol", "Europe/London"),
        ("CARDIFF CF24 3AA", "Cardiff", "Europe/London"),
    ),
    "DE": (
        ("50667 Köln", "Köln", "Europe/Berlin"),
        ("04109 Leipzig", "Leipzig", "Europe/Berlin"),
        ("80331 München", "München", "Europe/Berlin"),
    ),
    "AT": (("1070 Wien", "Wien", "Europe/Vienna"),),
    "NL": (("3511 LN Utrecht", "Utrecht", "Europe/Amsterdam"),),
    "PL": (
        ("31-042 Kraków", "Kraków", "Europe/Warsaw"), ("80-831 Gdańsk", "Gdańsk", "Europe/Warsaw"),
    ),
    "SE": (
        ("411 18 Göteborg", "Göteborg", "Europe/Stockholm"),
        ("211 22 Malmö", "Malmö", "Europe/Stockholm"),
    ),
    "FR": (("69003 Lyon", "Lyon", "Europe/Paris"), ("33000 Bordeaux", "Bordeaux", "Europe/Paris")),
    "ES": (("46001 Valencia", "Valencia", "Europe/Madrid"),
           ("28012 Madrid", "Madrid", "Europe/Madrid")),
    "IT": (("40121 Bologna", "Bologna", "Europe/Rome"), ("20121 Milano", "Milano", "Europe/Rome")),
    "CA": (
        ("TORONTO ON M5V 2T6", "Toronto, ON", "America/Toronto"),
        ("CALGARY AB T2P 1J9", "Calgary, AB", "America/Edmonton"),
    ),
    "JP": (("大阪市北区梅田 530-0001", "大阪", "Asia/Tokyo"),
           ("横浜市西区 220-0011", "横浜", "Asia/Tokyo")),
    "AU": (("BRUNSWICK VIC 3056", "Brunswick VIC", "Australia/Melbourne"),),
    "CN": (("广东省深圳市南山区", "深圳", "Asia/Shanghai"),
           ("浙江省杭州市余杭区", "杭州", "Asia/Shanghai")),
}  # fmt: skip
_ORIGINS = (
    ("Shenzhen, CN", "深圳", "Asia/Shanghai"), ("Yiwu, CN", "义乌", "Asia/Shanghai"),
    ("Guangzhou, CN", "广州", "Asia/Shanghai"),
)  # fmt: skip
_NAMES = {
    "CN": ("陈立新", "王晓梅", "赵一鸣"),
    "JP": ("山本 健", "小林 結衣", "森 直樹"),
    "DE": ("Jutta Brandhof", "Lars Wiesner", "M. Eckerle"),
    "FR": ("Odile Marchetin", "B. Lavergne", "Yann Corbeil"),
    "ES": ("Nuria Valdivar", "T. Quesalta", "Iker Montoro"),
    "PL": ("Halina Mrozek", "T. Kubacki", "Bartosz Zielny"),
    "SE": ("Ulrika Sandhag", "P. Törnblad", "Emil Rosvik"),
    "NL": ("Femke Oosterhof", "J. van Dalen", "Ruben Kapelle"),
    "IT": ("Paola Ventrelli", "G. Morandini", "Luca Serafino"),
}
_LATIN = (
    "Dana Whitlock",
    "R. OKAFOR",
    "Maya Lindqvist",
    "T. Brannigan",
    "Priya Venkat",
    "J. HOLLIS",
)
_GOODS = (
    "Folding camp stool, green", "USB-C hub 7-in-1", "Silicone baking mat 2 pcs", "LED desk lamp",
    "Yoga block set", "Stainless bottle 750 ml", "Phone tripod 1.2 m", "Cotton tote, natural",
)  # fmt: skip
_LANGUAGE = {
    "US": "en", "GB": "en", "CA": "en", "AU": "en", "DE": "de", "AT": "de", "FR": "fr", "ES": "es",
    "IT": "it", "JP": "ja", "CN": "zh", "NL": "nl", "PL": "pl", "SE": "sv",
}  # fmt: skip
# The single market's marketplaces; whoever lives elsewhere in it buys on a neighbour's.
_SITES = ("DE", "FR", "ES", "IT", "NL", "PL", "SE")
MARKET = frozenset({*_SITES, "AT"})
_HOME_LANGUAGE = {
    "china_post": "zh", "ems": "zh", "yunexpress": "zh", "4px": "zh", "yanwen": "zh", "sf": "zh",
    "cainiao": "zh",
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One scan. `at` is aware, in the zone of its place."""

    kind: str
    at: datetime
    place: str


@dataclass(frozen=True)
class Story:
    """A parcel. Times are aware, in the zone of their place.

    land      where it was delivered; `site` is the marketplace it was sold on: another country's
              where the sale went across a border of the single market
    language  of the pages that tell it
    captured  when the seller took the picture or wrote the file, in the seller's zone
    asked     when `inspect` is asked (--at), UTC
    """

    carrier: Carrier
    number: str
    platform: str
    order: str
    site: str
    land: str
    language: str
    buyer: str
    address: str
    city: str
    events: tuple[Event, ...]
    captured: datetime
    asked: datetime
    service: str
    weight: str
    goods: str
    signed: str
    delivered: bool = True

    def event(self, kind: str) -> Event:
        return next(event for event in self.events if event.kind == kind)

    @property
    def abroad(self) -> bool:
        """Sold across a border."""
        return self.site != self.land

    @property
    def shown(self) -> tuple[Event, ...]:
        """The scans that a page can list, newest first."""
        events = self.events if self.delivered else self.events[:-2]
        return tuple(reversed(events))


def told(dice: random.Random, *, holdout: bool) -> Story:
    """A story that holds together in every respect."""
    carrier = dice.choice(carriers(holdout=holdout))
    land = dice.choice(carrier.lands)
    address, city, zone = dice.choice(_CITIES[land])
    language = _LANGUAGE[land]
    if dice.random() < 0.55 and carrier.code in _HOME_LANGUAGE:
        language = _HOME_LANGUAGE[carrier.code]
    elif carrier.code == "ems" and land == "JP":
        language = "ja"
    elif dice.random() < 0.15:
        language = "en"
    local = carrier.lands == (land,)
    delivered = _whole_minute(
        datetime(2025, 1, 6, tzinfo=UTC) + timedelta(days=dice.randint(0, 640)),
        ZoneInfo(zone),
        dice,
    )
    events = _journey(delivered, city, zone, language, dice, local=local)
    seller = ZoneInfo("Asia/Shanghai" if dice.random() < 0.6 else zone)
    captured = (delivered + timedelta(days=dice.uniform(0.8, 24))).astimezone(seller)
    captured = captured.replace(microsecond=0)
    # Never near the seventh day: a capture without a zone would be undecided there.
    age = dice.uniform(0.2, 5.4) if dice.random() < 0.6 else dice.uniform(9.2, 60)
    return Story(
        carrier=carrier,
        number=numbers.made(dice.choice(carrier.rules), dice),
        platform=(platform := dice.choice(("amazon", "amazon", "tiktok", "ebay", "shopify"))),
        order=numbers.order_number(platform, dice),
        site=_site(land, dice),
        land=land,
        language=language,
        buyer=dice.choice(_NAMES.get(land, _LATIN)),
        address=address,
        city=city,
        events=events,
        captured=captured,
        asked=(captured + timedelta(days=age)).astimezone(UTC).replace(microsecond=0),
        service=dice.choice(carrier.services),
        weight=f"{dice.uniform(0.2, 4.5):.2f} kg"
        if land != "US"
        else f"{dice.uniform(0.4, 9):.1f} lb",
        goods=dice.choice(_GOODS),
        signed=dice.choice(_NAMES.get(land, _LATIN)).upper(),
        delivered=dice.random() > 0.08,
    )


def _site(land: str, dice: random.Random) -> str:
    """Mostly the land's own; an honest sale may cross a border within the single market."""
    if land not in MARKET or (land in _SITES and dice.random() > 0.12):
        return land
    return dice.choice([site for site in _SITES[:4] if site != land])


def neighbour(story: Story, dice: random.Random, *, holdout: bool, site: bool) -> Story:
    """Another parcel, mistaken for `story`'s: another order's, or gone to another country."""
    while True:
        other = told(dice, holdout=holdout)
        if site and other.land in (story.land, "CN"):
            continue
        asked = story.asked
        shift = asked - other.asked
        other = shifted(other, timedelta(days=round(shift / timedelta(days=1))))
        if site:
            # The order is the one that was asked for; the parcel went to another country.
            other = replace(other, order=story.order, platform=story.platform, site=story.site)
        return replace(other, asked=asked, delivered=True)


def shifted(story: Story, by: timedelta) -> Story:
    """The whole story so much later; wall clocks stay where they were in the day."""
    events = tuple(replace(event, at=event.at + by) for event in story.events)
    return replace(story, events=events, captured=story.captured + by, asked=story.asked + by)


def redated(story: Story, dice: random.Random) -> Story:
    """The story as a forger wants it: delivered some days earlier or later, at another minute.

    It stays between the hand-over to the carrier and the capture, so that only the change itself
    can give it away.
    """
    for _ in range(200):
        days = dice.choice((-4, -3, -2, -1, 1, 2, 3))
        forged = _delivered_at(story, timedelta(days=days, minutes=dice.randint(-50, 50)))
        if forged is not None:
            return forged
    return _delivered_at(story, timedelta(minutes=-dice.randint(20, 55))) or story


def variants(story: Story) -> list[Story]:
    """Deliveries near the true one: by days, hours, minutes; each between hand-over and capture."""
    moves = [timedelta(days=days) for days in (-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8)]
    moves += [timedelta(minutes=minutes) for minutes in range(-59, 60) if minutes]
    moves += [timedelta(hours=hours) for hours in range(-5, 6) if hours]
    found = (_delivered_at(story, move) for move in moves)
    return [one for one in found if one is not None]


def retold(story: Story, dice: random.Random) -> Story:
    """All scans moved by the same days: a page that was made up holds together."""
    for days in dice.sample((-5, -4, -3, -2, -1, 1, 2, 3), k=8):
        by = timedelta(days=days)
        events = tuple(replace(event, at=event.at + by) for event in story.events)
        if events[-1].at < story.captured - timedelta(hours=16):
            return replace(story, events=events)
    return story


def _delivered_at(story: Story, move: timedelta) -> Story | None:
    """The story with its delivery moved; None if before the hand-over or after the capture."""
    delivered = story.event("delivered")
    at = delivered.at + move
    accepted = story.event("accepted").at
    if not accepted + timedelta(hours=30) < at < story.captured - timedelta(hours=16):
        return None
    changed = {
        "delivered": replace(delivered, at=at),
        "out": replace(story.event("out"), at=story.event("out").at + move),
    }
    events = tuple(changed.get(event.kind, event) for event in story.events)
    return replace(story, events=events)


def _whole_minute(day: datetime, zone: ZoneInfo, dice: random.Random) -> datetime:
    return day.replace(
        hour=dice.randint(8, 20),
        minute=dice.randint(0, 59),
        second=dice.randint(0, 59),
        tzinfo=zone,
    )


def _journey(
    delivered: datetime, city: str, zone: str, language: str, dice: random.Random, *, local: bool
) -> tuple[Event, ...]:
    start, start_zh, start_zone = dice.choice(_ORIGINS)
    if local:
        start, start_zh, start_zone = city, city, zone
    if language in ("zh", "ja"):
        start = start_zh
    days = dice.uniform(2, 4) if local else dice.uniform(6, 12)
    begun = delivered - timedelta(days=days)
    events = [Event("label", _at(begun, start_zone), start)]
    moment = begun + timedelta(hours=dice.uniform(5, 20))
    events.append(Event("accepted", _at(moment, start_zone), start))
    steps = dice.randint(1, 4)
    out = delivered - timedelta(hours=dice.uniform(1.5, 5))
    for step in range(1, steps + 1):
        way = moment + (out - moment) * step / (steps + 1)
        there = start_zone if step <= steps // 2 else zone
        events.append(Event("transit", _at(way, there), start if there == start_zone else city))
    if dice.random() < 0.12:
        tried = delivered - timedelta(hours=dice.uniform(22, 25))
        if tried > moment + timedelta(hours=8):
            events = [event for event in events if event.at < tried]
            events.append(Event("attempt", _at(tried, zone), city))
    events.append(Event("out", _at(out, zone), city))
    events.append(Event("delivered", delivered, city))
    return tuple(events)


def _at(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(microsecond=0)
