"""CONTRIBUTING shows a whole carrier: what stands there runs, and does what it says."""

import re
from pathlib import Path
from typing import Any

from aiohttp import web

from evidence.items import Role
from evidence.times import LocalTime
from tests.collectors.carriers.story import asked_at
from tests.collectors.http_bench import server

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
NUMBER = "RR473124829SE"


def norrpost() -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    made: dict[str, Any] = {}
    exec(compile(code, "CONTRIBUTING.md", "exec"), made)
    return made["Norrpost"]()


async def test_the_carrier_that_is_shown_there_collects_and_reads() -> None:
    async def events(request: web.Request) -> web.Response:
        assert request.headers["X-Api-Key"] == "sandbox-secret"
        if request.match_info["number"] != NUMBER:
            return web.json_response({"title": "No such item"}, status=404)
        scans = [
            {"code": "RECEIVED", "label": "Received", "eventTime": "2026-05-01T10:00:00"},
            {"code": "NEW", "label": "Something new"},
        ]
        return web.json_response({"number": NUMBER, "events": scans})

    async with server(web.get("/parcels/{number}/events", events)) as url:
        numbers = NUMBER, "1Z023E2X0214323462", "RB000000005SE"
        items = await asked_at(url, norrpost(), *numbers)
    assert [item.role for item in items] == [Role.TRACKING_HISTORY] * 2
    known, (unknown,) = [norrpost().read(item) for item in items]
    assert [fact.name for fact in known] == [
        "shipment.tracking_number", "scan.accepted", "scan.accepted.at", "scan.other",
    ]  # fmt: skip
    assert isinstance(known[2].value, LocalTime)
    assert (unknown.name, unknown.text) == ("parcel.unknown", "No such item")


def test_the_shortest_real_one_is_as_short_as_it_says() -> None:
    text = PAGE.read_text("utf-8")
    folder = PAGE.parent / "collectors" / "carriers"
    shortest = min(
        (len(path.read_text("utf-8").splitlines()), path.name)
        for path in folder.glob("*.py")
        if re.search(r"^class \w+:\n    name = ", path.read_text("utf-8"), re.MULTILINE)
    )
    assert shortest[0] < 140
    assert f"`{shortest[1]}`, has {shortest[0]} lines" in text
