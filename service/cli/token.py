"""`orderproof token`: access tokens. A secret is printed once and kept nowhere.

orderproof token make "appeal desk" --role appeal-tool --days 30
orderproof token make "auditors" --role auditor --tenant acme
orderproof token list
orderproof token revoke ID
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from service.access.provider import ROLES
from service.cli.answering import quietly

if TYPE_CHECKING:
    from service.runtime import Runtime


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    make = actions.add_parser("make", help="make one, and print its secret once")
    make.add_argument("name", help="what it is for; no person's name")
    make.add_argument("--role", required=True, choices=sorted(ROLES))
    make.add_argument("--days", type=int, default=90, help="how long it lasts (90)")
    make.add_argument("--store", action="append", metavar="S", help="only this one; repeatable")
    make.add_argument("--scope", action="append", metavar="TAG", help="only this tag of the API")
    listed = actions.add_parser("list", help="all of the tenant's, without secrets")
    revoke = actions.add_parser("revoke", help="have one open nothing any more")
    revoke.add_argument("id")
    for action in (make, listed, revoke):
        action.add_argument("--tenant", metavar="T", help="default: the service's own")
        action.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    """Exit 1 if there is no such token."""
    from evidence.errors import NotFoundError
    from service.api.access import token_json
    from service.cli.terminal import note, say, say_json
    from service.runtime import Runtime
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    tenant = arguments.tenant or settings.tenant
    async with await Runtime.open(settings) as runtime:
        match arguments.action:
            case "make":
                return await _make(runtime, tenant, arguments)
            case "revoke":
                try:
                    found = [await runtime.ledger.revoke_access_token(tenant, arguments.id)]
                except NotFoundError as problem:
                    note(f"{arguments.id}: {problem}")
                    return 1
            case _:
                found = await runtime.ledger.access_tokens(tenant)
    if arguments.json:
        say_json([token_json(token, runtime.clock()) for token in found])
        return 0
    if not found:
        note(f"{tenant} has no token yet. Make one: orderproof token make NAME --role ROLE")
    for token in found:
        said = token_json(token, runtime.clock())
        stores = f"  stores {', '.join(said['stores'])}" if said["stores"] is not None else ""
        until = said["expires_at"]
        say(f"{token.id}  {said['state']:<8} {token.role:<12} {until}  {token.name}{stores}")
    return 0


async def _make(runtime: Runtime, tenant: str, arguments: argparse.Namespace) -> int:
    from datetime import timedelta

    from evidence.errors import RequestError
    from service.access.callers import Role
    from service.access.tokens import new_token
    from service.api.access import token_json
    from service.cli.terminal import note, say, say_json
    from service.custody import local_user
    from service.http.contract import Contract

    tags = {tag for operation in Contract.load().operations.values() for tag in operation.tags}
    if unknown := set(arguments.scope or ()) - tags:
        raise RequestError(
            what=f"the scope {min(unknown)!r}", why=f"it is not one of {', '.join(sorted(tags))}"
        )
    token, secret = new_token(
        tenant=tenant,
        name=arguments.name,
        role=Role(arguments.role),
        made_by=local_user("token").who,
        now=runtime.clock(),
        lasts=timedelta(days=arguments.days),
        stores=arguments.store,
        scopes=arguments.scope,
    )
    await runtime.ledger.add_access_token(token)
    if arguments.json:
        say_json(token_json(token, token.created_at) | {"secret": secret})
        return 0
    say(secret)
    note(f"Token {token.id}, {token.role} of {tenant}. It is not shown again; only a hash is kept.")
    return 0
