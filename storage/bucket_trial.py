"""Does a bucket do what it is relied on for? Asked by doing it, with an object of a few bytes.

Some servers take every header of S3's and heed only some. What is left behind is one small object
locked for a minute; the next trial removes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from datetime import datetime, timedelta

from evidence.errors import AccessError, CorruptionError
from storage.bucket import Bucket
from storage.objects.lock import Lock

_FOLDER = "trial/"
_LOCKED = timedelta(minutes=1)


def faults_of(bucket: Bucket, *, now: datetime) -> list[str]:
    """What it does not do, in sentences; none for a bucket that is fit.

    Raises OutageError or AccessError if it cannot be asked.
    """
    faults = []
    key = _FOLDER + secrets.token_hex(8)
    data = secrets.token_bytes(32)
    bucket.put_new(key, data, lock=Lock(until=now + _LOCKED))
    if bucket.put_new(key, data, lock=Lock(until=now + _LOCKED)):
        faults.append("It lets an object be put over another (If-None-Match).")
    wrong = hashlib.sha256(b"something else").hexdigest()
    with contextlib.suppress(CorruptionError):
        bucket.put_new(f"{key}-wrong", data, sha256=wrong)
        faults.append("It keeps bytes that are not those of their SHA-256.")
    found, head = bucket.read(key), bucket.head(key)
    if found is None or found[0] != data or head is None:
        faults.append("It does not give back what was put.")
    elif head.lock.until is None or head.lock.until < now:
        faults.append("It does not lock an object that is put with a retention.")
    else:
        with contextlib.suppress(AccessError):
            bucket.remove(key, version=head.version)
            faults.append("It lets our own key delete a locked version.")
    for old in list(bucket.names(_FOLDER)):
        for version in bucket.versions(old):
            with contextlib.suppress(AccessError):  # its minute is not over
                bucket.remove(old, version=version)
    return faults
