"""Dates as people print them, by language and land, and what each of them allows to be known."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

_EN = "January February March April May June July August September October November December"
_MONTHS: dict[str, tuple[str, ...]] = {
    "en": tuple(_EN.split()),
    "de": tuple(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
    ),
    "fr": tuple(
        "janvier février mars avril mai juin juillet août septembre octobre novembre "
        "décembre".split()
    ),
    "es": tuple(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
        "diciembre".split()
    ),
    "it": tuple(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
        "dicembre".split()
    ),
    "nl": tuple(
        "januari februari maart april mei juni juli augustus september oktober november "
        "december".split()
    ),
    "pl": tuple(
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
        "listopada grudnia".split()
    ),
    "sv": tuple(
        "januari februari mars april maj juni juli augusti september oktober november "
        "december".split()
    ),
}  # fmt: skip
_SHORT: dict[str, tuple[str, ...]] = {
    "en": tuple(name[:3] for name in _MONTHS["en"]),
    "de": tuple("Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.".split()),
    "fr": tuple("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()),
    "es": tuple("ene feb mar abr may jun jul ago sep oct nov dic".split()),
    "it": tuple("gen feb mar apr mag giu lug ago set ott nov dic".split()),
    "nl": tuple("jan feb mrt apr mei jun jul aug sep okt nov dec".split()),
    "pl": tuple("sty lut mar kwi maj cze lip sie wrz paź lis gru".split()),
    "sv": tuple("jan feb mars apr maj juni juli aug sep okt nov dec".split()),
}
_DAYS: dict[str, tuple[str, ...]] = {
    "en": tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
    "de": tuple("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()),
    "fr": tuple("lundi mardi mercredi jeudi vendredi samedi dimanche".split()),
    "es": tuple("lunes martes miércoles jueves viernes sábado domingo".split()),
    "it": tuple("lunedì martedì mercoledì giovedì venerdì sabato domenica".split()),
    "nl": tuple("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag".split()),
    "pl": tuple("poniedziałek wtorek środa czwartek piątek sobota niedziela".split()),
    "sv": tuple("måndag tisdag onsdag torsdag fredag lördag söndag".split()),
    "zh": tuple("星期一 星期二 星期三 星期四 星期五 星期六 星期日".split()),
    "ja": tuple("月 火 水 木 金 土 日".split()),
}

# Tokens: d dd m mm y yy (day, month, year); Mon Month; Wd Wday; H HH h M S; ap AP dotted (am, AM,
# a.m.); half (of the day). "!" begins a form that only hold-out sets use; "~" one whose day and
# month can be taken for each other.
_DAY_FORMS: dict[str, tuple[str, ...]] = {
    "en-US": (
        "~{mm}/{dd}/{y}", "{Month} {d}, {y}", "{Mon} {d}, {y}", "{Wday}, {Month} {d}, {y}",
        "{y}-{mm}-{dd}", "!{Wd}, {Mon} {d}, {y}", "!~{m}/{d}/{yy}", "!{MON} {dd} {y}",
    ),
    "en-GB": (
        "~{dd}/{mm}/{y}", "{d} {Month} {y}", "{Wd} {dd} {Mon} {y}", "{Wday} {d} {Month} {y}",
        "!{dd}-{Mon}-{y}", "!{d}{th} {Month} {y}", "!~{dd}.{mm}.{y}",
    ),
    "de": (
        "{dd}.{mm}.{y}", "{d}. {Month} {y}", "{Wday}, {dd}.{mm}.{y}", "{Wd}, {dd}.{mm}.{y}",
        "!{Wday}, {d}. {Month} {y}", "!{dd}.{mm}.{yy}", "!{d}. {Mon} {y}",
    ),
    "fr": (
        "{dd}/{mm}/{y}", "{d} {Month} {y}", "{Wday} {d} {Month} {y}", "!{Wd} {dd}/{mm}/{y}",
        "!{d} {Mon} {y}", "!Le {dd}/{mm}/{y}",
    ),
    "es": (
        "{dd}/{mm}/{y}", "{d} de {Month} de {y}", "{Wday}, {d} de {Month} de {y}",
        "!{d} {Mon} {y}", "!{dd}-{mm}-{y}",
    ),
    "it": (
        "{dd}/{mm}/{y}", "{d} {Month} {y}", "{Wday} {d} {Month} {y}", "!{dd}-{mm}-{y}",
        "!{d} {Mon} {y}",
    ),
    "nl": ("{dd}-{mm}-{y}", "{d} {Month} {y}", "{Wday} {d} {Month} {y}", "!{d} {Mon} {y}"),
    "pl": ("{dd}.{mm}.{y}", "{d} {Month} {y}", "{y}-{mm}-{dd}", "{Wday}, {d} {Month} {y}"),
    "sv": ("{y}-{mm}-{dd}", "{d} {Month} {y}", "{Wday} {d} {Month} {y}", "{d} {Mon} {y}"),
    "zh": (
        "{y}-{mm}-{dd}", "{y}年{m}月{d}日", "{y}/{mm}/{dd}", "{y}年{mm}月{dd}日 {Wday}",
        "!{y}.{mm}.{dd}", "!{y}年{m}月{d}日（{Wday}）",
    ),
    "ja": ("{y}年{m}月{d}日({Wd})", "{y}/{mm}/{dd}", "!{y}年{mm}月{dd}日", "!{y}.{mm}.{dd}"),
}  # fmt: skip
_TIME_FORMS: dict[str, tuple[str, ...]] = {
    "en-US": (
        " {h}:{M} {AP}",
        ", {h}:{M} {ap}",
        " at {h}:{M} {dotted}",
        " {HH}:{M}",
        "!, {h}:{M}{ap}",
    ),
    "en-GB": (" {HH}:{M}", ", {HH}:{M}", " at {h}:{M}{ap}", "! {HH}:{M}:{S}"),
    "de": (" {HH}:{M}", ", {HH}:{M} Uhr", " um {HH}:{M} Uhr", "! - {HH}.{M} Uhr"),
    "fr": (" {HH}:{M}", " à {HH}h{M}", ", {HH}:{M}", "! à {HH} h {M}"),
    "es": (" {HH}:{M}", ", {HH}:{M} h", " a las {HH}:{M}", "! {h}:{M} {dotted}"),
    "it": (" {HH}:{M}", " ore {HH}:{M}", ", {HH}:{M}", "! alle {HH}:{M}"),
    "nl": (" {HH}:{M}", ", {HH}:{M} uur", " om {HH}:{M}", "! {HH}.{M} uur"),
    "pl": (" {HH}:{M}", ", {HH}:{M}", " godz. {HH}:{M}"),
    "sv": (" {HH}:{M}", ", {HH}:{M}", " kl. {HH}:{M}", "! kl {HH}.{M}"),
    "zh": (" {HH}:{M}", " {HH}:{M}:{S}", " {half}{h}:{M}", "! {HH}时{M}分"),
    "ja": (" {HH}:{M}", " {HH}時{M}分", "! {half}{h}時{M}分"),
}
_PERIODS = {"zh": ("上午", "下午"), "ja": ("午前", "午後"), "es": ("a. m.", "p. m.")}


@dataclass(frozen=True)
class Printed:
    """A time as it stands on a page.

    text       what is printed
    local      the wall clock that it says: "2026-03-04T14:05"; the day alone where no time is
    offset_min minutes east of Greenwich, where a zone is printed
    utc        first and last instant that the print allows
    sure       False where day and month could be exchanged and nothing else on the page decides
    """

    text: str
    local: str
    offset_min: int | None
    utc: tuple[str, str]
    sure: bool = True

    @property
    def to_the_minute(self) -> bool:
        return "T" in self.local


@dataclass(frozen=True)
class Form:
    """One way of printing times, kept through a page."""

    language: str
    day: str
    time: str
    zone: str
    mistakable: bool
    time_first: bool = False  # "2:05 pm on March 2, 2026"
    weekday_off: int = 0  # days by which the printed day of the week is wrong

    def said(self, when: datetime, *, with_time: bool = True, with_zone: bool = True) -> Printed:
        """`when` (aware, in the place's zone) as this form prints it."""
        parts = _parts(when, self.language, self.weekday_off)
        text = self.day.format_map(parts)
        zone = ""
        to_minute = with_time and bool(self.time)
        if to_minute:
            time, zone = self._time(when), _zone_text(when, self.zone) if with_zone else ""
            text = f"{time}{zone} on {text}" if self.time_first else f"{text}{time}{zone}"
        return Printed(
            text=text,
            local=when.strftime("%Y-%m-%dT%H:%M" if to_minute else "%Y-%m-%d"),
            offset_min=_offset(when) if zone else None,
            utc=_allowed(when, to_minute=to_minute, zoned=bool(zone)),
            sure=not (self.mistakable and when.day <= 12 and when.day != when.month),
        )

    def halves(self, when: datetime) -> tuple[str, str]:
        """Day and time as two cells print them; the time is empty if the form has none."""
        day = self.day.format_map(_parts(when, self.language, self.weekday_off))
        if not self.time:
            return day, ""
        return day, f"{self._time(when).lstrip(' ,-')}{_zone_text(when, self.zone)}"

    def _time(self, when: datetime) -> str:
        return self.time.format_map(_parts(when, self.language, self.weekday_off))


def form_for(
    language: str, land: str, dice: random.Random, *, holdout: bool, zoned: bool, timed: bool = True
) -> Form:
    """A form used for `language`; English differs by land. `zoned` if it prints a zone at all."""
    key = language
    if language == "en":
        key = "en-US" if land in ("US", "CA", "CN", "JP") else "en-GB"
    days, times = (_offered(table[key], holdout) for table in (_DAY_FORMS, _TIME_FORMS))
    day = dice.choice(days)
    zone = dice.choice(("abbr", "gmt", "utc", "iso", "paren") if zoned else ("",))
    time = dice.choice(times) if timed else ""
    first = bool(time) and language == "en" and "Month" in day and dice.random() < 0.25
    return Form(
        language,
        day.removeprefix("~"),
        "{h}:{M} {ap}" if first else time,
        zone,
        mistakable=day.startswith("~"),
        time_first=first,
    )


def _offered(forms: tuple[str, ...], holdout: bool) -> list[str]:
    """Development sets never see the forms kept for hold-out; hold-out prefers them."""
    seen = [form for form in forms if not form.startswith("!")]
    unseen = [form[1:] for form in forms if form.startswith("!")]
    return seen + 2 * unseen if holdout else seen


def _parts(when: datetime, language: str, weekday_off: int) -> dict[str, object]:
    names = _MONTHS.get(language, _MONTHS["en"])
    short = _SHORT.get(language, _SHORT["en"])
    days = _DAYS[language]
    morning, evening = _PERIODS.get(language, ("a.m.", "p.m."))
    weekday = days[(when.weekday() + weekday_off) % 7]
    half = morning if when.hour < 12 else evening
    ending = "th" if 10 < when.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(when.day % 10, "th")
    return {
        "d": when.day, "dd": f"{when.day:02}", "m": when.month, "mm": f"{when.month:02}",
        "y": when.year, "yy": f"{when.year % 100:02}", "th": ending,
        "Month": names[when.month - 1], "Mon": short[when.month - 1],
        "MON": short[when.month - 1].upper().rstrip("."),
        "Wday": weekday,
        "Wd": weekday[: 2 if language == "de" else 3],
        "H": when.hour, "HH": f"{when.hour:02}", "h": when.hour % 12 or 12,
        "M": f"{when.minute:02}", "S": f"{when.second:02}",
        "ap": "am" if when.hour < 12 else "pm", "AP": "AM" if when.hour < 12 else "PM",
        "dotted": half, "half": half,
    }  # fmt: skip


def _offset(when: datetime) -> int:
    offset = when.utcoffset()
    if offset is None:
        raise ValueError("a time of a story has a zone")
    return round(offset.total_seconds() / 60)


# Only abbreviations that mean one offset to everybody who prints them on such pages; CST, for one,
# is American and Chinese.
_ABBREVIATED = frozenset("EST EDT MST MDT PST PDT CET CEST GMT JST UTC".split())


def _zone_text(when: datetime, style: str) -> str:
    minutes = _offset(when)
    sign, (hours, rest) = "+-"[minutes < 0], divmod(abs(minutes), 60)
    short = f"{sign}{hours}" + (f":{rest:02}" if rest else "")
    match style:
        case "":
            return ""
        case "abbr" if (name := when.tzname() or "") in _ABBREVIATED:
            return f" {name}"
        case "utc":
            return f" UTC{sign}{hours:02}:{rest:02}"
        case "iso":
            return f" {sign}{hours:02}:{rest:02}"
        case "paren":
            return f" (GMT{short})"
        case _:
            return f" GMT{short}"


def _allowed(when: datetime, *, to_minute: bool, zoned: bool) -> tuple[str, str]:
    """The instants that the print leaves possible; without a zone, all from UTC+14 to UTC-12."""
    first = when.replace(second=0, microsecond=0, tzinfo=None)
    width = timedelta(minutes=1)
    if not to_minute:
        first, width = first.replace(hour=0, minute=0), timedelta(days=1)
    last = first + width - timedelta(seconds=1)
    if zoned:
        shift = timedelta(minutes=_offset(when))
        first, last = first - shift, last - shift
    else:
        first, last = first - timedelta(hours=14), last + timedelta(hours=12)
    return f"{first.isoformat()}Z", f"{last.isoformat()}Z"
