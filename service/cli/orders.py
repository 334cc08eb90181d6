"""How an order is named on the command line."""

from __future__ import annotations

import argparse

from evidence.errors import RequestError
from evidence.orders import OrderRef, Platform, order_ref, platform_of


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
