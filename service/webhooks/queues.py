"""Notices that come through a queue: Amazon's Selling Partner API pushes to SQS and nowhere else.

A message is deleted from the queue once the ledger has it on stable storage, and not before: what a
crash leaves comes again, and is known by its notification's id. What cannot be read is left where
it is, so that the queue's own redrive policy takes it to its dead letters. Whoever may write to the
queue is believed: give that right to Amazon's notification service alone.

boto3 blocks for the time of a long poll, so each queue has a thread of its own.
Source: SP-API Notifications v1; Amazon SQS, ReceiveMessage, DeleteMessageBatch.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from evidence.errors import ConfigError, EvidenceError
from service.webhooks.events import MAX_BODY, read
from service.webhooks.intake import Intake, pack
from service.webhooks.queue_settings import QueueSettings
from storage.ledger.deliveries import Delivery

if TYPE_CHECKING:
    from service.settings import Settings

AT_ONCE = 10
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
log = structlog.get_logger()


class SqsPoller:
    """Brings what one queue has. `poll` is one long poll; `start` goes on until `stop`."""

    def __init__(self, queue: QueueSettings, intake: Intake, *, house: str) -> None:
        self._queue = queue
        self._intake = intake
        self._tenant = queue.tenant or house
        self._client = _client(queue)
        self._stopping = threading.Event()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        name = f"orderproof-sqs-{self._queue.name}"
        # A daemon: a long poll that is under way must not hold up the end of the process.
        threading.Thread(target=self._run, args=(loop,), name=name, daemon=True).start()

    def stop(self) -> None:
        """What was received and not yet kept stays in the queue."""
        self._stopping.set()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                self.poll(loop)
                pause = FIRST_PAUSE_S
            except Exception as error:  # of boto3, the ledger or a closed loop: all are waited for
                if self._stopping.is_set():
                    return
                kind = type(error).__name__
                log.error("a queue cannot be read", queue=self._queue.name, kind=kind)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    def poll(self, loop: asyncio.AbstractEventLoop) -> int:
        """Receive, keep, delete; how many were kept. Blocks: never call it on the loop's thread."""
        answer = self._client.receive_message(
            QueueUrl=self._queue.url,
            MaxNumberOfMessages=AT_ONCE,
            WaitTimeSeconds=self._queue.wait_s,
        )
        messages = answer.get("Messages", [])
        if not messages or self._stopping.is_set():
            return 0
        kept = asyncio.run_coroutine_threadsafe(self._keep(messages), loop).result()
        if kept:
            entries: Any = [
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                for n, message in enumerate(kept)
            ]
            self._client.delete_message_batch(QueueUrl=self._queue.url, Entries=entries)
        return len(kept)

    async def _keep(self, messages: Sequence[Any]) -> list[Any]:
        """Those that the ledger has now. What it refuses is not acknowledged."""
        now = self._intake.clock()
        readable: list[tuple[Any, Delivery]] = []
        for message in messages:
            body = message["Body"].encode()
            try:
                if len(body) > MAX_BODY:
                    continue
                event = read(self._queue.vendor, {}, body)
            except EvidenceError:
                log.warning("a message cannot be read, and is left", queue=self._queue.name)
                continue
            delivery = Delivery(
                tenant=self._tenant,
                store=self._queue.store,
                hook=self._queue.name,
                event=event.id,
                kind=event.kind,
                body=pack({}, body),
                received_at=now,
                keep_until=now + timedelta(days=self._queue.keep_days),
            )
            readable.append((message, delivery))
        await asyncio.gather(*(self._intake.receive(delivery) for _, delivery in readable))
        return [message for message, _ in readable]


def _client(queue: QueueSettings) -> Any:
    if importlib.util.find_spec("boto3") is None:
        raise ConfigError(
            what=f"queues.{queue.name}", why="boto3 is missing: install orderproof[s3]"
        )
    import boto3
    from botocore.config import Config

    given: dict[str, Any] = {}
    if "access_key" in queue.secrets and "secret_key" in queue.secrets:
        given = {
            "aws_access_key_id": queue.secrets["access_key"].reveal(),
            "aws_secret_access_key": queue.secrets["secret_key"].reveal(),
        }
    config = Config(
        connect_timeout=10, read_timeout=queue.wait_s + 15, retries={"total_max_attempts": 2}
    )
    return boto3.session.Session().client(
        "sqs", region_name=queue.region, endpoint_url=queue.endpoint, config=config, **given
    )


@contextlib.asynccontextmanager
async def polling(settings: Settings, intake: Intake) -> AsyncIterator[None]:
    """Bring what the configured queues have for the time of the block."""
    pollers = [SqsPoller(queue, intake, house=settings.tenant) for queue in settings.queues]
    loop = asyncio.get_running_loop()
    for poller in pollers:
        poller.start(loop)
    try:
        yield
    finally:
        for poller in pollers:
            poller.stop()
