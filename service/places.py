"""Where objects and logs lie: in the data folder, or in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from storage.bucket import Bucket
from storage.log.log import Log
from storage.log.s3 import S3Log
from storage.log.tiles import LogFiles
from storage.objects.local import LocalObjects
from storage.objects.objects import Objects
from storage.objects.s3 import S3Objects

if TYPE_CHECKING:
    from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Places:
    """`bucket` is None where a folder is used."""

    objects: Objects
    log: Callable[[str], Log]
    bucket: Bucket | None = None


def open_places(settings: Settings, clock: Callable[[], datetime]) -> Places:
    """Raises ConfigError for a bucket without versions or locks. Blocks: it asks the bucket."""
    if settings.s3 is None:
        log = settings.data / "log"
        objects = LocalObjects(settings.data / "objects", clock=clock)
        return Places(objects, lambda tenant: LogFiles(log / tenant))
    bucket = Bucket(settings.s3)
    bucket.check()
    return Places(S3Objects(bucket), lambda tenant: S3Log(bucket, tenant), bucket)
