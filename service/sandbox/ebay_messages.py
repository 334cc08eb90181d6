"""A stand-in of eBay's Message API: one conversation of the scenario's messages."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.ebay import EbaySandbox, _ms, _refusal
from service.sandbox.scenario import Scenario
from service.sandbox.standin import Clock, photo_picture

BUYER, SELLER = "jane-doe-buyer", "brightleaf"
CONVERSATION = "7700123"
_BASE = "/commerce/message/v1/conversation"


class EbayMessagesSandbox(EbaySandbox):
    """Signs in and knows the order as its parent does."""

    name = "ebay_messages"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        super().__init__(scenario, clock=clock)
        self._messages = scenario.messages

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/identity/v1/oauth2/token", self.token),
            web.get("/sell/fulfillment/v1/order/{number}", self.order),
            web.get(_BASE, self.conversations),
            web.get(f"{_BASE}/{{id}}", self.conversation),
            web.get("/media/photo.jpg", self.picture),
        ]

    async def conversations(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return _refusal(401, 1001, "Invalid access token")
        mine = request.query.get("other_party_username") == BUYER and bool(self._messages)
        told = [
            {
                "conversationId": CONVERSATION,
                "conversationStatus": "ACTIVE",
                "conversationTitle": "Oak table lamp",
                "conversationType": "FROM_MEMBERS",
                "createdDate": _ms(self._messages[0].at),
                "referenceId": "110011001100",
                "referenceType": "LISTING",
                "unreadCount": 1,
            }
        ] if mine else []  # fmt: skip
        return web.json_response({"conversations": told, "total": len(told)} | _place(request))

    async def conversation(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return _refusal(401, 1001, "Invalid access token")
        picture = f"{request.url.origin()}/{self.name}/media/photo.jpg"
        media = [{"mediaName": "photo.jpg", "mediaType": "IMAGE", "mediaUrl": picture}]
        told: list[dict[str, Any]] = [
            {
                "messageId": one.id,
                "createdDate": _ms(one.at),
                "senderUsername": BUYER if one.sender == "buyer" else SELLER,
                "recipientUsername": SELLER if one.sender == "buyer" else BUYER,
                "subject": one.subject,
                "messageBody": one.text,
                "messageMedia": media if one.sender == "buyer" else [],
                "readStatus": False,
            }
            for one in self._messages
        ]
        said = {"messages": told, "total": len(told), "conversationType": "FROM_MEMBERS"}
        return web.json_response(said | _place(request))

    async def picture(self, request: web.Request) -> web.Response:

        return web.Response(body=photo_picture(), content_type="image/jpeg")


def _place(request: web.Request) -> dict[str, Any]:
    asked = request.query
    return {"limit": int(asked.get("limit", "25")), "offset": int(asked.get("offset", "0"))}
