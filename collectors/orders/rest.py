"""Any system that speaks REST and JSON, described in TOML: an ERP, a warehouse, a shop of your own.

Source   what the description says (description.py); two described ones lie in docs/sources/rest.
Tried    on the described examples against local servers of their documented shape; never live.
Times    as the description declares them; without a declared zone a local time stays local.
Limits   20 requests, each for every known value of what it is asked with, 100 pages each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any
from urllib.parse import quote

import jsonpath
from jsonpath.selectors import IndexSelector, NameSelector

from collectors.auth import ApiKey, Auth, Basic, ClientCredentials, NoAuth, secret_of
from collectors.collector import Context, Http, Reply
from collectors.glance import glanced
from collectors.mentions import Mentions
from collectors.orders.description import (
    MAX_PAGES,
    ROLES,
    Ask,
    Description,
    Group,
    Reading,
    filled,
)
from collectors.orders.values import Values, wrong
from collectors.secrets import Secret
from evidence.errors import EvidenceError, ShapeError
from evidence.facts import Fact
from evidence.items import Item
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

# One request is asked for so many combinations of known values; more is a mistake of a source.
MOST_COMBINATIONS = 50


class Rest:
    name = "rest"
    version = 1
    roles = ROLES
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()
    origin = "erp"

    def __init__(self, description: Description | None = None) -> None:
        self._description = description
        if description is not None:
            self.roles = description.roles
            self.needs = description.needs
            self.origin = description.origin

    def configured(self, options: Mapping[str, Any]) -> Rest:
        """The collector of one described system. RequestError naming what is wrong with it."""
        return Rest(Description.of(options.get("description")))

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Auth:
        """As `[auth]` says; its secret is `api_key`, `password` or `client_secret`."""
        said = Description.of(options.get("description")).auth
        match said["kind"]:
            case "header":
                key = secret_of(secrets, "api_key", source=self.name)
                return ApiKey(
                    str(said.get("header", "Authorization")), key, str(said.get("prefix", ""))
                )
            case "basic":
                password = secret_of(secrets, "password", source=self.name)
                return Basic(str(said.get("user", "")), password)
            case "oauth":
                scope = {"scope": str(said["scope"])} if "scope" in said else {}
                return ClientCredentials(
                    source=self.name,
                    token_url=str(said.get("token_url", "/oauth/token")),
                    client_id=str(said.get("client_id", "")),
                    client_secret=secret_of(secrets, "client_secret", source=self.name),
                    in_form=said.get("in_form") is True,
                    as_json=said.get("as_json") is True,
                    extra=scope,
                )
        return NoAuth()

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each request's answers, page by page, in the order of the description.

        A request whose placeholders have no value is left out.
        """
        if self._description is None:
            raise wrong("description", "there is none")
        http = context.need_http()
        mentions = Mentions.of(order, context)
        known = {"order.id": [order.id], "order.site": [order.site]}
        known |= {name: list(values) for name, values in context.facts.items()}
        for number, ask in enumerate(self._description.asks, 1):
            hint = ask.reading.hint()
            for values in _combinations(ask, known):
                page: str | None = None
                for count in range(1, MAX_PAGES + 1):
                    reply = await _asked(http, ask, values, page, count)
                    said = ",".join(values.values())
                    item = reply.item(
                        ask.role,
                        key=f"request/{number}/{said}/page/{count}",
                        about={k: v for k, v in values.items() if "." in k},
                        hints={"rest": hint, "http.status": str(reply.status)} | mentions.hints(),
                    )
                    page = _learnt(item, ask, known, count)
                    yield item
                    if page is None:
                        break

    def read(self, item: Item) -> list[Fact]:
        """The facts that the description names, each where its path led.

        A value that cannot be one of its fact is told as `row.broken`. ShapeError if the answer is
        no JSON, or the item has no description of ours.
        """
        if "rest" not in item.hints:
            raise ShapeError(
                source=item.source, pointer="item:", expected="a described answer", got="none"
            )
        reading = Reading.from_hint(item.hints["rest"])
        page = page_of(item)
        mentions = Mentions.from_hints(item.about, item.hints)
        facts = list(_facts(page, reading.facts, reading.values, ""))
        for group in reading.groups:
            facts += _group_facts(page, group, reading.values, mentions)
        return facts


def _combinations(ask: Ask, known: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    """Every way to fill the request's placeholders; none if one of them has no value."""
    names = sorted(ask.placeholders)
    choices = product(*(dict.fromkeys(known.get(name, ())) for name in names))
    for count, values in enumerate(choices):
        if count == MOST_COMBINATIONS:
            return
        yield dict(zip(names, values, strict=True))


async def _asked(
    http: Http, ask: Ask, values: Mapping[str, str], page: str | None, count: int
) -> Reply:
    path = filled(ask.path, {name: quote(value, safe="") for name, value in values.items()})
    query = dict(filled(ask.query, values))
    if ask.paging is not None:
        if ask.paging.page:
            query[ask.paging.page] = str(count)
        elif page is not None:
            query[ask.paging.param] = page
    if ask.method == "GET":
        return await http.get(path, params=query, answers=ask.answers)
    body = filled(ask.json, values)
    return await http.post(path, json=body, params=query, answers=ask.answers, safe=True)


def _learnt(item: Item, ask: Ask, known: dict[str, list[str]], count: int) -> str | None:
    """Take what the answer teaches; the next page's cursor, or None at the end.

    An answer that is no JSON teaches nothing: `read` says what is wrong with it.
    """
    paging = ask.paging
    onward = "" if paging is None else paging.until_empty or paging.cursor
    try:
        led = _led_to(item, [path for path in (*ask.learn.values(), onward) if path])
        for name, path in ask.learn.items():
            learnt = (node.text_or_none() for node in led[path])
            known.setdefault(name, []).extend(text for text in learnt if text)
        if paging is None:
            return None
        nodes = led[onward]
        if paging.page:
            more = any(node.value not in (None, [], {}) for node in nodes)
            return str(count + 1) if more else None
        return next((node.text_or_none() for node in nodes), None)
    except EvidenceError:
        return None


def _led_to(item: Item, paths: Sequence[str]) -> dict[str, list[Node]]:
    """The nodes that each path leads to; the page is not built if each leads to one value."""
    places = [_place(path) for path in paths]
    single = [place for place in places if place is not None]
    values = glanced(item.content, single) if len(single) == len(paths) else None
    if values is not None:
        return {
            path: [Node(item, place, value) for value in found]
            for path, place, found in zip(paths, single, values, strict=True)
        }
    page = page_of(item)
    return {path: list(_matches(page, path)) for path in paths}


@lru_cache(256)
def _place(path: str) -> tuple[str | int, ...] | None:
    """The one place that a JSONPath of names and of numbers from 0 on means, else None."""
    compiled = _compiled(path)
    if not isinstance(compiled, jsonpath.JSONPath) or not compiled.singular_query():
        return None
    steps: list[str | int] = []
    for segment in compiled.segments:
        for selector in segment.selectors:
            match selector:
                case NameSelector(name=name):
                    steps.append(name)
                case IndexSelector(index=index) if index >= 0:
                    steps.append(index)
                case _:
                    return None
    return tuple(steps)


def _matches(start: Node, path: str) -> Iterator[Node]:
    """The nodes a JSONPath leads to from `start`, each knowing where it stands in the page."""
    for match in _compiled(path).finditer(start.value if start.value is not None else {}):
        yield Node(start.item, (*start.steps, *match.parts), match.obj)


@lru_cache(256)
def _compiled(path: str) -> jsonpath.CompoundJSONPath | jsonpath.JSONPath:
    """A few paths are asked of every page of a source."""
    return jsonpath.compile(path)


def _group_facts(page: Node, group: Group, values: Values, mentions: Mentions) -> Iterator[Fact]:
    for number, node in enumerate(_matches(page, group.path)):
        if group.mine:
            whose = [said.text_or_none() or "" for said in _matches(node, group.mine)]
            if not any(mentions.is_one(text) for text in whose):
                continue
        yield from _facts(node, group.facts, values, f"{group.name or 'each'}/{number}")


def _facts(start: Node, paths: Mapping[str, str], values: Values, group: str) -> Iterator[Fact]:
    for path, name in paths.items():
        for node in _matches(start, path):
            try:
                said = node.text_or_none()
                if said is not None:
                    yield node.fact(name, values.value_of(name, path, said), group=group)
            except EvidenceError as problem:
                yield node.fact("row.broken", f"{path}: {problem}", group=group)
