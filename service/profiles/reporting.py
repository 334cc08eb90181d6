"""An order's evidence report as one of the files that a profile makes.

It goes last, into the room that the other files leave. Where it cannot go, that is said, and
nothing is refused for it. It tells what speaks against the order as well: whoever submits may leave
it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidence.canonical import digest
from evidence.errors import ConfigError, HeldError
from evidence.items import Content, Role
from evidence.orders import OrderRef
from service.custody import By
from service.profiles.pieces import tied
from service.report import reports
from service.report.wanted import Wanted
from service.steps.copies import Derivative

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.records import KeptItem


@dataclass(frozen=True, slots=True)
class Reported:
    """A report that is kept, and its bytes."""

    derivative: Derivative
    content: Content

    def proof(
        self, ref: OrderRef, path: str, manifest: str, lines: Sequence[KeptItem]
    ) -> dict[str, Any]:
        """A line of proof.jsonl: the file is a rendering of the manifest with this SHA-256.

        lines   of the ledger, among them the manifest's
        """
        seq = self.derivative.record.original.seq
        (receipt,) = (
            digest(line.receipt.to_bytes())
            for line in lines
            if line.receipt is not None and line.receipt.seq == seq
        )
        return {
            "order": {"platform": str(ref.platform), "id": ref.id, "site": ref.site},
            "file": path,
            "what": "rendered",
            "item": manifest,
            "role": str(Role.MANIFEST),
            "seq": seq,
            "receipt": receipt,
            "locator": "item:",
            "derivative": tied(self.derivative),
        }


def told(made: Reported | str | None, path: str = "") -> dict[str, Any] | None:
    """What orders.jsonl says of it: the file, or why there is none. None if nobody wanted one."""
    if made is None:
        return None
    if isinstance(made, str):
        return {"file": None, "why": made}
    record = made.derivative.record
    how = record.transform.parameters
    return {
        "file": path,
        "why": "",
        "sha256": record.sha256,
        "seq": record.derivative.seq,
        "language": how["language"],
        "signed": how["signed"],
    }


async def made_of(
    runtime: Runtime, tenant: str, ref: OrderRef, wanted: Wanted, by: By
) -> Reported | str:
    """The order's report, made or found again; or why none can be had now."""
    try:
        derivative, content = await reports.make(runtime, tenant, ref, wanted, by=by)
    except (ConfigError, HeldError) as problem:
        return problem.why
    return Reported(derivative, content)
