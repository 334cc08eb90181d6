"""What the tests of storage share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.storage.stage import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An empty storage with one tenant, on real files."""
    async with staged(tmp_path) as made:
        yield made
