"""Where people sign in, as it is configured: the table `[oidc]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from collectors.secrets import Secret
from evidence.errors import ConfigError
from service.secrets import refuse_plain, secrets_in

# service/access/callers.py says what they may.
ROLES = frozenset({"appeal-tool", "auditor", "operator", "admin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """An OpenID provider, and which of its groups have which role.

    client_id, client_secret   of the console, where people sign in with a browser
    """

    issuer: str
    audience: str
    roles: Mapping[str, str]
    jwks: str = ""
    tenant: str = "default"
    tenant_claim: str = ""
    role_claim: str = "groups"
    client_id: str = ""
    client_secret: Secret | None = None


def read_oidc(
    table: Any, *, path: Path, env: Mapping[str, str] | None = None
) -> OidcSettings | None:
    """The table of a configuration file. ConfigError naming the field that is wrong."""
    if table is None:
        return None
    known = {field.name for field in fields(OidcSettings)} - {"client_secret"}
    known |= {"client_secret_env"}
    if isinstance(table, dict):
        refuse_plain(table, where="oidc", path=path)
    if not isinstance(table, dict) or not set(table) <= known:
        raise _wrong(path, f"[oidc] has {', '.join(sorted(known))}, and nothing else")
    roles = table.get("roles")
    if not isinstance(roles, dict) or not roles or not set(map(str, roles.values())) <= ROLES:
        raise _wrong(path, f"oidc.roles names no group, or a role other than {sorted(ROLES)}")
    for key in known - {"roles"}:
        if not isinstance(table.get(key, ""), str):
            raise _wrong(path, f"oidc.{key} is not text")
    for key in ("issuer", "audience"):
        if not table.get(key):
            raise _wrong(path, f"oidc.{key} is missing")
    for key in ("issuer", "jwks"):
        if (url := table.get(key)) and not _is_private(url):
            raise _wrong(path, f"oidc.{key} would be asked in the clear; use https://")
    table = dict(table)
    secret = None
    if variable := table.pop("client_secret_env", ""):
        named = {"client_secret_env": variable}
        _, secrets = secrets_in(named, where="oidc", base=path.parent, env=env or {}, path=path)
        secret = secrets["client_secret"]
    return OidcSettings(**table, client_secret=secret)


def _is_private(url: str) -> bool:
    """Whether nobody on the way can change what is answered: https, or this machine."""
    here = ("127.0.0.1", "::1", "localhost")
    return url.startswith("https://") or (
        url.startswith("http://") and urlsplit(url).hostname in here
    )


def _wrong(path: Path, why: str) -> ConfigError:
    return ConfigError(what=f"the configuration {path}", why=why)
