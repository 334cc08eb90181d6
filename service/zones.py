"""Which time-zone data is used: the `tzdata` package's, whose version the manifest seals.

Python would prefer the system's, which no version of ours tells of, and which another machine does
not have.
"""

from __future__ import annotations

import zoneinfo


def use_sealed_zones() -> None:
    """Call once at start, in every process that reads or judges."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
