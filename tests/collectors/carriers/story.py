"""What the tests of every carrier share: a story, the sandbox that tells it, a question."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import web

from collectors.auth import Auth, NoAuth
from collectors.collector import Collector
from collectors.secrets import Secret
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, Asked, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Account, Event, Parcel, Scenario
from tests.collectors.http_bench import NOW, bench, context

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
# Whatever a source calls the half that must not be shown.
SECRETS = {
    name: Secret(name, Account().client_secret)
    for name in ("client_secret", "api_key", "password", "token")
}

PARCEL = Parcel(
    tracking_number="",
    references=(ORDER.id,),
    weight="3.20",
    received_by="DOE",
    left_at="Front Door",
    recipient_name="Jane Doe",
    recipient_city="PORTLAND",
    recipient_state="OR",
    recipient_postal_code="97214",
    pod_letter=True,
    signature=True,
    photo=True,
    events=(
        Event(
            at=datetime.fromisoformat("2026-07-01T08:22:41-07:00"),
            kind="label",
            description="Shipper created a label",
        ),
        Event(
            at=datetime.fromisoformat("2026-07-01T19:02:10-07:00"),
            kind="accepted",
            description="Picked up",
            city="ONTARIO",
            state="CA",
        ),
        Event(
            at=datetime.fromisoformat("2026-07-03T14:31:07-07:00"),
            kind="delivered",
            description="Delivered",
            city="PORTLAND",
            state="OR",
            postal_code="97214",
        ),
        Event(
            at=datetime.fromisoformat("2026-07-02T05:00:00-07:00"),
            kind="other",
            description="Something new",
            city="SALEM",
            state="OR",
            gmt=False,
        ),
    ),
)


def sandbox(
    carrier: str, *numbers: str, faults: tuple[Fault, ...] = (), unknown: str = "404", **more: Any
) -> web.Application:
    """The story, told of each of the numbers by one carrier."""
    parcels = tuple(
        replace(PARCEL, carrier=carrier, tracking_number=number, **more) for number in numbers
    )
    accounts = {carrier: Account(unknown=unknown)}
    story = Scenario(accounts=accounts, parcels=parcels, faults=faults)
    return make_sandbox(story, clock=lambda: NOW)


def credentials(collector: Collector, options: Mapping[str, Any]) -> Auth:
    made = getattr(collector, "auth", None)
    auth: Auth = NoAuth() if made is None else made(options, SECRETS)
    return auth


async def asked_at(
    url: str,
    collector: Collector,
    *numbers: str,
    options: Mapping[str, Any] | None = None,
) -> list[Item]:
    """What the collector brings of these numbers from the server at `url`."""
    who = dict.fromkeys(("client_id", "username"), Account().client_id)
    settings = {**who, **(options or {})}
    name = f"{collector.name}/{collector.version}"
    async with bench(url, auth=credentials(collector, settings), collector=name) as b:
        known = {"shipment.tracking_number": numbers}
        where = context(b.session, known, source=collector.name, settings=settings)
        return [item async for item in collector.collect(ORDER, where)]


async def told(
    app: web.Application, collector: Collector, *numbers: str, options: Any = None
) -> list[Item]:
    """What the collector brings of these numbers from a sandbox."""
    async with served(app) as url:
        base = f"{url}/{collector.name}"
        return await asked_at(base, collector, *numbers, options=options)


def questions(app: web.Application) -> list[Asked]:
    """What was asked, but for tokens."""
    return [asked for asked in app[ASKED] if "token" not in asked.path.rpartition("/")[2]]


def histories(items: list[Item]) -> list[Item]:
    return [item for item in items if item.role is Role.TRACKING_HISTORY]


def said(item: Item) -> Any:
    return json.loads(item.content.read(1 << 20))
