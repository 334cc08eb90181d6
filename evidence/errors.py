"""What can go wrong, sorted by who has to act.

EvidenceError
    RequestError      the caller     correct the request     4xx, never retried
        NotFoundError                name what there is
        ConfigError                  mend the configuration
        TooLargeError                send less
        HeldError                    wait until it may be done
    OutageError       nobody         wait, then ask again    job retried, backing off
    AccessError       an operator    keys, contract, quota   job parked, alert
    ShapeError        us             our reading is wrong    reply kept, alert
    CorruptionError   everyone       stop, touch nothing     worker halts, page
        FormatError                  bytes are not of the format they claim
        ProofError                   a proof or a signature does not hold

Two habits keep the sentences useful: `what` names the thing as a reader would, and
`why` is a phrase without a full stop. Neither may hold a secret or personal data.
"""

import copyreg
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(kw_only=True, eq=False)
class EvidenceError(Exception):
    """Facts are keyword-only fields: `expected` and `got` cannot change places."""

    says: ClassVar[str]
    remedy: ClassVar[str]

    def __str__(self) -> str:
        return f"{self.said} {self.remedy}"

    @property
    def said(self) -> str:
        """What happened, to what; without what to do, where another sentence says that.

        Bytes of others that are no text stand as "?": it goes into logs, answers and manifests.
        """
        return self.says.format_map(vars(self)).encode("utf-8", "replace").decode()

    def __reduce__(self) -> tuple[Any, ...]:  # the queue pickles what a job raises
        return copyreg.__newobj__, (type(self),), vars(self)  # type: ignore[attr-defined]


@dataclass(kw_only=True, eq=False)
class RequestError(EvidenceError):
    """What was asked for cannot be done as asked; asking again will not help."""

    says = "{what} was refused: {why}."
    remedy = "Correct that, then ask again."

    what: str
    why: str


@dataclass(kw_only=True, eq=False)
class NotFoundError(RequestError):
    """What was asked for is not there: never made, not yet made, or erased."""

    says = "{what} was not found: {why}."
    remedy = "Check what it is called, or make it first."


@dataclass(kw_only=True, eq=False)
class ConfigError(RequestError):
    """What an operator wrote down cannot be used; `what` names the file, table or setting."""

    says = "{what} cannot be used: {why}."
    remedy = "Mend it there, then start again."


@dataclass(kw_only=True, eq=False)
class TooLargeError(RequestError):
    """More than the limit, in bytes unless `what` names another unit."""

    says = "{what} is too large: {why}."
    remedy = "Send less, or raise the limit if an operator can."

    why: str = field(init=False)
    size: int
    limit: int

    def __post_init__(self) -> None:
        self.why = f"{self.size} is over the limit of {self.limit}"


@dataclass(kw_only=True, eq=False)
class HeldError(RequestError):
    """Something stands against it now: a legal hold, a retention period, work under way."""

    remedy = "Ask again when that is over."


@dataclass(kw_only=True, eq=False)
class OutageError(EvidenceError):
    """The other side could not answer now; nothing is known to be wrong with us."""

    says = "{source} is not available now: {why}."
    remedy = "Wait, then ask again."

    source: str
    why: str
    retry_after_s: float | None = None


@dataclass(kw_only=True, eq=False)
class AccessError(EvidenceError):
    """The other side knows us and says no: key, contract, permission or quota."""

    says = "{source} refused access: {why}."
    remedy = "Check the key, the permissions and the quota with its operator."

    source: str
    why: str


@dataclass(kw_only=True, eq=False)
class ShapeError(EvidenceError):
    """A reply does not have the documented shape; the reply itself is kept."""

    says = "{source} sent {got} at {pointer} where {expected} is documented."
    remedy = "The reply is kept: add it to tests/recordings, then teach read()."

    source: str
    pointer: str
    expected: str
    got: str


@dataclass(kw_only=True, eq=False)
class CorruptionError(EvidenceError):
    """What was kept, or what claims to be ours, is not what it must be."""

    says = "{what} is not what it must be: {why}."
    remedy = "Stop, change nothing, and compare with a copy kept elsewhere."

    what: str
    why: str


@dataclass(kw_only=True, eq=False)
class FormatError(CorruptionError):
    """Bytes that are not of the format they claim."""

    says = "{what} is malformed: {why}."
    remedy = "Get the bytes again from where they came; do not repair them by hand."


@dataclass(kw_only=True, eq=False)
class ProofError(CorruptionError):
    """A proof, a signature or a digest does not hold."""

    says = "{what} does not hold: {why}."
    remedy = "Do not rely on it; keep it as it is and compare with another copy."
