"""Whether each part that is configured can be used, in words, and what to do where it cannot."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from evidence.errors import EvidenceError
from storage.bucket import Bucket
from storage.bucket_trial import faults_of

if TYPE_CHECKING:
    from service.runtime import Runtime

LEAST_FREE = 256 << 20
SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Health:
    """One part's state, in words, and what to do where it is not well.

    needed   whether a process that lacks it can answer nobody: it should get no requests then
    """

    part: str
    ok: bool
    detail: str
    do: str = ""
    needed: bool = False


async def needs_of(runtime: Runtime) -> list[Health]:
    """What no request can be answered without, each asked whether it works.

    A source, a witness or an authority that is away is none of it: what is asked of the others,
    and all that is sealed already, goes on.
    """
    found = [await _ledger(runtime), _disk(runtime)]
    if runtime.bucket is not None:
        found.append(await _bucket(runtime.bucket))
    if runtime.queue is not None:
        ok = await runtime.queue.ping()
        found.append(
            Health(
                "queue",
                ok,
                "Valkey answers." if ok else "Valkey does not answer.",
                "" if ok else "Start it, or leave `valkey` empty so that we start our own.",
            )
        )
    found.append(await _signing(runtime))
    return [replace(part, needed=True) for part in found]


async def health_of(runtime: Runtime) -> list[Health]:
    """Every configured part, each asked whether it works."""
    found = [*await needs_of(runtime), _keys(runtime)]
    found.append(
        Health(
            "sources",
            bool(runtime.sources),
            ", ".join(source.name for source in runtime.sources) or "None is configured.",
            "" if runtime.sources else "Add a [sources.…] table to orderproof.toml.",
        )
    )
    found.extend(await _time(runtime))
    for name, cosigned, size in await runtime.witnesses.standing(runtime.settings.tenant):
        ok = cosigned >= size
        found.append(
            Health(
                f"witness {name}",
                ok,
                f"It cosigned {cosigned} of {size} receipts.",
                "" if ok else "See whether it runs; the next seal asks it again.",
            )
        )
    for source in runtime.sources:
        folder = source.settings.folder
        if folder is not None and not await asyncio.to_thread(folder.is_dir):
            found.append(
                Health(source.name, False, f"{folder} is not a folder.", "Make or mend it.")
            )
        if source.misdescribed:
            do = "Mend its table; until then nothing comes from it."
            found.append(Health(source.name, False, source.misdescribed, do))
        if lacking := source.lacking:
            found.append(Health(source.name, False, lacking, "Install it; nothing else waits."))
    return found


async def try_bucket(runtime: Runtime) -> list[Health]:
    """Whether the bucket does what is relied on, by putting a small object; [] without one."""
    if runtime.bucket is None:
        return []
    where = runtime.bucket.where
    try:
        faults = await asyncio.to_thread(faults_of, runtime.bucket, now=runtime.clock())
    except EvidenceError as problem:
        return [Health("bucket", False, str(problem), "See [s3] in orderproof.toml.")]
    detail = f"{where.bucket} keeps versions and locks objects ({where.mode})."
    do = "Use a bucket that does: evidence could be changed or lost in this one."
    return [Health("bucket", not faults, " ".join(faults) or detail, do if faults else "")]


async def _ledger(runtime: Runtime) -> Health:
    tenant = runtime.settings.tenant
    try:
        waiting = await runtime.ledger.pending(tenant)
        behind = await runtime.sequencer.is_behind(tenant)
        lost = await runtime.ledger.lost(tenant)
    except (EvidenceError, OSError) as problem:
        return Health("ledger", False, str(problem), "Look at the database it names.")
    if behind:
        detail = "It lacks what its log has published: it was restored from a backup."
        return Health("ledger", False, detail, "Run `orderproof recover`.")
    detail = f"{waiting} stamps wait for their receipt."
    if lost.receipts:
        detail += f" {lost.receipts} receipts lost their items when it was restored."
    return Health("ledger", True, detail)


async def _time(runtime: Runtime) -> list[Health]:
    """Authorities, and our clock by their newest token. Nobody is asked anything for it."""
    ok, clock = await runtime.timestamps.clock_in_words(runtime.settings.tenant)
    do = "" if ok else "Set the clock (NTP); nothing is stamped until it is right."
    found = [Health("clock", ok, f"The clock is {clock}.", do)]
    for authority in runtime.timestamps.authorities:
        left = authority.expires_at - runtime.clock()
        told = f"{authority.name}, its certificate ends {authority.expires_at:%Y-%m-%d}."
        # Not ill: without tokens collections are sealed all the same, and say so.
        do = "" if left > SOON else "Add its next certificate as a second [[authority]]."
        found.append(Health("time", True, told, do))
    if not runtime.timestamps.authorities:
        found.append(Health("time", True, "No time authority is configured: times are ours."))
    return found


async def _bucket(bucket: Bucket) -> Health:
    try:
        await asyncio.to_thread(bucket.check)
    except EvidenceError as problem:
        return Health("bucket", False, str(problem), "See [s3] in orderproof.toml.")
    return Health("bucket", True, f"{bucket.where.bucket} answers.")


def _disk(runtime: Runtime) -> Health:
    free = shutil.disk_usage(runtime.settings.data).free
    ok = free >= LEAST_FREE
    return Health(
        "objects",
        ok,
        f"{free >> 20} MB free in {runtime.settings.data}.",
        "" if ok else "Make room: nothing can be collected without it.",
    )


async def _signing(runtime: Runtime) -> Health:
    """Whether the configured key is the one in use; a KMS is not asked to sign for it."""
    try:
        signer = await asyncio.to_thread(runtime.vault.manifest_signer, runtime.settings.tenant)
    except EvidenceError as problem:
        return Health("signing", False, str(problem), "See [signing] in orderproof.toml.")
    return Health("signing", True, f"Manifests are signed by {signer.keyid[:12]}.")


def _keys(runtime: Runtime) -> Health:
    inside = runtime.settings.keys.resolve().is_relative_to(runtime.settings.data.resolve())
    return Health(
        "keys",
        not inside,
        f"{runtime.settings.keys}",
        "Move `keys` out of the data folder: whoever copies the data must not get them."
        if inside
        else "",
    )
