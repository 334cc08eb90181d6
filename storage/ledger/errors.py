"""What a database says, by who has to act. Only codes are looked at: its words may quote rows.

Source: PostgreSQL's documentation, appendix "PostgreSQL Error Codes".
"""

from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from evidence.errors import AccessError, CorruptionError, EvidenceError, OutageError, RequestError

# Two writers were in each other's way; the one that lost runs again.
_OVERTAKEN = frozenset({"40001", "40P01"})
_AWAY = {
    "08": "the connection to its database broke off",
    "53": "its database has no room left: connections, memory or disk",
    "57P": "its database is starting, stopping or restarting",
    "55P03": "another session holds the rows for too long",
    "57014": "its database took too long to answer",
    "25P03": "its database ended a transaction that took too long",
    "25006": "its database is read-only: perhaps a standby that was not promoted yet",
    "58": "its database has trouble with its own files",
}
# The driver's own, of a connection that is gone, or that goes in the middle of an answer.
_BROKEN_OFF = ("InterfaceError", "InternalClientError")
_REFUSED = {
    "28": "its database does not take this role and password",
    "3D000": "there is no database of this name",
    "42501": "the role lacks a privilege, or the rows are another tenant's",
}
# A value from outside that fits a column of SQLite's and none of PostgreSQL's.
_UNFIT = {"22001": "it is longer than its column", "22021": "it holds a character that no text has"}
_CORRUPT = ("XX001", "XX002")


def is_overtaken(error: BaseException) -> bool:
    return _code(error) in _OVERTAKEN


def is_away(error: BaseException) -> bool:
    """Whether the connection is no good any more, or the database is not to be had now."""
    if isinstance(error, OSError | PoolTimeoutError):  # a TimeoutError is an OSError
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
    elif type(error).__name__ in _BROKEN_OFF:
        return True
    code = _code(error) or ""
    return code != "57014" and any(code.startswith(each) for each in _AWAY)


def translated(error: BaseException) -> EvidenceError | None:
    """Ours for it, or None for what is not to be explained away."""
    code = _code(error) or ""
    for start, why in _AWAY.items():
        if code.startswith(start):
            return OutageError(source="The ledger", why=why)
    for start, why in _REFUSED.items():
        if code.startswith(start):
            return AccessError(source="The ledger", why=why)
    if code in _UNFIT:
        return RequestError(what="A value for the ledger", why=_UNFIT[code])
    if code in _CORRUPT:
        why = "the database calls its own files damaged"
        return CorruptionError(what="The ledger's database", why=why)
    if isinstance(error, PoolTimeoutError):
        return OutageError(source="The ledger", why="all of its connections were in use")
    if isinstance(error, OperationalError) or is_away(error):
        return OutageError(source="The ledger", why="its database is locked, full or away")
    if type(error) is DatabaseError:  # SQLite: "malformed", "not a database"
        why = "the database calls its own file damaged, or it is not a database"
        return CorruptionError(what="The ledger's database", why=why)
    return None


def _code(error: BaseException) -> str | None:
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlstate", None)
    return code if isinstance(code, str) else None
