"""Ciphertext of small objects that was put or read lately, held in memory by its name.

It is what an object's name says it is: what was put had its SHA-256 confirmed by whoever keeps it,
what was read is hashed before it is held. So reading it from here is reading what is kept.
"""

import hashlib
import threading
from collections import OrderedDict

from storage.objects.stream import SEGMENT_BYTES

# Of one object, and of all of them; who was not asked for the longest goes first.
MOST_EACH = SEGMENT_BYTES
MOST_BYTES = 64 << 20


class Recent:
    """May be used by any number of threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._size = 0
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, stored: str, data: bytes) -> None:
        """Hold it if it is small; `data` is known to be what `stored` says."""
        if len(data) > MOST_EACH:
            return
        with self._lock:
            if stored in self._held:
                return
            self._held[stored] = data
            self._size += len(data)
            while self._size > self._most:
                self._size -= len(self._held.popitem(last=False)[1])

    def add_checked(self, stored: str, data: bytes) -> None:
        """The same of bytes that came from elsewhere; others than `stored` says are not held."""
        if len(data) <= MOST_EACH and hashlib.sha256(data).hexdigest() == stored:
            self.add(stored, data)

    def get(self, stored: str) -> bytes | None:
        with self._lock:
            data = self._held.get(stored)
            if data is not None:
                self._held.move_to_end(stored)
            return data

    def drop(self, stored: str) -> None:
        with self._lock:
            data = self._held.pop(stored, None)
            self._size -= len(data or b"")
