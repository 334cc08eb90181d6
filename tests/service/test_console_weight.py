"""How much of an order's page goes over the wire: an order of 300 items, before any picture."""

from __future__ import annotations

from evidence.items import Role
from service.console import static
from service.settings import Settings
from tests.service.conftest import REF, AskOf
from tests.service.standin import InMemoryEvidence
from tests.service.standin_parts import AnItem

MOST = 150_000


async def test_an_order_of_300_items_is_under_150_kb(
    ask_of: AskOf, settings: Settings, held: InMemoryEvidence
) -> None:
    ask = await ask_of(settings)
    assert (await ask.post(f"/v1/orders/amazon/{REF.id}/collections")).status == 202
    account = held.accounts["default", REF]
    roles = (Role.MESSAGE_MAIL, Role.POD_PHOTO, Role.EXCHANGE)
    account.items = [
        AnItem(
            f"item {seq}".encode(),
            seq,
            account.order.commitment,
            role=roles[seq % 3],
            name=f"Re Order {REF.id} where is my parcel {seq}.eml",
            source="mailbox",
        )
        for seq in range(300)
    ]
    held.seal("default", REF)
    async with ask.client.get(f"/console/orders/amazon/{REF.id}?site=US") as answer:
        page = await answer.read()
        assert answer.status == 200
    assert page.count(b"/items/") >= 300
    told = sum(len(static.content(name)) for name in ("console.css", "console.js", "mark.svg"))
    assert len(page) + told < MOST, (len(page), told)
