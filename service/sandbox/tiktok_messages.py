"""A stand-in of TikTok Shop's customer service: the conversation of the scenario's messages."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Message
from service.sandbox.tiktok import TikTokSandbox, _said

BUYER = "7021436810468230477"
CONVERSATION = "7494560109732334263"
_BASE = "/customer_service/202309/conversations"


class TikTokMessagesSandbox(TikTokSandbox):
    """Signs in and knows the order as its parent does."""

    name = "tiktok_messages"

    def __init__(self, scenario: Any, *, clock: Any) -> None:
        super().__init__(scenario, clock=clock)
        self._number = scenario.order.number_on("tiktok") if scenario.order else ""
        self._messages = scenario.messages

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v2/token/refresh", self.token),
            web.get("/order/202507/orders", self.orders),
            web.get(_BASE, self.conversations),
            web.get(f"{_BASE}/{{id}}/messages", self.messages),
            web.get("/media/{name}", self.media),
        ]

    async def conversations(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        others = {"id": "1", "participants": [{"role": "BUYER", "user_id": "8"}]}
        ours = {"id": CONVERSATION, "participants": [{"role": "BUYER", "user_id": BUYER}]}
        first = not request.query.get("page_token")
        told = {"conversations": [others if first else ours]}
        return _said(0, "Success", told | {"next_page_token": "2" if first else ""})

    async def messages(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        start = int(request.query.get("page_token") or 0)
        picture = f"{request.url.origin()}/{self.name}/media/a.jpg"
        all_of_it = [_message(one) for one in self._messages]
        if all_of_it:
            shown = json.dumps({"height": "480", "url": picture, "width": "640"})
            all_of_it.append(all_of_it[0] | {"id": "9100", "type": "IMAGE", "content": shown})
        more = start + 2 < len(all_of_it)
        told = {"messages": all_of_it[start : start + 2], "unsupported_msg_tips": ""}
        return _said(0, "Success", told | {"next_page_token": str(start + 2) if more else ""})


def _message(one: Message) -> dict[str, Any]:
    role = "ROBOT" if one.automatic else {"buyer": "BUYER"}.get(one.sender, "CUSTOMER_SERVICE")
    return {
        "id": one.id,
        "type": "TEXT",
        "content": json.dumps({"content": one.text}),
        "create_time": int(one.at.timestamp()),
        "is_visible": True,
        "index": f"{int(one.at.timestamp())}000001",
        "sender": {"im_user_id": "1", "role": role, "nickname": one.sender, "avatar": ""},
    }
