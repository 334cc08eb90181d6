"""What whoever is new here is told: which command needs which secret, and what a refusal says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.errors import ConfigError
from service.access.provider import OidcSettings
from service.cli import main
from service.health import health_of, needs_of
from service.runtime import Runtime
from service.s3_settings import with_keys
from service.secrets import demand, lacking
from service.settings import load_settings

ORDER = "112-4832917-2201845"
TOML = """\
[sources.ups]
client_id = "a"
client_secret_env = "NEWCOMERS_SECRET"

[sources.notes]
collector = "folder"
folder = "drop"

[webhooks.stripe]
secret_file = "not-there"

[oidc]
issuer = "https://login.example"
audience = "orderproof"
client_secret_env = "NEWCOMERS_OIDC"
roles = { admins = "admin" }
"""

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`orderproof WORDS…` in a folder with a configuration whose secrets are nowhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEWCOMERS_SECRET", raising=False)
    (tmp_path / "orderproof.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "drop").mkdir()

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_who_needs_no_secret_of_a_source_is_not_asked_for_it(ask: Ask) -> None:
    code, out, _ = ask("keys")
    assert code == 0 and json.loads(out)["log"]
    code, out, err = ask("token", "list")
    assert (code, out) == (0, "") and "no token yet" in err and "token make" in err
    code, out, err = ask("case", "list")
    assert (code, out) == (0, "") and "no case" in err
    code, _, err = ask("case", "list", "--due-before", "2026-11-20T00:00:00Z")
    assert code == 0 and "before 2026-11-20T00:00:00Z" in err
    assert ask("token", "list", "--json")[1].strip() == "[]"
    assert ask("tenant", "list")[0] == 0
    assert ask("recover")[0] == 0
    code, out, err = ask("queue", "list")
    assert (code, err) == (0, "") and "Nothing waits." in out


def test_a_source_is_collected_from_while_another_lacks_its_secret(ask: Ask) -> None:
    (Path("drop") / f"{ORDER} note.txt").write_text("Left at the door.")
    code, out, _ = ask("collect", ORDER, "--source", "notes")
    assert code == 0 and "brought  notes" in out
    code, _, err = ask("collect", ORDER)
    assert code == 2 and "sources.ups.client_secret_env: NEWCOMERS_SECRET" in err
    assert ask("audit")[0] == 0


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("serve",), "sources.ups.client_secret_env"),
        (("worker",), "sources.ups.client_secret_env"),
        (("serve", "--no-worker"), "webhooks.stripe.secret_file"),
    ],
    ids=" ".join,
)
def test_what_will_need_a_secret_does_not_start_without_it(
    ask: Ask, words: tuple[str, ...], named: str
) -> None:
    code, _, err = ask(*words)
    assert code == 2 and named in err and err.count("\n") == 1


def test_the_doctor_names_every_secret_that_is_not_there(ask: Ask) -> None:
    code, out, _ = ask("doctor", "--json")
    said = [p["detail"] for p in json.loads(out)["parts"] if p["part"] == "secret"]
    assert code == 1 and [each.partition(":")[0] for each in said] == [
        "sources.ups.client_secret_env", "webhooks.stripe.secret_file", "oidc.client_secret_env",
    ]  # fmt: skip


def test_a_secret_is_demanded_of_whom_it_is_for(ask: Ask) -> None:
    settings = load_settings()
    assert [each.why.split(".")[0] for each in lacking(settings, door=False)] == ["sources"]
    demand(settings, sources=["notes"])
    with pytest.raises(ConfigError, match="NEWCOMERS_OIDC"):
        demand(replace(settings, webhooks=()), sources=[], door=True)
    assert isinstance(settings.oidc, OidcSettings) and settings.oidc.client_secret is not None
    with pytest.raises(ConfigError, match="NEWCOMERS_OIDC is not in the environment"):
        settings.oidc.client_secret.reveal()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("columns = { No = 'order.id', Sent = 'order.sent' }", "'order.sent' is no fact name"),
        (
            "columns = { No = 'order.id' }\nzone = 'Asia/Peking'",
            "the setting zone cannot be used: 'Asia/Peking'",
        ),
        ("columns = { No = 'order.total' }", "no row has an order"),
        ("columns = { No = 'order.id' }\nrole = 'log'", "the setting role"),
        ("columns = { No = 'order.id' }\nzonen = 'UTC'", "the setting zonen"),
    ],
    ids=["fact", "zone", "no number", "role", "setting"],
)
def test_the_doctor_names_what_a_table_is_told_wrongly(ask: Ask, text: str, named: str) -> None:
    head = "[sources.erp]\ncollector = 'table'\nfolder = 'drop'\n"
    Path("orderproof.toml").write_text(head + text, encoding="utf-8")
    code, out, _ = ask("doctor", "--json")
    (ill,) = [part for part in json.loads(out)["parts"] if part["part"] == "erp"]
    assert code == 1 and ill["detail"].startswith("sources.erp: ") and ill["do"]
    assert named in ill["detail"], ill


async def test_a_source_that_is_away_makes_nobody_unready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "[sources.notes]\ncollector = 'folder'\nfolder = 'gone'\n"
    (tmp_path / "orderproof.toml").write_text(text, encoding="utf-8")
    async with await Runtime.open(load_settings()) as runtime:
        needs, parts = await needs_of(runtime), await health_of(runtime)
    assert {each.part for each in needs} >= {"ledger", "objects", "signing"}
    assert all(each.ok and each.needed for each in needs)
    assert [each.part for each in parts if not each.ok] == ["notes"]
    assert {each.part for each in parts if each.needed} == {each.part for each in needs}


BUCKET = """\
[s3]
bucket = "evidence"
endpoint = "http://127.0.0.1:9"
access_key_env = "NEWCOMERS_S3"
secret_key_file = "s3-secret"
"""


def test_keys_of_a_bucket_are_asked_for_where_the_bucket_is(ask: Ask) -> None:
    Path("orderproof.toml").write_text(BUCKET, encoding="utf-8")
    assert ask("keys")[0] == 0
    assert ask("identify", "1Z84A7V90344127810")[0] == 0
    code, out, err = ask("collect", ORDER)
    assert (code, out) == (2, "") and "s3.access_key_env: NEWCOMERS_S3 is not in" in err
    code, out, _ = ask("doctor", "--json")
    (ill,) = [part for part in json.loads(out)["parts"] if part["part"] == "service"]
    assert code == 1 and "s3.access_key_env" in ill["detail"]


def test_keys_of_a_bucket_are_handed_to_it(tmp_path: Path) -> None:
    (tmp_path / "orderproof.toml").write_text(BUCKET, encoding="utf-8")
    (tmp_path / "s3-secret").write_text("hush\n")
    settings = load_settings(tmp_path / "orderproof.toml", environment={"NEWCOMERS_S3": "us"})
    assert settings.s3 is not None and "hush" not in repr(settings)
    assert with_keys(settings.s3, settings.s3_keys).keys == ("us", "hush")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (BUCKET.replace("secret_key_file", "session_file"), "session"),
        (BUCKET.replace('secret_key_file = "s3-secret"', ""), "one of access_key and secret_key"),
        (BUCKET.replace("access_key_env", "access_key"), "access_key"),
    ],
    ids=["another secret", "one key only", "a key in the file"],
)
def test_a_bucket_is_described_in_full(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "orderproof.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=named):
        load_settings(tmp_path / "orderproof.toml", environment={})


def test_an_audit_before_anything_was_collected_says_so(ask: Ask) -> None:
    ask("token", "list")
    code, _, err = ask("audit")
    assert code == 2 and "nothing was collected yet" in err and "log.vkey" not in err


def test_an_unknown_name_is_answered_alike_by_every_command(ask: Ask) -> None:
    for words in (("queue", "retry", "nobody"), ("token", "revoke", "nobody")):
        code, out, err = ask(*words)
        assert (code, out) == (1, "") and err.startswith("nobody: "), words
    orders: list[tuple[str, ...]] = [
        ("manifest", ORDER), ("bundle", ORDER, "-o", "b.zip"), ("custody", ORDER),
        ("hold", ORDER, "off"), ("erase", ORDER, "--reason", "retention-over"),
        ("report", ORDER, "-o", "r.pdf"),
    ]  # fmt: skip
    for order in orders:
        code, out, err = ask(*order)
        assert (code, out) == (1, ""), order
        assert f"the order amazon:{ORDER}: it was never collected, or it was erased" in err, order


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hold", "x:112-1", "on", "--reason", "r"), "'x' before its colon is not one of amazon"),
        (("hold", "112-1", "on", "--reason", "r"), "like '112-1'; name one with --platform"),
        (("serve", "--listen", "nowhere"), "orderproof: --listen cannot be used: 'nowhere'"),
        (("backfill", "nosuch.csv"), "orderproof: nosuch.csv: No such file"),
        (("verify", "drop", "--key", "orderproof.toml"), "The key file orderproof.toml"),
        (("verify", "drop", "--key", "drop.pem"), "The key file drop.pem is malformed: a key in"),
        (("verify", "drop", "--witness-policy", "orderproof.toml"), "policy orderproof.toml"),
        (("audit", "--key", "orderproof.toml", "--log", "drop"), "The file of --key"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_refusal_names_what_is_wrong(ask: Ask, words: tuple[str, ...], said: str) -> None:
    Path("drop.pem").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    before = set(Path().iterdir())
    code, _, err = ask(*words)
    assert code == 2 and said in err and err.count("\n") == 1, err
    assert set(Path().iterdir()) == before


def test_an_address_of_the_environment_is_not_blamed_on_the_file(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERPROOF_LISTEN", "nowhere")
    code, _, err = ask("keys")
    assert code == 2 and err.startswith("orderproof: ORDERPROOF_LISTEN cannot be used")
