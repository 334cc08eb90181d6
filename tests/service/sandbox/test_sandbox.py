"""The sandbox: a stand-in with UPS's shapes, and faults on demand."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from evidence.errors import RequestError
from service.sandbox.app import run_sandbox
from service.sandbox.faults import parse_fault
from service.sandbox.scenario import Account, Scenario, load_scenario, parse_scenario

NUMBER = "1Z023E2X0214323462"
TRACK = f"/ups/api/track/v1/details/{NUMBER}"
TOKEN = "/ups/security/v1/oauth/token"
FORM = {"grant_type": "client_credentials"}
US = {"Authorization": aiohttp.encode_basic_auth("me", "pass-word")}
TOML = f"""
[account.ups]
client_id = "me"
client_secret = "pass-word"

[[parcel]]
tracking_number = "{NUMBER}"
references = "112-4832917-2201845"
received_by = "DOE"
pod_letter = true
signature = true

[[parcel.event]]
at = "2026-07-02T05:00:00-07:00"
description = "On the Way"

[[parcel.event]]
at = "2026-07-03T14:31:07-07:00"
kind = "delivered"
description = "DELIVERED"
"""
SCENARIO = parse_scenario(TOML.encode())


async def authorised(http: aiohttp.ClientSession, url: str) -> dict[str, str]:
    async with http.post(url + TOKEN, data=FORM, headers=US) as reply:
        token = (await reply.json())["access_token"]
    return {"Authorization": f"Bearer {token}", "transId": "1", "transactionSrc": "test"}


async def test_a_token_answer_has_the_documented_fields_all_of_them_text(shared: Path) -> None:
    text = (shared / "contracts/carriers/ups/openapi/OAuthClientCredentials.yaml").read_text()
    schemas = yaml.safe_load(text)["components"]["schemas"]
    async with run_sandbox(SCENARIO) as url, aiohttp.ClientSession() as http:
        async with http.post(url + TOKEN, data=FORM, headers=US) as reply:
            said: dict[str, Any] = await reply.json()
    assert set(said) == set(schemas["tokenSuccessResponse"]["properties"])
    assert all(isinstance(value, str) for value in said.values())


@pytest.mark.parametrize("client", [None, ("me", "wrong"), ("you", "pass-word")])
async def test_a_client_it_does_not_know_gets_no_token(client: tuple[str, str] | None) -> None:
    headers = {"Authorization": aiohttp.encode_basic_auth(*client)} if client else {}
    async with run_sandbox(SCENARIO) as url, aiohttp.ClientSession() as http:
        async with http.post(url + TOKEN, data=FORM, headers=headers) as reply:
            assert reply.status == 401
            assert "errors" in (await reply.json())["response"]


async def test_tracking_wants_a_token_and_both_headers() -> None:
    async with run_sandbox(SCENARIO) as url, aiohttp.ClientSession() as http:
        headers = await authorised(http, url)
        for left_out, status in (("Authorization", 401), ("transId", 400), ("transactionSrc", 400)):
            some = {name: value for name, value in headers.items() if name != left_out}
            async with http.get(url + TRACK, headers=some) as reply:
                assert reply.status == status


async def test_scans_come_newest_first_and_the_letter_only_where_asked_for() -> None:
    async with run_sandbox(SCENARIO) as url, aiohttp.ClientSession() as http:
        headers = await authorised(http, url)
        async with http.get(url + TRACK, headers=headers) as reply:
            said = await reply.json()
        async with http.get(url + TRACK, headers=headers, params={"returnPOD": "true"}) as reply:
            with_letter = await reply.json()
    (package,) = said["trackResponse"]["shipment"][0]["package"]
    assert [one["status"]["statusCode"] for one in package["activity"]] == ["011", "005"]
    assert package["activity"][0]["gmtTime"] == "21:31:07"
    assert "pod" not in package["deliveryInformation"]
    assert "signature" not in package["deliveryInformation"]
    assert "pod" in with_letter["trackResponse"]["shipment"][0]["package"][0]["deliveryInformation"]


async def test_faults_are_added_at_run_time_spent_and_cleared() -> None:
    async with run_sandbox(SCENARIO) as url, aiohttp.ClientSession() as http:
        headers = await authorised(http, url)
        door = f"{url}/_sandbox/faults"

        async def status() -> tuple[int, str | None]:
            async with http.get(url + TRACK, headers=headers) as reply:
                return reply.status, reply.headers.get("Retry-After")

        fault = {"kind": "status", "status": 429, "retry_after": 3, "times": 2}
        async with http.post(door, json=fault) as reply:
            assert reply.status == 204
        assert [await status() for _ in range(3)] == [(429, "3"), (429, "3"), (200, None)]
        await http.post(door, json={"kind": "status", "status": 500, "times": 0})
        assert (await status())[0] == (await status())[0] == 500
        await http.delete(door)
        assert (await status())[0] == 200
        async with http.get(f"{url}/_sandbox/requests") as reply:
            asked = await reply.json()
        assert asked[0] == {"method": "POST", "path": TOKEN}
        assert "Authorization" not in json.dumps(asked)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "earthquake"},
        {"kind": "hang", "seconds": "long"},
        {"kind": "status", "status": 9000},
        {"kind": "body", "bytes": -1},
        {"kind": "hang", "nobody": 1},
        [],
    ],
)
async def test_a_fault_that_is_none_is_refused(fault: Any) -> None:
    with pytest.raises(RequestError):
        parse_fault(fault)
    async with run_sandbox(SCENARIO) as url, aiohttp.ClientSession() as http:
        async with http.post(f"{url}/_sandbox/faults", json=fault) as reply:
            assert reply.status == 422


async def test_a_body_of_any_size_is_streamed() -> None:
    size = (5 << 20) + 7
    async with run_sandbox(Scenario()) as url, aiohttp.ClientSession() as http:
        await http.post(f"{url}/_sandbox/faults", json={"kind": "body", "bytes": size})
        async with http.get(url + TRACK) as reply:
            assert len(await reply.read()) == size


async def test_it_ends_while_a_request_hangs() -> None:
    async with aiohttp.ClientSession() as http:
        async with run_sandbox(Scenario()) as url:
            await http.post(f"{url}/_sandbox/faults", json={"kind": "hang", "seconds": 60})
            with pytest.raises(TimeoutError):
                timeout = aiohttp.ClientTimeout(total=0.2)
                await http.get(url + TRACK, timeout=timeout)


async def test_an_unknown_parcel_can_be_a_404_or_a_warning() -> None:
    for unknown, status in (("404", 404), ("empty", 200)):
        ups = Account(client_id="me", client_secret="pass-word", unknown=unknown)
        async with (
            run_sandbox(Scenario(accounts={"ups": ups})) as url,
            aiohttp.ClientSession() as http,
        ):
            headers = await authorised(http, url)
            async with http.get(url + TRACK, headers=headers) as reply:
                assert reply.status == status
                assert "TW0001" in await reply.text()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[ups", "not TOML"),
        ("[usp]", "usp"),
        ("[account.ups]\nclient = 1", "client"),
        ('[account.ups]\nunknown = "500"', "404"),
        ("[[parcel]]\nservice = 'x'", "tracking_number"),
        ("[[parcel]]\ntracking_number='x'\n[[parcel.event]]\nat='2026-01-01'", "offset"),
        ("parcel = 1", "parcel"),
        ('[[fault]]\nkind = "nothing"', "kind"),
    ],
)
def test_a_scenario_that_is_wrong_says_where(text: str, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        parse_scenario(text.encode())


def test_a_scenario_can_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(TOML)
    assert load_scenario(path) == SCENARIO
    with pytest.raises(RequestError):
        load_scenario(tmp_path / "absent.toml")
