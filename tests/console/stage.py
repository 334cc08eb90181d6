"""The demo's order, collected and sealed by the real service, with a console in front of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from aiohttp.test_utils import TestServer

from service.access.callers import Role
from service.access.tokens import new_token
from service.api.opened import open_runtime
from service.console.places import order_page
from service.demo import story
from service.http.app import make_app
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.authority import SandboxAuthority
from service.sandbox.scenario import parse_scenario
from service.settings import Settings, load_settings
from tests.console import hostile

ORDER_PAGE = order_page(story.ORDER)


@dataclass(frozen=True, slots=True)
class Stage:
    """url  of the service, without a slash

    tokens  one of each role;  case  id of the one about the hostile order
    """

    url: str
    tokens: dict[Role, str]
    case: str
    settings: Settings


@contextlib.asynccontextmanager
async def stage(folder: Path, *, tokens: bool = True) -> AsyncIterator[Stage]:
    """The demo's seller, UPS and time authority; its order is sealed when this is there."""
    authority = await asyncio.to_thread(SandboxAuthority.make)
    await asyncio.to_thread(authority.leave, folder / "trust")
    scenario = parse_scenario(story.SCENARIO.encode())
    async with run_sandbox(scenario, authority=authority) as sandbox_url:
        config = await asyncio.to_thread(
            partial(
                story.write_story,
                folder / "seller",
                sandbox_url=sandbox_url,
                data=folder / "data",
                keys=folder / "keys",
                trust=folder / "trust",
            )
        )
        await asyncio.to_thread(hostile.add_to, folder / "seller")
        environment = {"ORDERPROOF_DEMO_UPS_SECRET": "demo-secret"}
        settings = load_settings(config, environment=environment)
        if tokens:
            settings = replace(settings, access="tokens")
        async with await Runtime.open(settings) as runtime:
            made = await _tokens(runtime)
            for ref, defect in ((hostile.ORDER, None), (story.ORDER, story.DEFECT)):
                collection, _ = await runtime.request_collection(
                    ref, tenant=settings.tenant, defect=defect
                )
                assert await runtime.walk(settings.tenant, collection.id) == "sealed"
            case = await hostile.open_case(runtime)
        app = make_app(settings, opening=partial(open_runtime, worker=True))
        server = TestServer(app)
        await server.start_server()
        try:
            yield Stage(str(server.make_url("")).rstrip("/"), made, case, settings)
        finally:
            await server.close()


async def _tokens(runtime: Runtime) -> dict[Role, str]:
    made = {}
    for role in Role:
        kept, secret = new_token(
            tenant=runtime.settings.tenant,
            name=str(role),
            role=role,
            made_by="tests",
            now=runtime.clock(),
        )
        await runtime.ledger.add_access_token(kept)
        made[role] = secret
    return made
