"""What came true is told, signed, until it is heard or given up; and never to a private address."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from evidence.custody import Act
from evidence.erasure import ErasureReason
from evidence.errors import NotFoundError, RequestError
from service.agenda.agenda import Agenda
from service.custody import By, note
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings
from service.webhooks.sender import PAUSES_S, Sender, check_url, new_secret
from storage.ledger.outbox import Subscription, Told
from storage.ledger.records import State
from tests.ports import free_port
from tests.service.access.house import BY, OUR_ORDER, OURS, THEIRS, house_settings

ALL = frozenset(map(str, Told))
PAGE = Path(__file__).parents[3] / "docs" / "webhooks.md"
NOW = datetime.now(UTC)


class Receiver:
    """Somebody's endpoint, which believes what the library of Standard Webhooks believes."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.secret = new_secret()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        id, at = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
        # The library signs; it would verify, too, if our clock here were not put forward.
        right = standardwebhooks.Webhook(self.secret).sign(
            id, datetime.fromtimestamp(at, UTC), body.decode()
        )
        assert request.headers["webhook-signature"] == right
        self.heard.append((id, json.loads(body)))
        headers = {"Location": "/elsewhere"} if 300 <= self.status < 400 else {}
        return web.Response(status=self.status, headers=headers)

    def subscription(self, **changes: Any) -> Subscription:
        made = Subscription(
            id="0123456789abcdef",
            tenant=OURS,
            url=self.url,
            secret=self.secret,
            events=ALL,
            stores=None,
            created_at=NOW,
        )
        return replace(made, **changes)


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    here = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", here.answer)
    server = TestServer(app)
    await server.start_server()
    here.url = str(server.make_url("/hook"))
    yield here
    await server.close()


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    settings = replace(house_settings(tmp_path), outbound_hosts=("127.0.0.1",))
    settings = replace(settings, retention=RetentionSettings(days=0))
    async with await Runtime.open(settings, clock=Clock()) as opened:
        yield opened


@pytest.fixture
async def sender(runtime: Runtime) -> AsyncIterator[Sender]:
    made = Sender(runtime)
    yield made
    await made.close()


def later(runtime: Runtime, **by: float) -> None:
    assert isinstance(runtime.clock, Clock)
    runtime.clock.ahead += timedelta(**by)


async def ended(runtime: Runtime, *, complete: bool, against: bool = False, **defect: str) -> str:
    order = await runtime.ledger.order(OURS, OUR_ORDER)
    made, _ = await runtime.ledger.start_collection(
        order, policy="amazon.a2z.delivery", sources=["notes-default"], defect=defect or None
    )
    await runtime.ledger.advance(
        OURS, made.id, State.QUEUED, State.SEALED, complete=complete, judged_against=against
    )
    return made.id


async def test_what_came_true_is_told_once_to_whom_it_concerns(
    runtime: Runtime, sender: Sender, receiver: Receiver
) -> None:
    await runtime.ledger.add_subscription(receiver.subscription())
    await runtime.ledger.tenant(THEIRS, origin=runtime.settings.origin_of(THEIRS))
    for id, changes in (
        ("1" * 16, {"tenant": THEIRS}),
        ("2" * 16, {"stores": frozenset({"eu"})}),
        ("3" * 16, {"events": frozenset({"custody.accessed"})}),
    ):
        await runtime.ledger.add_subscription(receiver.subscription(id=id, **changes))
    id = await ended(runtime, complete=False, against=True, kind="a-to-z", case_id="7")
    assert await sender.send() == 3
    told = {said["type"]: said["data"] for _, said in receiver.heard}
    assert set(told) == {"manifest.sealed", "evidence.missing", "verification.failed"}
    data = told["manifest.sealed"]
    assert (data["collection"], data["complete"], data["state"]) == (id, False, "sealed")
    assert data["order_id"] == OUR_ORDER.id and data["defect"]["case_id"] == "7"
    assert len({message for message, _ in receiver.heard}) == 3
    assert await sender.send() == 0
    receiver.heard.clear()
    order = await runtime.find(OURS, OUR_ORDER)
    await note(runtime, order, Act.BUNDLE, BY, sha256="0" * 64)
    await note(runtime, order, Act.HOLD, BY)
    assert await sender.send() == 2  # the first subscription and the one of custody alone
    assert {said["data"]["act"] for _, said in receiver.heard} == {"bundle"}


async def test_nothing_is_told_of_what_was_rolled_back(
    runtime: Runtime, sender: Sender, receiver: Receiver
) -> None:
    await runtime.ledger.add_subscription(receiver.subscription())
    id = await ended(runtime, complete=True)
    await sender.send()
    assert not await runtime.ledger.advance(OURS, id, State.QUEUED, State.SEALED, complete=True)
    assert await sender.send() == 0
    assert [said["type"] for _, said in receiver.heard] == ["manifest.sealed"]


async def test_a_message_is_sent_again_for_three_days_and_then_given_up(
    runtime: Runtime, sender: Sender, receiver: Receiver
) -> None:
    await runtime.ledger.add_subscription(receiver.subscription())
    await ended(runtime, complete=True)
    receiver.status = 503
    assert await sender.send() == 1
    for pause in PAUSES_S:
        assert await sender.send() == 0
        later(runtime, seconds=pause + 1)
        (subscription,) = await runtime.ledger.subscriptions(OURS)
        assert subscription.disabled_at is None
        await sender.send()
    assert sum(PAUSES_S) >= 3 * 86_400
    (subscription,) = await runtime.ledger.subscriptions(OURS)
    assert subscription.disabled_at is not None and "three days" in subscription.disabled_why
    later(runtime, days=30)
    await ended(runtime, complete=True)  # nothing is written down for it
    assert await sender.send() == 0
    again = await runtime.ledger.replay_messages(OURS, subscription.id, since=NOW)
    assert again == 1
    assert len(receiver.heard) == len(PAUSES_S) + 1
    receiver.status = 204
    assert await sender.send() == 1
    assert len({id for id, _ in receiver.heard}) == 1
    (subscription,) = await runtime.ledger.subscriptions(OURS)
    assert subscription.disabled_at is None
    with pytest.raises(NotFoundError):
        await runtime.ledger.replay_messages(THEIRS, subscription.id, since=NOW)


async def test_who_is_gone_is_told_nothing_more_and_a_redirect_is_not_followed(
    runtime: Runtime, sender: Sender, receiver: Receiver
) -> None:
    await runtime.ledger.add_subscription(receiver.subscription())
    await ended(runtime, complete=True)
    receiver.status = 307
    await sender.send()
    assert len(receiver.heard) == 1
    later(runtime, seconds=PAUSES_S[0] + 1)
    receiver.status = 410
    await sender.send()
    (subscription,) = await runtime.ledger.subscriptions(OURS)
    assert subscription.disabled_why == "It said 410 Gone."
    await runtime.ledger.remove_subscription(OURS, subscription.id)
    assert await runtime.ledger.subscriptions(OURS) == []


async def test_a_deadline_is_told_of_a_day_before_and_no_replay_tells_it_sooner(
    runtime: Runtime, sender: Sender, receiver: Receiver
) -> None:
    await runtime.ledger.add_subscription(
        receiver.subscription(events=frozenset({"deadline.approaching"}))
    )
    due = (runtime.clock() + timedelta(hours=72)).isoformat()
    await ended(runtime, complete=True, kind="a-to-z", due_at=due)
    agenda = Agenda(runtime)
    assert (await agenda.act(), await sender.send()) == (0, 0)
    assert await runtime.ledger.replay_messages(OURS, "0123456789abcdef", since=NOW) == 0
    later(runtime, hours=47.9)
    assert (await agenda.act(), await sender.send()) == (0, 0)
    later(runtime, hours=0.2)
    assert (await agenda.act(), await sender.send()) == (1, 1)
    assert (await agenda.act(), await sender.send()) == (0, 0)


async def test_of_an_erased_order_nothing_is_told(
    runtime: Runtime, sender: Sender, receiver: Receiver
) -> None:
    await runtime.ledger.add_subscription(receiver.subscription())
    await ended(runtime, complete=True)
    later(runtime, days=400)
    by = By("local user t", "orderproof test")
    await erase(runtime, OURS, OUR_ORDER, reason=ErasureReason.SUBJECT_REQUEST, by=by)
    assert await sender.send() == 1
    assert receiver.heard == []


async def test_no_private_address_is_reached_whatever_its_name(
    tmp_path: Path, receiver: Receiver
) -> None:
    """The receiver listens on loopback, which nobody named here."""
    async with await Runtime.open(house_settings(tmp_path / "other")) as runtime:
        sender = Sender(runtime)
        port = receiver.url.split(":")[2].partition("/")[0]
        hosts = ("127.0.0.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]", "0.0.0.0")
        for number, host in enumerate(hosts):
            url = f"http://{host}:{port}/hook"
            id = f"{number:016}"
            await runtime.ledger.add_subscription(receiver.subscription(id=id, url=url))
        await ended(runtime, complete=True)
        assert await sender.send() == len(hosts)
        await sender.close()
    assert receiver.heard == []


@pytest.mark.parametrize(
    "url", ["http://hooks.example/x", "https://u:p@hooks.example/", "ftp://x", "https://", "x"]
)
def test_a_url_that_may_not_be_told_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match="url"):
        check_url(url, trusted=frozenset({"hooks.internal"}))
    check_url("http://hooks.internal:8080/x", trusted=frozenset({"hooks.internal"}))
    check_url("https://hooks.example/x", trusted=frozenset())


async def test_url_and_secret_are_readable_in_no_file(
    runtime: Runtime, receiver: Receiver, tmp_path: Path
) -> None:
    made = receiver.subscription(url="https://hooks.example/?key=s3cr3t-of-theirs")
    await runtime.ledger.add_subscription(made)
    assert (await runtime.ledger.subscriptions(OURS)) == [made]
    assert "s3cr3t" not in repr(made) and made.secret not in repr(made)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for hidden in (b"s3cr3t-of-theirs", made.secret.encode()):
        assert not any(hidden in data for data in files)


async def test_the_receiver_of_the_page_takes_what_we_send_once_and_nothing_else(
    runtime: Runtime, sender: Sender, receiver: Receiver
) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    port, secret = free_port(), new_secret()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program.replace("8400", str(port))),
        env=os.environ | {"WEBHOOK_SECRET": secret},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            while not await _listens(port):
                await asyncio.sleep(0.05)
        url = f"http://127.0.0.1:{port}/"
        subscription = receiver.subscription(url=url, secret=secret)
        await runtime.ledger.add_subscription(subscription)
        await ended(runtime, complete=True)
        assert await sender.send() == 1
        assert await runtime.ledger.replay_messages(OURS, subscription.id, since=NOW) == 1
        assert await sender.send() == 1
        statuses = [await _posted(url, secret, seconds=s) for s in (0, -200, -400, 400)]
        assert statuses == [204, 204, 401, 401]
        assert await _posted(url, new_secret(), seconds=0) == 401
    finally:
        process.terminate()
    out, _ = await process.communicate()
    assert out.decode().splitlines() == [f"manifest.sealed {OUR_ORDER.id}"] + ["tried None"] * 2


async def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


async def _posted(url: str, secret: str, *, seconds: int) -> int:
    """The answer to a message that was signed so many seconds from now."""
    at, id, body = (
        datetime.now(UTC) + timedelta(seconds=seconds),
        f"msg_{seconds}",
        '{"type":"tried","data":{}}',
    )
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": "v1,x " + standardwebhooks.Webhook(secret).sign(id, at, body),
    }
    async with ClientSession() as asking, asking.post(url, data=body, headers=headers) as answer:
        return answer.status
