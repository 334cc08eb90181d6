"""The queues an operator configured: `[queues.NAME]`, each of one tenant and store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.secrets import Secret
from evidence.errors import ConfigError
from service.secrets import secrets_in
from service.webhooks.events import QUEUE_VENDORS
from service.webhooks.hooks import HookSettings

WAIT_S = 20
_KNOWN = frozenset(
    {"url", "region", "endpoint", "vendor", "tenant", "store", "site", "keep_days", "wait_s"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """One queue. Without `access_key` and `secret_key` boto3 looks for credentials itself."""

    name: str
    url: str
    region: str = "us-east-1"
    endpoint: str | None = None
    vendor: str = "amazon"
    tenant: str = ""
    store: str = "default"
    site: str = "US"
    keep_days: int = 30
    wait_s: int = WAIT_S
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def hook(self) -> HookSettings:
        """As the intake knows it."""
        return HookSettings(
            name=self.name,
            vendor=self.vendor,
            platform="amazon",
            tenant=self.tenant,
            store=self.store,
            site=self.site,
            keep_days=self.keep_days,
        )


def read_queues(
    tables: Any, *, base: Path, env: Mapping[str, str], path: Path
) -> tuple[QueueSettings, ...]:
    """`[queues.NAME]` of a configuration file. ConfigError naming the field that is wrong."""

    def wrong(why: str) -> ConfigError:
        return ConfigError(what=f"the configuration {path}", why=why)

    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise wrong("queues is not a table of tables: write [queues.NAME]")
    found = []
    for name, table in tables.items():
        where = f"queues.{name}"
        plain, secrets = secrets_in(table, where=where, base=base, env=env, path=path)
        if unknown := sorted(set(plain) - _KNOWN):
            raise wrong(f"{where}: nobody reads {', '.join(unknown)}")
        if not isinstance(plain.get("url"), str) or not plain["url"].startswith("http"):
            raise wrong(f"{where}.url is not the URL of a queue")
        if plain.get("vendor", "amazon") not in QUEUE_VENDORS:
            raise wrong(f"{where}.vendor is none of {', '.join(sorted(QUEUE_VENDORS))}")
        for key, most in (("keep_days", 3650), ("wait_s", WAIT_S)):
            value = plain.get(key, 0)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                raise wrong(f"{where}.{key} is not a whole number up to {most}")
        texts = ("region", "endpoint", "tenant", "store", "site")
        if not all(isinstance(plain.get(key, ""), str) for key in texts):
            raise wrong(f"{where}: {', '.join(texts)} are text")
        found.append(QueueSettings(name=name, secrets=secrets, **plain))
    return tuple(found)
