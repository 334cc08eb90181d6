"""What is known of a report that somebody has in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.times import rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReport:
    """It is ours and unaltered, since its digest is the one that was kept.

    receipt    the report's own; `manifest` that of the manifest it was rendered from
    current    whether that manifest is still the newest of the order
    made_with  the parameters that it was made with
    """

    sha256: str
    receipt: int
    manifest: int
    current: bool
    made_at: datetime
    made_with: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return {
            "sha256": self.sha256,
            "receipt": self.receipt,
            "manifest_receipt": self.manifest,
            "current": self.current,
            "made_at": rfc3339(self.made_at),
            "made_with": dict(self.made_with),
        }
