"""What an operator writes down is checked when it is read, and refused by file and name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from collectors.registry import collector_named
from evidence.errors import ConfigError
from service.health import health_of
from service.runtime import Runtime
from service.secrets import SECRETS, lacking
from service.settings import Limits, load_settings
from service.sources.sources import Source, configured

ROOT = Path(__file__).parents[2]
WITNESS = "[[witness]]\nname = 'w'\nvkey = 'v'\nurl = 'https://w.test'\n"
AUTHORITY = (
    "[[authority]]\nname = 'a'\nurl = 'https://a.test'\ncertificate_file = 'a.pem'\n"
    "roots_file = 'r.pem'\n"
)
UPS = "[sources.ups]\nclient_id = 'a'\nclient_secret_env = 'S'\n"


def wrong(path: Path, text: str, **environment: str) -> str:
    """What is said of a configuration that cannot be used."""
    config = path / "orderproof.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        configured(load_settings(config, environment={"S": "s"} | environment))
    said = str(raised.value)
    assert said.endswith(ConfigError.remedy)
    return said


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("dataa = 'x'", "dataa"),
        ("[source.ups]", "source (did you mean sources?)"),
        ("data = 1", "data"),
        ("listen = 'everywhere'", "listen"),
        ("sources = 3", "sources"),
        ("[sources]\nerp = 'here'", "sources.erp"),
        ("[sources.erp]\ncollector = 7", "sources.erp.collector"),
        ("[sources.erp]\ncollector = 'sap'", "sap"),
        ("[sources.erp]\nfolder = 7", "sources.erp.folder"),
        ("[sources.ups]\nclient_id = 'a'", "client_secret_env"),
        (UPS + "base_url = 'http://ups.example'", "https://"),
        ("[sources.mailbox]\nconcurrency = 0", "concurrency"),
        ("[sources.mailbox]\nretries = 'twice'", "retries"),
        ("[sources.mailbox]\ntimeout_s = -1", "timeout_s"),
        ("[limits]\nitem_bytes = '4 GB'", "limits.item_bytes"),
        ("[limits]\nread_s = 0", "limits.read_s"),
        ("[limits]\nitem_bytes = true", "limits.item_bytes"),
        ("[limits]\nitems = 1", "items"),
        ("data = ", "orderproof.toml"),
        ("limits = 3", "write [limits]"),
        ("[limits]\nitem_bytes = 1125899906842624", "limits.item_bytes is not above 0"),
        ("outbound_hosts = 'a.test'", "outbound_hosts is not a list of names"),
        ("outbound_hosts = [1]", "outbound_hosts is not a list of names"),
        ("[sources.erp]\ntenants = 'a'", "sources.erp.tenants is not a list of names"),
        ("[sources.erp]\nstores = [1]", "sources.erp.stores is not a list of names"),
        ("access = 'everybody'", "access is neither open nor tokens"),
        ("database_connections = 0", "a whole number from 1 to 1000"),
        ("database_connections = true", "database_connections"),
        ("database_connections = 1.5", "database_connections"),
        ("public_url = 'orderproof.test'", "public_url begins with https://"),
        ("[retention]\nweeks = 1", "[retention] has days and tenants"),
        ("retention = 3", "[retention] has days and tenants"),
        ("[retention]\ntenants = 3", "retention.tenants is not a table"),
        ("[retention]\ndays = -1", "a whole number of days from 0 to 36500"),
        ("[retention]\ndays = true", "a whole number of days"),
        ("[retention.tenants]\na = 36501", "a whole number of days from 0 to 36500"),
        ("witness = 3", "write [[witness]]"),
        ("witness = [3]", "has name, vkey and url"),
        ("[[witness]]\nname = 'w'", "has name, vkey and url"),
        (WITNESS.replace("'v'", "''"), "name, vkey and url of a [[witness]] are text"),
        (WITNESS.replace("https:", "ftp:"), "the url of a [[witness]] begins with"),
        (WITNESS * 2, "two [[witness]] have the same name or vkey"),
        (WITNESS + WITNESS.replace("'w'", "'x'"), "two [[witness]] have the same name or vkey"),
        ("signing = 3", "[signing] has manifest and kms_endpoint"),
        ("[signing]\nkey = 'a'", "[signing] has manifest and kms_endpoint"),
        ("[signing]\nmanifest = 3", "manifest and kms_endpoint of [signing] are text"),
        ("authority = 3", "write [[authority]]"),
        ("[[authority]]\nname = 'a'", "authority 1: url is missing"),
        (AUTHORITY + "answer_s = 'soon'", "authority 1: answer_s is not a number"),
        (AUTHORITY + "answer_s = true", "authority 1: answer_s is not a number"),
        (AUTHORITY + "policy = 3", "authority 1: policy is not text"),
        (AUTHORITY + "colour = 'red'", "authority 1: nobody reads colour"),
        (AUTHORITY + "crls_file = 3", "authority 1: crls_file is not text"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    assert named in wrong(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("[sources.ups]\nclient_id = 'a'\nclient_secret = 'hush-hush'", "UPS_CLIENT_SECRET"),
        ("[sources.eu-mail]\ncollector = 'imap'\npassword = 'hush-hush'", "EU_MAIL_PASSWORD"),
        ("[sources.notes]\ncollector = 'folder'\nprivate_key = 'hush-hush'", "NOTES_PRIVATE_KEY"),
        ("[webhooks.stripe]\nsecret = 'hush-hush'", "STRIPE_SECRET"),
        ("[queues.sp-api]\nurl = 'https://q'\nsecret_key = 'hush-hush'", "SP_API_SECRET_KEY"),
        ("[s3]\nbucket = 'b'\naccess_key = 'hush-hush'", "S3_ACCESS_KEY"),
        ("[oidc]\nclient_secret = 'hush-hush'", "OIDC_CLIENT_SECRET"),
    ],
)
def test_a_secret_in_the_file_itself_is_refused_with_the_variable_to_use(
    tmp_path: Path, text: str, write: str
) -> None:
    said = wrong(tmp_path, text)
    (key,) = re.findall(r"^(\w+) = 'hush-hush'", text, re.MULTILINE)
    assert f'write {key}_env = "{write}"' in said and "belongs in the environment" in said
    assert "hush-hush" not in said


def test_a_secret_that_stands_where_its_variables_name_belongs_is_not_repeated(
    tmp_path: Path,
) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text(UPS.replace("'S'", "'hush-hush'"), encoding="utf-8")
    (problem,) = lacking(load_settings(config, environment={}))
    assert "what it names is not in the environment" in str(problem)
    assert "hush-hush" not in str(problem)


def test_every_secret_that_a_collector_asks_for_is_known_as_one() -> None:
    asked = set()
    for path in (ROOT / "collectors").rglob("*.py"):
        asked |= set(re.findall(r'secret_of\(\s*secrets, "(\w+)"', path.read_text("utf-8")))
    assert len(asked) > 8 and asked <= SECRETS


@pytest.mark.parametrize(
    ("collector", "setting"),
    [
        ("mabang", "zone = 'Asia/Peking'"),
        ("magento", "zone = 8"),
        ("gorgias", "zone = 'CST'"),
        ("gorgias", "pages = 0"),
        ("tiktok_messages", "pages = 'all'"),
        ("mailbox", "received_header_zone = 'PST'"),
        ("mailbox", "own_addresses = 'us@shop.example'"),
        ("imap", "folders = 'INBOX'"),
        ("17track", "carriers = ['nobody']"),
        ("aftership", "carriers = 'ups'"),
        ("easypost", "carriers = ['nobody']"),
        ("table", "columns = 7"),
    ],
)
def test_a_sources_own_setting_is_told_before_an_order_is_asked_for(
    tmp_path: Path, collector: str, setting: str
) -> None:
    config = tmp_path / "orderproof.toml"
    text = f"[sources.shop]\ncollector = '{collector}'\n"
    config.write_text(text + setting, encoding="utf-8")
    (table,) = load_settings(config, environment={}).sources
    said = Source(collector_named(collector), table).misdescribed
    assert said.startswith("sources.shop: ") and said.endswith(".")
    config.write_text(text, encoding="utf-8")
    (table,) = load_settings(config, environment={}).sources
    assert collector == "table" or not Source(collector_named(collector), table).misdescribed


def test_a_secret_is_never_in_what_is_said(tmp_path: Path) -> None:
    text = "[sources.ups]\nclient_id = ''\nclient_secret_env = 'S'\n"
    assert "hush-hush" not in wrong(tmp_path, text, S="hush-hush")


def test_what_is_written_down_is_what_is_had(tmp_path: Path) -> None:
    config = tmp_path / "orderproof.toml"
    second = WITNESS.replace("'w'", "'x'").replace("'v'", "'u'")
    config.write_text(
        "public_url = 'https://o.test/'\noutbound_hosts = ['a.test']\n"
        "[retention]\ndays = 0\ntenants = { a = 36500 }\n"
        f"{WITNESS}{second}"
        f"{AUTHORITY}answer_s = 3\n[sources.erp]\ncollector = 'table'\nfolder = 'in'\n"
        "tenants = ['a']\nstores = ['b']\n",
        "utf-8",
    )
    read = load_settings(config, environment={})
    assert (read.public_url, read.outbound_hosts) == ("https://o.test", ("a.test",))
    assert (read.retention.days, read.retention.tenants) == (0, {"a": 36500})
    assert [(one.name, one.vkey) for one in read.witnesses] == [("w", "v"), ("x", "u")]
    (authority,) = read.authorities
    assert (authority.answer_s, authority.roots_file) == (3.0, tmp_path / "r.pem")
    erp = read.source("erp")
    assert erp is not None and read.source("crm") is None
    assert (erp.folder, erp.tenants, erp.stores) == (tmp_path / "in", ("a",), ("b",))


def test_limits_take_numbers_of_their_kind(tmp_path: Path) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text("[limits]\nread_s = 5\nitem_bytes = 1000\n", encoding="utf-8")
    limits: Limits = load_settings(config, environment={}).limits
    assert (limits.read_s, limits.item_bytes, limits.source_s) == (5.0, 1000, Limits().source_s)


async def test_what_every_source_may_be_told_is_not_handed_to_its_collector(
    tmp_path: Path,
) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text(
        f"[sources.erp]\ncollector = 'table'\nfolder = '{tmp_path}'\ntimeout_s = 5\nretries = 0\n"
        "columns = { Order = 'order.id' }\n",
        encoding="utf-8",
    )
    (source,) = configured(load_settings(config, environment={}))
    unused: Any = None
    async with source.context(
        known={}, spool=unused, record=unused, text_of=unused, clock=unused
    ) as context:
        assert set(context.settings) == {"columns"}
    assert source.seconds == 5.0


async def test_what_a_machine_lacks_for_a_source_is_told_when_the_service_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.capture]\n", encoding="utf-8")
    async with await Runtime.open(load_settings(config, environment={})) as runtime:
        (ill,) = [part for part in await health_of(runtime) if part.part == "capture"]
    assert not ill.ok and "chromium-headless-shell" in ill.detail
