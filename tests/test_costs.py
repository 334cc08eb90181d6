"""An order costs no more operations than it did: counted, so the same on every machine.

Whoever makes it dearer on purpose changes the number here, and the commit says why it is worth it;
whoever makes it cheaper lowers it.
"""

from __future__ import annotations

import pytest

from bench.costs import costs
from tests.seaweed import Seaweed

# As they were measured, and what they may vary by: steps run at once, and what comes together is
# written together.
EMBEDDED = {
    "digests": (210.0, 6.0),
    "slow_json": (0.0, 0.0),
    "statements": (179.0, 8.0),
    "syncs": (51.5, 3.0),
    "transactions": (44.5, 4.0),
}
BUCKET = {
    "digests": (223.0, 8.0),
    "slow_json": (0.0, 0.0),
    "requests_s3": (16.0, 2.0),
    "statements": (179.0, 8.0),
    "transactions": (44.5, 4.0),
}


def _hold(found: dict[str, float], known: dict[str, tuple[float, float]]) -> None:
    assert set(found) == set(known)
    off = {
        name: (count, known[name])
        for name, count in found.items()
        if abs(count - known[name][0]) > known[name][1]
    }
    assert not off, "operations an order: found, and (known, give or take)"


@pytest.mark.embedded
async def test_an_order_costs_as_many_operations_as_before() -> None:
    _hold(await costs(), EMBEDDED)


@pytest.mark.embedded
async def test_an_order_in_a_bucket_costs_as_many_requests_as_before(s3: Seaweed) -> None:
    _hold(await costs(s3.where("evidence", prefix="costs/")), BUCKET)
