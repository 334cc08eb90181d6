"""What is secret in a configuration: taken from the environment or a file, and never from the toml.

A table says where a secret lies, by `NAME_env` or `NAME_file`. One that is not there is no fault of
the file, and hinders nobody who does not need it: who audits has no key of a carrier. So it is
noted with what is wrong, and refused by `demand` where it is going to be used. One that stands in
the file itself is refused at once: whoever is shown the file would have it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.secrets import Secret
from evidence.errors import ConfigError

if TYPE_CHECKING:
    from service.settings import Settings

# What is secret under this name, in whichever table; a test holds it to what is asked for.
SECRETS = frozenset(
    {
        "access_key", "access_token", "api_key", "api_token", "app_secret", "application_key",
        "client_secret", "developer_key", "old_secret", "password", "private_key",
        "refresh_token", "secret", "secret_key", "verification_token",
    }
)  # fmt: skip
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


def secrets_in(
    table: Mapping[str, Any], *, where: str, base: Path, env: Mapping[str, str], path: Path
) -> tuple[dict[str, Any], dict[str, Secret]]:
    """What a table says plainly, and its secrets by their bare names.

    where   the table's name, as in `sources.ups`; base is the folder that file names begin at
    path    the configuration file, which an error names

    ConfigError if a secret stands in the table itself.
    """
    refuse_plain(table, where=where, path=path)
    secrets: dict[str, Secret] = {}
    plain: dict[str, Any] = {}
    for key, value in table.items():
        bare = key.removesuffix("_env").removesuffix("_file")
        if bare == key:
            plain[key] = value
            continue
        found, why = _looked_up(key, value, base, env)
        if why:
            what = f"the configuration {path}"
            secrets[bare] = Secret.absent(bare, what=what, why=f"{where}.{key}: {why}")
        else:
            secrets[bare] = Secret(bare, found)
    return plain, secrets


def refuse_plain(table: Mapping[str, Any], *, where: str, path: Path) -> None:
    """ConfigError naming the variable to use, if a secret stands in the table itself."""
    for key in sorted(SECRETS & set(table)):
        variable = re.sub(r"[^A-Z0-9]+", "_", f"{where.rpartition('.')[2]}_{key}".upper()).strip(
            "_"
        )
        raise ConfigError(
            what=f"the configuration {path}",
            why=f"{where}.{key} is a secret, which belongs in the environment and not in the file: "
            f'put it into the variable {variable}, and write {key}_env = "{variable}"',
        )


def _looked_up(key: str, value: Any, base: Path, env: Mapping[str, str]) -> tuple[str, str]:
    """The secret, and what is wrong with it; one of them is empty."""
    if key.endswith("_env"):
        # Nobody's secret ends with the end of a line; a shell that reads it from a file may add it.
        found = env.get(str(value), "").strip("\r\n")
        # What is no name may be the secret itself, written where its variable's name belongs.
        named = value if isinstance(value, str) and _NAME.fullmatch(value) else "what it names"
        return found, "" if found.strip() else f"{named} is not in the environment, or is empty"
    try:
        found = (base / value).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError, TypeError, ValueError):
        return "", f"the file {value} cannot be read"
    return found, "" if found else f"the file {value} is empty"


def lacking(
    settings: Settings, *, sources: Collection[str] | None = None, door: bool = True
) -> Iterator[ConfigError]:
    """What is wrong with each configured secret that is not there.

    sources   only those of these sources; None means of all
    door      also those of webhooks, queues and the sign-in, which only the HTTP service uses
    """
    tables = [s.secrets for s in settings.sources if sources is None or s.name in sources]
    if door:
        tables += [hook.secrets for hook in settings.webhooks]
        tables += [queue.secrets for queue in settings.queues]
        if settings.oidc is not None and settings.oidc.client_secret is not None:
            tables.append({"client_secret": settings.oidc.client_secret})
    for table in tables:
        for secret in table.values():
            if secret.problem is not None:
                yield secret.problem


def demand(
    settings: Settings, *, sources: Collection[str] | None = None, door: bool = False
) -> None:
    """Raise the ConfigError of the first of these secrets that is not there; see `lacking`."""
    for problem in lacking(settings, sources=sources, door=door):
        raise problem
