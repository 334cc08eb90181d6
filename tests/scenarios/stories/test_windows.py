"""Stories against time: a window of 72 hours, a history that changes, a proof that is forged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.scenarios.desk import Desk
from tests.scenarios.stories.telling import believed, ends, taken, told

ORDER, NUMBER = "112-4832917-2201845", "1Z84A7V90344127810"
TIKTOK = "576684019603311365"
A_TO_Z = {"kind": "a-to-z", "noticed_at": "2026-11-04T08:00:00Z"}


def capture(here: Desk, name: str, at: str) -> None:
    """A saved page of the carrier's tracking, with the day that it shows."""
    here.drops(
        f"{TIKTOK} {name}.html",
        f"<html><body><h1>UPS</h1><p>Tracking Number: {NUMBER}</p>"
        f"<p>Delivered On: November 3, 2026 2:31 PM</p><p>Captured at {at}</p></body></html>",
    )
    here.drops(f"{TIKTOK} {name}.html.toml", f'order_id = "{TIKTOK}"\nrole = "capture.page"\n')


async def test_seventy_two_hours_with_a_capture_that_is_too_old(tmp_path: Path) -> None:
    """12 November: the notice. The capture is of the 4th; a new one comes, the window closes."""
    vendors = ("tiktok", "tiktok_messages")
    begin = "2026-11-12T09:00:00+00:00"
    async with told("seventy_two_hours", tmp_path, *vendors, at=begin) as here:
        here.ships(TIKTOK, NUMBER)
        capture(here, "old", "2026-11-04 09:15 UTC")
        case = await here.opened(
            platform="tiktok", kinds=["odr"], orders=[TIKTOK], papers=[],
            noticed_at="2026-11-12T08:00:00Z", store_opened_on="2026-01-01",
        )  # fmt: skip
        assert case["closes_at"].startswith("2026-11-15T08:00:00")
        case = await here.step(case, "collect")
        asked: dict[str, Any] = {
            "platform": "tiktok",
            "defect": {"kind": "odr", "noticed_at": "2026-11-12T08:00:00Z"},
        }
        sources = ("shop", "ups", "notes", *vendors)
        account = await here.seals(TIKTOK, *sources, **asked)
        assert account.verdict("marks.freshness") == "fail"
        assert account.line("TTS-ODR-07.capture")["state"] == "weak"
        assert account.verdict("coverage.threads") == "pass"
        for rule in ("TTS-ODR-07.carrier", "TTS-ODR-07.messages", "TTS-ODR-07.system"):
            assert account.line(rule)["state"] == "present", account.line(rule)

        here.clock.passes(days=1)
        capture(here, "new", "2026-11-13 08:30 UTC")
        account = await here.seals(TIKTOK, *sources, **asked)
        assert "capture-fresh" in account.codes("marks.freshness")
        # Fresh, and still what the seller handed in: a capture of our own browser would count.
        line = account.line("TTS-ODR-07.capture")
        assert line["state"] == "weak" and "asked for is capture" in line["why"]
        shared = await here.ask.post(
            f"/v1/orders/tiktok/{TIKTOK}/shares",
            json={"profile": "bagit", "expires_in_s": 30 * 86400},
        )
        assert shared.status == 201, shared.body
        order = {
            "platform": "tiktok",
            "order_id": TIKTOK,
            "link": {"url": "https://drive.google.com/file/d/x",
                     "expires_at": "2026-12-24T00:00:00Z"},
        }  # fmt: skip
        texts = {"defect_type": "Service Rating", "root_cause": "Carrier Delay"}
        files = await taken(here, "tiktok", [order], tmp_path, **texts)
        (line,) = [json.loads(each) for each in files["orders.jsonl"].splitlines()]
        assert len(line["texts"]["explanation"]) <= 200
        assert "2026-11-03" in line["texts"]["explanation"]

        # Half an hour before the window closes the case is sealed; after it nothing is taken.
        here.clock.at = datetime(2026, 11, 15, 7, 31, tzinfo=UTC)
        await here.errands()
        file = tmp_path / "case.zip"
        bundle = await here.ask.get(f"/v1/cases/{case['id']}/bundle")
        assert bundle.status == 200, bundle.body
        file.write_bytes(bundle.body)
        await believed(here, file, tmp_path)
        here.clock.passes(hours=1)
        late = await here.tried(case, "document", papers=[{"text": "One more thing."}])
        assert late.status == 409 and "new case" in late.json["detail"]
        await ends(here, TIKTOK, tmp_path, platform="tiktok")


async def test_a_carrier_that_tells_another_history_later(tmp_path: Path) -> None:
    """4 November: delivered on the 3rd. 9 November: UPS says the 6th. Both are kept and shown."""
    async with told("carrier", tmp_path, at="2026-11-04T09:00:00+00:00") as here:
        here.ships(ORDER, NUMBER)
        account = await here.seals(ORDER, defect=A_TO_Z)
        assert account.verdict("timestamps.history") == "not_applicable"
        first = account.items("tracking.history")[0]

        here.clock.passes(days=5)
        (there,) = here.world.parcels_by_number.values()
        at = datetime(2026, 11, 6, 18, 0, tzinfo=UTC)
        moved = [
            replace(event, at=at) if event.kind == "delivered" else event for event in there.events
        ]
        here.carries(replace(there, events=tuple(moved)))
        account = await here.seals(ORDER, defect=A_TO_Z)
        assert account.verdict("timestamps.history") == "fail"
        assert account.codes("timestamps.history") & {
            "history-delivery-changed", "history-event-gone",
        }  # fmt: skip
        kept = account.items("tracking.history")
        assert kept[0]["sha256"] == first["sha256"] and len(kept) == 2
        assert b"20261103" in await here.item(ORDER, first["sha256"])

        order = {"platform": "amazon", "order_id": ORDER}
        files = await taken(here, "paypal", [order], tmp_path)
        (line,) = [json.loads(each) for each in files["orders.jsonl"].splitlines()]
        assert {each["code"] for each in line["against"]} & account.codes("timestamps.history")
        bag = await ends(here, ORDER, tmp_path)
        assert len(list((bag / "data").glob("*tracking.history*"))) == 2


async def test_a_forged_proof_is_left_out_and_the_carriers_sent(tmp_path: Path) -> None:
    """The warehouse "mends" a date on the proof; the carrier's own is sent, the other is kept."""
    async with told("carrier", tmp_path, at="2026-11-09T09:00:00+00:00") as here:
        here.ships(ORDER, NUMBER)
        (there,) = here.world.parcels_by_number.values()
        here.carries(replace(there, pod_letter=False))
        here.drops(
            f"POD {ORDER}.html",
            f"<html><body><h1>UPS Proof of Delivery</h1><p>Tracking Number: {NUMBER}</p>"
            "<p>Delivered On: Friday, November 1, 2026 2:31 PM</p></body></html>",
        )
        here.drops(f"POD {ORDER}.html.toml", f'order_id = "{ORDER}"\nrole = "pod.document"\n')
        account = await here.seals(ORDER, "shop", "ups", "notes", defect=A_TO_Z)
        assert account.verdict("authenticity.items") == "fail"
        assert "weekday-wrong" in account.codes("authenticity.items")
        assert account.verdict("timestamps.order") == "fail"
        assert account.line("AMZ-A2Z-05.pod")["state"] == "weak"

        here.clock.passes(days=1)
        here.carries(there)
        account = await here.seals(ORDER, "shop", "ups", "notes", defect=A_TO_Z)
        assert account.line("AMZ-A2Z-05.pod")["state"] == "present"
        proofs = account.items("pod.document")
        forged = [each for each in proofs if each["collector"].startswith("folder/")]
        assert len(forged) == 2 and len({each["sha256"] for each in forged}) == 1
        seqs = [each["seq"] for each in forged]
        body = {"platform": "amazon", "seller": "A1B2C3D4", "site": "US"}
        assert (await here.ask.ask("PUT", "/v1/stores/default", json=body)).status in (200, 201)
        order = {"platform": "amazon", "order_id": ORDER, "leave_out": seqs}
        files = await taken(here, "amazon", [order], tmp_path)
        (line,) = [json.loads(each) for each in files["orders.jsonl"].splitlines()]
        assert {each["seq"] for each in line["left_out"]} & set(seqs)
        assert "November 1" not in files["text.txt"].decode()
        claims = [json.loads(each) for each in files["proof.jsonl"].splitlines()]
        assert forged[0]["sha256"] not in {each.get("item") for each in claims}
        # What was left out is in the sealed account all the same.
        bag = await ends(here, ORDER, tmp_path)
        assert any(b"Friday" in f.read_bytes() for f in (bag / "data").glob("*pod.document*"))
