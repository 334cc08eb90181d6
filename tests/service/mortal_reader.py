"""A child that hands out a manifest to many at once, and says which, until it is killed."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from evidence.custody import Act
from evidence.items import Role
from service.access.callers import Whose
from service.api.opened import RuntimeEvidence
from service.custody import By
from service.runtime import Runtime
from tests.service.mortal_erasure import ref_of, settings_in

AT_ONCE = 8


async def main(folder: Path) -> None:
    async with await Runtime.open(settings_in(folder)) as runtime:
        evidence = RuntimeEvidence(runtime)
        numbers = itertools.count()

        async def read() -> None:
            for number in numbers:
                by = By("local user mortal", "a test", f"request-{number}")
                whose = Whose("default")
                if await evidence.sealed(whose, ref_of(0), Role.MANIFEST, Act.MANIFEST, by):
                    print(by.request, flush=True)

        await asyncio.gather(*(read() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
