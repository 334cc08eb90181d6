"""docs/walkthrough.md, run as it stands: webhook in, manifest out, bundle fetched, verified."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from collectors.secrets import Secret
from evidence.dsse import Envelope
from evidence.items import Role
from evidence.manifest import Manifest
from service.api.opened import open_runtime
from service.http.app import make_app
from service.webhooks.hooks import HookSettings
from tests.service.access.house import OUR_ORDER, house_settings

ROOT = Path(__file__).parents[2]
SECRET = "whsec_" + base64.b64encode(b"\x00\xff walk-through key \n").decode()


@pytest.mark.timeout(240)
async def test_the_walkthrough_does_what_it_says(tmp_path: Path) -> None:
    for tool in ("curl", "openssl", "bash"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    text = (ROOT / "docs" / "walkthrough.md").read_text("utf-8")
    steps = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    assert len(steps) == 4 and OUR_ORDER.id in text
    secrets = {"secret": Secret("secret", SECRET)}
    hook = HookSettings(name="shop", vendor="standard", platform="amazon", secrets=secrets)
    settings = replace(await asyncio.to_thread(house_settings, tmp_path / "h"), webhooks=(hook,))
    server = TestServer(make_app(settings, opening=partial(open_runtime, worker=True)))
    await server.start_server()
    command = tmp_path / "orderproof"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m service.cli "$@"\n')
    command.chmod(0o755)
    try:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", "\n".join(steps)),
            cwd=tmp_path,
            env={
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "ORDERPROOF": str(server.make_url("")).rstrip("/"),
                "TOKEN": "right-token",
                "SHOP_WEBHOOK": SECRET,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(200):
            said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
    finally:
        await server.close()
    envelope = Envelope.from_json((tmp_path / "manifest.json").read_bytes())
    manifest = Manifest.from_payload(envelope.payload)
    assert [item.role for item in manifest.items].count(Role.DEFECT_NOTICE) == 1
    assert '"new":true' in said.decode()
    payload = json.loads(envelope.payload)
    assert payload["predicate"]["defect"]["case_id"] == "case-7"
