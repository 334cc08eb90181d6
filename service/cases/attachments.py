"""Letters, notarised papers and translations of a case: who made them, and whether this platform
takes them.

The same paper may lie in cases with several platforms: its digest is one, and each platform's form
is asked for itself. Nothing is opened here; what a file is its first bytes say, and pages are not
counted. Source: scenario S0-34.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evidence.items import Role
from evidence.media import HEAD, sniff
from verifiers.forms.limits import Limits
from verifiers.forms.rules import Breach, Upload, of_upload
from verifiers.forms.uploads import Told
from verifiers.profilebook import profiles

if TYPE_CHECKING:
    from service.cases.reports import Asking

_ROLES = (Role.CASE_DOCUMENT, Role.CASE_NOTICE, Role.CASE_REPLY)


async def attachments(asking: Asking) -> dict[str, Any]:
    """Every paper that says of which kind it is, in the order in which they came."""
    lines = {
        line.sha256: line
        for line in asking.held.lines
        if line.role in _ROLES and line.hints.get("kind")
    }
    profile = next(
        (each for each in profiles().values() if asking.case.platform in each.platforms), None
    )
    limits = None if profile is None else Limits(profile)
    found = []
    for line in lines.values():
        media_type = sniff((await asking.content(line))[:HEAD])
        upload = Upload(
            name=line.name or f"{line.sha256[:12]}.bin",
            size=line.size,
            told=Told(media_type=media_type),
        )
        breaches = [] if limits is None else [str(b) for b in of_upload(upload, limits) if _told(b)]
        found.append(
            {
                "sha256": line.sha256,
                "name": line.name or "",
                "size": line.size,
                "is": media_type,
                **{
                    name: line.hints.get(name, "")
                    for name in ("kind", "issuer", "date", "language", "translator", "original")
                },
                "translations": [
                    other.sha256
                    for other in lines.values()
                    if other.hints.get("original") == line.sha256
                ],
                "taken": None if limits is None else not breaches,
                "breaches": breaches,
            }
        )
    return {"profile": None if profile is None else profile.id, "attachments": found}


def _told(breach: Breach) -> bool:
    """Types, sizes and names; what stands inside a file nobody has looked at."""
    return breach.key.startswith("files.") and not breach.advised
