"""Collected from vendors' own descriptions, as a mock server that we did not write serves them."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from collectors.auth import ApiKey
from collectors.carriers.dhl import Dhl
from collectors.carriers.dhl_express import DhlExpress
from collectors.carriers.fedex import Fedex
from collectors.carriers.ups import Ups
from collectors.carriers.usps import Usps
from collectors.orders.amazon import Amazon
from evidence.errors import AccessError, EvidenceError, OutageError, RequestError
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from tests.collectors.carriers.story import asked_at, credentials, said
from tests.collectors.http_bench import bench, context
from tests.collectors.prism import Front, mocked, prism
from tests.collectors.reading import facts_named

pytestmark = [pytest.mark.extras, pytest.mark.timeout(300)]

UPS, FEDEX, EXPRESS = "1Z023E2X0214323462", "776094337676", "9356579890"
PARCEL_DE, MAIL = "00340434292135100186", "9400109104250532908587"
CARRIERS = "contracts/carriers"
OPENAPI = {
    "ups": f"{CARRIERS}/ups/openapi/Tracking.with-examples.json",
    "ups_token": f"{CARRIERS}/ups/openapi/OAuthClientCredentials.with-examples.json",
    "fedex": f"{CARRIERS}/fedex/openapi/track.with-examples.json",
    "dhl_express": (
        f"{CARRIERS}/dhl_express_mydhl/openapi/mydhl-3.1.1-tracking-epod.with-examples.json"
    ),
    "dhl": f"{CARRIERS}/dhl_unified/openapi/utapi-tracking-1.4.1.with-examples.json",
    "usps": f"{CARRIERS}/usps/openapi/tracking-3.2.6.with-examples.json",
    "amazon": "contracts/market/spapi/models/orders_2026-01-01.json",
}


def example(shared: Path, vendor: str, path: str, name: str) -> Any:
    """An example out of the description that Prism serves."""
    document = json.loads((shared / OPENAPI[vendor]).read_bytes())
    (operation,) = [
        one
        for one in document["paths"][path].values()
        if isinstance(one, dict) and "responses" in one
    ]
    return operation["responses"]["200"]["content"]["application/json"]["examples"][name]["value"]


Serve = Callable[[str], str]


@pytest.fixture(scope="module")
def serve(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Starts Prism for a vendor, once for all tests here; its URL."""
    prism()
    running: dict[str, str] = {}
    logs = tmp_path_factory.mktemp("prism")
    with ExitStack() as stack:

        def start(vendor: str) -> str:
            if vendor not in running:
                made = mocked(shared / OPENAPI[vendor], logs / f"{vendor}.log")
                running[vendor] = stack.enter_context(made)
            return running[vendor]

        yield start


class Known:
    """A carrier whose token is known already: its description has no way to ask for one."""

    def __init__(self, collector: Any) -> None:
        self.name, self.version = collector.name, collector.version
        self.collect, self.read = collector.collect, collector.read

    def auth(self, options: Any, secrets: Any) -> ApiKey:
        return ApiKey("Authorization", secrets["token"], prefix="Bearer ")


@pytest.mark.parametrize("name", ["vendor_docs_sample", "not_found_but_200"])
async def test_ups(shared: Path, serve: Serve, name: str) -> None:
    mocks = {
        "/api/": (serve("ups"), "/api"),
        "/security/": (serve("ups_token"), ""),
    }
    meant = {UPS: f"code=200, example={name}", "token": "code=200, example=approved"}
    front = Front(mocks, meant)
    async with front.serving() as url:
        items = await asked_at(url, Ups(), UPS)
    assert front.unfit == []
    assert [path for _, path in front.asked] == [
        "/security/v1/oauth/token", f"/api/track/v1/details/{UPS}",
    ]  # fmt: skip
    assert said(items[0]) == example(shared, "ups", "/track/v1/details/{inquiryNumber}", name)
    assert Ups().read(items[0])


@pytest.mark.parametrize(
    ("meant", "error"),
    [
        ("code=400, example=invalid_inquiry_number", RequestError),
        ("code=401, example=auth_error", AccessError),
        ("code=503", OutageError),
    ],
)
async def test_ups_refuses(serve: Serve, meant: str, error: type[EvidenceError]) -> None:
    mocks = {"/api/": (serve("ups"), "/api"), "/security/": (serve("ups_token"), "")}
    front = Front(mocks, {UPS: meant, "token": "code=200, example=approved"})
    async with front.serving() as url:
        with pytest.raises(error):
            await asked_at(url, Ups(), UPS)


@pytest.mark.parametrize(
    "name", ["vendor_docs_sample_mixed", "reused_tracking_number_two_shipments", "delivered_ground"]
)
async def test_fedex(shared: Path, serve: Serve, name: str) -> None:
    meant = {
        "trackingnumbers": f"code=200, example={name}",
        "trackingdocuments": "code=200, example=spod_pdf",
    }
    front = Front({"/": (serve("fedex"), "")}, meant)
    async with front.serving() as url:
        items = await asked_at(url, Known(Fedex()), FEDEX)  # type: ignore[arg-type]
    assert front.unfit == []
    assert said(items[0]) == example(shared, "fedex", "/track/v1/trackingnumbers", name)
    assert Fedex().read(items[0])
    letters = [item for item in items if item.role is Role.POD_DOCUMENT]
    assert len(letters) == (0 if name == "vendor_docs_sample_mixed" else 1)
    for letter in letters:
        kept = (shared / CARRIERS / "fedex/pod/spod_626793981435.pdf").read_bytes()
        assert letter.content.read(1 << 20) == kept


@pytest.mark.parametrize(
    ("name", "delivered"), [("docs_sample_signed", 1), ("synthetic_delivered_no_offset", 1)]
)
async def test_dhl_express(shared: Path, serve: Serve, name: str, delivered: int) -> None:
    meant = {"/tracking": f"code=200, example={name}", "proof-of-delivery": "code=404"}
    front = Front({"/": (serve("dhl_express"), "")}, meant)
    async with front.serving() as url:
        history, none = await asked_at(url, DhlExpress(), EXPRESS)
    assert front.unfit == []
    assert said(history) == example(shared, "dhl_express", "/tracking", name)
    assert len(facts_named(DhlExpress().read(history), "scan.delivered")) == delivered
    (held,) = DhlExpress().read(none)
    assert (held.name, held.value) == ("delivery.document", "no")


async def test_dhl_express_does_not_know_a_shipment(serve: Serve) -> None:
    front = Front({"/": (serve("dhl_express"), "")}, {"/tracking": "code=404"})
    async with front.serving() as url:
        (item,) = await asked_at(url, DhlExpress(), EXPRESS)
    (unknown,) = DhlExpress().read(item)
    assert unknown.name == "parcel.unknown"


async def test_every_example_of_dhl(shared: Path, serve: Serve) -> None:
    document = json.loads((shared / OPENAPI["dhl"]).read_bytes())
    answers = document["paths"]["/shipments"]["get"]["responses"]
    examples = answers["200"]["content"]["application/json"]["examples"]
    assert len(examples) == 14
    del examples["7777777770"]  # it links to a server of DHL's, and nothing in a test goes there
    mock = serve("dhl")
    for name, one in examples.items():
        front = Front({"/": (mock, "")}, {"/shipments": f"code=200, example={name}"})
        async with front.serving() as url:
            (item,) = await asked_at(url, Dhl(), PARCEL_DE)
        assert front.unfit == []
        assert said(item) == one["value"]
        assert Dhl().read(item)
    front = Front({"/": (mock, "")}, {"/shipments": "code=404"})
    async with front.serving() as url:
        (item,) = await asked_at(url, Dhl(), PARCEL_DE)
    assert item.hints["http.status"] == "404"


@pytest.mark.parametrize("name", ["delivered_parcel_locker", "readme_detail_false_z"])
async def test_usps(shared: Path, serve: Serve, name: str) -> None:
    base = "/tracking/v3"
    front = Front({"/": (serve("usps"), base)}, {MAIL: f"code=200, example={name}"})
    async with front.serving() as url:
        (item,) = await asked_at(url, Known(Usps()), MAIL)  # type: ignore[arg-type]
    assert front.unfit == []
    assert said(item) == example(shared, "usps", "/tracking/{trackingNumber}", name)
    assert Usps().read(item)


async def test_amazon(serve: Serve) -> None:
    """Amazon's description has no examples: Prism makes an order up out of its schema."""
    order = OrderRef(Platform.AMAZON, "112-4832917-2201845", "US")
    front = Front({"/": (serve("amazon"), "")}, {order.id: "code=200"})
    async with front.serving() as url:
        items = await collected(Known(Amazon()), url, order)
    assert front.unfit == []
    (item,) = items
    assert item.role is Role.ORDER_RECORD
    assert facts_named(Amazon().read(item), "order.id")


async def collected(collector: Any, url: str, order: OrderRef) -> list[Item]:
    async with bench(url, auth=credentials(collector, {}), collector="amazon/1") as b:
        where = context(b.session, {}, source="amazon")
        return [item async for item in collector.collect(order, where)]


async def test_prism_refuses_what_no_description_allows(serve: Serve) -> None:
    """The judge judges: a request without what is required does not pass."""
    front = Front({"/api/": (serve("ups"), "/api")}, {})
    async with front.serving() as url, bench(url, collector="ups/1") as b:
        with pytest.raises(EvidenceError):
            await b.session.get(f"/api/track/v1/details/{UPS}")
    assert len(front.unfit) == 1
