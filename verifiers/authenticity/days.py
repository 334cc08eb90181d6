"""Days as they are written, also impossible ones, with the weekday that stands beside them.

`verifiers/readers/said/days.py` reads dates to rely on and drops what is no date. Here the opposite
is wanted: 31 November and a Tuesday that was a Thursday are what an edit leaves behind. A day that
could be read in two ways keeps both readings, and contradicts only if both do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from verifiers.readers.said import names_of_days
from verifiers.readers.said.days import year_of
from verifiers.readers.said.fold import fold

MAX_LINE = 500

_MONTH_NAMES = (
    "jan january januar januari janvier enero ene gennaio gen janeiro stycznia sty",
    "feb february februar februari février fevrier fév fev févr febrero febbraio fevereiro lutego"
    " lut",
    "mar march märz maerz mrz mär maart mrt mars marzo março marco marca",
    "apr april avril avr abril abr aprile kwietnia kwi",
    "may mai mei mayo maggio mag maio maja",
    "jun june juni juin junio giugno giu junho czerwca cze",
    "jul july juli juillet juil julio luglio lug julho lipca lip",
    "aug august augusti augustus août aout agosto ago sierpnia sie",
    "sep sept september septembre septiembre settembre set setembro września wrz",
    "oct october okt oktober octobre octubre ottobre ott outubro out października paź",
    "nov november novembre noviembre novembro listopada lis",
    "dec december dez dezember décembre decembre déc diciembre dic dicembre dezembro grudnia gru",
)
MONTHS = {
    fold(name): number
    for number, names in enumerate(_MONTH_NAMES, start=1)
    for name in names.split()
}  # fmt: skip
# The readers know more languages. Of those, three letters are words of others: "12 des".
MONTHS |= {
    name: number
    for name, number in names_of_days.MONTHS.items()
    if name not in MONTHS and (len(name) > 3 or not name.isascii())
}

# 0 is Monday. A short name that means two days in two languages keeps both.
_WEEKDAY_NAMES = (
    "mon monday montag mo lundi lun lunes lunedì lunedi maandag ma segunda segunda-feira"
    " poniedziałek pon måndag mån mandag maanantai maanantaina 星期一 周一 週一 月曜日 月曜 礼拜一",
    "tue tues tuesday dienstag di mardi mar martes martedì martedi dinsdag terça terça-feira ter"
    " wtorek wt tisdag tis tirsdag tiistai tiistaina 星期二 周二 週二 火曜日 火曜 礼拜二",
    "wed weds wednesday mittwoch mi mercredi mer miércoles miercoles mié mie mercoledì mercoledi"
    " woensdag wo quarta quarta-feira qua środa śr onsdag ons"
    " keskiviikko keskiviikkona 星期三 周三 週三 水曜日 水曜 礼拜三",
    "thu thur thurs thursday donnerstag do jeudi jeu jueves jue giovedì giovedi gio donderdag"
    " quinta quinta-feira qui czwartek czw torsdag tors torstai torstaina"
    " 星期四 周四 週四 木曜日 木曜 礼拜四",
    "fri friday freitag fr vendredi ven viernes vie venerdì venerdi vrijdag vr sexta sexta-feira"
    " sex piątek pt fredag fre perjantai perjantaina 星期五 周五 週五 金曜日 金曜 礼拜五",
    "sat saturday samstag sonnabend sa samedi sam sábado sabado sáb sab sabato zaterdag za sobota"
    " sob lördag lordag lör lørdag lør lauantai lauantaina 星期六 周六 週六 土曜日 土曜 礼拜六",
    "sun sunday sonntag so dimanche dim domingo dom domenica zondag zo niedziela nie söndag"
    " sondag sön søndag søn sunnuntai sunnuntaina 星期日 周日 "
    " 週日 星期天 周天 日曜日 日曜 礼拜天 礼拜日",
)
WEEKDAYS: dict[str, set[int]] = {name: set(days) for name, days in names_of_days.WEEKDAYS.items()}
for _number, _names in enumerate(_WEEKDAY_NAMES):
    for _name in _names.split():
        WEEKDAYS.setdefault(_name, set()).add(_number)
# One kanji is a weekday only in brackets: (木)
_KANJI = dict(zip("月火水木金土日", range(7), strict=True))

_MONTH = "(?P<month>" + "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True)) + ")"
# "mar 19 de mayo" is a Tuesday, and no 19 March.
_NAMED = "(?:" + "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True)) + ")"
_YEAR = r"(?P<y>(?:19|20)\d{2}|25[4-9]\d)"  # 2569 is 2026 in Thailand
_CLOCK = re.compile(
    r"[\sT,·|–-]{0,4}(?:at\s|um\s|à\s|@\s|a las\s|kl\.?\s|alle\s|às\s|om\s|o\s)?"
    r"(?:(?P<ch>上午|下午|凌晨|晚上|中午)\s?)?"
    r"(?P<h>[01]?\d|2[0-4])[:.](?P<m>[0-5]\d)(?:[:.][0-5]\d)?(?![\d.])"
    r"(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\b\.?)?"
)
_SHAPES = (
    re.compile(rf"(?<!\d){_YEAR}[-/.](?P<mo>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?!\d)"),
    re.compile(rf"(?<!\d){_YEAR}\s?年\s?(?P<mo>\d{{1,2}})\s?月\s?(?P<d>\d{{1,2}})\s?[日号]"),
    re.compile(r"(?<!\d)(?<!年)(?P<mo>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号]"),
    re.compile(
        rf"(?<!\w){_MONTH}\.?\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?!\.?\s(?:de\s)?{_NAMED}(?!\w))"
        rf"(?:,?\s{_YEAR}(?!\d))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![\d.:])(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|o|\.)?[\s-]?(?:de\s)?{_MONTH}(?!\w)\.?"
        rf"(?:(?:,|\sde|\sพ\.ศ\.)?[\s-]{_YEAR}(?!\d))?",
        re.IGNORECASE,
    ),
    # Vietnam's months are numbers: 25 thg 7, 2026
    re.compile(
        rf"(?<![\d.:])(?P<d>\d{{1,2}})\s(?:thang|thg\.?)\s(?P<mo>\d{{1,2}})(?!\d)(?:,?\s(?:nam\s)?{_YEAR}(?!\d))?"
    ),
)
_NUMERIC = re.compile(
    r"(?<![\d/.-])(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?P=sep)(?P<y>(?:19|20)\d{2}|25[4-9]\d|\d{2})"
    r"(?![\d/-])(?!\.\d)"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A day as a line writes it.

    readings  (month, day) it can mean, valid or not
    year      None where none is written
    minute    of the day, or None without a clock
    weekdays  what the word beside it means, 0 is Monday; empty where there is none
    """

    text: str
    start: int
    end: int
    year: int | None
    readings: tuple[tuple[int, int], ...]
    minute: int | None = None
    weekdays: frozenset[int] = frozenset()
    weekday: str = ""

    def days(self, *, year: int | None = None) -> list[date]:
        """The days it can be, in `year` where none is written; [] if none exists."""
        in_year = self.year or year
        return [] if in_year is None else list(_existing(in_year, self.readings))


def _existing(year: int, readings: Iterable[tuple[int, int]]) -> Iterator[date]:
    for month, day in readings:
        try:
            yield date(year, month, day)
        except ValueError:
            continue


_DIGIT = re.compile(r"\d")


@lru_cache(maxsize=4096)  # several questions ask the same lines
def written_days(line: str) -> tuple[Written, ...]:
    """Every day in a line, in order; a longer reading of the same place wins."""
    line = line[:MAX_LINE]
    found: list[Written] = []
    if not _DIGIT.search(line):  # most lines
        return ()
    folded = fold(line)
    for shape in _SHAPES:
        for match in shape.finditer(folded):
            fields = match.groupdict()
            month = _month(fields)
            day = int(fields["d"])
            if month is None or not 1 <= month <= 12 or not 1 <= day <= 31:
                continue
            year = year_of(fields["y"]) if fields.get("y") else None
            found.append(_at(line, match, year, ((month, day),)))
    for match in _NUMERIC.finditer(line):
        a, b = int(match["a"]), int(match["b"])
        year = year_of(match["y"])
        readings = [(a, b), (b, a)] if match["sep"] != "." else [(b, a)]
        kept = tuple(dict.fromkeys((m, d) for m, d in readings if 1 <= m <= 12 and 1 <= d <= 31))
        if kept:
            found.append(_at(line, match, year, kept))
    found.sort(key=lambda one: (one.start, one.start - one.end))
    kept_days: list[Written] = []
    for one in found:
        if not kept_days or one.start >= kept_days[-1].end:
            kept_days.append(one)
    return tuple(kept_days)


def _month(fields: dict[str, str | None]) -> int | None:
    if name := fields.get("month"):
        return MONTHS.get(name)
    return int(fields["mo"] or 0)


def _at(
    line: str, match: re.Match[str], year: int | None, readings: tuple[tuple[int, int], ...]
) -> Written:
    word, means = _weekday_beside(line, match.start(), match.end())
    glued = _GLUED.match(line, match.end())
    minute, end = _clock(line, glued.end() if glued else match.end())
    return Written(
        line[match.start() : end].strip(), match.start(), end, year, readings, minute,
        frozenset(means), word,
    )  # fmt: skip


def _clock(line: str, end: int) -> tuple[int | None, int]:
    match = _CLOCK.match(line, end)
    if match is None:
        return None, end
    hour, half, said = int(match["h"]), (match["half"] or "").casefold(), match["ch"]
    if half and not 1 <= hour <= 12:
        return None, end
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif said in ("下午", "晚上") and hour < 12:
        hour += 12
    return hour * 60 + int(match["m"]), match.end()


_WORD_BEFORE = re.compile(
    r"(?P<word>[^\W\d_]{2,14}(?:-feira)?)[.,]?,?\s?(?:the |den |le |el |il |de )?$"
)
_WORD_AFTER = re.compile(
    r",?\s?[(（]?(?P<word>[^\W\d_]{2,14}(?:-feira)?)(?![^\W\d_])(?!\.?\s?[-–—~]\s?[^\W\d_])"
)
# Names of several words, and Thai ones, whose vowels are no letters to a pattern; folded.
_LONG_BEFORE = re.compile(
    "(?<![^\\W\\d_])(?P<word>"
    + "|".join(name for name in WEEKDAYS if " " in name or name.startswith("วัน"))
    + r")(?:ที่)?,?\s?(?:ngay\s)?$"
)
_CHINESE = "|".join(sorted((w for w in WEEKDAYS if not w.isascii() and len(w) > 1
                            and ord(w[0]) > 0x2E80), key=len, reverse=True))  # fmt: skip
_GLUED = re.compile(rf"(?:\s?[,(（]\s?|\s)?(?P<word>{_CHINESE})(?!\s?[-–—~至到])[)）]?\s?")
_KANJI_AFTER = re.compile(r"\s?[(（](?P<word>[月火水木金土日])[)）]")


def _weekday_beside(line: str, start: int, end: int) -> tuple[str, set[int]]:
    """The weekday right after a date or right before it; one of both has to be its own.

    Two blanks part two cells of a row, and the weekday of one is not the other's.
    """
    after, means_after = _weekday_after(line, end)
    before, means_before = _weekday_before(line, start)
    return after or before, means_after | means_before


def _as_weekday(word: str) -> str:
    """The word as WEEKDAYS may have it; of two letters none lost an accent, as "śr" and "sr"."""
    plain = word.casefold()
    return fold(word) if plain not in WEEKDAYS and len(word) > 2 else plain


def _weekday_before(line: str, start: int) -> tuple[str, set[int]]:
    """A two-letter one needs a mark behind it, or "so 5 November" would be a Sunday."""
    if long := _LONG_BEFORE.search(fold(line[max(0, start - 32) : start])):
        return long["word"], WEEKDAYS[long["word"]]
    before = _WORD_BEFORE.search(line[max(0, start - 24) : start])
    if before:
        word = _as_weekday(before["word"])
        tail = line[max(0, start - 24) : start][before.end("word") :]
        marked = len(word) > 2 or tail[:1] in {",", "."} or not word.isascii()
        if word in WEEKDAYS and marked and not _ends_a_span(line, start, before["word"]):
            return before["word"], WEEKDAYS[word]
    return "", set()


_SPAN = re.compile(
    r"(?P<word>[^\W\d_]{2,14})\.?\s?(?:[-–—~]|to|through|thru|bis|au|al|a|t/m|tot|do|至|到)\s?"
    r"(?:the |le |el |il )?$"
)


def _ends_a_span(line: str, start: int, word: str) -> bool:
    """Whether the weekday before a date ends a span of them, as opening hours do: "Mon - Fri"."""
    span = _SPAN.search(line[: line.rindex(word, 0, start)])
    return span is not None and _as_weekday(span["word"]) in WEEKDAYS


def _weekday_after(line: str, end: int) -> tuple[str, set[int]]:
    kanji = _KANJI_AFTER.match(line, end)
    if kanji:
        return kanji["word"], {_KANJI[kanji["word"]]}
    glued = _GLUED.match(line, end)
    if glued:
        return glued["word"], WEEKDAYS[glued["word"]]
    after = _WORD_AFTER.match(line, end)
    if after and (word := _as_weekday(after["word"])) in WEEKDAYS and word not in MONTHS:
        closed = line[after.end() : after.end() + 1] in {")", "）"}
        if len(word) > 3 or closed or not word.isascii() or word in _PLAIN:
            return after["word"], WEEKDAYS[word]
    return "", set()


_PLAIN = frozenset("mon tue wed thu fri sat sun tues thur thurs weds".split())
