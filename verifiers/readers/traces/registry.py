"""Every reader of traces, chosen by what the bytes are and, for a mail, by how it came."""

from __future__ import annotations

from collections.abc import Callable

from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.media import HEAD, sniff
from verifiers.readers.traces import mail, pdf, picture

# Raised when any of them says more or otherwise.
VERSION = 13

_BY_TYPE: dict[str, Callable[[Item], list[Fact]]] = {
    "application/pdf": pdf.read,
    "image/jpeg": picture.read,
    "image/png": picture.read,
    "image/webp": picture.read,
    "image/tiff": picture.read,
    "image/gif": picture.read,
}


def tracer_of(item: Item) -> Callable[[Item], list[Fact]] | None:
    """What looks for traces in the item; None for what keeps none, such as a carrier's answer."""
    if item.role is Role.EXCHANGE:
        return None
    if item.role is Role.MESSAGE_MAIL or item.media_type == "message/rfc822":
        return mail.read
    head = b""
    for chunk in item.content.chunks():
        head += chunk[: HEAD - len(head)]
        if len(head) >= HEAD:
            break
    return _BY_TYPE.get(sniff(head))


def traces_of(item: Item) -> list[Fact]:
    """Every trace in the item; [] where nothing looks for any. Never raises for bad bytes."""
    tracer = tracer_of(item)
    return [] if tracer is None else tracer(item)
