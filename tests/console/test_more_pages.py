"""The auditor's and the operator's pages, and defects on the worklist, as they are sent."""

from __future__ import annotations

import json
import re
from html import unescape

import aiohttp
import pytest

from service.access.callers import Role
from service.demo import story
from tests.console.conftest import Visitor
from tests.console.stage import ORDER_PAGE, Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")
CUSTODY = ORDER_PAGE.replace("?", "/custody?")


async def test_an_auditor_begins_where_nothing_has_to_be_believed(
    here: Stage, visitor: Visitor
) -> None:
    page = await visitor.sign_in(here.tokens[Role.AUDITOR])
    assert page.path == "/console/audit"
    assert 'id="zip"' in page.text
    assert "/console/static/verify.js" in page.text
    assert "/console/orders" not in re.findall(r'href="([^"]+)"', page.text)
    # Another test's collection may be adding to the log.
    before = await _log_size(visitor)
    page = await visitor.get("/console/audit")
    newest = max(int(size) for size in re.findall(r"over (\d+) receipts", page.text))
    assert before <= newest <= await _log_size(visitor)


async def _log_size(visitor: Visitor) -> int:
    return int((await visitor.get("/console/log/checkpoint")).text.splitlines()[1])


async def test_an_auditor_sees_the_chain_and_custody_of_an_order_and_none_of_its_content(
    here: Stage, visitor: Visitor
) -> None:
    await visitor.sign_in(here.tokens[Role.AUDITOR])
    query = f"platform=amazon&order={story.ORDER.id}&site=US"
    page = await visitor.get(f"/console/audit/order?{query}")
    assert page.path == CUSTODY
    assert "The custody log holds" in page.text
    assert page.text.count('<g class="holds">') >= 8
    assert 'class="broken"' not in page.text
    assert story.TRACKING not in page.text
    assert "Jane Doe" not in page.text
    kept = json.loads((await visitor.get(CUSTODY.replace("custody", "custody.json"))).text)
    assert kept["chain"]["holds"]
    full = await visitor.get(ORDER_PAGE.replace("?", "/bundle?") + "&profile=bagit")
    assert full.status == 404
    proofs = await visitor.get(ORDER_PAGE.replace("?", "/bundle?") + "&profile=reviewer")
    assert proofs.text.startswith("PK")


async def test_an_operator_sees_every_part_and_what_failed(here: Stage, visitor: Visitor) -> None:
    await visitor.sign_in(here.tokens[Role.OPERATOR])
    page = await visitor.get("/console/operate")
    text = unescape(page.text)
    for part in ("ledger", "objects", "queue", "ups", "mailbox", "Sequencer", "Put aside"):
        assert part in text, part
    assert str(here.settings.tenant) in text
    sent = await visitor.send(page, f"/console/operate/parked/{'0' * 32}/retry")
    assert sent.status == 404


async def test_defects_of_an_export_stand_on_the_worklist_by_deadline_with_the_stores_rate(
    admin: Visitor,
) -> None:
    page = await admin.get("/console/orders")
    found = re.search(r'name="form" value="([0-9a-f]{64})"', page.text)
    assert found
    number = "112-7719034-5540299"  # no other test's: it goes to a store of its own
    export = (
        "order id,order date,defect type,notice date\n"
        f"{number},2026-10-28,A-to-z claim,2026-11-27\n"
    )
    form = aiohttp.FormData({"form": found[1], "platform": "amazon", "site": "US", "store": "eu"})
    form.add_field("file", export.encode(), filename="defects.csv", content_type="text/csv")
    shown = await admin.ask("POST", "/console/defects", data=form)
    text = unescape(shown.text)
    assert shown.path == "/console/orders"
    assert "Defects by deadline" in text
    assert number in text
    assert "Order defect rate" in text
    (id,) = re.findall(r'name="defect" value="([^"]+)"', text)
    again = await admin.send(shown, "/console/orders", {"defect": id})
    assert "Started: 1." in again.text


async def test_an_export_that_is_none_is_told_as_a_page(admin: Visitor) -> None:
    page = await admin.get("/console/orders")
    sent = await admin.send(page, "/console/defects", {"platform": "amazon", "file": "no file"})
    assert sent.status == 404
    assert "Choose a CSV file" in sent.text
