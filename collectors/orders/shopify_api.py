"""What the sources of Shopify's Admin API share: signing in, scopes, finding an order.

The REST half knows an order by its id only; names and other platforms' numbers are looked for with
the one GraphQL query below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.auth import ApiKey, Auth, ClientCredentials, secret_of, setting_of
from collectors.collector import Context, Http, Reply
from collectors.secrets import Secret
from evidence.errors import AccessError, ConfigError, OutageError, ShapeError
from evidence.items import Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

TOKEN_HEADER = "X-Shopify-Access-Token"
MOST_FOUND = 10

_VERSION = re.compile(r"20\d\d-(01|04|07|10)")
# An order's id: ten and more digits for years now. Names are shorter, TikTok's numbers longer.
_ID = re.compile(r"[0-9]{9,16}")
_WORD = re.compile(r"#?[0-9A-Za-z._-]{3,60}")
_LATER = frozenset({"THROTTLED", "MAX_COST_EXCEEDED", "INTERNAL_SERVER_ERROR", "TIMEOUT"})


def shopify_auth(options: Mapping[str, Any], secrets: Mapping[str, Secret], *, source: str) -> Auth:
    """An access token, or an application's `client_id` and `client_secret`, which buy one."""
    if "access_token" in secrets or not options.get("client_id"):
        return ApiKey(TOKEN_HEADER, secret_of(secrets, "access_token", source=source))
    return ClientCredentials(
        source=source,
        token_url="/admin/oauth/access_token",
        client_id=setting_of(options, secrets, "client_id", source=source),
        client_secret=secret_of(secrets, "client_secret", source=source),
        in_form=True,
        header=TOKEN_HEADER,
        scheme="",
    )


def admin(context: Context) -> str:
    """The beginning of every path; ConfigError for a version that is none."""
    version = str(context.settings.get("api_version", "2026-07"))
    if not _VERSION.fullmatch(version):
        raise ConfigError(what="the setting api_version", why="it is not of the form 2026-07")
    return f"/admin/api/{version}"


async def refuse_writing(http: Http, context: Context) -> None:
    """ConfigError if the token may write: evidence is collected with one that cannot."""
    if context.settings.get("check_scopes", True) is False:
        return
    reply = await http.get("/admin/oauth/access_scopes.json")
    scopes = page_of(reply.item(Role.EXCHANGE))["access_scopes"].each()
    handles = [scope["handle"].text_or_none() or "" for scope in scopes]
    if writing := [handle for handle in handles if "write_" in handle]:
        raise ConfigError(
            what=f"the token of {context.source}",
            why=f"it may write ({', '.join(writing)[:200]}); give it scopes that read only",
        )


@dataclass(frozen=True, slots=True)
class Found:
    """An order that the shop may know this one by.

    sure  it was named by its own id, and need not prove that it is the one that is meant
    """

    id: str
    name: str = ""
    sure: bool = False
    disputes: tuple[str, ...] = ()


def own_ids(order: OrderRef, context: Context) -> list[Found]:
    """The shop's ids that are known already: the order's own, and aliases that look like one."""
    own = order.platform is Platform.SHOPIFY and _ID.fullmatch(order.id)
    others = (*context.known_all("order.shop_id"), *context.known_all("order.alias"))
    aliases = [name for name in others if _ID.fullmatch(name)]
    found = [Found(order.id, sure=True)] if own else []
    return found + [Found(name) for name in dict.fromkeys(aliases) if name != order.id]


def names_of(order: OrderRef, context: Context) -> list[str]:
    """What the shop calls the order: "#1001"."""
    own = [order.id] if order.platform is Platform.SHOPIFY and not _ID.fullmatch(order.id) else []
    aliases = [name for name in context.known_all("order.alias") if name.startswith("#")]
    return [name for name in dict.fromkeys([*own, *aliases]) if _WORD.fullmatch(name)]


def terms_of(order: OrderRef, context: Context) -> list[str]:
    """Shopify's search syntax; what could end a quotation never gets into one."""
    terms = [f'name:"{name}"' for name in names_of(order, context)]
    if order.platform is not Platform.SHOPIFY and _WORD.fullmatch(order.id):
        terms += [f'source_identifier:"{order.id}"', f'"{order.id}"']
    return terms


async def search(
    http: Http, context: Context, terms: Sequence[str], *, fields: str = ""
) -> tuple[Reply | None, list[Found]]:
    """Look for orders; the answer, and what it found.

    fields  more of an order to ask for: "disputes { id }"
    """
    if not terms:
        return None, []
    reply = await http.post(
        f"{admin(context)}/graphql.json",
        json={
            "query": "query($query: String!) { orders(first: 10, query: $query) "
            f"{{ nodes {{ legacyResourceId name {fields} }} }} }}",
            "variables": {"query": " OR ".join(terms[:20])},
        },
        safe=True,
    )
    page = page_of(reply.item(Role.EXCHANGE))
    _refuse_errors(page, context.source)
    nodes = page["data"]["orders"]["nodes"]
    if not nodes.present:
        raise nodes.misshapen("a list")
    found = [
        Found(
            node["legacyResourceId"].text(),
            name=node["name"].text_or_none() or "",
            disputes=tuple(
                gid.rpartition("/")[2]
                for one in node["disputes"].each()
                if (gid := one["id"].text_or_none())
            ),
        )
        for node in nodes.each()
    ]
    return reply, [one for one in found if _ID.fullmatch(one.id)][:MOST_FOUND]


def _refuse_errors(page: Node, source: str) -> None:
    """GraphQL answers 200 and says what was wrong inside."""
    for error in page["errors"].each():
        code = error["extensions"]["code"].text_or_none() or ""
        if code in _LATER:
            raise OutageError(source=source, why=f"it answered {code.lower()}")
        if code == "ACCESS_DENIED":
            raise AccessError(source=source, why="a scope for reading orders is lacking")
        raise ShapeError(
            source=source, pointer=str(error.locator), expected="an answer", got="an error"
        )
