"""Cases in the console: listed by what is due, shown in the order of an appeal, and recorded."""

from __future__ import annotations

import re
from html import unescape

import aiohttp
import pytest

from service.access.callers import Role, Whose
from service.api.opened import open_runtime
from service.cases.ref import ref_of_case
from service.console.places import case_page, order_page
from service.demo import story
from tests.console import hostile
from tests.console.conftest import Shown, Visitor
from tests.console.stage import ORDER_PAGE, Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")


def plain(page: Shown) -> str:
    """What a reader sees of it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def test_cases_are_listed_by_what_is_due_and_lead_to_the_case(
    here: Stage, admin: Visitor
) -> None:
    page = await admin.get("/console/cases")
    assert page.text.count(case_page(here.case)) == 1
    assert hostile.ORDER.id in plain(page)
    assert "✕ denied" in plain(page)
    assert "✕ over 2026-11-21 00:00 UTC" in plain(page)  # the promise that was due first
    none = await admin.get("/console/cases?state=closed")
    assert case_page(here.case) not in none.text
    assert "No case fits this filter." in none.text


async def test_a_case_answers_what_whoever_writes_its_appeal_asks_first(
    here: Stage, admin: Visitor
) -> None:
    page = await admin.get(case_page(here.case))
    text = plain(page)
    order = "standing next gaps answers sent measures papers events actions".split()
    places = [page.text.index(f'id="{section}"') for section in order]
    assert places == sorted(places)
    assert "The platform refused it" in text
    assert "Have the second attempt ready" in text
    assert re.search(r"required .*To do: ", text)
    assert f"Order: {hostile.ORDER.id}" in text  # a gap that the refusal names, with its sentence
    assert "Unknown code: ODR-99" in text
    assert "Attempt 1" in text and "with 1 items and 0 bundles" in text
    assert "✕ overdue M1" in text
    assert order_page(hostile.ORDER) in unescape(page.text)
    chinese = plain(await admin.get(case_page(here.case) + "?words=zh"))
    assert "平台已拒绝" in chinese and "证据还缺什么" in chinese
    await admin.get("/console/cases?words=en")


async def test_a_paper_is_only_ever_saved(here: Stage, admin: Visitor) -> None:
    page = await admin.get(case_page(here.case))
    papers = re.findall(rf'href="({case_page(here.case)}/papers/[0-9a-f]{{64}})"', page.text)
    assert len(set(papers)) > len(hostile.CORPUS)
    for path in papers[:3]:
        got = await admin.get(path)
        assert got.headers["Content-Disposition"].startswith("attachment; filename=")
        assert got.headers["Content-Type"] == "application/octet-stream"
        assert hostile.ORDER.id in got.text
    assert (await admin.get(case_page(here.case, f"/papers/{'0' * 64}"))).status == 404


async def test_a_case_is_opened_moved_sealed_and_taken_away(here: Stage, visitor: Visitor) -> None:
    await visitor.sign_in(here.tokens[Role.APPEAL_TOOL])
    order = await visitor.get(ORDER_PAGE)
    page = await visitor.send(order, ORDER_PAGE.replace("?", "/cases?"), {"kind": "chargeback"})
    path = page.path
    assert path.startswith("/console/cases/")
    assert "Noticed; nothing was sent yet" in plain(page)
    assert path in (await visitor.get(ORDER_PAGE)).text
    again = await visitor.send(order, ORDER_PAGE.replace("?", "/cases?"), {"kind": "chargeback"})
    assert again.path == path  # the open one about the same

    async def record(*, file: bytes = b"", **fields: str) -> Shown:
        found = re.search(r'name="form" value="([0-9a-f]{64})"', page.text)
        assert found
        form = aiohttp.FormData({"form": found[1], **fields})
        form.add_field(
            "file", file, filename="reply.txt" if file else "", content_type="text/plain"
        )
        return await visitor.ask("POST", f"{path}/steps", data=form)

    large = await record(step="document", file=b"x" * (1 << 20))
    assert (large.status, "A form takes at most 1 MB" in plain(large)) == (413, True)
    assert "`orderproof case step`" in plain(large)
    early = await record(step="submit", channel="console", text="Too early.")
    assert early.status == 409
    assert "the case is noticed" in plain(early)
    assert "being gathered" in plain(await record(step="collect"))
    assert "Ready to be sent" in plain(await record(step="ready", text="Looked at twice."))
    unsure = await record(step="submit", channel="console", text="The letter.")
    assert "say `confirm` if it was sent" in plain(unsure)
    sent = await record(
        step="submit", channel="console", confirm="on", platform_case_id="A-9", text="One\r\nTwo"
    )
    assert "Sent; the platform has not answered" in plain(sent)
    assert "case A-9" in plain(sent)
    denied = plain(await record(step="deny", file=b"The proof of delivery is missing."))
    assert "The platform refused it" in denied
    assert "The proof of delivery is missing." in denied  # the sentence that a gap was read from
    promised = await record(step="promise", text="Signatures from now on.", due="2030-01-02T03:04")
    assert "Signatures from now on." in plain(promised)
    assert "2030-01-02 03:04 UTC" in plain(promised)
    assert f"{path}/bundle" not in promised.text
    sealed = await visitor.send(promised, f"{path}/seal")
    assert f"{path}/bundle" in sealed.text
    assert (await visitor.get(f"{path}/bundle")).text.startswith("PK")


async def test_one_look_at_a_case_is_one_line_of_custody(here: Stage, admin: Visitor) -> None:
    async def lines() -> int:
        async with open_runtime(here.settings, worker=False) as evidence:
            report = await evidence.custody(Whose(here.settings.tenant), ref_of_case(here.case))
        assert report is not None
        return len(report.to_json()["entries"])

    before = await lines()
    await admin.get(case_page(here.case))
    assert await lines() == before + 1


async def test_the_orders_page_names_its_cases(here: Stage, admin: Visitor) -> None:
    page = await admin.get(order_page(hostile.ORDER))
    assert case_page(here.case) in page.text
    assert story.ORDER.id not in plain(page)
