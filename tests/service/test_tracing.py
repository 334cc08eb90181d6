"""One trace a collection, from the webhook to the seal, and nothing private in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.errors import ConfigError
from evidence.orders import OrderRef, Platform
from service import tracing
from service.api.opened import working
from service.runtime import Runtime
from service.settings import load_settings
from service.webhooks.intake import Intake, pack
from storage.ledger.deliveries import Delivery
from storage.ledger.records import State

sdk = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

ORDER = "112-4872913-5531402"
REF = OrderRef(Platform.AMAZON, ORDER, "US")


@pytest.fixture
def spans() -> Iterator[object]:
    exporter = sdk.InMemorySpanExporter()
    tracing.trace_to(exporter, at_once=True)
    yield exporter
    tracing.shut_down()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "pod").mkdir()
    (tmp_path / "pod" / f"{ORDER} note.txt").write_text("Left at the door.", "utf-8")
    config = tmp_path / "orderproof.toml"
    config.write_text(
        "[sources.folder]\nfolder = 'pod'\n"
        "[webhooks.shop]\nvendor = 'standard'\nsecret_env = 'SHOP'\n",
        encoding="utf-8",
    )
    return config


async def test_a_collection_has_a_trace_with_its_own_id_whoever_walks_it(
    config: Path, spans: object
) -> None:
    settings = load_settings(config, environment={"SHOP": "whsec_" + "QUJD" * 8})
    async with await Runtime.open(settings, with_queue=True) as runtime:
        with tracing.request("POST", "/v1/orders/{order_id}", {}) as said:
            collection, _ = await runtime.request_collection(REF, tenant="default")
            said["status"] = 202
        async with working(runtime):
            while True:
                found = await runtime.ledger.collection("default", collection.id)
                if found is not None and found.state.is_final:
                    break
    assert found.state is State.SEALED
    finished = spans.get_finished_spans()  # type: ignore[attr-defined]
    mine = [s for s in finished if f"{s.context.trace_id:032x}" == collection.id]
    names = {span.name.removeprefix("orderproof.") for span in mine}
    assert names >= {"asked for", "walk", "collect", "ask", "sequence", "read", "verify", "seal"}
    by_id = {span.context.span_id: span for span in mine}
    roots = [span for span in mine if span.parent is None]
    assert [span.name for span in roots] == ["orderproof.asked for"]
    assert all(span.parent.span_id in by_id for span in mine if span.parent is not None)
    (request,) = [span for span in finished if span.name.startswith("POST")]
    assert roots[0].links[0].context.span_id == request.context.span_id
    assert request.attributes["http.response.status_code"] == 202
    told = json.dumps([json.loads(span.to_json()) for span in finished])
    for private in (ORDER, "Left at the door"):
        assert private not in told


async def test_a_notice_carries_its_trace_over_to_whoever_acts_on_it(
    config: Path, spans: object
) -> None:
    settings = load_settings(config, environment={"SHOP": "whsec_" + "QUJD" * 8})
    async with await Runtime.open(settings) as runtime:
        with tracing.request("POST", "/v1/webhooks/{hook}", {}) as said:
            said["status"] = 200
            body = pack({"webhook-id": "m1", **tracing.carried()}, b'{"type": "nothing"}')
        now = runtime.clock()
        intake = Intake(runtime)
        await intake.receive(
            Delivery(
                tenant="default", store="default", hook="shop", event="m1", kind="nothing",
                body=body, received_at=now, keep_until=now,
            )
        )  # fmt: skip
        assert await intake.act() == 1
    request, notice = spans.get_finished_spans()  # type: ignore[attr-defined]
    assert notice.name == "orderproof.notice"
    assert notice.context.trace_id == request.context.trace_id
    assert notice.parent.span_id == request.context.span_id


async def test_a_trace_of_whoever_asks_is_gone_on_with(spans: object) -> None:
    asked = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    with tracing.request("GET", "/healthz", {"traceparent": asked}):
        pass
    (span,) = spans.get_finished_spans()  # type: ignore[attr-defined]
    assert f"{span.context.trace_id:032x}" == "ab" * 16


def test_nothing_is_traced_unless_the_environment_says_where_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not tracing.set_up({})
    with tracing.asked_for("ab" * 16), tracing.within("ab" * 16), tracing.span("walk"):
        assert tracing.carried() == {}
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"orderproof\[otel\]"):
        tracing.set_up({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
