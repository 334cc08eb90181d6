"""What protects an object from being removed: a retention and a legal hold."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """until   the end of the retention, with its zone; None for none
    held    whether a legal hold is on it, which has no end of its own"""

    until: datetime | None = None
    held: bool = False

    def holds_at(self, at: datetime) -> bool:
        """Whether the object must stay where it is at this moment."""
        return self.held or (self.until is not None and at < self.until)


UNLOCKED = Lock()
