"""A drop in S3: exports that an ERP or an agency puts into a bucket.

Needs the extra `s3`. Reads only: ListBucket and GetObject on the prefix are all that its key must
be allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from collectors.collector import FileEntry
from collectors.files.drop import CHUNK, bounded, in_order, not_too_many, shown, spooled
from collectors.secrets import Secret
from evidence.errors import AccessError, EvidenceError, OutageError, RequestError
from evidence.items import Content, Spool


class S3Drop:
    """Implements collectors.collector.Files over a bucket's keys under `prefix`.

    access_key, secret_key   None: as boto3 finds them (role, environment)
    endpoint                 another address than AWS's
    """

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str,
        spool: Spool,
        access_key: Secret | None = None,
        secret_key: Secret | None = None,
        endpoint: str | None = None,
        region: str = "us-east-1",
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._spool = spool
        self._keys: dict[str, tuple[str, str]] = {}
        # Any: boto3's clients have no type without an extra of stubs at run time.
        self._s3: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key.reveal() if access_key else None,
            aws_secret_access_key=secret_key.reveal() if secret_key else None,
            config=Config(connect_timeout=10, read_timeout=30, retries={"max_attempts": 3}),
        )

    def entries(self, *, suffixes: Collection[str] = ()) -> Iterator[FileEntry]:
        """Every object under the prefix, sorted by path; errors as a folder's."""
        found: list[FileEntry] = []
        with _told():
            pages = self._s3.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for one in page.get("Contents", ()):
                    key = str(one["Key"])
                    if key.endswith("/"):
                        continue
                    not_too_many(len(found) + 1)
                    path = shown(key.removeprefix(self._prefix))
                    self._keys[path] = key, str(one["ETag"])
                    at = one["LastModified"].astimezone(UTC)
                    found.append(FileEntry(path, int(one["Size"]), at))
        return in_order(found, suffixes)

    def open(self, entry: FileEntry, *, limit: int) -> Content:
        return spooled(self, entry, spool=self._spool, limit=limit)

    def stream(self, entry: FileEntry, *, limit: int, start: int = 0) -> Iterator[bytes]:
        """The object's bytes from `start`; OutageError if it is another one than was listed."""
        if entry.path not in self._keys:
            raise RequestError(what=f"opening {entry.path[:80]!r}", why="it was not listed")
        key, etag = self._keys[entry.path]
        if start >= entry.size:
            return
        with _told():
            answer = self._s3.get_object(
                Bucket=self._bucket, Key=key, IfMatch=etag, Range=f"bytes={start}-"
            )
            yield from bounded(answer["Body"].iter_chunks(CHUNK), path=entry.path, limit=limit)


@contextmanager
def _told() -> Iterator[None]:
    """Other people's exceptions end here: some hold keys and addresses."""
    try:
        yield
    except EvidenceError:
        raise
    except ClientError as problem:
        status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status in (401, 403):
            raise AccessError(source="the drop in S3", why=f"it answered {status}") from None
        if status == 412:
            why = "an object was replaced while it was read"
            raise OutageError(source="the drop in S3", why=why) from None
        if status in (400, 404):
            raise RequestError(what="the drop in S3", why=f"it answered {status}") from None
        raise OutageError(source="the drop in S3", why=f"it answered {status}") from None
    except BotoCoreError as problem:
        why = f"the connection failed ({type(problem).__name__})"
        raise OutageError(source="the drop in S3", why=why) from None
