"""Months and weekdays by their names (calendar.toml), folded."""

from __future__ import annotations

from verifiers.readers.said.words import table


def _numbers(part: str) -> dict[str, int]:
    return {name: int(key) for key, names in table("calendar.toml")[part].items() for name in names}


def _days(part: str) -> dict[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    for key, names in table("calendar.toml")[part].items():
        for name in names:
            found[name] = found.get(name, frozenset()) | {int(key)}
    return found


MONTHS = _numbers("months")
# Words as well, so that a year must follow.
WEAK_MONTHS = _numbers("weak_months")
# 0 is Monday. A short name that means two days in two languages keeps both.
WEEKDAYS = _days("weekdays")
# Two letters, words as well: only right in front of a date.
SHORT_WEEKDAYS = _days("short_weekdays")
# One sign is a weekday in brackets only: (火)
SIGNS = {sign: frozenset({day}) for day, sign in enumerate("月火水木金土日")} | {
    sign: frozenset({day}) for day, sign in enumerate("월화수목금토일")
}
