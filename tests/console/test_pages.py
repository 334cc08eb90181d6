"""The console as its server writes it: what stands on each page, for whom, and what it refuses."""

from __future__ import annotations

import re
from html import unescape

import pytest

from service.access.callers import Role
from service.console.pages import PAGES
from service.demo import story
from tests.console.conftest import Shown, Visitor
from tests.console.stage import ORDER_PAGE, Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")


def links(page: Shown, holding: str) -> list[str]:
    found = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
    return [link for link in found if holding in link]


async def test_whoever_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(
    here: Stage, visitor: Visitor
) -> None:
    page = await visitor.get(ORDER_PAGE)
    assert page.path.startswith("/console/sign-in?to=")
    assert story.ORDER.id not in visitor.cookies.values()
    field = re.search(r'name="to" value="([^"]+)"', page.text)
    assert field
    assert unescape(field[1]) == ORDER_PAGE
    fields = {"token": here.tokens[Role.APPEAL_TOOL], "to": ORDER_PAGE}
    shown = await visitor.send(page, "/console/sign-in", fields)
    assert shown.path == ORDER_PAGE
    assert f"Order {story.ORDER.id}" in shown.text


async def test_a_wrong_token_opens_nothing_and_is_not_repeated(visitor: Visitor) -> None:
    page = await visitor.sign_in("opt_wrong-token-that-nobody-made")
    assert page.status == 401
    assert "opt_wrong" not in page.text
    assert (await visitor.get(ORDER_PAGE)).path.startswith("/console/sign-in")


async def test_signing_in_leads_to_no_other_host(here: Stage, visitor: Visitor) -> None:
    for to in ("https://evil.example/", "//evil.example", "/console\\..\\x", "/console/\r\nX: y"):
        page = await visitor.get("/console/sign-in")
        fields = {"token": here.tokens[Role.ADMIN], "to": to}
        assert (await visitor.send(page, "/console/sign-in", fields)).path == "/console/orders"


async def test_the_session_is_a_cookie_that_scripts_and_other_sites_have_no_use_of(
    admin: Visitor, here: Stage
) -> None:
    said = [one for one in admin.set_cookie if one.startswith("orderproof=")]
    assert said
    for one in said:
        assert "HttpOnly" in one
        assert "SameSite=Strict" in one
    token = here.tokens[Role.ADMIN]
    secret = token.split("_", 2)[2]  # it may have an underscore of its own
    assert not any(token in one or secret in one for one in admin.set_cookie)


async def test_a_changed_cookie_is_no_session(admin: Visitor) -> None:
    assert (await admin.get(ORDER_PAGE)).path == ORDER_PAGE
    said = admin.cookies["orderproof"]
    admin.cookies["orderproof"] = ("B" if said[0] == "A" else "A") + said[1:]
    assert (await admin.get(ORDER_PAGE)).path.startswith("/console/sign-in")


async def test_signing_out_ends_it(admin: Visitor) -> None:
    page = await admin.get(ORDER_PAGE)
    await admin.send(page, "/console/sign-out")
    assert (await admin.get(ORDER_PAGE)).path.startswith("/console/sign-in")


async def test_a_form_counts_only_from_a_page_of_this_session(here: Stage, admin: Visitor) -> None:
    page = await admin.get(ORDER_PAGE)
    action = ORDER_PAGE.replace("?", "/collections?")
    assert (await admin.ask("POST", action, data={})).status == 403
    assert (await admin.ask("POST", action, data={"form": "0" * 64})).status == 403
    found = re.search(r'name="form" value="([0-9a-f]{64})"', page.text)
    assert found
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        sent = await admin.ask("POST", action, data={"form": found[1]}, headers=headers)
        assert sent.status == 403, headers
    await admin.sign_in(here.tokens[Role.ADMIN])  # another session
    assert (await admin.ask("POST", action, data={"form": found[1]})).status == 403


async def test_each_page_lets_in_whom_its_rule_names_and_nobody_else(
    here: Stage, visitor: Visitor
) -> None:
    values = {
        "{platform}": "amazon", "{order_id}": story.ORDER.id, "{collection_id}": "0" * 32,
        "{share_id}": "none", "{sha256:[0-9a-f]{64}}": "0" * 64, "{page:[1-9][0-9]{0,3}}": "1",
        "{path:.+}": "checkpoint", "{case_id:[0-9a-f]{32}}": "0" * 32,
    }  # fmt: skip
    for role in Role:
        await visitor.sign_in(here.tokens[role])
        for page in PAGES:
            if page.public:
                continue
            path = page.path
            for gap, value in values.items():
                path = path.replace(gap, value)
            assert "{" not in path, path
            data = {"form": "0" * 64} if page.is_action else None
            shown = await visitor.ask(page.method, path, follow=False, data=data)
            refused = f"The role {role} may not" in unescape(shown.text)
            assert refused == (role not in page.roles), (role, page.path, shown.status)


async def test_every_page_forbids_scripts_that_are_not_ours(admin: Visitor) -> None:
    for path in ("/console/orders", ORDER_PAGE, "/console/sign-in", "/console/orders/amazon/none"):
        page = await admin.get(path)
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src 'self'" in policy
        assert page.headers["Cache-Control"] == "no-store"
        scripts = re.findall(r"<script[^>]*>", page.text)
        assert all(re.search(r'src="/console/static/[a-z]+\.js"', one) for one in scripts)
        assert page.text.count("</script>") == len(scripts)
        inside = " ".join(re.findall(r"<[a-z][^>]*>", page.text))
        assert not re.search(r"\s(style|on[a-z]+)\s*=", inside)


async def test_a_page_is_compressed_unless_another_site_asked_for_it(admin: Visitor) -> None:
    for site, small in (("same-origin", True), ("none", True), ("same-site", False), (None, False)):
        headers = {"Sec-Fetch-Site": site} if site else {}
        page = await admin.get(ORDER_PAGE, headers=headers)
        assert page.status == 200
        assert (page.headers.get("Content-Encoding") is not None) == small, site
        assert "What was asked of the evidence" in page.text


async def test_the_verdict_stands_first_and_what_it_rests_on_is_a_click_away(
    admin: Visitor,
) -> None:
    page = await admin.get(ORDER_PAGE)
    text = unescape(page.text)
    # Of how many depends on what could be read: with the extras there are more.
    (verdict,) = re.findall(r"The evidence does not hold in 1 of \d+ questions", text)
    said = text.index(verdict)
    assert said < text.index("Until when") < text.index("What was asked") < text.index("Items as")
    assert "16 hours apart" in text
    (first, *_) = links(page, "&at=json%3A")
    item = await admin.get(first.partition("#")[0])
    assert item.status == 200
    assert 'id="here"' in item.text
    assert "This is the place" in item.text


async def test_a_box_on_a_page_is_drawn_over_a_picture_of_ours(admin: Visitor) -> None:
    page = await admin.get(ORDER_PAGE)
    found = links(page, "page%3A1%2Fbox")
    if not found:
        pytest.skip("the extra ocr is not here, so nothing was read off the scan")
    item = await admin.get(found[0].partition("#")[0])
    assert re.search(r'<rect [^>]*id="here" class="here"', item.text)
    (picture,) = re.findall(r'<img src="(/console/orders/[^"]+/pictures/1[^"]*)"', item.text)
    drawn = await admin.get(unescape(picture))
    assert drawn.headers["Content-Type"] == "image/jpeg"
    assert drawn.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_each_look_is_in_the_custody_log(admin: Visitor, here: Stage) -> None:
    async def acts() -> list[str]:
        headers = {"Authorization": f"Bearer {here.tokens[Role.ADMIN]}"}
        url = f"{here.url}/v1/orders/amazon/{story.ORDER.id}/custody"
        async with admin.session.get(url, headers=headers) as answer:
            return [f"{e['act']} {e['way']}" for e in (await answer.json())["entries"]]

    before = await acts()
    page = await admin.get(ORDER_PAGE)
    (item, *_) = links(page, "/items/")
    await admin.get(item.partition("#")[0])
    await admin.get(ORDER_PAGE.replace("?", "/bundle?") + "&profile=bagit")
    looked = (await acts())[len(before) :]
    order = "/console/orders/{platform}/{order_id}"
    assert looked[0] == f"evidence GET {order}"
    assert looked[1].startswith(f"item GET {order}/items/")
    assert looked[2] == f"bundle GET {order}/bundle"


async def test_an_order_that_nobody_asked_for_is_told_as_a_page(admin: Visitor) -> None:
    page = await admin.get("/console/orders/amazon/111-0000000-0000000")
    assert page.status == 404
    assert "text/html" in page.headers["Content-Type"]
    assert "Nothing is kept" in unescape(page.text)


async def test_a_link_to_the_bundle_is_shown_once_and_can_be_ended(
    admin: Visitor, here: Stage
) -> None:
    page = await admin.get(ORDER_PAGE)
    fields = {"profile": "reviewer", "days": "1"}
    made = await admin.send(page, ORDER_PAGE.replace("?", "/shares?"), fields)
    (url,) = re.findall(r'class="secret">([^<]+)<', made.text)
    async with admin.session.get(here.url + url) as answer:
        assert answer.status == 200
        assert (await answer.read())[:2] == b"PK"
    again = await admin.get(ORDER_PAGE)
    assert url not in again.text
    (end,) = [unescape(a) for a in re.findall(r'action="([^"]+/end[^"]*)"', again.text)]
    await admin.send(again, end)
    async with admin.session.get(here.url + url) as answer:
        assert answer.status == 404


async def test_orders_are_started_in_bulk_and_what_is_none_is_named(admin: Visitor) -> None:
    page = await admin.get("/console/orders")
    fields = {
        "numbers": f"{story.NEIGHBOUR}\nnot-a-number\n{story.NEIGHBOUR}",
        "platform": "amazon", "site": "US", "kind": "a-to-z", "noticed": "2026-11-20T10:00",
    }  # fmt: skip
    done = await admin.send(page, "/console/orders", fields)
    assert "Started: 1." in done.text
    assert "<code>not-a-number</code>" in done.text
    listed = await admin.get("/console/orders")
    assert story.NEIGHBOUR in listed.text
    assert story.ORDER.id in listed.text
