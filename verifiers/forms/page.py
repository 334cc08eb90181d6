"""The limits that docs/profiles.md shows: `python -m verifiers.forms.page docs/profiles.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from evidence.profile import Profile
from verifiers.forms.limits import Limits, compared
from verifiers.profilebook import profiles

BEGIN = "<!-- limits: written by `python -m verifiers.forms.page docs/profiles.md` -->"
END = "<!-- end of limits -->"


def as_markdown() -> str:
    """For each profile that has limits: every reading, which is obeyed, on whose word."""
    return "\n\n".join(_table(profile) for profile in profiles().values() if profile.limits)


def _table(profile: Profile) -> str:
    over = "each order" if profile.scope == "order" else "the whole appeal"
    lines = [
        f"### `{profile.id}`, for {over}\n",
        "| limit | value | source | date | confidence |",
        "| --- | --- | --- | --- | --- |",
    ]
    limits = Limits(profile)
    for limit in profile.limits:
        obeyed = limits.firm(limit.key)
        marked = obeyed is not None and obeyed.limit is limit and obeyed.others
        value = f"**{limit.value}**" if marked and compared(limit.key) else limit.value
        against = f", contradicted ({limit.conflict})" if limit.conflict else ""
        cells = (
            f"`{limit.key}`", value, limit.source, limit.source_date, f"{limit.confidence}{against}"
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def within(text: str) -> str:
    """`text` with the tables between its markers made new. ValueError if they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the markers are not there")
    return f"{before}{BEGIN}\n\n{as_markdown()}\n\n{END}{after}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(within(Path(name).read_text("utf-8")), "utf-8")
