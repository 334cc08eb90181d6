"""Countries that a document shows: of addresses, of sites of a platform, named beside a label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verifiers.readers.lines import Line
from verifiers.readers.said.fold import fold
from verifiers.readers.said.layout import Row
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.words import field_words, table

_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DC|DE|FL|GA|HI|IA|ID|IL|IN|KS|KY|LA|MA|MD|ME|MI|MN|MO|MS|MT|NC|ND|NE|NH|NJ"
    "|NM|NV|NY|OH|OK|OR|PA|PR|RI|SC|SD|TN|TX|UT|VA|VT|WA|WI|WV|WY"
)
# Royal Mail's postcodes, and Canada Post's: letters that they do not use are left out.
_OUTWARD = r"[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRV-Y])"
_FORWARD = r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]"
_UF = "AC|AL|AM|AP|BA|CE|DF|ES|GO|MA|MG|MS|MT|PA|PB|PE|PI|PR|RJ|RN|RO|RR|RS|SC|SE|SP|TO"
_KEN = (
    "青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井|山梨|長野|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良"
    "|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄"
)
_ALONE, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("US", re.compile(rf"(?<![A-Za-z])(?:{_STATES})[\s.,]{{1,3}}\d{{5}}(?:-\d{{4}})?(?!\d)")),
    ("GB", re.compile(rf"{_ALONE}(?:GIR\s?0AA|{_OUTWARD}\s\d[ABD-HJLNP-UW-Z]{{2}}){_END}")),
    ("CA", re.compile(rf"{_ALONE}{_FORWARD}\s?\d[ABCEGHJ-NPRSTV-Z]\d{_END}")),
    ("JP", re.compile(rf"〒\s?\d{{3}}-?\d{{4}}|北海道|東京都|大阪府|京都府|(?:{_KEN})県")),
    ("AU", re.compile(r"(?<![A-Za-z])(?:NSW|VIC|QLD|TAS|ACT)[\s,]{1,2}\d{4}(?!\d)")),
    ("BR", re.compile(rf"(?<=[A-Za-zÀ-ÿ])\s?/\s?(?:{_UF})\s*$")),
    ("NL", re.compile(rf"(?<!©)(?<!©\s){_ALONE}\d{{4}}\s?[A-Z]{{2}}(?=\s+[A-Z][a-z])")),
    ("DE", re.compile(rf"{_ALONE}D-\d{{5}}(?!\d)")),
    ("PL", re.compile(r"(?<![\d-])\d{2}-\d{3}\s+[A-ZŁŚŻŹĆ][a-ząćęłńóśźż]+")),
)
COUNTRIES: dict[str, str] = {
    name: code for code, names in table("countries.toml")["countries"].items() for name in names
}
_NAMED = re.compile(
    r"(?<![a-z])("
    + "|".join(sorted(map(re.escape, COUNTRIES), key=len, reverse=True))
    + r")(?![a-z])"
)
_HAN = re.compile("[\u4e00-\u9fff]")
_CODES = "US|GB|DE|FR|IT|ES|NL|BE|AT|CH|PL|SE|DK|NO|FI|PT|IE|CA|MX|AU|NZ|JP|CN|HK|SG|KR"
_CODE = re.compile(rf"(?:,\s?|\s)({_CODES})\s*$")
_SITES: dict[str, str] = table("countries.toml")["sites"]
_PLATFORM = re.compile(
    r"(?:amazon|ebay)(" + "|".join(sorted(map(re.escape, _SITES), key=len, reverse=True)) + r")"
    r"(?![a-z.])"
)
_SELLERS = re.compile(r"seller[\w-]*\.$")
# States that are no country's code: "HOUSTON, TX" needs no postcode, "Berlin, DE" is Germany's.
_STATE = re.compile(
    r"[A-Za-z],\s?(?:AK|CT|DC|FL|HI|IA|KS|MI|ND|NH|NJ|NM|NV|NY|OH|OK|OR|RI|TX|UT|VT|WA|WI|WV|WY)\s*(?:$|[\]】)])"
)
# Rows that belong to an address under its label.
_ADDRESS_ROWS = 7


@dataclass(frozen=True, slots=True)
class Place:
    """A country in a line; `to` if the parcel goes there, None if nothing says."""

    country: str
    line: Line
    to: bool | None
    text: str
    site: bool = False


def places_in(rows: Sequence[Row]) -> list[Place]:
    """Every country that an address, a name or a platform's site shows."""
    found: list[Place] = []
    toward: bool | None = None
    since = 0
    left: float | None = None
    for number, row in enumerate(rows):
        for cell in row.cells:
            folded = fold(cell.text[:MAX_LINE])
            to, start = _direction(folded)
            if to is not None:
                toward, since, left = to, number, (cell.box[0] if cell.box else None)
            for country, text, at in _countries(cell.text[:MAX_LINE], folded):
                own = to if to is not None and at >= start else None
                near = number - since <= _ADDRESS_ROWS and _same_column(left, cell)
                found.append(
                    Place(
                        country, cell, own if own is not None else (toward if near else None), text
                    )
                )
            for match in _PLATFORM.finditer(folded):
                if match[1] == ".com" and _SELLERS.search(folded[: match.start()]):
                    continue  # sellers of a continent share the host
                found.append(Place(_SITES[match[1]], cell, None, match[0], site=True))
    return found


def _direction(folded: str) -> tuple[bool | None, int]:
    to = field_words("destination").search(folded)
    origin = field_words("origin").search(folded)
    if to and (not origin or to.start() >= origin.start()):
        return True, to.end()
    return (False, origin.end()) if origin else (None, 0)


def _same_column(left: float | None, cell: Line) -> bool:
    if left is None or cell.box is None:
        return left is None
    return abs(cell.box[0] - left) < 12 * max(cell.box[3], 1.0)


def _countries(text: str, folded: str) -> Iterator[tuple[str, str, int]]:
    for country, shape in _SHAPES:
        for match in shape.finditer(text):
            yield country, match[0], match.start()
    for match in _NAMED.finditer(folded):
        name = match[1]
        if name.isascii():
            if len(name) <= 3 and not text[match.start() : match.end()].isupper():
                continue
        # 中国邮政 is a carrier: Chinese sets no spaces, so a name must stand by itself.
        elif _HAN.search(
            folded[max(match.start() - 1, 0) : match.start()] + folded[match.end() :][:1]
        ):
            continue
        yield COUNTRIES[name], text[match.start() : match.end()], match.start()
    if code := _CODE.search(text):
        yield code[1], code[1], code.start(1)
    if state := _STATE.search(text):
        yield "US", state[0][1:].strip(" ,"), state.start()
