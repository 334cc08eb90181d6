"""How far our clock is off, judged by verified tokens alone.

A token says when it was made; we know what our clock read before we asked and once we had it. If
our clock is right, the token's time lies between the two. What it lies outside is the skew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from evidence.errors import OutageError
from storage.ledger.tokens import Token

# Past this, nothing more is stamped: a time so wrong would spoil what it is written on.
HARD_LIMIT_S = 3600.0

_TOKEN_UNIT = timedelta(seconds=1)


@dataclass(kw_only=True, eq=False)
class ClockError(OutageError):
    """Collections wait, unharmed, until the clock was set."""

    says = "{source} is wrong: {why}."
    remedy = (
        "Nothing is stamped until it is set: start NTP (timedatectl set-ntp true), then"
        " `orderproof doctor` shows whether it is right; waiting collections go on by themselves."
    )


def skew_s(token: Token) -> float:
    """Seconds that our clock was ahead (+) or behind (-); 0 where it may have been right."""
    latest = token.gen_time + _TOKEN_UNIT
    if token.asked_at > latest:
        return (token.asked_at - latest).total_seconds()
    if token.answered_at < token.gen_time:
        return (token.answered_at - token.gen_time).total_seconds()
    return 0.0


def in_words(skew: float) -> str:
    """Such as "2 h 5 min ahead"."""
    whole = round(abs(skew))
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    units = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    parts = [f"{value} {unit}" for value, unit in units if value][:2]
    return f"{' '.join(parts) or '0 s'} {'ahead' if skew > 0 else 'behind'}"


def refuse(token: Token) -> ClockError | None:
    """The error that stops all stamping, if the token shows that it must."""
    skew = skew_s(token)
    if abs(skew) <= HARD_LIMIT_S:
        return None
    why = f"it is {in_words(skew)} of the time authority {token.authority}"
    return ClockError(source="This machine's clock", why=why)
