"""What time it is, for everything that the service stamps, counts from or lets expire.

There is one clock: `Runtime.clock`, which the API and the pages reach as `EVIDENCE`'s. It is given
to whatever needs it, so a test can turn it; here is the one that the machine has. Durations are
measured by `time.monotonic`, which no operator and no NTP turns.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def machine() -> datetime:
    """Now in UTC, by the machine's clock."""
    return datetime.now(UTC)
