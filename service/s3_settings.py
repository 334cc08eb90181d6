"""Which bucket objects and logs lie in.

[s3]                                  the extra `s3`; without this table the data folder is used
bucket = "evidence"                   made beforehand, with versions and Object Lock
endpoint = "https://s3.example"       of another S3 than AWS's
region = "eu-central-1"
prefix = "orderproof/"                before every key
lock = "compliance"                   nobody ends a retention; "governance": who may bypass it
access_key_env = "S3_ACCESS_KEY"      with secret_key_env; without both, as boto3 finds them
secret_key_env = "S3_SECRET_KEY"
ca = "ca.pem"                         of authorities of your own
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidence.errors import ConfigError
from storage.s3_client import Where

MODES = ("compliance", "governance")
_TEXTS = frozenset({"bucket", "endpoint", "region", "prefix", "lock", "ca"})
_KEYS = ("access_key", "secret_key")


def s3_of(table: Any, *, base: Path, env: Mapping[str, str], what: str) -> Where | None:
    """The table as it was read; None for none.

    env    the environment, which secrets are taken from
    what   what an error names
    """
    if table is None:
        return None
    if not isinstance(table, dict) or not all(isinstance(v, str) and v for v in table.values()):
        raise ConfigError(what=what, why="s3 is not a table of texts: write [s3]")
    known = _TEXTS | {f"{key}_{by}" for key in _KEYS for by in ("env", "file")}
    if unknown := sorted(set(table) - known):
        raise ConfigError(what=what, why=f"[s3] has settings nobody reads: {', '.join(unknown)}")
    if "bucket" not in table:
        raise ConfigError(what=what, why="[s3] names no bucket")
    mode = table.get("lock", MODES[0])
    if mode not in MODES:
        raise ConfigError(what=what, why=f"s3.lock is neither {MODES[0]} nor {MODES[1]}")
    prefix = table.get("prefix", "").strip("/")
    secrets = [_secret(table, key, base=base, env=env, what=what) for key in _KEYS]
    if any(secrets) and not all(secrets):
        raise ConfigError(what=what, why="[s3] has one of access_key and secret_key only")
    endpoint = table.get("endpoint")
    if endpoint is not None and not endpoint.startswith(("https://", "http://")):
        raise ConfigError(what=what, why="s3.endpoint begins neither with https:// nor http://")
    return Where(
        bucket=table["bucket"],
        endpoint=endpoint,
        region=table.get("region", "us-east-1"),
        prefix=f"{prefix}/" if prefix else "",
        mode=mode,
        keys=(secrets[0], secrets[1]) if all(secrets) else None,
        ca=base / table["ca"] if "ca" in table else None,
    )


def _secret(
    table: Mapping[str, str], key: str, *, base: Path, env: Mapping[str, str], what: str
) -> str:
    if variable := table.get(f"{key}_env"):
        if not env.get(variable):
            raise ConfigError(what=what, why=f"s3.{key}_env: {variable} is not in the environment")
        return env[variable]
    if file := table.get(f"{key}_file"):
        try:
            return (base / file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigError(what=what, why=f"s3.{key}_file: it cannot be read") from problem
    return ""
