"""A plug-in of pytest for `make mutants`: only tests that can be asked for by name again and again.

mutmut collects many times in one process, and pytest escapes the backslashes of a parameter's name
once more each time, so that the second time it no longer finds them.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if "\\" in item.nodeid]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
