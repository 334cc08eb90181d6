"""Who had evidence in hand, when and for what: a chain of lines, one a handing out.

Each line holds the hash of the one before, and the hash of its details, which are ciphertext under
the order's key. So the chain shows nothing personal, and it verifies as before when the details of
an erased order are gone. What it cannot show by itself is that its end was cut off: for that its
head stands in every erasure record, and whoever prints the report may keep it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from evidence.canonical import canonical, digest, parse_canonical
from evidence.errors import FormatError
from evidence.fields import Fields
from evidence.times import parse_rfc3339, rfc3339

NO_LINE = "0" * 64
MAX_LINE_BYTES = 4096


class Act(StrEnum):
    """What was done with the evidence."""

    EVIDENCE = "evidence"
    ITEMS = "items"
    ITEM = "item"
    MANIFEST = "manifest"
    STATEMENT = "statement"
    BUNDLE = "bundle"
    DERIVE = "derive"
    REPORT = "report"
    COLLECT = "collect"
    HOLD = "hold"
    RELEASE = "release"
    ERASURE = "erasure"
    SHARE = "share"
    UNSHARE = "unshare"
    DENIAL = "denial"
    CASE = "case"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyLine:
    """One line of a tenant's custody log. `seq` counts from 0 within the tenant.

    order     the order's random handle, which says nothing of it; "" where no order is concerned
    details   SHA-256 of the sealed details: who, by which way, which digests
    """

    seq: int
    prev: str
    at: datetime
    order: str
    act: Act
    details: str

    def to_bytes(self) -> bytes:
        at = rfc3339(self.at)
        return line_bytes(self.seq, self.prev, at, self.order, self.act, self.details)

    @property
    def sha256(self) -> str:
        return digest(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes, *, what: str = "a line of custody") -> CustodyLine:
        """FormatError unless `to_bytes` would give these very bytes."""
        names = "v seq prev at order act details".split()
        read = Fields(parse_canonical(data, limit=MAX_LINE_BYTES, what=what), names, what=what)
        if read.number("v") != 1:
            raise read.wrong("v", "1")
        line = cls(
            seq=read.number("seq"),
            prev=read.hex("prev"),
            at=read.parsed("at", parse_rfc3339, expected="a UTC time"),
            order=read.text("order"),
            act=read.choice("act", Act),
            details=read.hex("details"),
        )
        if line.to_bytes() != data:
            raise FormatError(what=what, why="it is not written the one canonical way")
        return line


def line_bytes(seq: int, prev: str, at: str, order: str, act: Act, details: str) -> bytes:
    """The bytes of a line; `at` as `rfc3339` writes it, the others as in `CustodyLine`."""
    if (said := f"{order}{prev}{details}").isalnum() and said.isascii():
        # What `canonical` writes, where nothing has to be escaped: a line a reading.
        return (
            f'{{"act":"{act.value}","at":"{at}","details":"{details}","order":'
            f'"{order}","prev":"{prev}","seq":{seq:d},"v":1}}'
        ).encode()
    return canonical(
        {
            "v": 1,
            "seq": seq,
            "prev": prev,
            "at": at,
            "order": order,
            "act": str(act),
            "details": details,
        }
    )


@dataclass(slots=True)
class CustodyChain:
    """Judges lines as they come, from the first on. Give it each row; then read what was found.

    size, head   how many lines followed one another, and the hash of the last
    wrong        a sentence for each line that does not hold
    unopened     lines whose details are gone because their order was erased
    """

    size: int = 0
    head: str = NO_LINE
    wrong: list[str] = field(default_factory=list)
    unopened: int = 0

    @property
    def holds(self) -> bool:
        return not self.wrong

    def add(self, body: bytes, *, sealed: bytes | None, erased: bool) -> CustodyLine | None:
        """The next row of the log.

        sealed   its details as they are kept, or None if they were destroyed
        erased   whether its order was erased; only then may details be missing
        """
        what = f"Line {self.size}"
        try:
            line = CustodyLine.from_bytes(body)
        except FormatError as error:
            self.wrong.append(f"{what} cannot be read: {error.why}.")
            self._next(body)
            return None
        if line.seq != self.size:
            self.wrong.append(f"{what} calls itself number {line.seq}: lines are missing.")
        if line.prev != self.head:
            self.wrong.append(f"{what} does not hold the hash of the line before it.")
        if sealed is not None and digest(sealed) != line.details:
            self.wrong.append(f"{what} has other details than it was written with.")
        if sealed is None:
            self.unopened += 1
            if not erased:
                self.wrong.append(f"{what} has no details, and its order was not erased.")
        self._next(body)
        return line

    def _next(self, body: bytes) -> None:
        self.size += 1
        self.head = digest(body)
