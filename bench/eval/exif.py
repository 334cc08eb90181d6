"""EXIF blocks as cameras, scanners and editors write them, thumbnails included."""

from __future__ import annotations

import struct
from collections.abc import Mapping

MAKE, MODEL, ORIENTATION, SOFTWARE, DATE_TIME = 0x010F, 0x0110, 0x0112, 0x0131, 0x0132
TAKEN, OFFSET_TAKEN, EXPOSURE, ISO = 0x9003, 0x9011, 0x829A, 0x8827
_EXIF_IFD, _THUMB_AT, _THUMB_LENGTH = 0x8769, 0x0201, 0x0202

Value = str | int | tuple[int, int]


def exif_block(
    main: Mapping[int, Value], taken: Mapping[int, Value], *, thumbnail: bytes = b""
) -> bytes:
    """An APP1 payload: `main` goes to the first directory, `taken` to the camera's own.

    Strings become ASCII, whole numbers SHORT, pairs RATIONAL. `thumbnail` is a JPEG file.
    """
    size0 = 2 + 12 * (len(main) + bool(taken)) + 4
    at_sub = 8 + size0 + _spill(main)
    first = dict(main)
    if taken:
        first[_EXIF_IFD] = -at_sub  # LONG, told apart by its sign
    at_thumb = at_sub + ((2 + 12 * len(taken) + 4 + _spill(taken)) if taken else 0)
    directory = _directory(first, 8, at_thumb if thumbnail else 0)
    camera = _directory(taken, at_sub, 0) if taken else b""
    small = b""
    if thumbnail:
        data_at = at_thumb + 2 + 12 * 2 + 4
        entries: dict[int, Value] = {_THUMB_AT: -data_at, _THUMB_LENGTH: -len(thumbnail)}
        small = _directory(entries, at_thumb, 0) + thumbnail
    return b"Exif\0\0" + b"MM\0*\0\0\0\x08" + directory + camera + small


def _bytes(value: Value) -> tuple[int, int, bytes]:
    """(type, count, data) of a value."""
    if isinstance(value, str):
        data = value.encode("ascii", "replace") + b"\0"
        return 2, len(data), data
    if isinstance(value, tuple):
        return 5, 1, struct.pack(">II", *value)
    if value < 0:
        return 4, 1, struct.pack(">I", -value)
    return 3, 1, struct.pack(">HH", value, 0)


def _spill(values: Mapping[int, Value]) -> int:
    """Bytes that do not fit into the directory itself."""
    sizes = (len(_bytes(value)[2]) for value in values.values())
    return sum(size + size % 2 for size in sizes if size > 4)


def _directory(values: Mapping[int, Value], at: int, following: int) -> bytes:
    entries, spilled = b"", b""
    spill_at = at + 2 + 12 * len(values) + 4
    for tag in sorted(values):
        kind, count, data = _bytes(values[tag])
        if len(data) > 4:
            place = struct.pack(">I", spill_at + len(spilled))
            spilled += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        entries += struct.pack(">HHI", tag, kind, count) + place
    return struct.pack(">H", len(values)) + entries + struct.pack(">I", following) + spilled
