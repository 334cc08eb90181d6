"""Where objects and logs lie: in the data folder, or in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from service.s3_settings import with_keys
from storage.bucket import Bucket
from storage.ledger.records import KeptItem, OrderRecord
from storage.log.log import Log
from storage.log.s3 import S3Log
from storage.log.tiles import LogFiles
from storage.objects.local import LocalObjects
from storage.objects.objects import Objects, Packing, RangedContent
from storage.objects.s3 import S3Objects

if TYPE_CHECKING:
    from service.settings import Settings


HEADS_APART_S = 0.2


@dataclass(frozen=True, slots=True)
class Places:
    """`bucket` and `packing` are None where a folder is used.

    heads_apart_s   between two heads of one log: with a bucket each is half a dozen requests
    """

    objects: Objects
    log: Callable[[str], Log]
    bucket: Bucket | None = None
    packing: Packing | None = None
    heads_apart_s: float = 0.0


def open_places(settings: Settings, clock: Callable[[], datetime]) -> Places:
    """Raises ConfigError for a bucket without versions or locks, or whose keys are not there.

    Blocks: it asks the bucket.
    """
    if settings.s3 is None:
        log = settings.data / "log"
        folder = LocalObjects(settings.data / "objects", clock=clock)
        return Places(folder, lambda tenant: LogFiles(log / tenant))
    bucket = Bucket(with_keys(settings.s3, settings.s3_keys))
    bucket.check()
    objects = S3Objects(bucket)
    # One of each, for it remembers what it has put.
    log_of = cache(lambda tenant: S3Log(bucket, tenant))
    return Places(objects, log_of, bucket, objects, HEADS_APART_S)


def content_of(kept: KeptItem, order: OrderRecord, objects: Objects) -> RangedContent:
    """An item's bytes as received, which come from storage when they are asked for."""
    return objects.open(
        kept.stored,
        key=order.key,
        context=order.context,
        sha256=kept.sha256,
        size=kept.size,
        start=kept.start,
    )
