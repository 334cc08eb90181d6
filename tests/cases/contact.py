"""Conversations of an order as a shop's help desk exports them, and a source that keeps silent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from collectors.secrets import Secret
from service.settings import SourceSettings
from tests.cases.house import House

BEGAN = datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
HEADINGS = {
    "Order": "order.id",
    "Ticket": "thread.id",
    "Message": "message.id",
    "By": "message.role",
    "From": "message.from",
    "At": "message.recorded.at",
    "Auto": "message.automatic",
    "Template": "message.template",
    "Action": "agent.action",
    "Agent": "agent.name",
    "Done": "agent.action.at",
    "Review": "review.posted.at",
    "Text": "message.body",
}


def desk(folder: Path, name: str = "desk") -> SourceSettings:
    """A help desk whose exports lie as `NAME….tsv` in the house's folder."""
    options = {"role": "message.thread", "pattern": f"{name}*.tsv", "columns": dict(HEADINGS)}
    return SourceSettings(name=name, collector="table", folder=folder / "drop", options=options)


def at(minutes: float) -> str:
    return (BEGAN + timedelta(minutes=minutes)).isoformat()


def exported(here: House, *rows: dict[str, str], name: str = "desk") -> None:
    lines = ["\t".join(HEADINGS), *("\t".join(r.get(h, "") for h in HEADINGS) for r in rows)]
    (here.folder / "drop" / f"{name}.tsv").write_text("\n".join(lines) + "\n", "utf-8")


def asked(order: str, n: int, minutes: float, **more: str) -> dict[str, str]:
    """A message of the buyer's."""
    return {"Order": order, "Ticket": "T1", "Message": f"b{n}", "By": "buyer",
            "At": at(minutes), "Text": "Where is it?", **more}  # fmt: skip


def answered(order: str, n: int, minutes: float, **more: str) -> dict[str, str]:
    return {"Order": order, "Ticket": "T1", "Message": f"s{n}", "By": "agent",
            "At": at(minutes), "Text": "It is at the depot.", **more}  # fmt: skip


def waits(order: str, minutes: Sequence[float]) -> list[dict[str, str]]:
    """So many questions, each answered after so many minutes, ten days apart."""
    rows = []
    for n, taken in enumerate(minutes):
        begin = n * 14_400
        rows += [asked(order, n, begin), answered(order, n, begin + taken)]
    return rows


class Silent:
    """A help desk that answers nothing until it is let."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.was_asked = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        self.was_asked.set()
        await self.goes_on.wait()
        return web.json_response({"error": "RecordNotFound"}, status=404)


@contextlib.asynccontextmanager
async def silent() -> AsyncIterator[tuple[SourceSettings, Silent]]:
    said = Silent()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", said.answer)
    server = TestServer(app)
    await server.start_server()
    try:
        yield (
            SourceSettings(
                name="slow",
                collector="zendesk",
                base_url=f"http://127.0.0.1:{server.port}",
                options={"email": "agent@sandbox.test"},
                secrets={"api_token": Secret("api_token", "t")},
            ),
            said,
        )
    finally:
        said.goes_on.set()
        await server.close()
