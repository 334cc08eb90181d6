"""`orderproof tenant` and `orderproof token`, and which sources are asked for whom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.errors import ConfigError, RequestError
from service.access.tokens import id_of
from service.cli import main
from service.runtime import Runtime
from tests.service.access.house import OUR_ORDER, OURS, THEIR_ORDER, THEIRS, house_settings


def test_tenants_stores_and_tokens_are_made_listed_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> str:
        assert main(list(words)) == 0
        return capsys.readouterr().out

    said("tenant", "add", "acme")
    store = ["--platform", "amazon", "--seller", "A1", "--site", "us", "--tenant", "acme"]
    made = json.loads(said("tenant", "store", "main-us", *store, "--json"))
    assert made[0]["stores"] == [
        {"store": "main-us", "platform": "amazon", "seller": "A1", "site": "US"}
    ]
    words = ["token", "make", "desk", "--role", "appeal-tool", "--tenant", "acme"]
    secret = said(*words, "--store", "main-us", "--scope", "evidence").strip()
    (listed,) = json.loads(said("token", "list", "--tenant", "acme", "--json"))
    assert listed["id"] == id_of(secret, "opt") and secret not in json.dumps(listed)
    assert (listed["stores"], listed["scopes"]) == (["main-us"], ["evidence"])
    assert listed["id"] in said("token", "list", "--tenant", "acme")
    (ended,) = json.loads(said("token", "revoke", listed["id"], "--tenant", "acme", "--json"))
    assert ended["state"] == "revoked"
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert not any(secret.encode() in data for data in files)


@pytest.mark.parametrize(
    "words",
    [
        ["token", "make", "x", "--role", "admin", "--tenant", "nobody"],
        ["token", "make", "x", "--role", "admin", "--days", "9999"],
        ["token", "make", "x", "--role", "admin", "--scope", "everything"],
        ["tenant", "add", "../x"],
        ["tenant", "store", "a b", "--platform", "amazon", "--seller", "A", "--site", "US"],
        ["tenant", "store", "a", "--platform", "bazaar", "--seller", "A", "--site", "US"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_made_is_refused_in_a_sentence(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2


async def test_no_tenant_is_served_with_anothers_credentials(tmp_path: Path) -> None:
    async with await Runtime.open(house_settings(tmp_path)) as runtime:
        made, _ = await runtime.request_collection(THEIR_ORDER, tenant=THEIRS)
        assert made.sources == (f"notes-{THEIRS}",)
        with pytest.raises(RequestError, match="not configured"):
            name = f"notes-{OURS}"
            await runtime.request_collection(THEIR_ORDER, tenant=THEIRS, sources=[name])
        with pytest.raises(ConfigError, match="no source"):
            await runtime.request_collection(OUR_ORDER, tenant="third")
