"""The shape of a stand-in, and what most of them share: tokens, and pictures that are drawn."""

from __future__ import annotations

import base64
import binascii
import io
import secrets as dice
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from aiohttp import web
from PIL import Image, ImageDraw

from service.sandbox.scenario import Account, Scenario

Clock = Callable[[], datetime]


class StandIn(Protocol):
    """Plays one vendor for one scenario. `name` is its collector's; it is mounted under `/name`."""

    name: str

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None: ...

    def routes(self) -> list[web.RouteDef]:
        """The vendor's own paths."""
        ...


class Tokens:
    """The access tokens that a stand-in gave out, and when each ends."""

    def __init__(self, account: Account, *, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._until: dict[str, datetime] = {}

    def knows(self, client: tuple[str, str] | None) -> bool:
        """Whether these are the account's id and secret."""
        return client == (self._account.client_id, self._account.client_secret)

    def give(self) -> str:
        token = dice.token_urlsafe(48)
        self._until[token] = self._clock() + timedelta(seconds=self._account.token_lasts_s)
        return token

    def refreshed(self, fields: Mapping[str, Any]) -> str | None:
        """A token for the account's secret as refresh token (RFC 6749, section 6), or None."""
        client = (str(fields.get("client_id")), str(fields.get("client_secret")))
        asked = fields.get("grant_type"), fields.get("refresh_token")
        fine = self.knows(client) and asked == ("refresh_token", self._account.client_secret)
        return self.give() if fine else None

    def accepts(self, header: str, *, scheme: str = "Bearer ") -> bool:
        """Whether a header's value is a token of ours that has not ended."""
        until = self._until.get(header.removeprefix(scheme)) if header.startswith(scheme) else None
        return until is not None and self._clock() < until


class CarrierStandIn:
    """A carrier's: its account, with tokens, and its parcels in the scenario, by number."""

    name: str

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._parcels = scenario.parcels_of(self.name)
        self._clock = clock
        self._tokens = Tokens(self._account, clock=clock)


def basic_of(request: web.Request) -> tuple[str, str] | None:
    """User and password of HTTP Basic, or None."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if scheme == "Basic" and colon else None


def signature_picture(name: str, form: str = "GIF") -> bytes:
    """A picture with `name` on a line, a few kilobytes."""
    picture = Image.new("L", (320, 90), 255)
    pen = ImageDraw.Draw(picture)
    pen.line((16, 70, 304, 70), fill=160, width=1)
    pen.text((24, 40), _drawable(name) or "x", fill=0)
    pen.line([(20 + 9 * i, 36 + (i * 37) % 23) for i in range(30)], fill=60, width=2)
    return _saved(picture, form)


def photo_picture() -> bytes:
    """A JPEG of a door and a box, drawn."""
    picture = Image.new("RGB", (640, 480), (176, 190, 197))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((220, 60, 420, 440), fill=(93, 64, 55))
    pen.ellipse((390, 250, 404, 264), fill=(255, 213, 79))
    pen.rectangle((250, 350, 390, 440), fill=(188, 143, 88), outline=(121, 85, 72), width=4)
    pen.text((12, 12), "orderproof sandbox", fill=(0, 0, 0))
    return _saved(picture, "JPEG")


def utc(at: datetime, *, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """A time as most platforms write it."""
    return at.astimezone(UTC).strftime(form)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _saved(picture: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, format=form)
    return out.getvalue()


def _drawable(text: str) -> str:
    return "".join(character for character in text if " " <= character <= "~")[:40]
