"""The ledger: one database, all tenants, any number of processes.

What a method wrote is on stable storage once it returns. Each may be called again after a crash:
the second call finds what the first one did.
"""

from collections.abc import Callable
from datetime import datetime

from storage.ledger.access import Access
from storage.ledger.backlog import Backlogs
from storage.ledger.cases import Cases
from storage.ledger.collections import Collections
from storage.ledger.cosignatures import Cosignatures
from storage.ledger.custody import Custody
from storage.ledger.database import CONNECTIONS, Database
from storage.ledger.defects import Defects
from storage.ledger.deliveries import Deliveries
from storage.ledger.erasures import Erasures
from storage.ledger.figures import Figures
from storage.ledger.heads import Heads
from storage.ledger.items import Items
from storage.ledger.outbox import Outbox
from storage.ledger.recovery import Recovery
from storage.ledger.separation import Separation
from storage.ledger.tokens import Tokens
from storage.vault.vault import Vault


class Ledger(
    Defects,  # and Orders
    Access,
    Collections,  # and Errands
    Backlogs,
    Items,
    Heads,
    Tokens,
    Cosignatures,
    Erasures,
    Custody,
    Deliveries,
    Outbox,
    Recovery,
    Cases,
    Separation,
    Figures,
):
    """Its methods stand in orders.py, defects.py, access.py, collections.py, backlog.py, items.py,
    heads.py, tokens.py, cosignatures.py, erasures.py, custody.py, deliveries.py, outbox.py,
    errands.py, recovery.py, cases.py, separation.py and figures.py."""

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        vault: Vault,
        clock: Callable[[], datetime],
        connections: int = CONNECTIONS,
    ) -> "Ledger":
        """Connect, and make or migrate the tables; `Database.open` says more.

        clock   the time, with its zone
        """
        return cls(await Database.open(url, connections=connections), vault, clock)

    async def close(self) -> None:
        await self._database.close()
