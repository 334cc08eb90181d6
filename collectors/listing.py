"""The table of sources that README shows, out of the registry: `python -m collectors.listing`."""

from __future__ import annotations

import sys

from collectors.collector import Collector
from collectors.registry import all_collectors

BEGIN = "<!-- sources: written by `python -m collectors.listing README.md` -->"
END = "<!-- end of sources -->"


def as_markdown() -> str:
    """One line a collector: what it brings, whose orders it knows, what it must be told first."""
    heads = ("source", "what it asks", "brings", "orders of", "needs")
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join(['---'] * len(heads))} |"]
    for collector in all_collectors():
        brings = ", ".join(f"`{role}`" for role in sorted(collector.roles))
        needs = ", ".join(f"`{name}`" for name in sorted(collector.needs)) or "nothing"
        link = f"[{collector.name}](docs/sources/{collector.name}.md)"
        platforms = ", ".join(sorted(getattr(collector, "platforms", ()))) or "any"
        cells = (link, _subject(collector), brings, platforms, needs)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def within(text: str) -> str:
    """`text` with the table between its markers made new. ValueError if they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the markers are not there")
    return f"{before}{BEGIN}\n{as_markdown()}\n{END}{after}"


def _subject(collector: Collector) -> str:
    """The first sentence of the module's docstring, which every collector begins with."""
    said = sys.modules[type(collector).__module__].__doc__ or ""
    return said.partition("\n\n")[0].replace("\n", " ").rstrip(".").strip()


if __name__ == "__main__":
    from pathlib import Path

    for name in sys.argv[1:]:
        Path(name).write_text(within(Path(name).read_text("utf-8")), "utf-8")
    if not sys.argv[1:]:
        print(as_markdown())
