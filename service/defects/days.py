"""Days as exports write them. Nothing is guessed: 11/12/2026 is a day once it is known which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from evidence.errors import RequestError

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_NUMBERS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ ,T].*)?")
_NAMED = re.compile(r"(?:([A-Za-z]{3,9})[ -](\d{1,2})|(\d{1,2})[ -]([A-Za-z]{3,9})),?[ -]"
                    r"(\d{4}|\d{2})(?:[ ,T].*)?")  # fmt: skip
# Beyond these no calendar can count on; they are typing errors.
FIRST_YEAR, LAST_YEAR = 1900, 9000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Days:
    """`order` is "mdy" or "dmy" of days that are only numbers; None if nothing tells."""

    order: str | None

    @classmethod
    def of(cls, cells: Iterable[str], told: str | None) -> Days:
        """As told; else as those cells show that can be read in one way only."""
        if told is not None:
            return cls(told)
        seen = set()
        for match in filter(None, (_NUMBERS.fullmatch(cell.strip()) for cell in cells)):
            first, second = int(match[1]), int(match[2])
            if first > 12 >= second:
                seen.add("dmy")
            elif second > 12 >= first:
                seen.add("mdy")
        return cls(seen.pop() if len(seen) == 1 else None)

    def day(self, said: str, where: str) -> date:
        """RequestError for what is no day, or could be two."""
        found = self._day(said, where)
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise RequestError(what=where, why="its year is none that can be meant")
        return found

    def _day(self, said: str, where: str) -> date:
        try:
            if (match := _ISO.fullmatch(said)) is not None:
                return date(int(match[1]), int(match[2]), int(match[3]))
            if (match := _NAMED.fullmatch(said)) is not None:
                month = _MONTHS.index((match[1] or match[4])[:3].lower()) + 1
                year = int(match[5]) + (2000 if len(match[5]) == 2 else 0)
                return date(year, month, int(match[2] or match[3]))
            if (match := _NUMBERS.fullmatch(said)) is not None:
                if self.order is None and match[1] != match[2]:
                    why = "its date can be two days; say whether `dates` are mdy or dmy"
                    raise RequestError(what=where, why=why)
                month, day = int(match[1]), int(match[2])
                if self.order == "dmy":
                    month, day = day, month
                return date(int(match[3]), month, day)
        except ValueError:
            pass
        raise RequestError(what=where, why="its date is not written as 2026-11-22")

    def moment(self, said: str, where: str) -> date | datetime:
        """A time where it says its offset; else the day: of a time without one more is unknown."""
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            at = None
        if at is not None and at.tzinfo is not None and FIRST_YEAR < at.year < LAST_YEAR:
            return at.astimezone(UTC)
        return self.day(said, where)
