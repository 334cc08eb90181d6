"""A line of the log that each request writes is a line as any other."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio
from service import log_line
from service.cli.logs import set_up

set_up()
line = log_line.LogLine("orderproof.http", "answered", route='/"{order_id}', status=200)

async def main():
    for number in range(3):
        line.write(request=f"asked-{number}", ms=1.5)
    await asyncio.sleep(0)
    log_line.out = None
    line.write(request="asked-3", ms=1.5)

asyncio.run(main())
"""


def test_it_has_the_fields_that_structlog_writes_and_none_is_lost() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *quick, usual = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["request"] for line in quick] == ["asked-0", "asked-1", "asked-2"]
    for line in (*quick, usual):
        assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is UTC
    assert [line | {"request": "asked-3"} for line in quick] == [usual] * 3
