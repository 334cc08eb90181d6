"""A browser for all tests of the page; it is started once, without a way to any network."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from auditor.page import page
from tests.auditor.page.browser import Tab, open_tab
from tests.auditor.page.judging import HELPERS


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "verify.html"
    file.write_bytes(page())
    return file


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tab(tmp_path_factory: pytest.TempPathFactory, page_file: Path) -> AsyncIterator[Tab]:
    """The page, opened from its file; whatever a test does there, it asked for nothing else."""
    async with open_tab(tmp_path_factory.mktemp("browser")) as opened:
        await opened.send("Network.enable")
        await opened.send(
            "Network.emulateNetworkConditions",
            offline=True,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )
        await opened.open(page_file.as_uri())
        await opened.run(f"{HELPERS}; 0")
        yield opened
        asked = {url for url in opened.requests if not url.startswith("blob:")}
        assert asked == {page_file.as_uri()}
        assert opened.errors == []
