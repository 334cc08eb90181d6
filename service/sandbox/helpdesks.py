"""Stand-ins of help desks: one ticket with the scenario's messages, and the buyer's picture."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Message, Scenario
from service.sandbox.standin import Clock, basic_of, photo_picture, utc

TICKET = 4711
_BUYER, _AGENT = 5001, 12


class _HelpDesk:
    name = ""
    prefix = ""

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._number = scenario.order.id if scenario.order else ""
        self._messages: Sequence[Message] = scenario.messages
        self._subject = next((m.subject for m in scenario.messages if m.subject), self._number)

    async def picture(self, request: web.Request) -> web.Response:
        return web.Response(body=photo_picture(), content_type="image/jpeg")

    def _knows(self, request: web.Request, user: str) -> bool:
        return basic_of(request) == (user, self._account.client_secret)

    def _link(self, request: web.Request) -> str:
        return f"{request.url.origin()}/{self.name}/files/photo.jpg"

    def _buyers(self) -> str:
        """The id of the buyer's first message, which the picture hangs on."""
        return next((m.id for m in self._messages if m.sender == "buyer"), "")


class ZendeskSandbox(_HelpDesk):
    """The agent is agent@sandbox.test, with the account's secret as token."""

    name = "zendesk"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v2/search.json", self.search),
            web.get("/api/v2/tickets/{id}/comments", self.comments),
            web.get("/api/v2/tickets/{id}/audits", self.audits),
            web.get("/files/photo.jpg", self.picture),
        ]

    def _refused(self, request: web.Request) -> bool:
        return not self._knows(request, "agent@sandbox.test/token")

    async def search(self, request: web.Request) -> web.Response:
        if self._refused(request):
            return web.json_response({"error": "Couldn't authenticate you"}, status=401)
        known = self._number and f'"{self._number}"' in request.query.get("query", "")
        found = [{"id": TICKET, "result_type": "ticket", "status": "open",
                  "subject": self._subject, "external_id": None}] if known else []  # fmt: skip
        return web.json_response({"results": found, "count": len(found), "next_page": None})

    async def comments(self, request: web.Request) -> web.Response:
        if self._refused(request):
            return web.json_response({"error": "Couldn't authenticate you"}, status=401)
        said = [one for one in self._messages if not one.automatic]
        # Two to a page, so that whoever reads has to turn it.
        start = int(request.query.get("page[after]", "0"))
        comments = [
            {
                "id": int(one.id),
                "type": "Comment",
                "author_id": _BUYER if one.sender == "buyer" else _AGENT,
                "body": one.text,
                "html_body": f"<p>{one.text}</p>",
                "plain_body": one.text,
                "public": True,
                "attachments": [
                    {"id": 1, "file_name": "photo.jpg", "content_url": self._link(request)}
                ]
                if one.id == self._buyers()
                else [],
                "audit_id": 600 + place,
                "via": {"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
                "created_at": utc(one.at),
                "metadata": {"system": {}, "custom": {}},
            }
            for place, one in enumerate(said)
        ][start : start + 1]
        more = start + 1 < len(said)
        users = [{"id": _BUYER, "role": "end-user"}, {"id": _AGENT, "role": "agent"}]
        meta = {"has_more": more, "after_cursor": str(start + 1), "before_cursor": str(start)}
        told = {"comments": comments, "users": users, "meta": meta, "links": {}}
        return web.json_response(told)

    async def audits(self, request: web.Request) -> web.Response:
        if self._refused(request):
            return web.json_response({"error": "Couldn't authenticate you"}, status=401)
        rule = {"channel": "rule", "source": {"rel": "trigger", "from": {"id": 22}, "to": {}}}
        audits = [
            {
                "id": 700 + place,
                "ticket_id": TICKET,
                "created_at": utc(one.at),
                "author_id": _AGENT,
                "events": [
                    {"id": int(one.id), "type": "Notification", "subject": one.subject,
                     "body": one.text, "recipients": [_BUYER], "via": rule}
                ],
            }
            for place, one in enumerate(self._messages)
            if one.automatic
        ]  # fmt: skip
        return web.json_response({"audits": audits, "meta": {"has_more": False}, "links": {}})


class GorgiasSandbox(_HelpDesk):
    """The user is agent@sandbox.test, with the account's secret as key."""

    name = "gorgias"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/tickets", self.tickets),
            web.get("/api/tickets/{id}/messages", self.messages),
            web.get("/files/photo.jpg", self.picture),
        ]

    async def tickets(self, request: web.Request) -> web.Response:
        if not self._knows(request, "agent@sandbox.test"):
            return web.json_response({"error": {"msg": "Unauthorized"}}, status=401)
        found = [
            {"id": TICKET, "subject": self._subject, "external_id": None},
            {"id": TICKET + 1, "subject": "Another matter", "external_id": None},
        ]
        return web.json_response({"data": found, "object": "list", "meta": {"next_cursor": None}})

    async def messages(self, request: web.Request) -> web.Response:
        if not self._knows(request, "agent@sandbox.test"):
            return web.json_response({"error": {"msg": "Unauthorized"}}, status=401)
        start = int(request.query.get("cursor", "0"))
        told = [self._message(request, one) for one in self._messages][start : start + 2]
        more = start + 2 < len(self._messages)
        meta = {"next_cursor": str(start + 2) if more else None, "prev_cursor": None}
        return web.json_response({"data": told, "object": "list", "meta": meta})

    def _message(self, request: web.Request, one: Message) -> dict[str, Any]:
        photo = {"name": "photo.jpg", "content_type": "image/jpeg", "url": self._link(request)}
        return {
            "id": int(one.id),
            "ticket_id": TICKET,
            "public": True,
            "channel": "email",
            "from_agent": one.sender != "buyer",
            "rule_id": 9 if one.automatic else None,
            "subject": one.subject,
            "body_text": one.text,
            "attachments": [photo] if one.id == self._buyers() else [],
            "created_datetime": utc(one.at, form="%Y-%m-%dT%H:%M:%S.000001"),
            "sent_datetime": None,
            "failed_datetime": None,
        }


class FreshdeskSandbox(_HelpDesk):
    """The account's secret is the key; the order's number stands in cf_order_number."""

    name = "freshdesk"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v2/search/tickets", self.search),
            web.get("/api/v2/tickets/{id}", self.ticket),
            web.get("/api/v2/tickets/{id}/conversations", self.conversations),
            web.get("/files/photo.jpg", self.picture),
        ]

    def _refused(self, request: web.Request) -> web.Response | None:
        basic = base64.b64encode(f"{self._account.client_secret}:X".encode()).decode()
        if request.headers.get("Authorization") == f"Basic {basic}":
            return None
        said = {"code": "invalid_credentials", "message": "You have to be logged in."}
        return web.json_response(said, status=401)

    async def search(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        asked = f"\"cf_order_number:'{self._number}'\""
        known = bool(self._number) and request.query.get("query") == asked
        found = [self._ticket(request)] if known else []
        return web.json_response({"results": found, "total": len(found)})

    async def ticket(self, request: web.Request) -> web.Response:
        return self._refused(request) or web.json_response(self._ticket(request))

    async def conversations(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        told: list[dict[str, Any]] = [
            {
                "id": int(one.id),
                "ticket_id": TICKET,
                "incoming": one.sender == "buyer",
                "private": False,
                "source": 0,
                "body": f"<div>{one.text}</div>",
                "body_text": one.text,
                "from_email": None,
                "to_emails": [],
                "created_at": utc(one.at),
                "updated_at": utc(one.at),
                "last_edited_at": None,
                "attachments": [],
                "automation_id": 3 if one.automatic else None,
            }
            for one in self._messages[1:]
        ]
        return web.json_response(told if request.query.get("page") == "1" else [])

    def _ticket(self, request: web.Request) -> dict[str, Any]:
        first = self._messages[0] if self._messages else None
        photo = {"id": 1, "name": "photo.jpg", "attachment_url": self._link(request)}
        return {
            "id": TICKET,
            "subject": self._subject,
            "status": 2,
            "source": 1,
            "description_text": first.text if first else "",
            "created_at": utc(first.at) if first else None,
            "attachments": [photo],
            "custom_fields": {"cf_order_number": self._number},
        }
