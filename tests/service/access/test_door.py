"""Tokens, rates and denials at the door, over a small service that lives in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.secrets import Secret
from evidence.errors import OutageError, RequestError
from service.access.callers import Role
from service.access.denials import EVERY_S, Denial, Denials
from service.access.rates import MOST_CALLERS, WINDOW_S, LocalRates
from service.access.tokens import LONGEST, caller_of_token, id_of, is_right, mint, new_token
from service.settings import Settings
from tests.service.conftest import ORDER, AskOf, Checked
from tests.service.standin import InMemoryEvidence

NOW = datetime.now(UTC)


def made(role: Role = Role.APPEAL_TOOL, **more: Any) -> tuple[Any, str]:
    return new_token(tenant="default", name="desk", role=role, made_by="t", now=NOW, **more)


async def let_in(held: InMemoryEvidence, role: Role, **more: Any) -> Mapping[str, str]:
    token, secret = made(role, **more)
    await held.add_token(token)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def closed(settings: Settings) -> Settings:
    return replace(settings, access="tokens")


# -- tokens ---------------------------------------------------------------------------------


def test_a_token_is_kept_as_a_hash_and_opens_for_its_time_only() -> None:
    token, secret = made(lasts=timedelta(days=1))
    assert secret not in repr(token) and secret.split("_", 2)[2] not in token.hash
    assert caller_of_token(token, secret, now=NOW) is not None
    assert caller_of_token(token, secret, now=NOW + timedelta(days=1)) is None
    assert caller_of_token(replace(token, revoked_at=NOW), secret, now=NOW) is None
    assert caller_of_token(token, mint("opt").secret, now=NOW) is None
    assert caller_of_token(None, secret, now=NOW) is None


def test_a_secret_of_one_kind_is_none_of_the_other() -> None:
    minted = mint("ops")
    assert id_of(minted.secret, "ops") == minted.id
    assert id_of(minted.secret, "opt") is None
    assert is_right(minted.secret, minted.hash) and not is_right(minted.secret + "x", minted.hash)
    for text in ("", "opt_", f"{minted.secret}\n", "ops_" + "g" * 16 + "_" + "a" * 43):
        assert id_of(text, "ops") is None


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(days=-1), LONGEST + timedelta(days=1)])
def test_a_token_that_lasts_for_ever_or_never_is_not_made(lasts: timedelta) -> None:
    with pytest.raises(RequestError, match="days"):
        made(lasts=lasts)


async def test_a_shown_token_tells_its_caller_and_when_it_was_used(
    ask_of: AskOf, closed: Settings, held: InMemoryEvidence
) -> None:
    ask = await ask_of(closed)
    headers = await let_in(held, Role.APPEAL_TOOL, stores=["eu"])
    said = (await ask.get("/v1/caller", headers=headers)).json
    assert (said["tenant"], said["role"], said["stores"]) == ("default", "appeal-tool", ["eu"])
    (token,) = await held.tokens("default")
    assert said["who"] == f"token {token.id} (desk)" and token.used_at is not None
    await held.revoke_token("default", token.id)
    assert (await ask.get("/v1/caller", headers=headers)).status == 401


async def test_a_token_is_asked_for_here_too_once_the_operator_says_so(
    ask_of: AskOf, closed: Settings, ask: Checked
) -> None:
    assert (await ask.get("/v1/caller")).json["who"] == "local user"
    assert (await (await ask_of(closed)).get("/v1/caller")).status == 401


async def test_a_wrong_token_is_refused_even_where_none_is_needed(ask: Checked) -> None:
    answer = await ask.get("/v1/caller", headers={"Authorization": f"Bearer {mint('opt').secret}"})
    assert answer.status == 401


async def test_the_services_figures_are_for_the_tenant_that_runs_it(
    ask_of: AskOf, closed: Settings, held: InMemoryEvidence
) -> None:
    ask = await ask_of(closed)
    ours = await let_in(held, Role.OPERATOR)
    token, secret = made(Role.OPERATOR)
    await held.add_token(replace(token, tenant="rival"))
    assert (await ask.get("/metrics", headers=ours)).status == 200
    theirs = {"Authorization": f"Bearer {secret}"}
    assert (await ask.get("/metrics", headers=theirs)).status == 403


# -- rates ----------------------------------------------------------------------------------


async def test_a_caller_is_told_what_is_left_and_waits_when_nothing_is(
    ask_of: AskOf, closed: Settings, held: InMemoryEvidence
) -> None:
    ask = await ask_of(replace(closed, limits=replace(closed.limits, requests_per_minute=3)))
    one, other = await let_in(held, Role.ADMIN), await let_in(held, Role.ADMIN)
    left = [(await ask.get("/v1/caller", headers=one)).headers["RateLimit"] for _ in range(3)]
    assert [each.split(";")[1] for each in left] == ["r=2", "r=1", "r=0"]
    refused = await ask.get("/v1/caller", headers=one)
    assert (refused.status, refused.json["type"]) == (429, "urn:orderproof:problem:too-often")
    assert 1 <= int(refused.headers["Retry-After"]) <= WINDOW_S
    assert refused.headers["RateLimit-Policy"] == '"caller";q=3;w=60'
    assert (await ask.get("/v1/caller", headers=other)).status == 200


async def test_a_new_minute_begins_a_new_count_and_callers_are_forgotten() -> None:
    now = [0.0]
    rates = LocalRates(2, lambda: now[0])
    assert [(await rates.take("a")).refused for _ in range(3)] == [False, False, True]
    now[0] = WINDOW_S - 0.1
    assert (await rates.take("a")).refused
    now[0] = WINDOW_S
    assert ((await rates.take("a")).remaining, (await rates.take("b")).remaining) == (1, 1)
    for number in range(MOST_CALLERS):
        await rates.take(f"c{number}")
    assert (await rates.take("a")).remaining == 1  # forgotten, so it begins anew


# -- denials --------------------------------------------------------------------------------


async def test_every_denial_is_noted_with_who_and_why_and_without_what_was_sent(
    ask_of: AskOf, closed: Settings, held: InMemoryEvidence
) -> None:
    ask = await ask_of(closed)
    tool = await let_in(held, Role.APPEAL_TOOL)
    await ask.get(ORDER)
    await ask.ask("DELETE", f"{ORDER}/hold", headers=tool)
    assert [(tenant, what["who"].split(" ")[0], what["why"]) for tenant, what in noted(held)] == [
        ("default", "nobody", "unauthorized"),
        ("default", "token", "forbidden"),
    ]
    assert ORDER not in str(held.denied)
    auditor = await let_in(held, Role.AUDITOR)
    page = (await ask.get("/v1/denials?limit=1", headers=auditor)).json
    assert page["denials"][0]["way"] == "DELETE /v1/orders/{platform}/{order_id}/hold"
    rest = (await ask.get(f"/v1/denials?before={page['next']}", headers=auditor)).json
    assert [each["who"] for each in rest["denials"]] == ["nobody"] and rest["next"] is None


def noted(held: InMemoryEvidence) -> list[tuple[str, dict[str, Any]]]:
    return list(held.denied)


async def test_denials_over_and_over_are_counted_and_none_is_lost() -> None:
    lines: list[tuple[Denial, int]] = []
    now = [0.0]

    async def write(denial: Denial, request: str, count: int) -> None:
        lines.append((denial, count))

    denials = Denials(write, lambda: now[0])
    one, other = Denial("t", "nobody", "GET /a", "x"), Denial("t", "nobody", "GET /b", "x")
    for _ in range(50):
        await denials.add(one, "r")
    await denials.add(other, "r")
    assert lines == [(one, 1), (other, 1)]
    now[0] = EVERY_S
    await denials.add(one, "r")
    await denials.add(other, "r")
    await denials.add(other, "r")
    await denials.flush()
    assert sum(count for denial, count in lines if denial == one) == 51
    assert sum(count for denial, count in lines if denial == other) == 3


async def test_a_ledger_that_is_away_keeps_nobody_from_being_denied(
    ask_of: AskOf, closed: Settings, held: InMemoryEvidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OutageError(source="The ledger", why="away")

    monkeypatch.setattr(held, "note_denial", away)
    assert (await (await ask_of(closed)).get(ORDER)).status == 401


async def test_what_is_counted_when_the_service_stops_is_written(
    ask_of: AskOf, settings: Settings, held: InMemoryEvidence
) -> None:
    ask = await ask_of(replace(settings, api_token=Secret("api_token", "right-token")))
    await asyncio.gather(*(ask.get(ORDER) for _ in range(5)))
    await ask.client.close()
    assert sum(what["times"] for _, what in noted(held)) == 5
