"""The tables as Markdown, for docs/tracking-numbers.md (`orderproof identify --kinds`)."""

from __future__ import annotations

import re

from evidence.tracking_numbers.answers import CARRIERS, KINDS
from evidence.tracking_numbers.kind import Kind
from evidence.tracking_numbers.posts import POSTS, SIDE_BY_SIDE

BEGIN = "<!-- kinds: written by `orderproof identify --kinds` -->"
END = "<!-- end of kinds -->"

# What each check is called, by its function in checks.py; the two of usps.py put an AI in front.
_CHECKS = {
    "fedex": "FedEx, modulo 11",
    "gs1": "GS1, modulo 10",
    "identcode": "Identcode, modulo 10",
    "luhn": "Luhn",
    "mod37": "MOD 37,36",
    "mod7": "modulo 7",
    "s10": "S10, modulo 11",
    "ups": "UPS, modulo 10",
    "_under_91": "GS1 with 91 in front",
    "_under_92": "GS1 with 92 in front",
}


def as_markdown() -> str:
    """A line a kind, then the posts by the country code of their items."""
    lines = [
        "| carrier | kind | pattern | check digit | whose | known from |",
        "| --- | --- | --- | --- | --- | --- |",
        "| each post | `s10` | `[A-Z]{2}\\d{9}[A-Z]{2}` | S10, modulo 11 | own | UPU S10 |",
        *(_line(kind) for kind in sorted(KINDS, key=lambda kind: CARRIERS[kind.carrier].lower())),
        "",
        "The posts: " + ", ".join(_post(code) for code in sorted(POSTS)) + ".",
    ]
    return "\n".join(lines)


def within(text: str) -> str:
    """`text` with what stands between the markers made new. ValueError if they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the markers are not there")
    return f"{before}{BEGIN}\n{as_markdown()}\n{END}{after}"


def _line(kind: Kind) -> str:
    pattern = f"`{_plain(kind.shape)}`"
    if kind.unless is not None:
        pattern += f", not `{_plain(kind.unless)}`"
    check = "–" if kind.check is None else _CHECKS[kind.check.__name__]
    source = "the carrier" if kind.published else "use"
    return f"| `{kind.carrier}` | `{kind.name}` | {pattern} | {check} | {kind.form} | {source} |"


def _plain(pattern: re.Pattern[str]) -> str:
    """The pattern without the names of its parts, and without brackets that bind nothing."""
    text = re.sub(r"\(\?(?:P<\w+>|:)", "(", pattern.pattern)
    while (fewer := re.sub(r"\(([^()|]*)\)(?![?{])", r"\1", text)) != text:
        text = fewer
    return text.replace("|", "\\|")


def _post(code: str) -> str:
    beside = [f"`{slug}`" for slug, _, _ in SIDE_BY_SIDE.get(code, ())]
    return f"{code} " + " and ".join([f"`{POSTS[code][0]}`", *beside])
