"""Every route x role x tenant, out of openapi.yaml: a new route is tested by being there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.access.callers import Role
from service.http.contract import Contract, Operation
from tests.service.access.house import House, Tenant, house
from tests.service.conftest import Answered

# What leaves nothing behind for those that follow comes first, what is over afterwards last.
_LAST = (
    "revokeShare",
    "revokeToken",
    "removeSubscription",
    "eraseOrder",
    "requestCollection",
)
_NOBODY = "nobody"
# Whose example names an order that then is ours too, whoever else has it.
_TOLD = ("requestCollection", "enterDefect", "checkCoverage")


def test_a_route_without_a_rule_keeps_the_service_from_starting() -> None:
    document = yaml.safe_load(Contract.load().raw)
    del document["paths"]["/v1/policies"]["get"]["x-roles"]
    with pytest.raises(LookupError, match="listPolicies"):
        Contract(yaml.safe_dump(document).encode())
    document["paths"]["/v1/policies"]["get"] |= {"x-roles": ["king"]}
    with pytest.raises(ValueError, match="king"):
        Contract(yaml.safe_dump(document).encode())


def test_whoever_may_something_is_a_role_and_an_admin_may_everything() -> None:
    for operation in Contract.load().operations.values():
        assert operation.public or Role.ADMIN in operation.roles, operation.id


def _operations(contract: Contract) -> list[Operation]:
    found = list(contract.operations.values())
    return sorted(found, key=lambda o: _LAST.index(o.id) if o.id in _LAST else -1)


def _request(operation: Operation, tenant: Tenant, document: Any) -> tuple[str, dict[str, Any]]:
    """The operation's own example, about this tenant's things."""
    path = operation.path
    for name in (p.name for p in operation.parameters if p.place == "path"):
        path = path.replace(f"{{{name}}}", tenant.names[name])  # a new parameter needs a value
    more: dict[str, Any] = {"headers": {}}
    said = document["paths"][operation.path][operation.method.lower()].get("requestBody")
    if said is not None:
        media_type, content = next(iter(said["content"].items()))
        more["headers"]["Content-Type"] = media_type
        if media_type == "application/json":
            more["data"] = json.dumps(content["example"])
        else:
            more["data"] = b"not a bundle"
    if operation.id == "watchCollection":
        more["headers"]["Accept"] = "text/event-stream"
    return path, more


def _callers(of: Tenant) -> Iterator[tuple[str, dict[str, str]]]:
    yield _NOBODY, {}
    for role in Role:
        yield str(role), {"Authorization": f"Bearer {of.tokens[str(role)]}"}


def _is_let_in(answer: Answered) -> bool:
    return answer.status not in (401, 403)


async def test_each_role_gets_what_its_rule_says_and_of_another_tenant_nothing(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as here:
        document = yaml.safe_load(here.contract.raw)
        wrong: list[str] = []
        asked = 0
        for operation in _operations(here.contract):
            for role, headers in _callers(here.ours):
                own = await _asked(here, operation, here.ours, document, headers)
                if (why := _wrong_of_own(operation, role, own)) is not None:
                    wrong.append(f"{operation.id} as {role}: {why}")
                asked += 1
            for role, headers in _callers(here.ours):
                foreign = await _asked(here, operation, here.theirs, document, headers)
                traces = [t for t in here.theirs.traces if t in _text(foreign)]
                if operation.id == "getShared":
                    traces = []  # the link itself is the access
                if operation.id in _TOLD:
                    traces = [t for t in traces if t != here.theirs.ref.id]  # links name the order
                if traces:
                    wrong.append(f"{operation.id} as {role} tells of another tenant")
                if _names_things(operation) and role != _NOBODY and foreign.status < 400:
                    wrong.append(f"{operation.id} as {role} answers {foreign.status} for theirs")
                asked += 1
        assert not wrong, "\n".join(wrong)
        assert asked == len(here.contract.operations) * 5 * 2


async def _asked(
    here: House, operation: Operation, about: Tenant, document: Any, headers: dict[str, str]
) -> Answered:
    path, more = _request(operation, about, document)
    more["headers"] |= headers
    if operation.id == "getBundle" and headers == _headers(here.ours, Role.AUDITOR):
        path += "?profile=reviewer"
    return await here.ask.ask(operation.method, path, **more)


def _headers(of: Tenant, role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {of.tokens[str(role)]}"}


def _wrong_of_own(operation: Operation, role: str, answer: Answered) -> str | None:
    if answer.status >= 500 and operation.id != "getReadiness":
        return f"it answers {answer.status}"
    may = operation.public or role in operation.roles
    if may and not _is_let_in(answer):
        return f"it is refused with {answer.status}"
    if not may and answer.status != (401 if role == _NOBODY else 403):
        return f"it is answered with {answer.status}"
    return None


def _names_things(operation: Operation) -> bool:
    """Whether the path names something that belongs to a tenant and is there before."""
    theirs = {"order_id", "collection_id", "share_id", "token_id", "subscription_id"}
    theirs |= {"case_id", "defect_id"}
    named = any(p.name in theirs for p in operation.parameters if p.place == "path")
    # A number that we never collected for is ours to collect for, whoever else has it.
    return named and operation.id != "requestCollection"


def _text(answer: Answered) -> str:
    return answer.body.decode("utf-8", "replace") + str(dict(answer.headers))


async def test_a_token_for_one_store_sees_no_other_and_is_noted_when_it_tries(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as here:
        admin = _headers(here.ours, Role.ADMIN)
        body = {"name": "eu only", "role": "operator", "stores": ["eu"]}
        secret = (await here.ask.post("/v1/tokens", json=body, headers=admin)).json["secret"]
        eu = {"Authorization": f"Bearer {secret}"}
        order = f"/v1/orders/amazon/{here.ours.ref.id}"
        nothing = await here.ask.get("/v1/orders/amazon/112-0000000-0000000", headers=eu)
        for path in (order, f"{order}/items", f"{order}/manifest", f"{order}/bundle"):
            answer = await here.ask.get(path, headers=eu)
            assert (answer.status, answer.json["detail"]) == (404, nothing.json["detail"])
        path = f"/v1/collections/{here.ours.names['collection_id']}"
        assert (await here.ask.get(path, headers=eu)).status == 404
        asked = await here.ask.post(f"{order}/collections", json={"store": "eu"}, headers=eu)
        assert asked.status == 403
        denials = (await here.ask.get("/v1/denials", headers=admin)).json["denials"]
        named = {(each["why"], each["who"].rpartition("(")[2]) for each in denials}
        assert {("order", "eu only)"), ("collection", "eu only)"), ("store", "eu only)")} <= named


async def test_no_token_makes_one_that_covers_more_than_itself(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        admin = _headers(here.ours, Role.ADMIN)
        body: dict[str, Any] = {"name": "eu admin", "role": "admin", "stores": ["eu"]}
        body["scopes"] = ["access"]
        made = await here.ask.post("/v1/tokens", json=body, headers=admin)
        narrow = {"Authorization": f"Bearer {made.json['secret']}"}
        for more in ({"stores": ["us"]}, {"stores": ["eu", "us"]}, {"scopes": ["evidence"]}):
            wider = {"name": "wider", "role": "admin", **more}
            assert (await here.ask.post("/v1/tokens", json=wider, headers=narrow)).status == 403
        same = {"name": "same", "role": "admin"}
        again = await here.ask.post("/v1/tokens", json=same, headers=narrow)
        assert (again.json["stores"], again.json["scopes"]) == (["eu"], ["access"])
        assert (await here.ask.get("/v1/policies", headers=narrow)).status == 403
        put = {"platform": "amazon", "seller": "A1", "site": "us"}
        for store, status in (("eu", 200), ("us", 403)):
            answer = await here.ask.ask("PUT", f"/v1/stores/{store}", json=put, headers=narrow)
            assert answer.status == status


async def test_an_auditor_gets_proofs_and_nothing_that_they_are_about(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        auditor = _headers(here.ours, Role.AUDITOR)
        order = f"/v1/orders/amazon/{here.ours.ref.id}"
        bundle = await here.ask.get(f"{order}/bundle?profile=reviewer", headers=auditor)
        assert bundle.status == 200
        for more in ("", "?profile=bagit", "?profile=reviewer&show=1"):
            answer = await here.ask.get(f"{order}/bundle{more}", headers=auditor)
            assert answer.status == 403
        assert (await here.ask.get(f"{order}/statement", headers=auditor)).status == 200
        custody = (await here.ask.get(f"{order}/custody", headers=auditor)).json
        assert custody["chain"]["holds"]
        for answer in (bundle, await here.ask.get(f"{order}/statement", headers=auditor)):
            assert b"front door" not in answer.body and here.ours.ref.id.encode() not in answer.body


async def test_a_link_opens_what_its_maker_chose_until_it_is_revoked(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        operator = _headers(here.ours, Role.OPERATOR)
        order = f"/v1/orders/amazon/{here.ours.ref.id}"
        body = {"profile": "reviewer", "expires_in_s": 600}
        made = (await here.ask.post(f"{order}/shares", json=body, headers=operator)).json
        assert (await here.ask.get(made["url"])).status == 200
        entries = (await here.ask.get(f"{order}/custody", headers=operator)).json["entries"]
        assert [entry["act"] for entry in entries[-2:]] == ["share", "bundle"]
        assert entries[-1]["who"] == f"share link {made['id']}"
        assert made["url"].rpartition("/")[2] not in json.dumps(entries)
        wrong = made["url"][:-1] + ("A" if made["url"][-1] != "A" else "B")
        assert (await here.ask.get(wrong)).status == 404
        gone = await here.ask.ask("DELETE", f"{order}/shares/{made['id']}", headers=operator)
        assert gone.json["state"] == "revoked"
        assert (await here.ask.get(made["url"])).status == 404
        both = {"profile": "bagit", "show": [1]}
        assert (await here.ask.post(f"{order}/shares", json=both, headers=operator)).status == 422
