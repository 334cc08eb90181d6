"""Serve, ask over HTTP, follow, fetch the bundle, and check it with other people's tools."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import bagit
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer._key import SSlibKey

from service.demo import story
from tests.journeys.conftest import ENVIRONMENT, ORDER_PATH, Seller
from tests.journeys.processes import ask, sealed, serving, start


async def test_an_order_asked_for_over_http_becomes_a_bundle_that_strangers_accept(
    seller: Seller, tmp_path: Path
) -> None:
    async with serving(seller.config, ENVIRONMENT, tmp_path / "log") as server:
        body = {"defect": story.DEFECT}
        status, headers, collection = await ask(
            "POST", f"{server.url}{ORDER_PATH}/collections", body
        )
        assert status == 202
        done = await sealed(server.url + headers["Location"])
        assert (done["state"], done["complete"]) == ("sealed", True)
        assert done["id"] == collection["id"]
        status, _, manifest = await ask("GET", f"{server.url}{ORDER_PATH}/manifest")
        assert status == 200
        status, _, archive = await ask("GET", f"{server.url}{ORDER_PATH}/bundle?profile=bagit")
        assert status == 200

    path = tmp_path / "bundle.zip"
    path.write_bytes(archive)
    verified = await _orderproof("verify", str(path), "--json")
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["trust"] == "bundle"

    with zipfile.ZipFile(path) as bundle:
        bundle.extractall(tmp_path / "unzipped")
    (bag,) = (tmp_path / "unzipped").iterdir()
    bagit.Bag(str(bag)).validate()
    keys = json.loads((bag / "proof" / "keys.json").read_text())
    (pem,) = [key["pem"] for key in keys["manifest"]]
    key = SSlibKey.from_crypto(load_pem_public_key(pem.encode()))
    for name in ("manifest", "statement"):
        sealed_bytes = json.loads((bag / "proof" / f"{name}.dsse.json").read_text())
        assert Envelope.from_dict(sealed_bytes).verify([key], 1)
    assert json.loads((bag / "proof" / "manifest.dsse.json").read_text()) == manifest


async def test_a_worker_killed_in_the_middle_is_replaced_and_nothing_is_twice(
    seller: Seller, tmp_path: Path
) -> None:
    await seller.fault("hang", seconds=4, times=1, on="/track/")
    server = await start(seller.config, ENVIRONMENT, tmp_path / "log")
    try:
        _, headers, _ = await ask("POST", f"{server.url}{ORDER_PATH}/collections", {})
        async with asyncio.timeout(60):  # until the sources that answer at once are in
            while True:
                _, _, seen = await ask("GET", server.url + ORDER_PATH)
                if len(seen["items"]) >= 4:
                    break
                await asyncio.sleep(0.05)
    finally:
        await server.kill()
    before = {item["sha256"] for item in seen["items"]}

    async with serving(seller.config, ENVIRONMENT, tmp_path / "log2") as server:
        done = await sealed(server.url + headers["Location"], seconds=60)
        assert (done["state"], done["complete"]) == ("sealed", True)
        _, _, account = await ask("GET", server.url + ORDER_PATH)
        status, _, archive = await ask("GET", f"{server.url}{ORDER_PATH}/bundle?profile=bagit")
        assert status == 200
    items = account["items"]
    assert before <= {item["sha256"] for item in items}
    # Asking UPS twice is two exchanges, and that is what happened; what it said is there once.
    counted = Counter(item["role"] for item in items if item["role"] != "exchange")
    assert counted == {
        "order.record": 1,
        "message.mail": 2,
        "pod.document": 2,
        "tracking.history": 1,
        "pod.signature": 1,
        "manifest": 1,
        "statement": 1,
    }
    seqs = [item["seq"] for item in items]
    assert sorted(seqs) == list(range(len(items)))
    path = tmp_path / "bundle.zip"
    path.write_bytes(archive)
    assert (await _orderproof("verify", str(path))).returncode == 0


async def _orderproof(*arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "service.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
