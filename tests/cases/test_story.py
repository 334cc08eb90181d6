"""A whole case, through the HTTP API, with a clock that stands still and the sandbox as a source.

notice -> freeze -> collection -> gap list -> draft checked -> submission -> denial parsed -> second
attempt differs where it must -> won -> watch period; every step verifies offline.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from auditor.verify import verify_path
from collectors.secrets import Secret
from evidence.orders import OrderRef, Platform
from service.cases.ref import ref_of_case
from service.custody import report
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import Account, everyone
from service.settings import SourceSettings
from tests.cases.house import codes, house, said

ORDER = "112-4832917-2201845"
DRAFT = f"""Root cause
The buyer of order {ORDER} did not find the parcel that the carrier left at the front door on
3 November 2026 at 14:31 Pacific time.
Corrective action
The carrier's proof of delivery was sent to the buyer on 6 November.
Preventive action
Every parcel above USD 40 needs a signature since 10 November; the setting is attached.
"""


async def test_a_case_from_the_notice_to_the_watch(tmp_path: Path) -> None:
    secret = Secret("api_token", Account().client_secret)
    begin = datetime(2026, 11, 6, 9, 0, tzinfo=UTC)
    async with run_sandbox(everyone()) as url:
        desk = SourceSettings(
            name="zendesk",
            collector="zendesk",
            base_url=f"{url}/zendesk",
            options={"email": "agent@sandbox.test"},
            secrets={"api_token": secret},
        )
        async with house(tmp_path, at=begin, more=(desk,)) as here:
            here.exports((ORDER, "1Z84A7V90344127810", "UPS Ground", "2026-11-02T10:00:00Z"))

            # The notice, and what the last seven days were.
            notice = {"role": "notice", "text": f"A claim was opened for order {ORDER}."}
            case = await here.opened(
                orders=[ORDER], papers=[notice], noticed_at="2026-11-06T08:00:00Z", freeze=True
            )
            assert said(case, "freeze")["from"] == "2026-10-30T09:00:00.000000Z"

            # Its evidence is collected; what lacks is named, and no outcome is foretold.
            case = await here.step(case, "collect")
            await here.collected(ORDER)
            assert (await here.report(case, "coverage"))["orders"][0]["state"] == "incomplete"
            gaps = await here.report(case, "gaps")
            (line,) = gaps["orders"]
            assert line["met"] and "AMZ-A2Z-05.pod" in {m["requirement"] for m in line["missing"]}

            # A draft: what the sealed facts say, then what a person wrote.
            skeleton = await here.report(case, "skeleton")
            assert ORDER in skeleton["text"] and "OPEN" in skeleton["text"]
            vague = {"check": "draft", "text": DRAFT + "Maybe a neighbour has it."}
            path = f"/v1/cases/{case['id']}/checks"
            (found,) = (await here.ask.post(path, json=vague)).json["said"]["findings"]
            assert found["code"] == "wording-vague"
            case = await here.step(case, "draft", papers=[{"role": "draft", "text": DRAFT}])
            assert said(case, "draft")["checks"]["sendable"]

            # Sent by a person, and recorded.
            case = await here.step(case, "ready")
            ref = OrderRef(Platform.AMAZON, ORDER)
            account = await here.runtime.account("default", ref)
            assert account.manifest is not None
            evidence = sorted({i.sha256 for i in account.manifest.items})
            sending = {"evidence": evidence, "papers": [{"role": "submission", "text": DRAFT}]}
            answer = await here.submitted(case, **sending)
            assert answer.status == 200, answer.body
            assert (await here.submitted(case, **sending)).status == 409
            case = await here.step(case, "review", papers=[{"text": "Appeal under review."}])

            # Denied: the refusal becomes gaps, and the order is collected again.
            here.clock.passes(days=2)
            denial = f"Appeal denied. Evidence for Order {ORDER}: proof of delivery is missing."
            case = await here.step(case, "deny", papers=[{"text": denial}])
            assert {gap["kind"] for gap in said(case, "deny")["gaps"]} == {"order", "material"}
            assert said(case, "deny")["second_attempt_by"] == "2026-11-10T09:00:00.000000Z"
            (again,) = said(case, "deny")["collections"]
            (here.folder / "drop" / f"{ORDER} proof of delivery.txt").write_text(
                "Delivered 11/03/2026 2:31 PM, signed DOE", "utf-8"
            )
            assert await here.runtime.walk("default", again["collection"]) == "sealed"
            assert (await here.report(case, "gaps"))["causes"]
            (refused,) = (await here.report(case, "replay"))["attempts"]
            unmet = {line["requirement"] for line in refused["unmet"]}
            assert {"policy-reference", "timestamp-proof", "AMZ-A2Z-05.pod"} <= unmet

            # The same again is refused; with the new item it goes, in other words.
            case = await here.steps(case, "collect", "ready")
            assert (await here.submitted(case, **sending)).status == 409
            account = await here.runtime.account("default", ref)
            assert account.manifest is not None
            more = sorted({i.sha256 for i in account.manifest.items})
            text = f"The proof that was asked for, of {ORDER}, is item 1; it was signed by DOE."
            papers = [{"role": "submission", "text": text}]
            answer = await here.submitted(
                case, evidence=more, papers=papers, platform_case_id="A-78"
            )
            assert answer.status == 200, answer.body
            change = said(answer.json, "submit")["difference"]
            assert change["evidence"]["added"] and not change["unchanged_text"]
            assert codes(answer.json, "submit") == []

            # Won, watched, and what was promised is due.
            due = "2026-11-30T00:00:00Z"
            case = await here.step(case, "promise", text="Parcels need a signature.", due=due)
            case = await here.step(case, "win", outcome="Excluded from ODR Calculation")
            case = await here.step(case, "watch")
            assert said(case, "watch")["until"] == "2026-12-08T09:00:00.000000Z"
            assert [e["what"] for e in case["agenda"]] == ["measure-due", "watch-over"]

            # Every step is in the chain, in the log, in custody, and verifies offline.
            assert all(event["log_index"] is not None for event in case["events"])
            file = await here.sealed(case)
            checked = await asyncio.to_thread(verify_path, file)
            assert checked.ok, checked.lines()
            (replayed,) = [c for c in checked.checks if c.name == "case"]
            assert replayed.what.startswith(f"{case['version']} events lead to the state watched")
            custody = await report(here.runtime, "default", ref_of_case(case["id"]))
            assert custody.holds
            acts = [str(entry.line.act) for entry in custody.entries]
            assert acts.count("case") >= case["version"] and acts[-1] == "bundle"
            told = json.dumps(case) + json.dumps(gaps) + json.dumps(skeleton)
            assert not any(
                w in told for w in ("chance", "probability", "likelihood", "success rate")
            )
