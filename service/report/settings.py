"""`[report]` of the configuration.

[report]
fonts = "fonts"              a folder with the fonts; default: where systems keep them
zone = "Asia/Shanghai"       our own times are shown in it beside UTC; default: UTC alone
verify_url = "https://..."   put into the code on a report: where one can be handed in
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.errors import ConfigError, FormatError
from evidence.times import zone_of

_NAMES = frozenset({"fonts", "zone", "verify_url"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    fonts: Path | None = None
    zone: str | None = None
    verify_url: str = ""


def read_report(table: Any, *, base: Path, what: str) -> ReportSettings:
    """Raises ConfigError naming `what` and the setting."""
    if table is None:
        return ReportSettings()
    if not isinstance(table, dict) or not set(table) <= _NAMES:
        raise ConfigError(what=what, why="[report] has fonts, zone and verify_url, nothing else")
    if not all(isinstance(value, str) and value for value in table.values()):
        raise ConfigError(what=what, why="fonts, zone and verify_url of [report] are text")
    url = table.get("verify_url", "")
    if (url and not url.startswith(("https://", "http://"))) or len(url) > 200 or "#" in url:
        why = "verify_url of [report] is no address of up to 200 characters without a fragment"
        raise ConfigError(what=what, why=why)
    try:
        if (zone := table.get("zone")) is not None:
            zone_of(zone)
    except FormatError as problem:
        raise ConfigError(what=what, why=f"zone of [report]: {problem.why}") from problem
    fonts = table.get("fonts")
    return ReportSettings(fonts=base / fonts if fonts else None, zone=zone, verify_url=url)
