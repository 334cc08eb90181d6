"""What every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests import shape
from tests.postgres import Postgres
from tests.scenarios.table import row_of
from tests.seaweed import Seaweed

# No test is timed: on a busy machine a slow example says nothing. The same examples are tried each
# time, so that a change is judged by what it changed; ORDERPROOF_EXPLORE=1 draws others.
settings.register_profile(
    "orderproof",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("ORDERPROOF_EXPLORE") != "1",
)
# Each mutant of `make mutants` runs many tests: few examples, always the same, and where one fails,
# no simpler one is looked for.
settings.register_profile(
    "mutants",
    settings.get_profile("orderproof"),
    max_examples=20,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("orderproof")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of other people's vectors and contracts; skips where it is absent.

    ORDERPROOF_SHARED names it; else it is `../shared` beside the checkout.
    """
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("ORDERPROOF_SHARED") or beside)
    if not (folder / "contracts").is_dir():
        pytest.skip("the shared contracts are absent: set ORDERPROOF_SHARED to read them")
    return folder


@pytest.fixture(scope="session")
def s3() -> Seaweed:
    """An S3 server with a bucket `evidence` that locks objects; skips where SeaweedFS is absent."""
    return shape.s3()


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """A PostgreSQL server; `postgres.database()` makes one for a test. Skips where it is absent."""
    return shape.server()


@pytest.fixture(autouse=shape.SCALED)
def _databases() -> Iterator[None]:
    yield
    shape.forget()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    shape.end()
    if (cache := getattr(session.config, "cache", None)) is not None:
        cache.set("orderproof/ended", int(exitstatus))  # .ci/run asks whether all tests were tried


def pytest_itemcollected(item: pytest.Item) -> None:
    """`test_S0_01_…` plays the scenario S0-01."""
    if (row := row_of(item.name)) is not None:
        item.add_marker(pytest.mark.row(row))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out `slow` and `extras` unless ORDERPROOF_EXTRAS=1, or `-m` asks by marker.

    What is of one shape alone is left out in the other.
    """
    if shape.SCALED:
        left_out = [item for item in items if item.get_closest_marker("embedded")]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
    if os.environ.get("ORDERPROOF_EXTRAS") == "1" or config.getoption("markexpr"):
        return
    left_out = [i for i in items if i.get_closest_marker("slow") or i.get_closest_marker("extras")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
