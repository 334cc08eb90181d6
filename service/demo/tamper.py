"""One flipped byte in each of an item, a receipt and the manifest of a bundle."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

_LOCAL_HEADER = 30  # fixed part of a local file header (APPNOTE 4.3.7)


def flips(bundle: Path) -> Iterator[tuple[str, str, Callable[[Path], None]]]:
    """(what, path within the bag, function that flips a byte of it in a copy of the bundle)."""
    with zipfile.ZipFile(bundle) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        item = next(name for name in sorted(entries) if "data/" in name and "pod" in name)
        receipts = next(name for name in entries if name.endswith("proof/receipts.jsonl"))
        manifest = next(name for name in entries if name.endswith("proof/manifest.dsse.json"))
        for what, name in (("an item", item), ("a receipt", receipts), ("the manifest", manifest)):
            place = _middle(bundle, entries[name])

            def flip(path: Path, place: int = place) -> None:
                with path.open("r+b") as file:
                    file.seek(place)
                    byte = file.read(1)[0]
                    file.seek(place)
                    file.write(bytes([byte ^ 0x01]))

            yield what, name.partition("/")[2], flip


def _middle(bundle: Path, info: zipfile.ZipInfo) -> int:
    """The offset of a byte in the middle of the entry's stored bytes."""
    with bundle.open("rb") as file:
        file.seek(info.header_offset + 26)
        name_length = int.from_bytes(file.read(2), "little")
        extra_length = int.from_bytes(file.read(2), "little")
    start = info.header_offset + _LOCAL_HEADER + name_length + extra_length
    return start + info.compress_size // 2
