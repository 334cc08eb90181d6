"""Would the platform take this bundle? Read out of its bytes; the one who made it is not asked.

    README.txt          what a person does with it
    files/…             what goes to the platform, and nothing else
    index.json          which profile, whose store, which day, how many orders
    orders.jsonl        an order a line: its fields, files and link
    profile.toml        the profile that was obeyed
    proof.jsonl         a claim a line: the item and receipt that it rests on
    text.txt            of an archive: all texts, ready to paste

docs/profiles.md tells of every line.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from evidence.errors import FormatError
from evidence.profile import Profile, Shape
from evidence.times import parse_rfc3339
from verifiers.forms.limits import Limits
from verifiers.forms.rules import (
    Breach,
    Sent,
    Upload,
    of_archive_name,
    of_inner_name,
    of_sent,
    of_upload,
)
from verifiers.forms.uploads import MAX_UPLOAD, Told, told
from verifiers.profilebook import read_profile

README = "README.txt"
FILES = "files/"
INDEX = "index.json"
ORDERS = "orders.jsonl"
PROFILE = "profile.toml"
PROOF = "proof.jsonl"
TEXT = "text.txt"

MAX_FILES = 200_000
MAX_LINE = 4 << 20
MAX_INDEX = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What was looked at and what is wrong; it is taken if nothing but advice is."""

    profile: Profile
    orders: int
    files: int
    breaches: tuple[Breach, ...]

    @property
    def ok(self) -> bool:
        return all(breach.advised for breach in self.breaches)


def lint(file: BinaryIO, profile: Profile | None = None) -> Linted:
    """Look at a bundle that a profile made.

    profile   the rules to hold it to; None: those that it carries

    Raises FormatError if it is no such bundle.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return _Bundle(archive, profile).linted()
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as problem:
        raise FormatError(what="the bundle", why=f"it is no ZIP ({problem})") from problem


class _Bundle:
    def __init__(self, archive: zipfile.ZipFile, profile: Profile | None) -> None:
        self._archive = archive
        names = archive.namelist()
        if len(names) > MAX_FILES:
            raise FormatError(what="the bundle", why=f"it has more than {MAX_FILES} files")
        if len(set(map(str.lower, names))) != len(names):
            raise FormatError(what="the bundle", why="two of its files have one name")
        self._names = frozenset(names)
        if missing := [name for name in (INDEX, ORDERS, PROFILE, PROOF) if name not in names]:
            why = f"it has no {missing[0]}: no profile but bagit and its like makes such a file"
            raise FormatError(what="the bundle", why=why)
        self._profile = profile or read_profile(self._small(PROFILE), name=PROFILE)
        self._limits = Limits(self._profile)
        self._index = _table(self._small(INDEX), INDEX)
        self._files = 0

    def linted(self) -> Linted:
        breaches: list[Breach] = []
        held: set[str] = set()
        orders: list[str] = []
        for number, line in enumerate(self._lines(ORDERS), start=1):
            where = f"{ORDERS}, line {number}"
            said = _table(line, where)
            orders.append(_text(said.get("order"), "id", where))
            paths = _texts(said.get("files"), where)
            held |= set(paths)
            breaches += self._of_order(said, orders[-1], paths, where)
        if self._profile.shape is Shape.ARCHIVE:
            breaches += self._of_archives(held, orders)
        breaches += self._of_all(held, orders)
        return Linted(
            profile=self._profile,
            orders=len(orders),
            files=self._files,
            breaches=tuple(breaches),
        )

    def _of_order(
        self, said: Mapping[str, Any], order: str, paths: Mapping[str, str], where: str
    ) -> Iterator[Breach]:
        uploads = []
        for path, field in paths.items():
            if self._profile.shape is Shape.ARCHIVE:
                continue  # they lie in the archive, and are looked at there
            if path not in self._names:
                yield Breach(key="bundle", where=path, says=f"{path} is named and not there.")
                continue
            if self._profile.shape is not Shape.BAG:
                uploads.append(self._upload(self._archive, path, field))
        link = said.get("link")
        yield from of_sent(
            Sent(
                called=f"order {order}",
                uploads=uploads,
                texts=_texts(said.get("texts"), where),
                link=None if link is None else _link(link, where),
            ),
            self._profile,
            self._limits,
        )
        if self._profile.shape is Shape.LINKS and link is None:
            says = f"Order {order} has no link to its evidence: make one."
            yield Breach(key="links.hosts", where=f"order {order}", says=says)

    def _of_archives(self, held: set[str], orders: list[str]) -> Iterator[Breach]:
        """The archives that go to the platform, and all that lies in them."""
        store = self._index.get("store")
        name, seller = (str(_get(store, key)) for key in ("file_name", "seller"))
        date = str(self._index.get("date", ""))
        inner: list[Upload] = []
        count = 0
        for path in sorted(self._names):
            if not path.startswith(FILES):
                continue
            if not path.endswith(".zip"):
                says = f"{path} lies beside the archive: put it in."
                yield Breach(key="bundle", where=path, says=says)
                continue
            count += 1
            size = self._archive.getinfo(path).file_size
            yield from of_archive_name(
                path.rpartition("/")[2], size, self._limits, store=name, date=date
            )
            try:
                with self._archive.open(path) as raw, zipfile.ZipFile(raw) as archive:
                    for each in archive.namelist():
                        upload = self._upload(archive, each, "")
                        inner.append(upload)
                        yield from of_upload(upload, self._limits)
                        yield from of_inner_name(each, self._limits, seller=seller)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as problem:
                says = f"{path} is no ZIP ({problem}): make it again."
                yield Breach(key="bundle", where=path, says=says)
        if count != 1:
            says = f"There are {count} archives, and the platform takes one."
            yield Breach(key="bundle", where=FILES, says=says)
        names = {upload.name for upload in inner}
        for path in sorted(held - names):
            says = f"{path} is named and not in the archive."
            yield Breach(key="bundle", where=path, says=says)

    def _of_all(self, held: set[str], orders: list[str]) -> Iterator[Breach]:
        said = self._index.get("orders")
        if said != len(orders):
            says = f"{INDEX} tells of {said} orders, and {ORDERS} of {len(orders)}."
            yield Breach(key="orders.listed", where=ORDERS, says=says)
        for order in sorted(each for each, times in Counter(orders).items() if times > 1):
            says = f"Order {order} is there twice."
            yield Breach(key="orders.listed", where=ORDERS, says=says)
        listed = self._limits.firm("orders.listed")
        if listed and self._profile.shape is Shape.ARCHIVE:
            text = self._small(TEXT).decode("utf-8", "replace") if TEXT in self._names else ""
            words = set(text.replace(":", " ").split())
            for order in orders:
                if order not in words:
                    says = f"{TEXT} does not name the order {order}: name every one ({listed})."
                    yield Breach(key="orders.listed", where=f"order {order}", says=says)
        if self._profile.shape is not Shape.ARCHIVE:
            for path in sorted(self._names):
                if path.startswith(FILES) and path not in held:
                    says = f"{path} belongs to no order: leave it out."
                    yield Breach(key="bundle", where=path, says=says)

    def _upload(self, archive: zipfile.ZipFile, path: str, field: str) -> Upload:
        info = archive.getinfo(path)
        self._files += 1
        if info.file_size > MAX_UPLOAD:
            broken = f"it has more than {MAX_UPLOAD} bytes"
            seen = Told(media_type="", broken=broken)
        else:
            with archive.open(info) as data:
                seen = told(data.read(MAX_UPLOAD + 1))
        return Upload(name=path, size=info.file_size, told=seen, field=field)

    def _small(self, name: str) -> bytes:
        limit = 64 << 20 if name == TEXT else MAX_INDEX
        if self._archive.getinfo(name).file_size > limit:
            raise FormatError(what=name, why=f"it has more than {limit} bytes")
        with self._archive.open(name) as data:
            return data.read(limit + 1)

    def _lines(self, name: str) -> Iterator[bytes]:
        with self._archive.open(name) as data:
            while line := data.readline(MAX_LINE + 1):
                if len(line) > MAX_LINE:
                    raise FormatError(what=name, why=f"a line has more than {MAX_LINE} bytes")
                yield line


def _table(raw: bytes, where: str) -> Mapping[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise FormatError(what=where, why="it is not JSON") from problem
    if not isinstance(value, dict):
        raise FormatError(what=where, why="it is no table")
    return value


def _get(value: Any, key: str) -> Any:
    return value.get(key, "") if isinstance(value, dict) else ""


def _text(value: Any, key: str, where: str) -> str:
    text = _get(value, key)
    if not isinstance(text, str) or not text:
        raise FormatError(what=where, why=f"it names no {key}")
    return text


def _texts(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise FormatError(what=where, why="files and texts are not tables of text")
    return value


def _link(value: Any, where: str) -> tuple[str, datetime | None]:
    ends = _get(value, "expires_at")
    return _text(value, "url", where), parse_rfc3339(ends) if isinstance(
        ends, str
    ) and ends else None
