"""The bundle as a file: written order by order, so that its size costs no memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from evidence.archive import ArchiveWriter, Entry
from evidence.canonical import canonical
from evidence.errors import TooLargeError
from evidence.items import Content, InMemory
from evidence.profile import Profile
from verifiers.forms.lint import INDEX, ORDERS, PROFILE, PROOF, README, TEXT


class InFile:
    """A Content that lies in a file of ours, hashed once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as data:
            self.sha256 = hashlib.file_digest(data, "sha256").hexdigest()
        self.size = path.stat().st_size

    def read(self, limit: int) -> bytes:
        if self.size > limit:
            raise TooLargeError(what="a file", size=self.size, limit=limit)
        return self._path.read_bytes()

    def chunks(self) -> Iterator[bytes]:
        with self._path.open("rb") as data:
            while chunk := data.read(1 << 16):
                yield chunk


class Writing:
    """A bundle that is being written to `to`; what is told at its end waits in `folder`."""

    def __init__(self, to: Path, folder: Path, profile: Profile) -> None:
        self._profile = profile
        self._folder = folder
        self._open = ExitStack()
        self._out = ArchiveWriter(self._file(to), self._file(folder / "directory"))
        self._orders = self._file(folder / "orders")
        self._proof = self._file(folder / "proof")
        self._text = self._file(folder / "text")
        self._count = 0
        self.add(Entry(README, InMemory(_readme(profile))))

    def _file(self, path: Path) -> BinaryIO:
        return self._open.enter_context(path.open("w+b"))

    def __enter__(self) -> Writing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def archive(self, name: str) -> tuple[ArchiveWriter, Path]:
        """An archive that goes out as one of the files; where it lies until then."""
        path = self._folder / name
        return ArchiveWriter(self._file(path), self._file(self._folder / f"{name}.dir")), path

    def add(self, entry: Entry) -> None:
        self._out.add(entry)

    def order(
        self, line: Mapping[str, Any], proof: list[dict[str, Any]], *, text: str = ""
    ) -> None:
        self._orders.write(canonical(dict(line)) + b"\n")
        self._proof.writelines(canonical(each) + b"\n" for each in proof)
        self._text.write(f"{text}\n".encode() if text else b"")
        self._count += 1

    def close(self, index: Mapping[str, Any], *, text: bool) -> None:
        """Write what is told at the end. Every file that it takes in must be complete by now."""
        said = {
            "v": 1,
            "profile": {
                "id": self._profile.id,
                "version": self._profile.version,
                "sha256": self._profile.sha256,
            },
            "orders": self._count,
            **index,
        }
        told = json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        self.add(Entry(INDEX, InMemory(told.encode())))
        self.add(Entry(ORDERS, self._waited(self._orders, "orders")))
        self.add(Entry(PROFILE, InMemory(self._profile.raw)))
        self.add(Entry(PROOF, self._waited(self._proof, "proof")))
        if text:
            self.add(Entry(TEXT, self._waited(self._text, "text")))
        self._out.close()

    def _waited(self, file: BinaryIO, name: str) -> Content:
        file.flush()
        return InFile(self._folder / name)


def _readme(profile: Profile) -> bytes:
    return (
        f"{profile.title}\n\n{profile.how}\n\n"
        "files/         what goes to the platform, and nothing else\n"
        "orders.jsonl   an order a line: texts by field, files by field, link, what was left out\n"
        "               and why, and what speaks against it\n"
        "proof.jsonl    a claim a line: the item, the place in it and the receipt it rests on\n"
        "profile.toml   the limits that were obeyed, each with its source\n\n"
        "Everything said here stands in a sealed account; `orderproof bundle --profile bagit` has\n"
        "it with all proofs. No result is promised. Read everything before you submit it.\n"
    ).encode()
