"""What a status means to us: the one table from status to error.

    400, 404, 409, 410, 413, 422 and other 4xx   RequestError   the caller changes the request
    401, 402, 403, 407, 451                      AccessError    an operator checks key and contract
    408, 425, 429, 5xx                           OutageError    it is asked again later
    1xx, 2xx, 3xx that nobody expected           ShapeError     our reading of the source is wrong

The vendor's own words are not repeated: they may hold personal data, and the exchange keeps them.
"""

from __future__ import annotations

from http import HTTPStatus

from evidence.errors import AccessError, EvidenceError, OutageError, RequestError, ShapeError

_ACCESS = frozenset({401, 402, 403, 407, 451})
_LATER = frozenset({408, 425, 429})
# Sent again within the run. A POST only where the source says it did not act on it.
AGAIN = {"GET": frozenset({408, 425, 429, 500, 502, 503, 504}), "POST": frozenset({425, 429, 503})}


def error_for(
    status: int, *, source: str, what: str, retry_after_s: float | None = None
) -> EvidenceError:
    """The error for an answer with a status nobody asked for.

    what  the request as a reader would name it, without secrets: "GET /track/{number}"
    """
    said = f"it answered {status}{_words(status)}"
    if status in _ACCESS:
        return AccessError(source=source, why=said)
    if status in _LATER or status >= 500:
        return OutageError(source=source, why=said, retry_after_s=retry_after_s)
    if status >= 400:
        return RequestError(what=what, why=said)
    return ShapeError(
        source=source, pointer="item:", expected="another status", got=f"{status}{_words(status)}"
    )


def _words(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""
