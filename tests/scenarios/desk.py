"""A running service for the rows: a clock that stands, sources of a test's own, carriers that play.

What a seller's systems say of an order a test writes down (`says`), and a small server tells it to
the service as any system that is described in TOML would: so it is collected, kept, read and judged
like everything else. Parcels are the sandbox's UPS's; files lie in the drop folder.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiohttp import web
from pypdf import PdfReader
from standardwebhooks import Webhook

from collectors.secrets import Secret
from evidence.vocabulary import VOCABULARY
from service.agenda.agenda import Agenda
from service.sandbox.app import make_sandbox, served
from service.sandbox.scenario import Account, Event, Parcel, Scenario, everyone
from service.settings import SourceSettings, load_settings
from service.webhooks.hooks import HookSettings
from service.webhooks.intake import Intake
from tests.cases.house import ERP, NOON, Clock, House, house
from tests.collectors.messages.signing import Zone, name_of, record_of, rsa_key, sign
from tests.journeys.processes import ask
from tests.service.conftest import Answered
from tests.test_docs import played, sample

_HOOK = "whsec_" + base64.b64encode(b"a system of the seller's own").decode()
# A system of the seller's or somebody else's: what its records are, and whose word they are.
SYSTEMS = {
    "shop": ("order.record", "shop"),
    "warehouse": ("shipment.record", "warehouse"),
    "platform": ("order.record", "platform"),
    "inbox": ("message.thread", "platform"),
    "bank": ("payment.record", "bank"),
    "refunds": ("refund.record", "bank"),
    "post": ("tracking.history", "post"),
}
_NAMES = [
    name
    for name in VOCABULARY
    if not name.startswith(("exchange.", "reading.", "row.", "field.", "trace.", "file.", "dns."))
]


_A_PAGE = 50
_PAGED = ("asked", "next", "end", "count")


def order(number: int) -> str:
    """An order's number, as Amazon writes them."""
    return f"112-{number:07}-{number:07}"


def ups(number: int) -> str:
    """A UPS number whose check digit fits."""
    body = f"84A7V903{number:07}"
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in body]
    total = sum(values[0::2]) + 2 * sum(values[1::2])
    return f"1Z{body}{-total % 10}"


def parcel(number: str, *events: tuple[str, str] | tuple[str, str, str], **about: Any) -> Parcel:
    """A parcel of UPS's; an event is its kind, its time with an offset, and what UPS says of it."""
    told = {
        "service": "UPS Ground",
        "recipient_city": "PORTLAND",
        "recipient_state": "OR",
        "recipient_postal_code": "97214",
    }
    return Parcel(
        tracking_number=number,
        events=tuple(
            Event(
                kind=kind,
                at=datetime.fromisoformat(at),
                description=more[0] if more else kind.upper(),
                city="PORTLAND" if kind == "delivered" else "ONTARIO",
                state="OR" if kind == "delivered" else "CA",
            )
            for kind, at, *more in events
        ),
        **(told | about),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class World(Scenario):
    """The sandbox's story of everyone; UPS's parcels come and change while it is played."""

    parcels_by_number: dict[str, Parcel] = field(default_factory=dict)

    def parcels_of(self, carrier: str) -> dict[str, Parcel]:
        if carrier == "ups":
            return self.parcels_by_number
        return Scenario.parcels_of(self, carrier)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A manifest as HTTP gave it."""

    said: Mapping[str, Any]

    def verdict(self, verifier: str) -> str:
        return str(self._judged(verifier)["verdict"])

    def codes(self, verifier: str) -> set[str]:
        return {each["code"] for each in self._judged(verifier)["findings"]}

    def told(self, verifier: str, code: str) -> list[str]:
        """The sentences of a finding."""
        findings = self._judged(verifier)["findings"]
        return [each["sentence"] for each in findings if each["code"] == code]

    def line(self, requirement: str) -> dict[str, Any]:
        (line,) = [each for each in self.said["coverage"] if each["requirement"] == requirement]
        return dict(line)

    def facts(self, name: str) -> list[dict[str, Any]]:
        return [each for each in self.said["facts"] if each["name"] == name]

    def items(self, *roles: str) -> list[dict[str, Any]]:
        return [each for each in self.said["items"] if not roles or each["role"] in roles]

    def source(self, name: str) -> dict[str, Any]:
        (found,) = [each for each in self.said["sources"] if each["source"] == name]
        return dict(found)

    def _judged(self, verifier: str) -> Mapping[str, Any]:
        (found,) = [e for e in self.said["verdicts"] if e["verifier"].startswith(f"{verifier}/")]
        return dict(found)


@dataclass(slots=True)
class Desk(House):
    world: World
    records: dict[tuple[str, str], list[dict[str, str]]]
    skipped: set[tuple[str, str, int]]
    sandbox: str

    async def fails(self, status: int, **more: Any) -> None:
        """From now on a vendor answers so; with status 0 everything is as it was."""
        how, body = (
            ("POST", {"kind": "status", "status": status} | more) if status else ("DELETE", None)
        )
        answered, _, said = await ask(how, f"{self.sandbox}/_sandbox/faults", body)
        assert answered == 204, said

    def skips(self, system: str, order: str, *, page: int) -> None:
        """The system leads past this page, as if it were not there."""
        self.skipped.add((system, order, page))

    def writes(self, name: str, mail: str, *, signed_by: str = "") -> None:
        """A mail in the seller's mailbox; signed as a server of that domain signs."""
        data = mail.encode()
        if signed_by:
            # dkimpy writes down when it signs, by the machine's clock; here it is the desk's.
            with patch("dkim.time.time", lambda: self.clock().timestamp()):
                data = sign(data, signed_by)
        (self.folder / "mail" / name).write_bytes(data)

    def says(self, system: str, order: str, *rows: Mapping[str, str]) -> None:
        """From now on the system says this of the order: a row is what belongs together."""
        self.records[system, order] = [dict(row) for row in rows]

    def ships(self, order: str, number: str, **more: str) -> None:
        """The shop's record of an order that is one parcel."""
        usual = {
            "order.id": order,
            "order.placed.at": "2026-10-27T19:12:44Z",
            "shipment.tracking_number": number,
            "shipment.recipient.city": "Portland",
            "shipment.recipient.region": "OR",
            "shipment.recipient.postal_code": "97214",
            "shipment.recipient.country": "US",
        }
        self.says("shop", order, usual | {name.replace("__", "."): v for name, v in more.items()})

    def carries(self, *parcels: Parcel) -> None:
        """UPS knows these parcels from now on."""
        self.world.parcels_by_number.update({each.tracking_number: each for each in parcels})

    def drops(self, name: str, data: bytes | str) -> Path:
        """A file in the drop folder."""
        file = self.folder / "drop" / name
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return file

    async def seals(
        self, order: str, *sources: str, platform: str = "amazon", site: str = "", **asked: Any
    ) -> Sealed:
        """Ask for a collection, have it walked, and get the manifest.

        sources   which are asked; none: the systems that say something of the order, and `ups`
        """
        said = [system for system, about in self.records if about == order]
        path = f"/v1/orders/{platform}/{order.replace('#', '%23')}"
        query = f"?site={site}" if site else ""
        body = {"sources": list(sources or [*said, "ups"])} | asked
        answer = await self.ask.post(f"{path}/collections{query}", json=body)
        assert answer.status == 202, answer.body
        assert await self.runtime.walk("default", answer.json["id"]) == "sealed"
        return await self.sealed_of(order, platform=platform, site=site)

    async def hears(self, kind: str, **data: Any) -> list[str]:
        """A system of the seller's own tells of something by webhook; the collections it starts."""
        body = json.dumps({"type": kind, "timestamp": f"{self.clock():%FT%TZ}", "data": data})
        now, id = self.clock(), f"msg_{secrets.token_hex(8)}"  # the service holds it to its clock
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(_HOOK).sign(id, now, body),
            "Content-Type": "application/json",
        }
        answer = await self.ask.post("/v1/webhooks/own", data=body.encode(), headers=headers)
        assert answer.status < 300, answer.body
        before = {each.id for each in await self.runtime.ledger.unfinished()}
        await Intake(self.runtime).act()
        after = await self.runtime.ledger.unfinished()
        return [each.id for each in after if each.id not in before]

    async def errands(self) -> list[str]:
        """Run what is due by now; the collections it starts."""
        before = {each.id for each in await self.runtime.ledger.unfinished()}
        await Agenda(self.runtime).act()
        after = await self.runtime.ledger.unfinished()
        return [each.id for each in after if each.id not in before]

    async def walked(self, collection: str, order: str, *, platform: str = "amazon") -> Sealed:
        """What comes of a collection that something else began."""
        assert await self.runtime.walk("default", collection) == "sealed"
        return await self.sealed_of(order, platform=platform)

    async def sealed_of(self, order: str, *, platform: str = "amazon", site: str = "") -> Sealed:
        path = f"/v1/orders/{platform}/{order.replace('#', '%23')}/manifest"
        answer = await self.ask.get(path + (f"?site={site}" if site else ""))
        assert answer.status == 200, answer.body
        return Sealed(payload_of(answer)["predicate"])

    async def item(self, order: str, sha256: str, *, platform: str = "amazon") -> bytes:
        answer = await self.ask.get(f"/v1/orders/{platform}/{order}/items/{sha256}")
        assert answer.status == 200, answer.body
        return answer.body

    async def bundle(self, order: str, *, profile: str = "bagit", platform: str = "amazon") -> Path:
        """An order's bundle as a file."""
        path = f"/v1/orders/{platform}/{order}/bundle?profile={profile}"
        answer = await self.ask.get(path)
        assert answer.status == 200, answer.body
        file = self.folder / f"{platform}-{order}-{profile}.zip"
        await asyncio.to_thread(file.write_bytes, answer.body)
        return file

    async def claims(self, order: str, about: str, *, platform: str = "amazon") -> list[str]:
        """What a report for people claims, in English, out of the PDF that HTTP gave."""
        path = f"/v1/orders/{platform}/{order}/report?about={about}&form=pdfa-3a"
        answer = await self.ask.get(path)
        assert answer.status == 200, answer.body
        return await asyncio.to_thread(_claims_in, answer.body)


def payload_of(answer: Answered) -> dict[str, Any]:
    """What an envelope that HTTP gave carries."""
    return dict(json.loads(base64.b64decode(answer.json["payload"])))


def _claims_in(pdf: bytes) -> list[str]:
    (data,) = PdfReader(io.BytesIO(pdf)).attachments["claims.json"]
    return [claim["en"] for claim in json.loads(data)["claims"]]


def _described(system: str, url: str) -> SourceSettings:
    role, origin = SYSTEMS[system]
    each = {
        "path": "$.rows[*]",
        "name": system,
        "facts": {f"$['{name}']": name for name in _NAMES},
    }
    request: dict[str, Any] = {"path": f"/{system}/{{order.id}}", "role": role, "each": [each]}
    if system == "inbox":
        request["next"] = {"cursor": "$.next", "param": "page"}
        request["facts"] = {f"$.{name}": f"thread.{name}" for name in _PAGED}
    return SourceSettings(
        name=system,
        collector="rest",
        base_url=url,
        options={"description": {"origin": origin, "request": [request]}},
    )


def _system(
    records: Mapping[tuple[str, str], list[dict[str, str]]], skipped: set[tuple[str, str, int]]
) -> web.Application:
    """GET /SYSTEM/ORDER?page=N: the rows of the order, fifty a page."""

    async def told(request: web.Request) -> web.Response:
        whose = request.match_info["system"], request.match_info["order"]
        if (rows := records.get(whose)) is None:
            return web.json_response({"rows": []}, status=404)
        asked = request.query.get("page")
        page = following = int(asked or 1)
        while (*whose, following := following + 1) in skipped:
            pass
        more = (following - 1) * _A_PAGE < len(rows)
        said: dict[str, Any] = {"rows": rows[(page - 1) * _A_PAGE : page * _A_PAGE]}
        said |= {"end": "no" if more else "yes", "count": str(len(rows))}
        said |= {"next": str(following)} if more else {}
        said |= {"asked": asked} if asked else {}
        return web.json_response(said)

    app = web.Application()
    app.router.add_get("/{system}/{order}", told)
    return app


def _dated(now: Callable[[], datetime]) -> Any:
    """Answers are of the desk's time: aiohttp would date them by the machine's."""

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = format_datetime(now(), usegmt=True)

    return prepare


def _vendors(folder: Path, url: str, names: Sequence[str]) -> tuple[SourceSettings, ...]:
    """Vendors that the sandbox plays, each configured as the sample on its page says."""
    samples = "\n".join(played(name, sample(name), url) for name in names)
    config = folder / "vendors.toml"
    config.write_text(samples, "utf-8")
    held = dict.fromkeys(re.findall(r'_env = "(\w+)"', samples), Account().client_secret)
    return load_settings(config, environment=held).sources


@contextlib.asynccontextmanager
async def desk(
    folder: Path,
    *vendors: str,
    at: datetime = NOON,
    accounts: Mapping[str, Account] | None = None,
    story: Scenario | None = None,
    more: Sequence[SourceSettings] = (),
    **changes: Any,
) -> AsyncIterator[Desk]:
    """The service, its clock at `at`, with UPS and these vendors.

    accounts   how a vendor's stand-in behaves, where not as usual
    story      what the sandbox plays; default: the one in which every vendor has something to tell
    more       sources beside
    changes    of the service's settings
    """
    story = story or everyone()
    told = {each.name: getattr(story, each.name) for each in fields(Scenario)}
    told["accounts"] = dict(story.accounts) | dict(accounts or {})
    world = World(**told, parcels_by_number=story.parcels_of("ups"))
    records: dict[tuple[str, str], list[dict[str, str]]] = {}
    skipped: set[tuple[str, str, int]] = set()
    (folder / "mail").mkdir()
    clock: list[Clock] = []

    def now() -> datetime:
        return clock[0]() if clock else at

    async with contextlib.AsyncExitStack() as stack:
        told_by = _system(records, skipped)
        told_by.on_response_prepare.append(_dated(now))
        systems = await stack.enter_async_context(served(told_by))
        keys = {name_of("ups.com"): [record_of(rsa_key())]}
        resolver = await stack.enter_async_context(Zone(keys).served())
        sandbox = make_sandbox(world, clock=now)
        sandbox.on_response_prepare.append(_dated(now))
        url = await stack.enter_async_context(served(sandbox))
        sources = (
            *_vendors(folder, url, ("ups", *vendors)),
            *(_described(system, systems) for system in SYSTEMS),
            *more,
            SourceSettings(
                name="workbooks",
                collector="table",
                folder=folder / "drop",
                options=ERP | {"pattern": "*.xlsx"},
            ),
            SourceSettings(
                name="letters",
                collector="mailbox",
                folder=folder / "mail",
                options={"dns": resolver, "own_addresses": ["service@brightleaf.example"]},
            ),
        )
        hook = HookSettings(
            name="own",
            vendor="standard",
            platform="amazon",
            secrets={"secret": Secret("secret", _HOOK)},
        )
        changes = {"webhooks": (hook,)} | changes
        opened = await stack.enter_async_context(house(folder, at=at, more=sources, **changes))
        clock.append(opened.clock)
        yield Desk(
            opened.runtime, opened.ask, opened.clock, opened.folder,
            world=world, records=records, skipped=skipped, sandbox=url,
        )  # fmt: skip


def moment(at: datetime, **delta: float) -> str:
    """A time as a system writes it."""
    return f"{at + timedelta(**delta):%Y-%m-%dT%H:%M:%SZ}"
