"""Fields and columns for the zone of the times beside them: "tz", "UTC offset", 时区."""

from __future__ import annotations

import re

from verifiers.readers.said.fold import fold
from verifiers.readers.said.zones_said import zone_after

# A field or a column that names the zone of the times beside it.
_NAMED = re.compile(
    r"(?:time\s?zone|tz|zone|(?:utc|gmt|time\s?zone|tz)\s?offset|offset|zeitzone|fuseau(?:\shoraire)?"
    r"|zona\shoraria|fuso(?:\s(?:orario|horario))?|tijdzone|strefa(?:\sczasowa)?|tidszon"
    r"|casove\spasmo|saat\sdilimi|时区|時區|タイムゾーン|시간대)\s?[:：]?"
)


def names_zone(folded: str) -> bool:
    """Whether it is a field's name, and the field's value is a zone."""
    return _NAMED.fullmatch(folded.strip()) is not None


_CLOCK_LAST = re.compile(r"(?<!\d)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?$")
_LONGEST = 60


def in_zone(said: str, zone: str) -> str:
    """A moment with the zone of its row or object behind it, where it has none itself."""
    if not _CLOCK_LAST.search(said) or len(zone) > _LONGEST:
        return said
    whole = f"{said} {zone.strip()}"
    found = zone_after(fold(whole), len(fold(said)))
    return whole if found and found.names and found.end == len(fold(whole)) else said
