"""How an order is named on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from evidence.errors import RequestError
from evidence.orders import OrderRef, Platform, order_ref, platform_of
from service.cli.terminal import note

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


def not_kept(ref: OrderRef) -> int:
    """Say that nothing is kept of the order, and what to do; the exit code.

    An order that was erased cannot be told from one that never was: no name of it is left.
    """
    note(
        f"Nothing is kept of the order {ref.platform}:{ref.id}: it was never collected, or it was "
        "erased. Check its number and --platform, or run `orderproof collect` first."
    )
    return 1


def not_sealed(ref: OrderRef) -> int:
    """Say that the order has no sealed account yet, and what to do; the exit code."""
    note(
        f"Nothing is sealed for the order {ref.platform}:{ref.id} yet. "
        "Run `orderproof collect` and let it end."
    )
    return 1


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
        names = ", ".join(Platform)
        why = f"many platforms have numbers like {number[:60]!r}; name one with --platform: {names}"
        if colon:
            why = f"{before[:60]!r} before its colon is not one of {names}"
        raise RequestError(what="the order", why=why)
    return order_ref(platform, number, arguments.site)
