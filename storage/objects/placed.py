"""Where the bytes of an item lie among the objects."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Spot:
    """stored   the object: the SHA-256 of its ciphertext, in hex
    start    where the item begins in what the object decrypts to; None if that is the item alone"""

    stored: str
    start: int | None = None


class Placed(Protocol):
    """An item's bytes that are durable: known by their digest, and where they lie."""

    @property
    def sha256(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def spot(self) -> Spot: ...
