"""`orderproof tenant`: whose evidence is kept here, and their stores.

orderproof tenant add acme
orderproof tenant list
orderproof tenant store main-us --platform amazon --seller A1EXAMPLE --site US [--tenant acme]
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from service.cli.answering import quietly

if TYPE_CHECKING:
    from storage.ledger.access import Store


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    add = actions.add_parser("add", help="a tenant with keys and a log of its own")
    add.add_argument("name", help="1 to 63 of a-z, 0-9, - and _")
    listed = actions.add_parser("list", help="every tenant with its stores")
    store = actions.add_parser("store", help="make a store, or change what is known of it")
    store.add_argument("name")
    store.add_argument("--platform", required=True)
    store.add_argument("--seller", required=True, help="the platform's own id of the account")
    store.add_argument("--site", required=True, help="country of the marketplace, such as US")
    store.add_argument("--tenant", metavar="T", help="default: the service's own")
    for action in (add, listed, store):
        action.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    from service.api.access import store_json
    from service.cli.terminal import say, say_json
    from service.runtime import Runtime
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    async with await Runtime.open(settings) as runtime:
        if arguments.action == "add":
            origin = settings.origin_of(arguments.name)
            await runtime.ledger.tenant(arguments.name, origin=origin)
        elif arguments.action == "store":
            await runtime.ledger.put_store(_store(arguments, arguments.tenant or settings.tenant))
        tenants = await runtime.ledger.tenants()
        stores = {each.name: await runtime.ledger.stores(each.name) for each in tenants}
    if arguments.json:
        say_json(
            [
                {
                    "tenant": each.name,
                    "log": each.origin,
                    "stores": [store_json(store) for store in stores[each.name]],
                }
                for each in tenants
            ]
        )
        return 0
    for each in tenants:
        say(f"{each.name}  log {each.origin}")
        for s in stores[each.name]:
            say(f"  {s.name}  {s.platform} {s.site}  seller {s.seller}")
    return 0


def _store(arguments: argparse.Namespace, tenant: str) -> Store:
    import re

    from evidence.errors import RequestError
    from evidence.orders import Platform
    from storage.ledger.access import Store

    forms = {
        "name": (
            "[A-Za-z0-9][A-Za-z0-9._-]{0,62}",
            "it takes up to 63 letters, digits, dots, dashes and underscores, no sign first",
        ),
        "platform": ("|".join(Platform), f"it is none of {', '.join(Platform)}"),
        "seller": (r"[^\x00-\x1f\x7f]{1,100}", "it takes 1 to 100 characters, all printable"),
        "site": ("[A-Za-z]{2}", "it is no country code of two letters, such as US"),
    }
    for field, (form, why) in forms.items():
        if not re.fullmatch(form, getattr(arguments, field)):
            raise RequestError(what=f"the store's {field}", why=why)
    return Store(
        tenant=tenant,
        name=arguments.name,
        platform=Platform(arguments.platform),
        seller=arguments.seller,
        site=arguments.site.upper(),
    )
