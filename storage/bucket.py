"""The few verbs that touch a bucket. Each says what holds once it returns.

An object appears under its key whole or not at all, and only once: every write says what it expects
to find there (`If-None-Match: *`, or `If-Match` for the one pointer that is replaced), and carries
the SHA-256 of its bytes, which the server compares before it keeps them. All of it blocks; a caller
on an event loop uses a thread. boto3 is in the extra `s3`; what every order needs many of is sent
without it (storage.s3_requests).

What S3 answers becomes an OutageError (wait), an AccessError (an operator has to act) or a
CorruptionError (the bytes are not ours), and nothing of the answer's text is repeated.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import importlib.util
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.errors import AccessError, ConfigError, CorruptionError, OutageError
from evidence.times import rfc3339
from storage.objects.lock import UNLOCKED, Lock
from storage.s3_answers import ABSENT, THERE, judged
from storage.s3_client import Where, client_for, requests_to
from storage.s3_requests import Answer, ElsewhereError, Requests

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# A larger file goes up in parts of this size, one held in memory. S3 takes 10,000 parts of at
# least 5 MiB, and 16 GiB is the most that the spool takes.
PART_BYTES = 8 << 20
_PIECE = 1 << 20
_REMOVED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """What a bucket says of one object. `checksum` is as S3 writes it: base64, `-n` for parts."""

    size: int
    checksum: str
    version: str
    lock: Lock


class Bucket:
    """One bucket. May be used by any number of threads and processes.

    asked   how many requests were sent, by S3's name of the operation
    """

    def __init__(self, where: Where) -> None:
        """Asks nothing yet. ConfigError if boto3 is absent."""
        if importlib.util.find_spec("boto3") is None:
            raise ConfigError(what="[s3]", why="boto3 is absent: install orderproof[s3]")
        self.where = where
        self._made: S3Client | None = None
        self._making = threading.Lock()
        self.asked: Counter[str] = Counter()
        self._quick: Requests | None = None
        self._is_quick = True  # until a server shows that only boto3 knows how to ask it

    # -- writing ------------------------------------------------------------------------------

    def put_new(
        self, key: str, data: bytes, *, sha256: str | None = None, lock: Lock = UNLOCKED
    ) -> bool:
        """Put `data` under `key` unless something is there; True if it was put.

        sha256   what it must be, in hex; CorruptionError if the bytes that arrive are others
        """
        digest = bytes.fromhex(sha256) if sha256 else hashlib.sha256(data).digest()
        headers = {"if-none-match": "*", **self._lock_headers(lock)}
        answer = self._put(key, data, digest, headers, absent=THERE)
        if answer is not None:
            return not answer.absent
        with self._asked(key, absent=THERE) as was:
            self._client.put_object(
                Bucket=self.where.bucket,
                Key=self._key(key),
                Body=data,
                ChecksumSHA256=_base64(digest),
                IfNoneMatch="*",
                **self._locked(lock),
            )
        return not was.absent

    def put_file(self, key: str, path: Path, *, sha256: str, lock: Lock = UNLOCKED) -> bool:
        """As `put_new`, of a file of any size, holding one part of it at a time."""
        with path.open("rb") as file:
            first = file.read(PART_BYTES)
            if len(first) < PART_BYTES:
                return self.put_new(key, first, sha256=sha256, lock=lock)
            upload = self._begin(key, lock)
            try:
                parts: list[Any] = []
                whole = hashlib.sha256()
                while first:
                    whole.update(first)
                    parts.append(self._part(key, upload, len(parts) + 1, first))
                    first = file.read(PART_BYTES)
                if whole.hexdigest() != sha256:
                    why = "its bytes changed before it was uploaded"
                    raise CorruptionError(what=f"The object {key}", why=why)
                with self._asked(key, absent=THERE) as was:
                    self._client.complete_multipart_upload(
                        Bucket=self.where.bucket,
                        Key=self._key(key),
                        UploadId=upload,
                        MultipartUpload={"Parts": parts},
                        IfNoneMatch="*",
                    )
            except BaseException:
                self._abort(key, upload)
                raise
            if was.absent:
                self._abort(key, upload)
            return not was.absent

    def put_over(self, key: str, data: bytes, *, etag: str | None) -> bool:
        """Put `data` in place of what has this `etag`, or of nothing; False if it was overtaken."""
        headers = {"if-match": etag} if etag else {"if-none-match": "*"}
        digest = hashlib.sha256(data).digest()
        answer = self._put(key, data, digest, headers, absent=THERE | ABSENT)
        if answer is not None:
            return not answer.absent
        condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        with self._asked(key, absent=THERE | ABSENT) as was:
            self._client.put_object(
                Bucket=self.where.bucket,
                Key=self._key(key),
                Body=data,
                ChecksumSHA256=checksum(data),
                **condition,
            )
        return not was.absent

    def remove(self, key: str, *, version: str | None = None) -> None:
        """Take the object away; without a version it is hidden only. Fine if it is not there.

        AccessError for a version that is locked, in compliance mode whoever asks.
        """
        which: dict[str, Any] = {"VersionId": version} if version else {}
        with self._asked(key, absent=ABSENT):
            self._client.delete_object(Bucket=self.where.bucket, Key=self._key(key), **which)

    def remove_all(self, keys: Sequence[str]) -> None:
        """As `remove` without a version, of many in one request each thousand."""
        for at in range(0, len(keys), _REMOVED_AT_ONCE):
            named: Any = [{"Key": self._key(key)} for key in keys[at : at + _REMOVED_AT_ONCE]]
            with self._asked(keys[at]) as was:
                was.answer = self._client.delete_objects(
                    Bucket=self.where.bucket, Delete={"Objects": named, "Quiet": True}
                )
            for error in was.answer.get("Errors", []):
                judged(self._source, error.get("Key", ""), error.get("Code", ""), 0, ABSENT)

    def retain(self, key: str, until: datetime, *, version: str) -> None:
        mode: Any = self.where.mode.upper()
        with self._asked(key):
            self._client.put_object_retention(
                Bucket=self.where.bucket,
                Key=self._key(key),
                VersionId=version,
                Retention={"Mode": mode, "RetainUntilDate": until},
            )

    def hold(self, key: str, *, on: bool, version: str) -> None:
        with self._asked(key):
            self._client.put_object_legal_hold(
                Bucket=self.where.bucket,
                Key=self._key(key),
                VersionId=version,
                LegalHold={"Status": "ON" if on else "OFF"},
            )

    # -- reading ------------------------------------------------------------------------------

    def read(self, key: str) -> tuple[bytes, str] | None:
        """All of a small object with its etag, or None if it is not there."""
        said = self._quickly("GET", key, absent=ABSENT)
        if said is not None:
            return None if said.absent else (said.body, said.headers.get("etag", ""))
        found: tuple[bytes, str] | None = None
        with self._asked(key, absent=ABSENT):
            answer = self._client.get_object(Bucket=self.where.bucket, Key=self._key(key))
            found = answer["Body"].read(), answer["ETag"]
        return found

    def read_at(
        self, key: str, start: int, length: int, *, version: str | None = None
    ) -> tuple[bytes, int] | None:
        """Bytes from `start` on, fewer at the end, and the size of all; None if it is not there."""
        span = f"bytes={start}-{start + length - 1}"
        query = {"versionId": version} if version else None
        asked = self._quickly("GET", key, headers={"range": span}, query=query, absent=ABSENT)
        if asked is not None:
            if asked.absent:
                return None
            whole = asked.headers.get("content-range", "").rpartition("/")[2]
            if asked.headers.get("content-length") != str(len(asked.body)) or not whole.isdecimal():
                raise OutageError(source=self._source, why="it cut an answer")
            return asked.body, int(whole)
        which: dict[str, Any] = {"VersionId": version} if version else {}
        found: tuple[bytes, int] | None = None
        with self._asked(key, absent=ABSENT):
            answer = self._client.get_object(
                Bucket=self.where.bucket,
                Key=self._key(key),
                Range=span,
                **which,
            )
            total = answer["ContentRange"].rpartition("/")[2]
            found = answer["Body"].read(), int(total)
        return found

    def stream(self, key: str, *, version: str | None = None) -> Iterator[bytes] | None:
        """All of it in pieces of a megabyte; None if it is not there."""
        which: dict[str, Any] = {"VersionId": version} if version else {}
        with self._asked(key, absent=ABSENT) as was:
            answer = self._client.get_object(Bucket=self.where.bucket, Key=self._key(key), **which)
            was.answer = answer["Body"]
        return None if was.answer is None else self._pieces(key, was.answer)

    def head(self, key: str, *, version: str | None = None) -> Head | None:
        which: dict[str, Any] = {"VersionId": version} if version else {}
        found: Head | None = None
        with self._asked(key, absent=ABSENT):
            answer = self._client.head_object(
                Bucket=self.where.bucket, Key=self._key(key), ChecksumMode="ENABLED", **which
            )
            until: datetime | None = answer.get("ObjectLockRetainUntilDate")
            found = Head(
                size=answer["ContentLength"],
                checksum=answer.get("ChecksumSHA256", ""),
                version=answer.get("VersionId", ""),
                lock=Lock(
                    until=until.astimezone(UTC) if until is not None else None,
                    held=answer.get("ObjectLockLegalHoldStatus") == "ON",
                ),
            )
        return found

    def versions(self, key: str) -> list[str]:
        """Every version of one object that holds bytes, oldest first."""
        found = []
        with self._asked(key):
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.where.bucket, Prefix=self._key(key)):
                found += [v for v in page.get("Versions", []) if v["Key"] == self._key(key)]
        # Newest first is how S3 lists them.
        return [version["VersionId"] for version in reversed(found)]

    def names(self, prefix: str) -> Iterator[str]:
        """Every key below `prefix`, in order, as our own keys."""
        pages = self._client.get_paginator("list_objects_v2")
        listed = iter(pages.paginate(Bucket=self.where.bucket, Prefix=self._key(prefix)))
        while True:
            with self._asked(prefix):
                page = next(listed, None)
            if page is None:
                return
            for line in page.get("Contents", []):
                yield line["Key"].removeprefix(self.where.prefix)

    def link(self, key: str, *, seconds: int) -> str:
        """An address that gives the object's bytes to whoever has it, for so long."""
        address: str = self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self.where.bucket, "Key": self._key(key)},
            ExpiresIn=seconds,
        )
        return address

    # -- what the bucket promises ---------------------------------------------------------------

    def check(self) -> None:
        """ConfigError unless it keeps versions and can lock objects; two small requests."""
        with self._asked(""):
            versioning = self._client.get_bucket_versioning(Bucket=self.where.bucket)
        if versioning.get("Status") != "Enabled":
            why = "it keeps no versions, so an object could be overwritten: turn versioning on"
            raise self._unfit(why)
        with self._asked("", absent=frozenset({"ObjectLockConfigurationNotFoundError"})) as was:
            answer = self._client.get_object_lock_configuration(Bucket=self.where.bucket)
            was.answer = answer["ObjectLockConfiguration"].get("ObjectLockEnabled")
        if was.answer != "Enabled":
            why = "Object Lock is off, so a retention would bind nobody: make it with Object Lock"
            raise self._unfit(why)

    def _unfit(self, why: str) -> ConfigError:
        return ConfigError(what=self._source, why=why)

    # -- inside ---------------------------------------------------------------------------------

    def _put(
        self,
        key: str,
        data: bytes,
        digest: bytes,
        headers: dict[str, str],
        *,
        absent: frozenset[str],
    ) -> _Said | None:
        """PUT without boto3; None where that is not to be."""
        headers["x-amz-checksum-sha256"] = _base64(digest)
        return self._quickly(
            "PUT", key, headers=headers, body=data, sha256=digest.hex(), absent=absent
        )

    def _quickly(
        self, method: str, key: str, *, absent: frozenset[str], **asked: Any
    ) -> _Said | None:
        """Ask without boto3; None where that is not to be. Its errors become ours here."""
        if not self._is_quick:
            return None
        try:
            quick = self._requests()
            if quick is None:
                return None
            answer = quick.ask(method, self._key(key), **asked)
        except ElsewhereError:
            self._is_quick = False
            return None
        except (OSError, http.client.HTTPException) as error:
            raise _cut_off(self._source, error) from error
        is_absent = bool(answer.code) and judged(
            self._source, key, answer.code, answer.status, absent
        )
        return _Said(answer, is_absent)

    def _requests(self) -> Requests | None:
        client = self._client
        with self._making:
            if self._quick is None:
                self._quick = requests_to(self.where, client, self._count)
                self._is_quick = self._quick is not None
            return self._quick

    def _lock_headers(self, lock: Lock) -> dict[str, str]:
        headers = {}
        if lock.until is not None:
            headers["x-amz-object-lock-mode"] = self.where.mode.upper()
            headers["x-amz-object-lock-retain-until-date"] = rfc3339(lock.until)
        if lock.held:
            headers["x-amz-object-lock-legal-hold"] = "ON"
        return headers

    @property
    def _source(self) -> str:
        return f"The bucket {self.where.bucket}"

    @property
    def _client(self) -> S3Client:
        with self._making:
            if self._made is None:
                self._made = client_for(self.where)
                self._made.meta.events.register("before-send.s3", self._sent)
            return self._made

    def _count(self, operation: str) -> None:
        self.asked[operation] += 1

    def _sent(self, *, event_name: str, **_: object) -> None:
        self._count(event_name.rpartition(".")[2])

    def _key(self, key: str) -> str:
        return self.where.prefix + key

    def _locked(self, lock: Lock) -> dict[str, Any]:
        words: dict[str, Any] = {}
        if lock.until is not None:
            words["ObjectLockMode"] = self.where.mode.upper()
            words["ObjectLockRetainUntilDate"] = lock.until
        if lock.held:
            words["ObjectLockLegalHoldStatus"] = "ON"
        return words

    def _begin(self, key: str, lock: Lock) -> str:
        with self._asked(key) as was:
            was.answer = self._client.create_multipart_upload(
                Bucket=self.where.bucket,
                Key=self._key(key),
                ChecksumAlgorithm="SHA256",
                **self._locked(lock),
            )["UploadId"]
        return str(was.answer)

    def _part(self, key: str, upload: str, number: int, data: bytes) -> Any:
        with self._asked(key) as was:
            was.answer = self._client.upload_part(
                Bucket=self.where.bucket,
                Key=self._key(key),
                UploadId=upload,
                PartNumber=number,
                Body=data,
                ChecksumSHA256=checksum(data),
            )["ETag"]
        return {"ETag": was.answer, "PartNumber": number, "ChecksumSHA256": checksum(data)}

    def _abort(self, key: str, upload: str) -> None:
        """What is left of it costs room and is nobody's; a lifecycle rule takes the rest away."""
        try:
            with self._asked(key, absent=frozenset({"NoSuchUpload", "404"})):
                self._client.abort_multipart_upload(
                    Bucket=self.where.bucket, Key=self._key(key), UploadId=upload
                )
        except (OutageError, AccessError):
            return

    def _pieces(self, key: str, body: Any) -> Iterator[bytes]:
        try:
            while True:
                with self._asked(key):
                    piece = body.read(_PIECE)
                if not piece:
                    return
                yield piece
        finally:
            body.close()

    @contextmanager
    def _asked(self, key: str, *, absent: frozenset[str] = frozenset()) -> Iterator[_Asked]:
        """The one place where boto3's errors become ours. `absent` are codes that mean "no"."""
        from botocore.exceptions import BotoCoreError, ClientError

        asked = _Asked()
        source = self._source
        try:
            yield asked
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            asked.absent = judged(source, key, code, status, absent)
        except BotoCoreError as error:
            if type(error).__name__ in {"NoCredentialsError", "PartialCredentialsError"}:
                raise AccessError(source=source, why="no access key was given") from error
            raise _cut_off(source, error) from error
        except OSError as error:  # urllib3's, while a body is read
            raise _cut_off(source, error) from error


def _cut_off(source: str, error: Exception) -> OutageError:
    return OutageError(source=source, why=f"the connection failed ({type(error).__name__})")


@dataclass(slots=True)
class _Asked:
    absent: bool = False
    answer: Any = None


@dataclass(frozen=True, slots=True)
class _Said:
    answer: Answer
    absent: bool

    @property
    def body(self) -> bytes:
        return self.answer.body

    @property
    def headers(self) -> Mapping[str, str]:
        return self.answer.headers


def checksum(data: bytes) -> str:
    """The SHA-256 of `data` as S3 writes it."""
    return _base64(hashlib.sha256(data).digest())


def checksum_of_file(path: Path) -> str:
    """What S3 has as the checksum of the file if `put_file` put it."""
    parts = []
    with path.open("rb") as file:
        while piece := file.read(PART_BYTES):
            parts.append(hashlib.sha256(piece).digest())
    if path.stat().st_size < PART_BYTES:
        return _base64(parts[0] if parts else hashlib.sha256().digest())
    return f"{_base64(hashlib.sha256(b''.join(parts)).digest())}-{len(parts)}"


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
