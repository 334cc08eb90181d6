"""What child processes of the tests do: bring items and sequence them, until done or killed."""

import asyncio
from pathlib import Path

from tests.storage.stage import TENANT, staged


def bring_and_sequence(folder: str, name: str, said: str, rounds: int) -> None:
    """Bring 1 to 7 items a round to order 1, and sequence.

    said   a file: each key that the ledger acknowledged is added to it, in a line of its own
    """
    asyncio.run(_bring_and_sequence(Path(folder), name, Path(said), rounds))


async def _bring_and_sequence(folder: Path, name: str, said: Path, rounds: int) -> None:
    async with staged(folder) as stage:
        order = await stage.order(1)
        collection = await stage.collection(order)
        with said.open("ab", buffering=0) as out:
            for number in range(rounds):
                keys = [f"{name}-{number}-{each}" for each in range(number % 7 + 1)]
                await stage.bring(order, collection, keys)
                out.write("".join(f"{key}\n" for key in keys).encode())
                await stage.sequencer.sequence(TENANT)
