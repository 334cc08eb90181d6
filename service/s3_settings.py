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
from dataclasses import replace
from pathlib import Path
from typing import Any

from collectors.secrets import Secret
from evidence.errors import ConfigError
from service.secrets import secrets_in
from storage.s3_client import Where

MODES = ("compliance", "governance")
_TEXTS = frozenset({"bucket", "endpoint", "region", "prefix", "lock", "ca"})
_KEYS = ("access_key", "secret_key")


def s3_of(
    table: Any, *, base: Path, env: Mapping[str, str], path: Path
) -> tuple[Where | None, Mapping[str, Secret]]:
    """The table as it was read, and its keys, which `with_keys` adds where the bucket is asked.

    base   the folder that file names begin at
    env    the environment, which secrets are taken from
    path   the configuration file, which an error names
    """
    what = f"the configuration {path}"
    if table is None:
        return None, {}
    if not isinstance(table, dict) or not all(isinstance(v, str) and v for v in table.values()):
        raise ConfigError(what=what, why="s3 is not a table of texts: write [s3]")
    plain, keys = secrets_in(table, where="s3", base=base, env=env, path=path)
    if unknown := sorted((set(plain) - _TEXTS) | (set(keys) - set(_KEYS))):
        raise ConfigError(what=what, why=f"[s3] has settings nobody reads: {', '.join(unknown)}")
    if "bucket" not in plain:
        raise ConfigError(what=what, why="[s3] names no bucket")
    mode = plain.get("lock", MODES[0])
    if mode not in MODES:
        raise ConfigError(what=what, why=f"s3.lock is neither {MODES[0]} nor {MODES[1]}")
    prefix = plain.get("prefix", "").strip("/")
    if len(keys) == 1:
        raise ConfigError(what=what, why="[s3] has one of access_key and secret_key only")
    endpoint = plain.get("endpoint")
    if endpoint is not None and not endpoint.startswith(("https://", "http://")):
        raise ConfigError(what=what, why="s3.endpoint begins neither with https:// nor http://")
    where = Where(
        bucket=plain["bucket"],
        endpoint=endpoint,
        region=plain.get("region", "us-east-1"),
        prefix=f"{prefix}/" if prefix else "",
        mode=mode,
        ca=base / plain["ca"] if "ca" in plain else None,
    )
    return where, keys


def with_keys(where: Where, keys: Mapping[str, Secret]) -> Where:
    """The bucket with its keys, if it is configured with any. ConfigError if one is not there."""
    if not keys:
        return where
    access, secret = (keys[name].reveal() for name in _KEYS)
    return replace(where, keys=(access, secret))
