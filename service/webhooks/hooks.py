"""The hooks an operator configured: `[webhooks.NAME]`, each of one vendor, tenant and store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from collectors.secrets import Secret
from evidence.errors import ConfigError
from evidence.orders import Platform
from service.secrets import secrets_in
from service.webhooks.events import VENDORS
from service.webhooks.keys import EBAY_URL, PAYPAL_HOSTS, Keys
from service.webhooks.signatures import SCHEMES, Notice, SignatureError, tiktok

# What a platform's own hook says nothing of, because it is clear.
_PLATFORMS = {"shopify": "shopify", "tiktok": "tiktok", "ebay": "ebay"}
_KNOWN = frozenset(
    {
        "vendor", "tenant", "store", "platform", "site", "keep_days", "app_key", "webhook_id",
        "client_id", "endpoint", "base_url", "cert_hosts",
    }
)  # fmt: skip
_NEEDS = {
    "tiktok": ("app_key",),
    "paypal": ("webhook_id",),
    "ebay": ("client_id", "endpoint"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """One hook. `secrets` are `secret`, and `old_secret` for the time after it was replaced."""

    name: str
    vendor: str
    platform: str
    tenant: str = ""
    store: str = "default"
    site: str = "US"
    keep_days: int = 30
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    def challenge(self, code: str) -> str | None:
        """eBay's question whether this endpoint is ours; None of other vendors."""
        token = self.secrets.get("verification_token")
        if self.vendor != "ebay" or token is None:
            return None
        said = code + token.reveal() + str(self.options["endpoint"])
        return hashlib.sha256(said.encode()).hexdigest()


class Doorkeeper:
    """Tells believed notices from others."""

    def __init__(self) -> None:
        self._keys = Keys()

    async def check(self, hook: HookSettings, notice: Notice) -> None:
        """SignatureError unless it is from whom the hook is for; OutageError if nobody can say."""
        options = hook.options
        if hook.vendor == "paypal":
            hosts = tuple(options.get("cert_hosts", PAYPAL_HOSTS))
            await self._keys.paypal(notice, webhook_id=options["webhook_id"], hosts=hosts)
            return
        secret = hook.secrets["secret"].reveal()
        if hook.vendor == "ebay":
            url = str(options.get("base_url", EBAY_URL)).rstrip("/")
            await self._keys.ebay(notice, url=url, client_id=options["client_id"], secret=secret)
            return
        check = SCHEMES.get(hook.vendor) or partial(tiktok, app_key=str(options.get("app_key")))
        try:
            check(notice, secret)
        except SignatureError:
            if (old := hook.secrets.get("old_secret")) is None:
                raise
            check(notice, old.reveal())


def read_hooks(
    tables: Any, *, base: Path, env: Mapping[str, str], path: Path
) -> tuple[HookSettings, ...]:
    """The tables of a configuration file. ConfigError naming the field that is wrong."""
    if not isinstance(tables, dict):
        raise _wrong(path, "webhooks is not a table: write [webhooks.NAME]")
    return tuple(_hook(name, table, base, env, path) for name, table in tables.items())


def _hook(name: str, table: Any, base: Path, env: Mapping[str, str], path: Path) -> HookSettings:
    where = f"webhooks.{name}"
    if not isinstance(table, dict):
        raise _wrong(path, f"{where} is not a table")
    plain, secrets = secrets_in(table, where=where, base=base, env=env, path=path)
    if unknown := sorted(set(plain) - _KNOWN):
        raise _wrong(path, f"{where}: nobody reads {', '.join(unknown)}")
    vendor = plain.pop("vendor", name)
    if vendor not in VENDORS:
        raise _wrong(path, f"{where}.vendor is not one of {', '.join(sorted(VENDORS))}")
    for needed in _NEEDS.get(vendor, ()):
        if not isinstance(plain.get(needed), str):
            raise _wrong(path, f"{where}.{needed} is missing")
    if vendor != "paypal" and "secret" not in secrets:
        raise _wrong(path, f"{where}: give its secret by secret_env or secret_file")
    platform = plain.pop("platform", _PLATFORMS.get(vendor, "other"))
    if platform not in set(Platform):
        raise _wrong(path, f"{where}.platform is none of {', '.join(Platform)}")
    keep_days = plain.pop("keep_days", 30)
    if isinstance(keep_days, bool) or not isinstance(keep_days, int) or not 0 <= keep_days <= 3650:
        raise _wrong(path, f"{where}.keep_days is not a number of days")
    texts = {key: plain.pop(key) for key in ("tenant", "store", "site") if key in plain}
    if not all(isinstance(value, str) for value in texts.values()):
        raise _wrong(path, f"{where}: tenant, store and site are text")
    return HookSettings(
        name=name,
        vendor=vendor,
        platform=platform,
        keep_days=keep_days,
        options=plain,
        secrets=secrets,
        **texts,
    )


def _wrong(path: Path, why: str) -> ConfigError:
    return ConfigError(what=f"the configuration {path}", why=why)
