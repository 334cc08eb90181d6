"""Read a list of defects, or of orders, that somebody exported: CSV with a header.

Platforms name their columns as they like and change them, so a column is found by any of its known
names; one that is missing is named. A line that cannot be read is an error with its number: a
defect that was dropped silently would be missing from an appeal. Dates are days as they stand
there; where 11/12/2026 can be two days, a line of the file that can be one only decides, or whoever
hands it in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from evidence.canonical import digest
from evidence.errors import FormatError, RequestError
from evidence.orders import OrderRef, Platform, order_ref
from service.defects.days import Days
from service.defects.kinds import Kind, kind_of

MAX_BYTES = 64 << 20
MAX_ROWS = 1_000_000


# Names of Amazon's, TikTok's and eBay's exports and dashboards, as far as we know them.
_COLUMNS: Mapping[str, Sequence[str]] = {
    "order": (
        "order id", "order number", "amazon order id", "main order id", "order sn", "order",
        "订单号", "订单编号",
    ),
    "date": (
        "order date", "purchase date", "order placed", "order created time", "created time",
        "order creation time", "paid time", "sale date", "transaction date", "date", "下单时间",
        "订单创建时间", "日期",
    ),
    "kind": (
        "defect type", "defect kind", "defect reason", "defect", "defect types", "issue type",
        "return type", "violation type", "transaction defect", "type", "kind", "metric", "缺陷类型",
        "类型",
    ),
    "platform": ("platform", "平台"),
    "site": ("site", "marketplace", "country", "region", "站点"),
    "noticed": (
        "noticed", "notice date", "reported", "claim date", "defect date", "time requested",
        "request time", "return created time", "case opened", "opened date", "filed on", "通知时间",
        "申请时间",
    ),
    "outcome": (
        "outcome", "status", "result", "decision", "order status", "return status", "case status",
        "状态", "结果",
    ),
    "stars": ("stars", "rating", "star rating", "review score", "评分"),
    "test": ("test", "test order", "is test"),
    "case": (
        "case id", "claim id", "dispute id", "return id", "return order id", "request id", "工单号",
    ),
    "reason": ("reason", "return reason", "claim reason", "buyer comments", "原因"),
}  # fmt: skip
_SITE = re.compile(r"[A-Za-z]{2}")
# Why a line may not belong into a rate; `DOUBTS` says it in words.
CANCELLED, TEST, NOT_OF_PLATFORM = "cancelled", "test", "not-of-platform"
DOUBTS: Mapping[str, str] = {
    CANCELLED: "the order was cancelled",
    TEST: "it is a test order",
    NOT_OF_PLATFORM: "its number is none of the platform's",
    "another-store": "another store has the order",
}
_NO = frozenset({"", "0", "no", "n", "false", "否"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. `kind` is None in a list of orders; `ref` is None for a number of no such platform.

    doubts   why it may not belong into a rate: cancelled, a test, not of the platform
    said     the kind in the file's words
    noticed  a day, or a time where the file gives one with its offset
    """

    line: int
    number: str = field(repr=False)
    platform: str
    site: str = "US"
    ref: OrderRef | None
    ordered: date | None
    kind: Kind | None
    said: str = ""
    case: str = field(default="", repr=False)
    noticed: date | datetime | None = None
    denied: bool = False
    stars: int | None = None
    doubts: tuple[str, ...] = ()
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file as read. `sha256` is the file's own."""

    sha256: str
    rows: tuple[Row, ...] = field(repr=False)


def read_export(
    data: bytes,
    *,
    platform: str,
    site: str,
    kinds: bool,
    what: str,
    dates: str | None = None,
    most: int = MAX_ROWS,
) -> Export:
    """Every line of the file.

    platform, site   of lines that do not say
    kinds            whether it lists defects, each with a kind, or just orders
    dates            "mdy" or "dmy": how 11/12/2026 is meant; None: as the file itself shows
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
    if len(lines) > most + 1:
        raise RequestError(what=what, why=f"it has more than {most} lines")
    needed = ("order", "date", "kind") if kinds else ("order", "date")
    places = _places(lines[0] if lines else [], needed, what)
    columns = [places[name] for name in ("date", "noticed") if name in places]
    days = Days.of((line[c] for line in lines[1:] for c in columns if c < len(line)), dates)
    rows = [
        _row(number, line, places, days, platform=platform, site=site, kinds=kinds, what=what)
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
    days: Days,
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
    doubts: list[str] = []
    try:
        ref: OrderRef | None = order_ref(named, cell("order"), country)
    except (RequestError, FormatError):
        ref = None
        doubts.append(NOT_OF_PLATFORM)
    if re.search(r"cancel|取消", outcome):
        doubts.append(CANCELLED)
    if cell("test").lower() not in _NO or re.search(r"\btest\b|测试", outcome):
        doubts.append(TEST)
    stars = cell("stars")
    said = f"{cell('kind')} {cell('reason')}".strip() if kinds else ""
    kind = kind_of(cell("kind")) if kinds else None
    if kind is Kind.OTHER:
        kind = kind_of(said)
    return Row(
        line=number,
        number=cell("order"),
        platform=named,
        site=country,
        ref=ref,
        ordered=days.day(cell("date"), where),
        kind=kind,
        said=cell("kind")[:200] if kinds else "",
        case=cell("case")[:100],
        noticed=days.moment(cell("noticed"), where) if cell("noticed") else None,
        denied=bool(re.search(r"denied|rejected|seller won|for (?:the )?seller|驳回", outcome)),
        stars=int(stars) if re.fullmatch("[0-9]", stars) else None,
        doubts=tuple(doubts),
        text=",".join(line),
    )
