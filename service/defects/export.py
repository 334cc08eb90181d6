"""Read a list of defects, or of orders, that somebody exported: CSV with a header.

Platforms name their columns as they like and change them, so a column is found by any of its known
names; one that is missing is named. A line that cannot be read is an error with its number: a
defect that was dropped silently would be missing from an appeal. Dates are days as they stand
there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from evidence.canonical import digest
from evidence.errors import FormatError, RequestError
from evidence.orders import OrderRef, Platform, order_ref

MAX_BYTES = 64 << 20
MAX_ROWS = 1_000_000


class Kind(StrEnum):
    """Kinds that platforms keep apart, as policies name them."""

    A_TO_Z = "a-to-z"
    CHARGEBACK = "chargeback"
    FEEDBACK = "feedback"
    SERVICE_RATING = "service rating"
    RETURN = "return"
    LATE_SHIPMENT = "late shipment"
    INVALID_TRACKING = "valid tracking"
    NOT_RECEIVED = "not received"
    OTHER = "other"


# The first that is found in what the export says; the words of exports, dashboards and mails.
_KINDS: Sequence[tuple[str, Kind]] = (
    (r"a[\s-]*(?:to|2)[\s-]*z|guarantee claim|索赔", Kind.A_TO_Z),
    (r"charge\s*-?backs?|payment dispute|拒付", Kind.CHARGEBACK),
    (r"late (?:shipment|dispatch|ship)|延迟发货|迟发", Kind.LATE_SHIPMENT),
    (r"(?:in)?valid tracking|tracking invalid|追踪率", Kind.INVALID_TRACKING),
    (r"not received|inr\b|未收到", Kind.NOT_RECEIVED),
    (r"service rating|服务评分", Kind.SERVICE_RATING),
    (r"return|refund|退货|退款", Kind.RETURN),
    (r"feedback|review|rating|stars?\b|差评", Kind.FEEDBACK),
)
_COLUMNS: Mapping[str, Sequence[str]] = {
    "order": ("order id", "order number", "amazon order id", "order", "订单号", "订单编号"),
    "date": ("order date", "purchase date", "order placed", "date", "下单时间", "日期"),
    "kind": ("defect type", "defect kind", "defect", "type", "kind", "metric", "缺陷类型", "类型"),
    "platform": ("platform", "平台"),
    "site": ("site", "marketplace", "country", "站点"),
    "noticed": ("noticed", "notice date", "reported", "claim date", "defect date", "通知时间"),
    "outcome": ("outcome", "status", "result", "decision", "状态", "结果"),
    "stars": ("stars", "rating", "star rating", "评分"),
    "test": ("test", "test order", "is test"),
}
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_SITE = re.compile(r"[A-Za-z]{2}")
_NO = frozenset({"", "0", "no", "n", "false", "否"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. `kind` is None in a list of orders; `ref` is None for a number of no such platform.

    doubts   why it may not belong into a rate: cancelled, a test, not of the platform
    """

    line: int
    number: str = field(repr=False)
    platform: str
    ref: OrderRef | None
    ordered: date
    kind: Kind | None
    noticed: date | None = None
    denied: bool = False
    stars: int | None = None
    doubts: tuple[str, ...] = ()
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file as read. `sha256` is the file's own."""

    sha256: str
    rows: tuple[Row, ...] = field(repr=False)


def read_export(data: bytes, *, platform: str, site: str, kinds: bool, what: str) -> Export:
    """Every line of the file.

    platform, site   of lines that do not say
    kinds            whether it lists defects, each with a kind, or just orders
    Raises RequestError naming the column that is missing, or the line that cannot be read.
    """
    if len(data) > MAX_BYTES:
        raise RequestError(what=what, why=f"it has more than {MAX_BYTES >> 20} MB")
    text = _decoded(data, what)
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max("\t;,", key=head.count), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise RequestError(what=what, why=f"it is no CSV that can be read ({error})") from error
    if len(lines) > MAX_ROWS:
        raise RequestError(what=what, why=f"it has more than {MAX_ROWS} lines")
    needed = ("order", "date", "kind") if kinds else ("order", "date")
    places = _places(lines[0] if lines else [], needed, what)
    rows = [
        _row(number, line, places, platform=platform, site=site, kinds=kinds, what=what)
        for number, line in enumerate(lines[1:], start=2)
        if any(cell.strip() for cell in line)
    ]
    return Export(sha256=digest(data), rows=tuple(rows))


def _decoded(data: bytes, what: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RequestError(what=what, why="it is neither UTF-8 nor GB 18030 text")


def _places(head: Sequence[str], needed: Sequence[str], what: str) -> dict[str, int]:
    names = [re.sub(r"[\s_-]+", " ", cell.strip().lower()) for cell in head]
    places: dict[str, int] = {}
    for column, known in _COLUMNS.items():
        for name in known:
            if name in names and names.index(name) not in places.values():
                places[column] = names.index(name)
                break
    if missing := [column for column in needed if column not in places]:
        wanted = "; ".join(f"{column} ({', '.join(_COLUMNS[column][:4])})" for column in missing)
        raise RequestError(what=what, why=f"it has no column for {wanted}")
    return places


def _row(
    number: int,
    line: Sequence[str],
    places: Mapping[str, int],
    *,
    platform: str,
    site: str,
    kinds: bool,
    what: str,
) -> Row:
    def cell(name: str) -> str:
        place = places.get(name, len(line))
        return line[place].strip() if place < len(line) else ""

    where = f"{what}, line {number}"
    if not cell("order"):
        raise RequestError(what=where, why="it has no order's number")
    outcome = cell("outcome").lower()
    named = cell("platform").lower() or platform
    if named not in set(Platform):
        raise RequestError(what=where, why=f"its platform is none of {', '.join(Platform)}")
    country = cell("site") if _SITE.fullmatch(cell("site")) else site
    doubts = []
    try:
        ref: OrderRef | None = order_ref(named, cell("order"), country)
    except (RequestError, FormatError):
        ref = None
        doubts.append(f"its number is not one of {named}")
    if re.search(r"cancel|取消", outcome):
        doubts.append("the order was cancelled")
    if cell("test").lower() not in _NO or re.search(r"\btest\b|测试", outcome):
        doubts.append("it is a test order")
    stars = cell("stars")
    kind = _kind(cell("kind")) if kinds else None
    return Row(
        line=number,
        number=cell("order"),
        platform=named,
        ref=ref,
        ordered=_day(cell("date"), where),
        kind=kind,
        noticed=_day(cell("noticed"), where) if cell("noticed") else None,
        denied=bool(re.search(r"denied|rejected|seller won|for (?:the )?seller|驳回", outcome)),
        stars=int(stars) if re.fullmatch("[0-9]", stars) else None,
        doubts=tuple(doubts),
        text=",".join(line),
    )


def _kind(said: str) -> Kind:
    return next((kind for form, kind in _KINDS if re.search(form, said, re.I)), Kind.OTHER)


def _day(said: str, where: str) -> date:
    match = _DAY.fullmatch(said)
    try:
        if match is not None:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise RequestError(what=where, why="its date is not written as 2026-11-22")
