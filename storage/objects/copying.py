"""Objects from one place to another, as the ciphertext that they are: no key is needed."""

import hashlib
import os
import secrets
from pathlib import Path

from evidence.errors import CorruptionError
from storage.files import READ_ONLY, make_folder, remove, sync_file
from storage.objects.objects import Objects
from storage.objects.spool import SpooledContent


def copy_lock(old: Objects, new: Objects, stored: str) -> None:
    """The object, which is at both places, is locked at the new one as it is at the old one."""
    lock, there = old.lock_of(stored), new.lock_of(stored)
    if lock.held != there.held:
        new.hold(stored, on=lock.held)
    if lock.until is not None and (there.until is None or there.until < lock.until):
        new.retain(stored, lock.until)


def copy_object(old: Objects, new: Objects, stored: str, spool: Path) -> int:
    """The object is at the new place with its lock, even after a power cut; its size.

    spool   a folder of this machine to hold it meanwhile, on the file system of `new` if it is a
            folder too
    Raises CorruptionError if its bytes are not those of its name.
    """
    lock = old.lock_of(stored)
    make_folder(spool, mode=0o700)
    path = spool / f"{secrets.token_hex(16)}.spool"
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY), "wb") as to:
            for piece in old.raw(stored):
                digest.update(piece)
                size += len(piece)
                to.write(piece)
            to.flush()
            sync_file(to.fileno())
        if digest.hexdigest() != stored:
            raise CorruptionError(what=f"The object {stored}", why="its bytes are not its name's")
        new.put(SpooledContent("", size, stored, path, b"", b""), lock=lock)
    finally:
        remove(path)
    return size
