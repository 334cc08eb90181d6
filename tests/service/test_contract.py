"""openapi.yaml is well formed, wholly answered, and refuses without repeating what was sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from openapi_spec_validator import validate

from service.http.app import handlers
from service.http.contract import Contract
from tests.service.conftest import ORDER, Checked

FILE = Path(__file__).parents[2] / "openapi.yaml"


def test_the_contract_is_openapi_and_plain_yaml() -> None:
    validate(yaml.safe_load(FILE.read_text("utf-8")))
    assert "<<:" not in FILE.read_text("utf-8")  # merge keys are not in YAML 1.2


def test_each_operation_has_a_handler_and_each_handler_an_operation() -> None:
    assert set(Contract.load().operations) == set(handlers())


def test_an_operation_without_a_handler_keeps_the_service_from_starting() -> None:
    some = handlers()
    del some["getItem"]
    with pytest.raises(LookupError, match="getItem"):
        Contract.load().bind(web.Application(), some)


def test_every_object_schema_of_a_request_names_its_fields() -> None:
    """So a pointer in a problem holds only names of ours."""
    schemas = yaml.safe_load(FILE.read_text("utf-8"))["components"]["schemas"]
    for name in ("CollectionRequest", "Defect"):
        assert schemas[name]["additionalProperties"] is False


def test_every_body_has_an_example_and_every_example_is_true() -> None:
    document = yaml.safe_load(FILE.read_text("utf-8"))
    for operation in Contract.load().operations.values():
        said = document["paths"][operation.path][operation.method.lower()]
        for media_type, content in said.get("requestBody", {}).get("content", {}).items():
            if media_type == "application/json":
                assert operation.bodies[media_type].is_valid(content["example"]), operation.id


def test_scopes_are_the_tags_and_every_tag_is_explained() -> None:
    document = yaml.safe_load(FILE.read_text("utf-8"))
    tags = {tag for operation in Contract.load().operations.values() for tag in operation.tags}
    assert set(document["components"]["schemas"]["Scope"]["enum"]) == tags
    assert {tag["name"] for tag in document["tags"]} == tags


def test_an_answer_that_is_not_described_is_found() -> None:
    operation = Contract.load().operations["getHealth"]

    def wrong(status: int, media_type: str, body: bytes) -> list[str]:
        found = operation.check_answer(status=status, headers={}, media_type=media_type, body=body)
        return [violation.pointer for violation in found]

    assert wrong(200, "application/json", b'{"ok":true}') == []
    assert wrong(200, "application/json", b'{"ok":false}') == ["/body/ok"]
    assert wrong(200, "text/html", b"ok") == ["/header/Content-Type"]
    assert wrong(201, "application/json", b"{}") == ["/status"]


SECRET = "Jane-Doe-was-here"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        (f"/v1/orders/amazon/{SECRET}/collections", "/path/order_id"),
        (f"/v1/orders/{SECRET}/112-4872913-5531402/collections", "/path/platform"),
        (f"{ORDER}/collections?site={SECRET}", "/query/site"),
        (f"{ORDER}/collections?{SECRET}=1", "/query"),
        (f"{ORDER}/collections?site={SECRET}&site=US", "/query/site"),
        (f"/v1/orders/amazon/{SECRET}%00/collections", "/path/order_id"),
        (f"/v1/orders/amazon/{SECRET}%2F/collections", "/path/order_id"),
        (f"/v1/orders/amazon/{SECRET * 10}/collections", "/path/order_id"),
    ],
)
async def test_a_malformed_address_is_named_but_not_repeated(
    ask: Checked, path: str, pointer: str
) -> None:
    answer = await ask.post(path)
    assert answer.status == 422
    assert pointer in {error["pointer"] for error in answer.json["errors"]}
    assert SECRET not in answer.body.decode() + str(answer.headers)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"sources": [SECRET + "/.."]}, "/body/sources/0"),
        ({"sources": []}, "/body/sources"),
        ({"sources": ["ups", "ups"]}, "/body/sources"),
        ({"sources": SECRET}, "/body/sources"),
        ({SECRET: 1}, "/body"),
        ({"policy": [SECRET]}, "/body/policy"),
        ({"defect": {"kind": "a-to-z", SECRET: SECRET}}, "/body/defect"),
        ({"defect": {"kind": "a-to-z", "noticed_at": SECRET}}, "/body/defect/noticed_at"),
        ({"defect": {"case_id": SECRET}}, "/body/defect"),
        ({"store": "\ud800" + SECRET}, "/body"),
        ([SECRET], "/body"),
    ],
)
async def test_a_malformed_body_is_named_field_by_field_but_not_repeated(
    ask: Checked, body: Any, pointer: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await ask.post(f"{ORDER}/collections", data=json.dumps(body), headers=headers)
    assert answer.status == 422
    assert pointer in {error["pointer"] for error in answer.json["errors"]}
    assert SECRET not in answer.body.decode()


async def test_all_that_is_wrong_is_said_at_once(ask: Checked) -> None:
    answer = await ask.post(
        f"{ORDER}/collections?site=USA",
        json={"policy": 1, "store": ""},
        headers={"Idempotency-Key": "a b"},
    )
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/query/site",
        "/header/Idempotency-Key",
        "/body/policy",
        "/body/store",
    }


@pytest.mark.parametrize("key", ["x" * 256, "a b", "caf\u00e9", ""])
async def test_a_key_that_is_no_key_is_refused(ask: Checked, key: str) -> None:
    answer = await ask.post(f"{ORDER}/collections", headers={"Idempotency-Key": key})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/header/Idempotency-Key")


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b'{"store":"a","store":"b"}', b"[" * 100_000, b'{"a":1e999}', b"NaN"],
    ids=["cut off", "not UTF-8", "a name twice", "too deep", "too large a number", "not a number"],
)
async def test_json_that_cannot_be_read_is_refused(ask: Checked, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await ask.post(f"{ORDER}/collections", data=body, headers=headers)
    assert answer.status == 400


async def test_a_body_of_another_type_is_refused(ask: Checked) -> None:
    answer = await ask.post(f"{ORDER}/collections", data=b"store=eu")
    assert (answer.status, answer.headers["Accept"]) == (415, "application/json")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_a_megabyte_is_refused_however_it_comes(
    ask: Checked, chunked: bool
) -> None:
    headers = {"Content-Type": "application/json"}
    body = b" " * ((1 << 20) + 1)
    answer = await ask.post(
        f"{ORDER}/collections", data=body, headers=headers, chunked=chunked or None
    )
    assert answer.status == 413


async def test_what_is_not_there_and_what_is_not_taken(ask: Checked) -> None:
    assert (await ask.get("/v1/nothing")).status == 404
    answer = await ask.ask("DELETE", ORDER)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")


async def test_a_request_keeps_the_id_it_came_with_if_it_is_a_decent_one(ask: Checked) -> None:
    answer = await ask.get("/healthz", headers={"X-Request-Id": "appeal-tool.17"})
    assert answer.headers["X-Request-Id"] == "appeal-tool.17"
    answer = await ask.get("/healthz", headers={"X-Request-Id": "<script>"})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"])
