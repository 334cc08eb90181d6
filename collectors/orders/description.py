"""A REST + JSON system described in TOML: what is asked, how pages go on, which path is which fact.

    origin = "acme-erp"                   whose claims these are
    [auth]
    kind = "header"                       none, header, basic, or oauth (client credentials)
    header = "X-Api-Key"
    [[request]]
    path = "/orders"                      {order.id}, any fact or learnt name; in query, json too
    query = { number = "{order.id}" }
    role = "order.record"
    [request.learn]                       for the paths of later requests
    internal = "$.data[0].id"
    [request.facts]                       JSONPath (RFC 9535) = fact
    "$.data[0].number" = "order.id"
    [[request.each]]                      a group of facts for each match
    path = "$.data[*].parcels[*]"
    [request.each.facts]                  paths from there
    "$.number" = "shipment.tracking_number"
    [request.next]
    cursor = "$.next"                     or page = "page" with until_empty = "$.data"
    param = "cursor"

docs/sources/rest.md tells it as a tutorial. What is read of an answer travels with its item, as
canonical JSON in a hint, so that it is read the same way whatever the description says by then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import jsonpath

from collectors.orders.values import Values, checked, word, words, wrong
from evidence.canonical import canonical, parse_json
from evidence.errors import FormatError, RequestError
from evidence.items import Role
from evidence.vocabulary import VOCABULARY

MAX_REQUESTS = 20
MAX_PAGES = 100
ROLES = frozenset(
    {
        Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.PAYMENT_RECORD, Role.REFUND_RECORD,
        Role.TRACKING_HISTORY, Role.MESSAGE_THREAD,
    }
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_.]*)\}")
_TOP = {"origin", "auth", "request"}
_VALUES = {"zone", "zones", "currency", "date_formats", "epoch", "decimal", "countries"}
_AUTH = {
    "none": set[str](),
    "header": {"header", "prefix"},
    "basic": {"user"},
    "oauth": {"token_url", "client_id", "in_form", "as_json", "scope"},
}
_REQUEST = {
    "path", "method", "query", "json", "role", "answers", "learn", "facts", "each", "next", "mine",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Facts of each match of `path`, by paths from there, or only where `mine` is the order's.

    A source that answers a search may send other people's orders along: `mine` is the path of the
    number that says whose it is.
    """

    path: str
    facts: Mapping[str, str]
    mine: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is read of one request's answers."""

    facts: Mapping[str, str]
    groups: tuple[Group, ...]
    values: Values

    def hint(self) -> str:
        return canonical(_plain(asdict(self))).decode()

    @classmethod
    def from_hint(cls, hint: str) -> Reading:
        """The inverse of `hint`; FormatError on any other shape."""
        said = parse_json(hint.encode(), limit=1 << 20, what="the description")
        try:
            groups = [{"mine": "", "name": "", **group} for group in said["groups"]]
            return cls(
                facts=_facts(said, "facts"),
                groups=tuple(_group(group) for group in groups),
                values=Values(**checked(said["values"])),
            )
        except (RequestError, KeyError, TypeError) as problem:
            raise FormatError(what="the description", why=str(problem)) from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """`cursor`: the path of what the next request's `param` must be; it ends where that is absent.

    `page`: a parameter that counts from 1, until nothing is at `until_empty`.
    """

    cursor: str = ""
    param: str = ""
    page: str = ""
    until_empty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request. Placeholders name facts that must be known, or what earlier answers taught."""

    path: str
    method: str
    query: Mapping[str, str]
    json: Any
    role: Role
    answers: frozenset[int]
    learn: Mapping[str, str]
    paging: Paging | None
    reading: Reading

    @property
    def placeholders(self) -> set[str]:
        said = [self.path, *self.query.values(), *_texts(self.json)]
        return {name for text in said for name in _PLACEHOLDER.findall(text)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    origin: str
    auth: Mapping[str, Any]
    asks: tuple[Ask, ...] = field(default=())

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(ask.role for ask in self.asks)

    @property
    def needs(self) -> frozenset[str]:
        """Facts that the first request must have; a later one is left out where it lacks any."""
        return frozenset(self.asks[0].placeholders & set(VOCABULARY)) - {"order.id", "order.site"}

    @classmethod
    def of(cls, said: Any) -> Description:
        """Check a description; RequestError that names the setting and what is wrong with it."""
        if not isinstance(said, Mapping):
            raise wrong("description", "it is not a table, nor a file with one")
        _known(said, _TOP | _VALUES, "description")
        auth = _auth(said.get("auth", {"kind": "none"}))
        requests = said.get("request", ())
        if not isinstance(requests, list) or not 1 <= len(requests) <= MAX_REQUESTS:
            raise wrong("description.request", f"there are not 1 to {MAX_REQUESTS} of them")
        values = Values(**checked(said))
        learnt: set[str] = set()
        asks = []
        for number, table in enumerate(requests, 1):
            where = f"description.request {number}"
            ask = _ask(table, values, where)
            if unknown := sorted(ask.placeholders - set(VOCABULARY) - learnt):
                raise wrong(where, f"{{{unknown[0]}}} is neither a fact nor learnt before")
            learnt |= set(ask.learn)
            asks.append(ask)
        return cls(origin=word(said, "origin") or "erp", auth=auth, asks=tuple(asks))


def filled(template: Any, known: Mapping[str, str]) -> Any:
    """A text, or JSON with texts in it, with every placeholder replaced."""
    if isinstance(template, str):
        return _PLACEHOLDER.sub(lambda found: known[found[1]], template)
    if isinstance(template, Mapping):
        return {key: filled(value, known) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, known) for value in template]
    return template


def _ask(table: Any, values: Values, where: str) -> Ask:
    if not isinstance(table, Mapping):
        raise wrong(where, "it is not a table")
    _known(table, _REQUEST, where)
    path, role, method = word(table, "path"), word(table, "role"), word(table, "method") or "GET"
    if not path.startswith("/"):
        raise wrong(f"{where}.path", "it does not begin with /")
    if role not in ROLES:
        raise wrong(f"{where}.role", f"it is none of {', '.join(sorted(ROLES))}")
    if method not in {"GET", "POST"}:
        raise wrong(f"{where}.method", "it is neither GET nor POST, and nothing else only asks")
    if method == "GET" and "json" in table:
        raise wrong(f"{where}.json", 'a GET has no body; say method = "POST"')
    answers = table.get("answers", [200, 404])
    if not isinstance(answers, list) or not all(type(n) is int and 100 <= n < 600 for n in answers):
        raise wrong(f"{where}.answers", "it is not a list of HTTP statuses")
    learn = {name: _path(said, f"{where}.learn") for name, said in words(table, "learn").items()}
    groups = table.get("each", [])
    if not isinstance(groups, list):
        raise wrong(f"{where}.each", "it is not written [[request.each]]")
    return Ask(
        path=path,
        method=method,
        query=words(table, "query"),
        json=table.get("json"),
        role=Role(role),
        answers=frozenset(answers),
        learn=learn,
        paging=_paging(table["next"], f"{where}.next") if "next" in table else None,
        reading=Reading(
            facts=_facts(table, where),
            groups=tuple(_group(group) for group in groups),
            values=values,
        ),
    )


def _group(table: Any) -> Group:
    where = "description.request.each"
    if not isinstance(table, Mapping):
        raise wrong(where, "it is not a table")
    _known(table, {"path", "facts", "mine", "name"}, where)
    name = word(table, "name")
    if not re.fullmatch(r"[a-z_]{0,40}", name):
        raise wrong(f"{where}.name", "it is not of small letters")
    mine = word(table, "mine")
    return Group(
        path=_path(word(table, "path"), where),
        facts=_facts(table, where),
        mine=_path(mine, where) if mine else "",
        name=name,
    )


def _facts(table: Mapping[str, Any], where: str) -> dict[str, str]:
    facts = {_path(path, where): name for path, name in words(table, "facts").items()}
    for path, name in facts.items():
        if name not in VOCABULARY:
            raise wrong(f"{where}.facts.{path}", f"{name[:60]!r} is no fact name of ours")
    return facts


def _paging(table: Any, where: str) -> Paging:
    if not isinstance(table, Mapping):
        raise wrong(where, "it is not a table")
    _known(table, {"cursor", "param", "page", "until_empty"}, where)
    said = {name: word(table, name) for name in ("cursor", "param", "page", "until_empty")}
    if {name for name, value in said.items() if value} not in (
        {"cursor", "param"},
        {"page", "until_empty"},
    ):
        raise wrong(where, "it has neither cursor and param, nor page and until_empty")
    for name in ("cursor", "until_empty"):
        if said[name]:
            _path(said[name], where)
    return Paging(**said)


def _auth(table: Any) -> dict[str, Any]:
    if not isinstance(table, Mapping) or table.get("kind") not in _AUTH:
        raise wrong("description.auth.kind", f"it is none of {', '.join(_AUTH)}")
    _known(table, {"kind", *_AUTH[table["kind"]]}, "description.auth")
    return dict(table)


def _path(text: str, where: str) -> str:
    try:
        jsonpath.compile(text)
    except jsonpath.JSONPathError:
        raise wrong(where, f"{text[:60]!r} is no JSONPath (RFC 9535)") from None
    return text


def _known(table: Mapping[str, Any], names: set[str], where: str) -> None:
    if unknown := sorted(set(table) - names):
        raise wrong(f"{where}.{unknown[0]}", f"it is none of {', '.join(sorted(names))}")


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [text for child in value for text in _texts(child)] if isinstance(value, list) else []


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, list | tuple) else value
