"""A child that erases every order it finds, until it is done or killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from evidence.erasure import ErasureReason
from evidence.orders import OrderRef, Platform
from service.custody import By
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings, Settings
from tests import shape


def ref_of(number: int) -> OrderRef:
    return OrderRef(Platform.AMAZON, f"112-4832917-{number:07d}")


def settings_in(folder: Path) -> Settings:
    retention = RetentionSettings(days=0)
    made = Settings(data=folder / "data", keys=folder / "keys", retention=retention)
    return shape.shaped(made)


async def main(folder: Path, count: int) -> None:
    async with await Runtime.open(settings_in(folder)) as runtime:
        print("ready", flush=True)
        for number in range(count):
            if await runtime.ledger.find_order("default", ref_of(number)) is not None:
                by = By("local user mortal", "a test")
                reason = ErasureReason.CONTRACT_ENDED
                await erase(runtime, "default", ref_of(number), reason=reason, by=by)
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
