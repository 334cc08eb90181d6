"""What the transcripts of help desks and platforms share.

A page of messages is one item, as it came: its messages keep their order, and each is a group
`message/<id>`. Whether all of a conversation is there can be told from its pages: what each was
asked for with, what it says leads on, whether it says that it is the last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

from collectors.collector import Http
from collectors.mentions import Mentions
from collectors.orders.record import label
from collectors.troubles import Troubles
from evidence.errors import ConfigError, EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.pages import Node, page_of

MAX_THREADS = 50
MAX_PAGES = 50
MAX_ATTACHED = 100
ASKED = "asked_with"


def group_of(message: Node, place: int, *, key: str = "id") -> str:
    """The group of a message's facts."""
    return label("message", message[key], place)


def pages_in(settings: Mapping[str, Any], *, usual: int) -> int:
    """The setting `pages`: how many pages of a list are gone through; ConfigError for no number."""
    most = settings.get("pages", usual)
    if isinstance(most, bool) or not isinstance(most, int) or not 0 < most <= 1000:
        raise ConfigError(what="the setting pages", why="it is not a number from 1 to 1000")
    return most


def page_facts(page: Node, following: Node, *, last: bool | None = None) -> Iterator[Fact]:
    """Where a page stands among the others.

    following  what the source gives to ask for the next page with; empty on the last
    last       what it says itself, where it says that apart
    """
    if asked := page.item.hints.get(ASKED):
        yield page.fact("thread.asked", asked)
    text = following.text_or_none() if not isinstance(following.value, bool) else None
    if text:
        yield following.fact("thread.next", text)
    ends = not text if last is None else last
    yield page.fact("thread.end", "yes" if ends else "no")


def flag(name: str, node: Node, *, group: str) -> Iterator[Fact]:
    """`yes` or `no` where the source says true or false; nothing where it says neither."""
    if isinstance(node.value, bool):
        yield node.fact(name, "yes" if node.value else "no", group=group)


def names_order(nodes: Iterable[Node], mentions: Mentions) -> bool:
    """Whether one of these texts names the order."""
    return any(isinstance(node.value, str) and mentions.found_in(node.value) for node in nodes)


def links_in(item: Item, lists: Iterable[Node], key: str) -> list[str]:
    """The attachments' URLs in these lists; none of what cannot be read."""
    found = []
    for attached in lists:
        try:
            urls = [one[key].text_or_none() for one in attached.each()]
        except EvidenceError:
            continue  # read() will say what is wrong with it
        found += [url for url in urls if url]
    return list(dict.fromkeys(found))[:MAX_ATTACHED]


async def fetched(
    http: Http, links: Iterable[str], key: str, troubles: Troubles
) -> AsyncIterator[Item]:
    """What is attached, at once: such links end within minutes."""
    for place, url in enumerate(links):
        with troubles.held():
            reply = await http.fetch(url)
            yield reply.item(Role.MESSAGE_ATTACHMENT, key=f"{key}/attachment/{place}")


def pages_or_none(item: Item) -> Node | None:
    """The item's JSON where it can be read, to find what to ask for next."""
    try:
        return page_of(item)
    except EvidenceError:
        return None
