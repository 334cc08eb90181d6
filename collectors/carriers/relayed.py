"""What aggregators share: which numbers they are asked about, and whose words they pass on.

An aggregator saw no parcel. Its answers are graded RELAYED, and a scan in them has the origin of
the carrier that it names: the carrier's own answer and a copy of it are one witness.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from collectors.carriers.asking import NUMBER, Refusals
from collectors.carriers.numbers import identify, normalize
from collectors.collector import Context
from evidence.errors import ConfigError, OutageError
from evidence.facts import Fact
from evidence.pages import Node
from evidence.tracking_numbers import CARRIERS

# Carriers that have a source of their own here: their numbers are left to it, unless asked for.
LEFT_TO_THEMSELVES = frozenset({"canada_post", "dhl", "fedex", "royal_mail", "ups", "usps"})
_A_NUMBER = re.compile(r"(?=.*\d)[0-9A-Z]{8,40}")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())


# How carriers are called: by our names, by their own, and by what else aggregators write.
_NAMES = {
    **{_plain(slug): slug for slug in CARRIERS},
    **{_plain(title): slug for slug, title in CARRIERS.items()},
    "canadapost": "canada_post",
    "chinaems": "china_ems",
    "chinapost": "china_post",
    "dhlecommerce": "dhl",
    "dhlexpress": "dhl",
    "dhlparcel": "dhl",
    "ems": "china_ems",
    "fourpx": "4px",
    "royalmail": "royal_mail",
    "sfb2c": "sf_express",
    "sfexpress": "sf_express",
    "yunexpress": "yunexpress",
    "yunexpresscn": "yunexpress",
}


def origin_of(name: str | None, *, otherwise: str) -> str:
    """Our name of the carrier that an aggregator calls `name`; its own, made plain, if unknown."""
    said = name or ""
    made = re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_")[:40]
    return _NAMES.get(_plain(said)) or made or otherwise


def said_by(origin: str, facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts as claims of `origin`."""
    for fact in facts:
        yield replace(fact, origin=origin)


def numbers_for(context: Context) -> list[str]:
    """The order's numbers that an aggregator is asked about.

    Those that can be of a carrier without a source of its own here, and those of a shape that no
    table has; with the setting `carriers`, those that can be of one that it lists.
    """
    wanted = carriers_in(context.settings)
    asked: dict[str, None] = {}
    for said in context.known_all(NUMBER):
        number = normalize(said)
        if not _A_NUMBER.fullmatch(number):
            continue
        possible = {one.carrier: one.number for one in identify(number).possible}
        fits = possible.keys() & wanted if wanted else possible.keys() - LEFT_TO_THEMSELVES
        if fits:
            asked[possible[min(fits)]] = None
        elif not wanted and not identify(number).candidates:
            asked[number] = None
    return list(asked)


async def register(
    context: Context, refusals: Refusals, number: str, path: str, body: object
) -> None:
    """Tell an aggregator of a number, where the operator lets us: it is an act, and costs quota.

    What it then finds out is for the next collection; that is told at the end of this one.
    """
    if context.settings.get("register") is not True:
        return
    with refusals.put_off():
        await context.need_http().post(path, json=body, answers={200, 201})
        why = f"it was told of {number} only now, and needs minutes to look it up"
        refusals.add(OutageError(source=context.source, why=why))


def unregistered(where: Node) -> Fact:
    """That an aggregator was never told of the number: no word of any carrier's."""
    return where.fact("parcel.unregistered", "yes")


def carriers_in(settings: Mapping[str, object]) -> frozenset[str]:
    """The setting `carriers`, empty where it is not there; ConfigError for a name no table has."""
    said = settings.get("carriers", [])
    if not isinstance(said, list):
        raise ConfigError(what="the setting carriers", why="it is not a list of names")
    if unknown := sorted(str(one) for one in said if one not in CARRIERS):
        why = f"no table has {', '.join(unknown)}; `orderproof identify --kinds` lists the carriers"
        raise ConfigError(what="the setting carriers", why=why)
    return frozenset(said)
