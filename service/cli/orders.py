"""How an order is named on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from evidence.errors import RequestError
from evidence.orders import OrderRef, Platform, order_ref, platform_of

# No list of orders is longer.
MOST_LIST = 4 << 20


def add_order(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    parser.add_argument(
        "order",
        metavar="ORDER",
        help="its number, or platform:number",
        nargs="+" if several else None,
    )
    parser.add_argument(
        "--platform", metavar="P", help=f"one of {', '.join(Platform)}; guessed if unmistakable"
    )
    parser.add_argument("--site", metavar="S", default="US", help="country code (default: US)")


def named_orders(arguments: argparse.Namespace) -> list[OrderRef]:
    """The orders that were named, and those of the file `orders`. Raises as `named_order`."""
    names = [*arguments.order, *_listed(arguments.orders)]
    return [
        named_order(
            argparse.Namespace(order=name, platform=arguments.platform, site=arguments.site)
        )
        for name in names
    ]


def _listed(file: Path | None) -> list[str]:
    if file is None:
        return []
    if file.stat().st_size > MOST_LIST:
        raise RequestError(what="the list of orders", why=f"it has more than {MOST_LIST} bytes")
    return [line.strip() for line in file.read_text("utf-8-sig").splitlines() if line.strip()]


def named_order(arguments: argparse.Namespace) -> OrderRef:
    """The order that was named. RequestError says what is wrong with it."""
    number: str = arguments.order
    platform: str | None = arguments.platform
    before, colon, after = number.partition(":")
    if platform is None and colon and before.lower() in set(Platform):
        platform, number = before, after
    if platform is None:
        platform = platform_of(number)
    if platform is None:
        raise RequestError(
            what="the order",
            why="many platforms have numbers like this; name one with --platform",
        )
    return order_ref(platform, number, arguments.site)
