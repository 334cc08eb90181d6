"""How long evidence is kept at least, counted from the end of its order's last collection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from evidence.policy import Unit

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.erasures import WindowOf

# Business days are counted generously: a week has five, and holidays lengthen it.
_DAYS = {Unit.HOURS: 1 / 24, Unit.CALENDAR_DAYS: 1.0, Unit.BUSINESS_DAYS: 2.0}


def window_of(runtime: Runtime, tenant: str) -> WindowOf:
    """The tenant's retention, or the longest deadline of a policy if that is longer."""
    least = runtime.settings.retention.of(tenant)

    def window(policies: Sequence[str]) -> timedelta:
        rules = [runtime.policies[id] for id in policies if id in runtime.policies]
        longest = max(
            (math.ceil(d.amount * _DAYS[d.unit]) for rule in rules for d in rule.deadlines),
            default=0,
        )
        return max(least, timedelta(days=longest))

    return window
