"""Which clauses of the platform's rules a text cites, and whether they hold.

A clause has a wording, a version and the days it is in force. One that held on the order's day and
is repealed when the text is sent is a warning that names both days; nobody puts it in unnoticed.
Source: scenarios S0-17, S0-25, S0-27.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from evidence.errors import RequestError
from evidence.playbook import Clause, Playbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A clause at a place of a text. `on` is the order's day where it is known."""

    clause: Clause
    begin: int
    end: int
    on: date | None
    today: date

    @property
    def holds(self) -> bool:
        return self.clause.holds(self.today)

    def finding(self) -> dict[str, Any]:
        clause = self.clause
        held = "" if self.on is None or not clause.holds(self.on) else (
            f" It held on {self.on}, the order's day."
        )  # fmt: skip
        if self.holds:
            code, severity = "clause-in-force", "note"
            text = f"{clause.id}, version {clause.version}, is in force on {self.today}."
        else:
            code, severity = "clause-not-in-force", "must"
            until = "not before" if _ahead(clause, self.today) else "repealed:"
            day = clause.valid_from if _ahead(clause, self.today) else clause.valid_to
            text = (
                f"{clause.id}, version {clause.version}, is {until} {day}; today is {self.today}."
            )
            text += held + (f" It became {clause.replaced_by}." if clause.replaced_by else "")
        return {
            "code": code,
            "severity": severity,
            "text": text,
            "begin": self.begin,
            "end": self.end,
            "source": clause.source,
        }


def _ahead(clause: Clause, today: date) -> bool:
    return clause.valid_from is not None and today < clause.valid_from


def cited(text: str, book: Playbook, *, on: date | None, today: date) -> list[Cited]:
    """Every clause that the text names by its id or its words.

    Of several versions with one id the one in force is meant, else the newest that was.
    """
    folded = text.casefold()
    found: list[Cited] = []
    for clause in _current(book.clauses, today):
        for word in (clause.id, *clause.words):
            if (at := folded.find(word.casefold())) >= 0:
                found.append(Cited(clause=clause, begin=at, end=at + len(word), on=on, today=today))
                break
    return found


def insertable(book: Playbook, ids: Sequence[str], *, today: date) -> list[Clause]:
    """The clauses of these ids, for a draft. RequestError for one that is not in force."""
    current = {clause.id: clause for clause in _current(book.clauses, today)}
    found = []
    for id in ids:
        clause = current.get(id)
        if clause is None:
            raise RequestError(what="A clause", why="the playbook has none of this id")
        if not clause.holds(today):
            why = f"its version {clause.version} held until {clause.valid_to}, and today is {today}"
            raise RequestError(what="A clause", why=why)
        found.append(clause)
    return found


def _current(clauses: Sequence[Clause], today: date) -> list[Clause]:
    best: dict[str, Clause] = {}
    for clause in clauses:
        other = best.get(clause.id)
        if other is None or (clause.holds(today), clause.valid_to or date.max) > (
            other.holds(today), other.valid_to or date.max,
        ):  # fmt: skip
            best[clause.id] = clause
    return list(best.values())
