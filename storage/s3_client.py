"""Which bucket, and the two ways to ask it: boto3, and without it (storage.s3_requests)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.errors import AccessError
from storage.s3_requests import ANSWER_S, CONNECT_S, Keys, Requests, behind_proxy

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CONNECTIONS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which bucket, and how it is reached.

    endpoint   its address; None for AWS's own
    prefix     before every key; "" or ending in "/"
    mode       what a retention is: "compliance" (nobody can end it) or "governance"
    keys       access key and secret; None leaves them to boto3's own search
    ca         a file of certificates for a server that no public authority vouches for
    """

    bucket: str
    endpoint: str | None = None
    region: str = "us-east-1"
    prefix: str = ""
    mode: str = "compliance"
    keys: tuple[str, str] | None = field(default=None, repr=False)
    ca: Path | None = None


def requests_to(where: Where, client: S3Client, sent: Callable[[str], None]) -> Requests | None:
    """The way without boto3, to the place that boto3 found; None behind a proxy."""
    base = _address(where, client.meta.endpoint_url)
    if behind_proxy(base):
        return None
    return Requests(
        base,
        region=where.region,
        keys=_keys_of(where),
        certificates=_certificates(where),
        sent=sent,
    )


def _address(where: Where, endpoint: str) -> str:
    """The bucket's own address: its name goes before AWS's host, and into another's path."""
    if where.endpoint is not None or "." in where.bucket:
        return f"{endpoint.rstrip('/')}/{where.bucket}"
    scheme, _, host = endpoint.partition("://")
    return f"{scheme}://{where.bucket}.{host}"


def _keys_of(where: Where) -> Callable[[], Keys]:
    if where.keys is not None:
        fixed = Keys(*where.keys)
        return lambda: fixed
    import boto3

    found = boto3.session.Session().get_credentials()

    def current() -> Keys:
        if found is None:
            source = f"The bucket {where.bucket}"
            raise AccessError(source=source, why="no access key was given")
        frozen = found.get_frozen_credentials()  # renewed by botocore when they end
        return Keys(frozen.access_key or "", frozen.secret_key or "", frozen.token)

    return current


def _certificates(where: Where) -> str:
    """The authorities that boto3 would believe."""
    from botocore.httpsession import get_cert_path

    named = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    return str(where.ca or named or get_cert_path(True))


def client_for(where: Where) -> S3Client:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=ANSWER_S,
        retries={"max_attempts": 3, "mode": "standard"},
        signature_version="s3v4",  # or links would be signed the old way
        max_pool_connections=CONNECTIONS,
        request_checksum_calculation="when_required",  # each write brings its own SHA-256
        response_checksum_validation="when_required",  # what is read is authenticated by its key
        s3={
            "addressing_style": "path" if where.endpoint else "auto",
            "payload_signing_enabled": True,
        },
    )
    access, secret = where.keys or (None, None)
    return boto3.client(
        "s3",
        region_name=where.region,
        endpoint_url=where.endpoint,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        verify=str(where.ca) if where.ca else None,
        config=config,
    )
