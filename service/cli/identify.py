"""`orderproof identify`: whose tracking number is this, and does its check digit fit?

Pure: nobody is asked, nothing is read. It says whose a number can be, not that a parcel exists.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evidence.tracking_numbers import Candidate, Identified

_CHECKS = {True: "check digit fits", False: "check digit WRONG", None: "no check digit"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "numbers", nargs="*", metavar="NUMBER", help="as printed, typed or scanned; quote spaces"
    )
    parser.add_argument(
        "--kinds", action="store_true", help="list the kinds of numbers that are known instead"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON, one line a number")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0: each number can be somebody's. 1: one cannot, or only with a wrong check digit."""
    import json

    from evidence.errors import RequestError
    from evidence.tracking_numbers import identify
    from evidence.tracking_numbers.listing import as_markdown

    if arguments.kinds:
        print(as_markdown())
        return 0
    if not arguments.numbers:
        raise RequestError(what="identify", why="no number was given")
    found = [identify(_bounded(number)) for number in arguments.numbers]
    for one in found:
        if arguments.json:
            print(json.dumps(as_json(one), ensure_ascii=False))
        else:
            _tell(one)
    return 0 if all(one.possible for one in found) else 1


def as_json(found: Identified) -> dict[str, Any]:
    """The answer about one number, as docs/tracking-numbers.md tells it."""
    return {
        "number": found.number,
        "normalized": found.normalized,
        "candidates": [_candidate(one) for one in found.candidates],
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    from evidence.tracking_numbers import CARRIERS

    told: dict[str, Any] = {
        "carrier": one.carrier,
        "name": CARRIERS[one.carrier],
        "kind": one.kind,
        "title": one.title,
        "number": one.number,
        "check_digit": one.check_digit,
        "likeness": str(one.likeness),
        "published": one.published,
    }
    if one.service:
        told["service"] = one.service
    if one.country:
        told["country"] = one.country
    return {**told, "parts": dict(one.parts)}


def _bounded(number: str) -> str:
    from evidence.errors import RequestError, TooLargeError
    from evidence.tracking_numbers import LONGEST

    if not number.strip():
        raise RequestError(what="an empty number", why="there is nothing to look at")
    if len(number) > LONGEST:
        raise TooLargeError(what="the number, in characters,", size=len(number), limit=LONGEST)
    return number


def _tell(found: Identified) -> None:
    from service.cli.terminal import say

    again = "" if found.number == found.normalized else f", read as {found.normalized}"
    say(f"{found.number}{again}")
    if not found.candidates:
        say("    nobody's that we know: no carrier in docs/tracking-numbers.md writes such numbers")
    for one in found.candidates:
        told = [_CHECKS[one.check_digit], *filter(None, (one.service, one.country))]
        say(f"    {one.likeness:<9}  {one.carrier:<16}  {one.title}: {', '.join(told)}")
