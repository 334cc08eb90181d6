"""Amazon's account health report: the seller's standing, order defect rate and other measures.

Source   Reports API 2021-06-30, report GET_V2_SELLER_PERFORMANCE_REPORT (JSON, its schema
         accountHealthReport-2020-11-18).
Tried    documented and sandbox; on Amazon's own example, which breaks its schema. Never live.
Times    `2020-11-18T23:59Z`, UTC, to the minute. A day's last minute is the end of a range.
Limits   a report is made on demand and takes minutes. One that is recent enough is used again, so
         that many orders ask for one report. The link to it is good for five minutes: it is fetched
         at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from typing import Any

from collectors.auth import ClientCredentials
from collectors.bodies import unpacked
from collectors.collector import Context, Http
from collectors.orders.amazon import NUMBER
from collectors.orders.amazon_auth import login_with_amazon
from collectors.orders.record import label, moment, numbers, numbers_in
from collectors.secrets import Secret
from evidence.errors import ConfigError, OutageError, RequestError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.locators import WHOLE
from evidence.orders import OrderRef, Platform
from evidence.pages import MAX_PAGE, Node, page_of
from evidence.times import rfc3339

REPORT = "GET_V2_SELLER_PERFORMANCE_REPORT"
_PATH = "/reports/2021-06-30"
_GZIP = b"\x1f\x8b"
# Amazon's marketplaces by country (SP-API, "Marketplace IDs").
MARKETPLACES = {
    "US": "ATVPDKIKX0DER", "CA": "A2EUQ1WTGCTBG2", "MX": "A1AM78C64UM0Y8", "BR": "A2Q3Y263D00KWC",
    "GB": "A1F83G8C2ARO7P", "DE": "A1PA6795UKMFR9", "FR": "A13V1IB3VIYZZH", "IT": "APJ6JRA9NG5V4",
    "ES": "A1RKKUPIHCS9HS", "NL": "A1805IZSGTT6HS", "SE": "A2NODRKZP88ZB9", "PL": "A1C3SOZRARQ6R3",
    "BE": "AMEN7PMS3EDWL", "TR": "A33AVAJ2PDY3EV", "AE": "A2VIGQ35RCS4UG", "IN": "A21TJRUUN4KGV",
    "JP": "A1VC38T7YXB528", "AU": "A39IBJ37TRP1C6", "SG": "A19VAU5U5O7RUS",
}  # fmt: skip
_COUNTS = (
    "orderCount", "shipmentCount", "shipmentCountWithValidTracking", "totalUnitCount",
)  # fmt: skip
_BAD = (
    "defectsCount", "lateShipmentCount", "cancellationCount", "orderWithDefects", "invoiceDefect",
)  # fmt: skip
_PARTS = ("claims", "chargebacks", "negativeFeedback", "missingInvoice", "lateInvoice")


class AmazonHealth:
    name = "amazon_health"
    version = 1
    roles = frozenset({Role.DEFECT_NOTICE})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.AMAZON})
    origin = "amazon"
    # Of a document, and of the making of a report; a list of reports may be had a little oftener.
    rate = (0.0167, 10)

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ClientCredentials:
        """Login with Amazon: `client_id`, and the secrets `client_secret` and `refresh_token`."""
        return login_with_amazon(options, secrets, source=self.name)

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether the order is one of Amazon's."""
        return bool(numbers_in(order, facts, platform=Platform.AMAZON, shape=NUMBER))

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the newest report, asking Amazon to make one where none is recent.

        OutageError if it is not ready in time: the next collection finds it. RequestError if Amazon
        has no data, or `create` is off and there is none.
        """
        if not numbers(order, context, platform=Platform.AMAZON, shape=NUMBER):
            return
        http = context.need_http()
        document = await _document(http, order, context)
        params = {"enableContentEncodingUrlHeader": "true"}
        reply = await http.get(f"{_PATH}/documents/{document}", params=params)
        link = page_of(reply.item(Role.EXCHANGE))["url"].text()
        report = await http.fetch(link)
        packed = report.item(Role.DEFECT_NOTICE, key=f"report/{document}")
        whole = packed.content.read(MAX_PAGE)
        if not whole.startswith(_GZIP):
            yield packed
            return
        # Packed as a file, and not only on its way: both are kept.
        data = unpacked(whole, "gzip", source=context.source, limit=MAX_PAGE)
        part = packed.part(
            Role.DEFECT_NOTICE, data, at=WHOLE, encoding="gzip", media_type="application/json"
        )
        yield report.item(
            Role.DEFECT_NOTICE, key=f"report/{document}", media_type="application/gzip"
        )
        yield part

    def read(self, item: Item) -> list[Fact]:
        """Read the report's measures, one group each. ShapeError for an undocumented shape.

        Nothing is counted again: in Amazon's own example a rate is not what its counts give.
        """
        if item.media_type == "application/gzip":
            return []
        return list(_read_report(page_of(item)))


async def _document(http: Http, order: OrderRef, context: Context) -> str:
    """The number of the document of a report that is ready."""
    hours = _number(context, "max_age_hours", 12)
    since = rfc3339(context.now() - timedelta(hours=hours), unit_s=1.0)
    listed = await http.get(
        f"{_PATH}/reports",
        params={"reportTypes": REPORT, "createdSince": since, "pageSize": "10"},
    )
    reports = list(page_of(listed.item(Role.EXCHANGE))["reports"].each())
    for wanted in ("DONE", "IN_PROGRESS", "IN_QUEUE"):
        for one in reports:
            if one["processingStatus"].text_or_none() == wanted:
                if wanted == "DONE":
                    return one["reportDocumentId"].text()
                return await _awaited(http, one["reportId"].text(), context)
    return await _awaited(http, await _made(http, order, context), context)


async def _made(http: Http, order: OrderRef, context: Context) -> str:
    if context.settings.get("create", True) is False:
        raise RequestError(
            what="the account health report",
            why="none is recent, and `create = false` in the source keeps us from having one made",
        )
    ids = context.settings.get("marketplaces") or [MARKETPLACES.get(order.site, "")]
    if not isinstance(ids, list) or not all(isinstance(one, str) and one for one in ids):
        raise ConfigError(
            what="the setting marketplaces",
            why=f"it has no marketplace id for {order.site}, such as A1F83G8C2ARO7P",
        )
    body = {"reportType": REPORT, "marketplaceIds": ids}
    reply = await http.post(f"{_PATH}/reports", json=body, answers={202})
    return page_of(reply.item(Role.EXCHANGE))["reportId"].text()


async def _awaited(http: Http, number: str, context: Context) -> str:
    """The document's number once the report is made; asked for `polls` times, `poll_s` apart."""
    pause_s = _number(context, "poll_s", 15)
    for attempt in range(int(_number(context, "polls", 6))):
        if attempt:
            await asyncio.sleep(pause_s)
        report = page_of((await http.get(f"{_PATH}/reports/{number}")).item(Role.EXCHANGE))
        match report["processingStatus"].text_or_none():
            case "DONE":
                return report["reportDocumentId"].text()
            case "CANCELLED":
                raise RequestError(
                    what="the account health report",
                    why="it was cancelled: there is no data for it",
                )
            case "FATAL":
                raise OutageError(source=context.source, why="it could not make the report")
    raise OutageError(
        source=context.source, why="its report is not ready yet; the next collection finds it"
    )


def _number(context: Context, name: str, default: float) -> float:
    value = context.settings.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10_000:
        raise ConfigError(what=f"the setting {name}", why="it is not a number from 0 to 10000")
    return float(value)


def _read_report(page: Node) -> Iterator[Fact]:
    if "accountStatuses" not in page and "performanceMetrics" not in page:
        raise page.misshapen("an account health report")
    for index, one in enumerate(page["accountStatuses"].each()):
        group = label("account", one["marketplaceId"], index)
        yield from one["marketplaceId"].facts("seller.marketplace", group=group)
        yield from one["status"].facts("seller.status", group=group)
    for index, metrics in enumerate(page["performanceMetrics"].each()):
        group = label("metrics", metrics["marketplaceId"], index)
        yield from metrics["marketplaceId"].facts("seller.marketplace", group=group)
        if not isinstance(metrics.value, dict):
            raise metrics.misshapen("an object")
        # By name as it stands: Amazon's example writes some otherwise than its schema.
        for name, value in metrics.value.items():
            if name == "orderDefectRate" and isinstance(value, dict):
                for kind in value:
                    yield from _read_metric(metrics[name][kind], f"{name}.{kind}", group)
            elif isinstance(value, dict):
                yield from _read_metric(metrics[name], name, group)
            elif isinstance(value, list):
                yield from _read_warnings(metrics[name], f"{group}/{name}")


def _read_metric(metric: Node, name: str, above: str) -> Iterator[Fact]:
    if not isinstance(metric.value, dict):
        return
    group = f"{above}/{name}"
    yield metric.fact("seller.metric", name, group=group)
    for state in ("status", "ahrStatus", "accountHealthRatingStatus"):
        yield from metric[state].facts("seller.metric.status", group=group)
    yield from metric["rate"].facts("seller.metric.value", group=group)
    yield from metric["targetValue"].facts("seller.metric.target", group=group)
    yield from metric["targetCondition"].facts("seller.metric.condition", group=group)
    for field in _COUNTS:
        yield from metric[field].facts("seller.metric.orders", group=group)
    for field in _BAD:
        counted = metric[field]
        counted = counted["count"] if isinstance(counted.value, dict) else counted
        yield from counted.facts("seller.metric.count", group=group)
    for part in _PARTS:
        if isinstance(metric[part].value, dict):
            its = f"{group}/{part}"
            yield metric[part].fact("seller.metric", f"{name}.{part}", group=its)
            yield from metric[part]["count"].facts("seller.metric.count", group=its)
            yield from metric[part]["status"].facts("seller.metric.status", group=its)
    over = metric["reportingDateRange"]
    yield from moment("seller.metric.from.at", over["reportingDateFrom"], group=group)
    yield from moment("seller.metric.to.at", over["reportingDateTo"], group=group)


def _read_warnings(listed: Node, above: str) -> Iterator[Fact]:
    for index, one in enumerate(listed.each()):
        if isinstance(one.value, dict):
            yield from one["warningType"].facts("seller.metric", group=f"{above}/{index}")
            yield from one["status"].facts("seller.metric.status", group=f"{above}/{index}")
