"""What an audit needs of a ledger and of a place for objects; the service hands both in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """A receipt as the ledger keeps it, with the rows it was made from.

    handle     what the ledger calls the order
    order      the order's commitment in its own row; None if that row is gone
    role …     of the stamp's row; `role` is None if that row is gone
    erased     whether the order's key was destroyed
    lost       whether the receipt was read back from the log into a restored, older ledger; `order`
               is None then if that has no row of the order either
    """

    handle: str
    seq: int
    log_index: int
    body: bytes
    order: str | None
    role: str | None
    commitment: str | None
    stored: str | None
    size: int | None
    media_type: str | None
    collector: str | None
    collected_at: str | None
    erased: bool
    lost: bool = False


class LedgerReader(Protocol):
    """One tenant's rows, read only. Pages are at most some ten thousand rows."""

    def heads(self) -> Iterator[tuple[int, bytes, bool]]:
        """(size, root, whether it was signed) of every committed head, smallest first."""
        ...

    def entries(self, start: int, stop: int) -> Sequence[tuple[int, bytes]]:
        """(log index, receipt) of those from `start` up to `stop` that are there."""
        ...

    def count_after(self, size: int) -> int:
        """How many receipts have this log index or a higher one."""
        ...

    def chains(self, after: tuple[str, int]) -> Sequence[Row]:
        """The receipts after this (handle, seq), in that order; none at the end."""
        ...

    def loose_ends(self) -> tuple[int, int, int]:
        """How many stamps wait for a receipt, are lost (neither receipt nor waiting), and how
        many rows of items name an object that no stamp of their order names."""
        ...

    def objects(self, after: int) -> Sequence[tuple[int, str, int]]:
        """(number, stored, size as received) of the stamps after this number; none at the end."""
        ...

    def lost_objects(self) -> Iterator[str]:
        """Every object that a receipt names which was read back from the log."""
        ...

    def named_by_others(self) -> Iterator[str]:
        """Every object that a row of another tenant names, whoever that is."""
        ...

    def places_of(self, stored: str) -> Sequence[int]:
        """A few of the log indices whose receipts name this object."""
        ...

    def orders(self, after: str) -> Sequence[str]:
        """Handles after this one; none at the end."""
        ...


class ObjectReader(Protocol):
    """The encrypted objects, by the SHA-256 of their bytes."""

    def raw(self, stored: str) -> Iterator[bytes]:
        """The bytes as they lie there. Raises CorruptionError if there are none."""
        ...

    def listing(self) -> Iterator[str]:
        """Every name there is, in order."""
        ...


class Sealed(Protocol):
    """Bytes as received that lie encrypted."""

    @property
    def size(self) -> int: ...

    def chunks(self) -> Iterator[bytes]:
        """All of them. Raises CorruptionError unless their digest is the one the ledger has."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An item that can be decrypted.

    commitment   of its receipt, or of its stamp while it has none
    sha256       of the bytes as received, as the ledger has it
    """

    place: str
    stored: str
    commitment: str
    size: int
    salt: bytes = field(repr=False)
    sha256: str
    content: Sealed


class Opener(Protocol):
    """Has the keys."""

    def items(self, handle: str) -> Sequence[Opened] | None:
        """Everything of an order; None if it was erased. Raises CorruptionError if the order's
        own row does not open or is of another order than its commitment says."""
        ...
