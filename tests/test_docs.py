"""The pages for operators say what the code has: every source, every setting, nothing else."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from collectors.listing import within
from collectors.registry import all_collectors
from evidence.errors import FormatError
from evidence.vocabulary import name_of
from service import settings as written
from service.demo import story
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import Account, everyone
from service.sandbox.tiktok import CIPHER
from service.settings import load_settings
from service.sources.sources import OURS, configured
from storage.ledger.records import State, TaskState

ROOT = Path(__file__).parents[1]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
# Names of the code -> names in the file.
CALLED = {
    "s3": "[s3]",
    "report": "[report]",
    "oidc": "[oidc]",
    "webhooks": "[webhooks.NAME]",
    "queues": "[queues.NAME]",
    "polls": "[polls.NAME]",
    "host": "listen",
    "port": "listen",
    "api_token": "ORDERPROOF_API_TOKEN",
    "sources": "[sources.NAME]",
    "authorities": "[[authority]]",
    "witnesses": "[[witness]]",
    "signing": "[signing]",
    "retention": "[retention]",
    "limits": "[limits]",
}
SECTIONS = {
    "Settings": "Everything at once",
    "AuthoritySettings": "`[[authority]]`",
    "WitnessSettings": "`[[witness]]`",
    "SigningSettings": "`[signing]`",
    "RetentionSettings": "`[retention]`",
    "Limits": "`[limits]`",
}
# Sources that the sandbox has no stand-in for: their own tests start a real server.
# imap: the sandbox speaks HTTP; Dovecot plays the server in tests/collectors/messages/test_imap.py.
NOT_IN_THE_SANDBOX = frozenset({"capture", "imap", "tryton"})
# What the samples leave to the operator, as the sandbox has it.
YOURS = {
    "client-id": Account().client_id,
    "app-key": Account().client_id,
    "shop-cipher": CIPHER,
}
# Where a source's own settings end up; `options` and `secrets` are many names.
PLAIN_SOURCE = {"collector", "base_url", "folder", "ca", "tenants", "stores"}


def section(title: str) -> str:
    """The text under a heading of docs/configuration.md."""
    _, heading, rest = CONFIGURATION.partition(f"## {title}\n")
    assert heading, title
    return rest.partition("\n## ")[0]


def documented(title: str) -> set[str]:
    """The names in the first column of the section's table."""
    rows = re.findall(r"^\| (`.*?`) \|", section(title), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("kind", list(SECTIONS))
def test_every_setting_is_documented_and_nothing_else_is(kind: str) -> None:
    dataclass = getattr(written, kind, None)
    if dataclass is None:
        pytest.skip(f"{kind} is not there")
    names = {CALLED.get(field.name, field.name) for field in fields(dataclass)}
    if kind == "Settings":
        names -= {"ORDERPROOF_API_TOKEN", "s3_keys"}  # of the environment; of [s3]
        assert names <= documented(SECTIONS[kind]) | {"erasure_journal"}
        assert "`ORDERPROOF_API_TOKEN`" in section("Environment")
    else:
        assert names == documented(SECTIONS[kind])


def test_the_settings_of_every_source_are_documented() -> None:
    names = documented("`[sources.NAME]`") - {"…_env", "…_file"}
    assert names == OURS | PLAIN_SOURCE


def test_the_defaults_of_the_limits_are_those_of_the_code() -> None:
    sizes = {"MB": 1 << 20, "GB": 1 << 30}
    told = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", section("`[limits]`"), re.MULTILINE))
    for field in fields(written.Limits):
        said = told[field.name].strip("`")
        number, _, unit = said.partition(" ")
        assert float(number) * sizes.get(unit, 1) == field.default, field.name


@pytest.mark.parametrize("name", ["data", "keys", "listen", "valkey", "database", "tenant"])
def test_a_variable_overrules_the_file(name: str, tmp_path: Path) -> None:
    assert f"`ORDERPROOF_{name.upper()}`" in section("Environment")
    value = "127.0.0.1:9" if name == "listen" else "other"
    config = tmp_path / "orderproof.toml"
    config.write_text(f'{name} = "127.0.0.1:1"\n')
    found = load_settings(config, environment={f"ORDERPROOF_{name.upper()}": value})
    if name == "listen":
        assert found.port == 9
    else:
        assert str(getattr(found, name)).endswith("other")


def test_readme_lists_every_source() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert within(readme) == readme, "run: python -m collectors.listing README.md"


def page(name: str) -> str:
    return (ROOT / "docs" / "sources" / f"{name}.md").read_text("utf-8")


def sample(name: str) -> str:
    (found,) = re.findall(r"```toml\n(.*?)```", page(name), re.DOTALL)
    return str(found)


@pytest.mark.parametrize("collector", all_collectors(), ids=lambda collector: collector.name)
def test_a_page_names_the_roles_and_no_fact_that_is_none(collector: object) -> None:
    text = page(collector.name)  # type: ignore[attr-defined]
    for heading in ("Configure", "Access", "Needs, wants", "Limits", "Bad input"):
        assert f"## {heading}\n" in text
    assert "**Tried**" in text
    for needed in collector.needs | collector.wants:  # type: ignore[attr-defined]
        assert f"`{needed}`" in text
    roles = {str(role) for each in all_collectors() for role in each.roles}
    for word in re.findall(r"`([a-z]+(?:\.[a-z_]+)+)`", text):
        if word.endswith((".toml", ".json", ".pdf")) or word in roles:
            continue
        try:
            name_of(word)
        except FormatError:
            pytest.fail(f"{word} is neither a role nor a fact")


def played(name: str, text: str, url: str) -> str:
    """A page's sample, with the sandbox in the vendor's place and the sandbox's account."""
    text = re.sub(r'^base_url = "[^"]*"', f'base_url = "{url}/{name}"', text, flags=re.MULTILINE)
    text = re.sub(r'(_url = ")https://[^/"]+', rf"\g<1>{url}/{name}", text)
    for mine, played_by in YOURS.items():
        text = text.replace(f'"your-{mine}"', f'"{played_by}"')
    return text


async def test_every_sample_configuration_loads_and_runs(tmp_path: Path) -> None:
    """The sandbox plays every vendor at once; sources of the seller's own files find the demo's."""
    scenario = everyone()
    async with run_sandbox(scenario) as url:
        story.write_story(tmp_path, sandbox_url=url, data=tmp_path / "d", keys=tmp_path / "k")
        shutil.move(tmp_path / "erp", tmp_path / "exports")
        rows = [f"{story.ORDER.id},{parcel.tracking_number}" for parcel in scenario.parcels]
        export = "\n".join(["平台订单号,运单号", *rows]) + "\n"
        (tmp_path / "exports" / "parcels.csv").write_text(export, encoding="utf-8")
        samples = "\n".join(played(each.name, sample(each.name), url) for each in all_collectors())
        config = tmp_path / "orderproof.toml"
        config.write_text(samples, encoding="utf-8")
        secrets = dict.fromkeys(re.findall(r'_env = "(\w+)"', samples), Account().client_secret)
        settings = load_settings(config, environment=secrets)
        assert len(configured(settings)) == len(all_collectors())
        reached = [
            source.name for source in settings.sources if source.collector not in NOT_IN_THE_SANDBOX
        ]
        async with await Runtime.open(settings) as runtime:
            collection, _ = await runtime.request_collection(
                story.ORDER, tenant="default", sources=reached
            )
            assert await runtime.walk("default", collection.id) is State.SEALED
            tasks = await runtime.ledger.tasks("default", collection.id)
    assert {task.source for task in tasks} == set(reached)
    assert [task.source for task in tasks if task.state is not TaskState.BROUGHT] == []
