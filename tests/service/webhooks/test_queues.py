"""Amazon's notifications out of a queue: kept before they are acknowledged, each acted on once."""

from __future__ import annotations

import asyncio
import json
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectors.secrets import Secret
from evidence.errors import ConfigError, OutageError
from evidence.items import Role
from service.runtime import Runtime
from service.webhooks.events import Effect, read
from service.webhooks.intake import Intake
from service.webhooks.queue_settings import QueueSettings, read_queues
from service.webhooks.queues import SqsPoller
from storage.ledger.deliveries import Delivery
from tests.service.access.house import OUR_ORDER, OURS, house_settings

moto_server = pytest.importorskip("moto.server", reason="moto is not installed")


def notice(id: str, *, status: str = "Delivered", order: str = OUR_ORDER.id) -> str:
    payload = {"SellerId": "A1", "AmazonOrderId": order, "ShipmentStatus": status}
    return json.dumps(
        {
            "NotificationType": "FBA_OUTBOUND_SHIPMENT_STATUS",
            "Payload": {"FBAOutboundShipmentStatusNotification": payload},
            "NotificationMetadata": {"NotificationId": id},
        }
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """SQS of moto on loopback; the port is the machine's to choose."""
    made = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


class Sqs:
    """A queue, and the one of its dead letters."""

    def __init__(self, server: str, name: str) -> None:
        self.settings = QueueSettings(
            name="sp-api",
            url="",
            endpoint=server,
            wait_s=0,
            secrets={
                "access_key": Secret("access_key", "test"),
                "secret_key": Secret("secret_key", "test"),
            },
        )
        import boto3

        keys: Any = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        self.client = boto3.client("sqs", region_name="us-east-1", endpoint_url=server, **keys)
        dead = self.client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = self.client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
        policy = {"maxReceiveCount": "2", "deadLetterTargetArn": arn["Attributes"]["QueueArn"]}
        made = self.client.create_queue(
            QueueName=name,
            Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"},
        )
        self.dead, self.url = dead, made["QueueUrl"]
        self.settings = replace(self.settings, url=self.url)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def left(self, url: str | None = None) -> int:
        found = self.client.get_queue_attributes(
            QueueUrl=url or self.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(found["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture
async def sqs(server: str, request: pytest.FixtureRequest) -> Sqs:
    return await asyncio.to_thread(Sqs, server, f"q{zlib.crc32(request.node.name.encode())}")


@pytest.fixture
async def runtime(tmp_path: Path, sqs: Sqs) -> AsyncIterator[Runtime]:
    settings = replace(house_settings(tmp_path), queues=(sqs.settings,))
    async with await Runtime.open(settings) as opened:
        yield opened


def poller(runtime: Runtime, sqs: Sqs, intake: Intake | None = None) -> SqsPoller:
    return SqsPoller(sqs.settings, intake or Intake(runtime), house=OURS)


async def poll(one: SqsPoller) -> int:
    return await asyncio.to_thread(one.poll, asyncio.get_running_loop())


async def test_a_delivery_starts_one_collection_which_holds_the_notice(
    runtime: Runtime, sqs: Sqs
) -> None:
    body = notice("n1")
    await asyncio.to_thread(sqs.send, body, body, notice("n2", status="Created"))
    kept = 0
    while taken := await poll(poller(runtime, sqs)):
        kept += taken
    assert (kept, await asyncio.to_thread(sqs.left)) == (3, 0)
    await asyncio.to_thread(sqs.send, body)  # a replay, long after
    assert await poll(poller(runtime, sqs)) == 1
    assert await Intake(runtime).act() == 2
    (collection,) = await runtime.ledger.unfinished()
    assert await runtime.walk(OURS, collection.id) == "sealed"
    order = await runtime.find(OURS, OUR_ORDER)
    (item,) = [i for i in await runtime.ledger.items(order) if i.role is Role.DEFECT_NOTICE]
    assert runtime.stored(order, item).read(1 << 20) == body.encode()
    counts = {(kind, state): n for _, kind, state, n in await runtime.ledger.delivery_counts(OURS)}
    kind = "FBA_OUTBOUND_SHIPMENT_STATUS"
    assert counts == {(kind, "done"): 1, (kind, "counted"): 1}


class Broken(Intake):
    async def receive(self, delivery: Delivery) -> bool:
        raise OutageError(source="The ledger", why="its disk is full")


async def test_nothing_is_acknowledged_that_is_not_kept(runtime: Runtime, sqs: Sqs) -> None:
    await asyncio.to_thread(sqs.send, notice("n1"))
    with pytest.raises(OutageError):
        await poll(poller(runtime, sqs, Broken(runtime)))
    assert await asyncio.to_thread(sqs.left) == 1
    assert await poll(poller(runtime, sqs)) == 1
    assert await asyncio.to_thread(sqs.left) == 0


async def test_what_cannot_be_read_goes_to_the_dead_letters_and_holds_up_nothing(
    runtime: Runtime, sqs: Sqs
) -> None:
    await asyncio.to_thread(sqs.send, "no JSON", notice("n1"))
    kept = 0
    for _ in range(4):
        kept += await poll(poller(runtime, sqs))
    assert kept == 1
    assert await asyncio.to_thread(sqs.left) == 0
    assert await asyncio.to_thread(sqs.left, sqs.dead) == 1


async def test_it_polls_by_itself_until_it_is_stopped_also_after_an_outage(
    runtime: Runtime, sqs: Sqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.webhooks.queues.FIRST_PAUSE_S", 0.01)
    one = poller(runtime, sqs)
    real, failed = one._client.receive_message, threading.Event()

    def once_away(**given: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise OSError("the network is gone")
        return real(**given)

    monkeypatch.setattr(one._client, "receive_message", once_away)
    await asyncio.to_thread(sqs.send, notice("n1"))
    one.start(asyncio.get_running_loop())
    try:
        while not await runtime.ledger.waiting_deliveries(limit=5):
            await asyncio.sleep(0.02)
    finally:
        one.stop()
    assert failed.is_set()


@pytest.mark.needs_shared
def test_amazons_examples_are_read_as_what_they_are(shared: Path) -> None:
    folder = shared / "contracts/market/spapi/examples"
    said = {
        "OrderChange": (Effect.COLLECT, "903-8868176-2219830"),
        "FBAOutboundShipmentStatus": (Effect.COUNT, "113-2646096-4474645"),
        "ShipmentTrackingMilestoneChanged": (Effect.COLLECT, None),
        "AccountStatusChanged": (Effect.KEEP, None),
        "ReportProcessingFinished": (Effect.COUNT, None),
    }
    for name, (effect, order) in said.items():
        body = (folder / f"{name}Notification.example.json").read_bytes()
        event = read("amazon", {}, body)
        assert (event.effect, event.order) == (effect, order), name
        assert event.id and event.kind.replace("_", "").lower().startswith(name.lower()[:8])
        if name.startswith("Shipment"):
            assert event.aliases[0].value == "AFTN987654321"


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"q": 1}, "table"),
        ({"q": {"url": 3}}, "url"),
        ({"q": {"url": "https://q", "vendor": "stripe"}}, "vendor"),
        ({"q": {"url": "https://q", "wait_s": 21}}, "wait_s"),
        ({"q": {"url": "https://q", "colour": "red"}}, "colour"),
    ],
)
def test_a_queue_that_is_configured_wrong_is_refused_by_name(
    table: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=why):
        read_queues(table, base=tmp_path, env={}, path=tmp_path / "o.toml")
