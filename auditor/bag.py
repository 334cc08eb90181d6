"""Is every file there, none other, and each as its BagIt manifest says?

Reads     the digests that `hashing` found, of all files; they serve every later check.
Proves    nothing about who made the bag: whoever can change a file can change its line too. That
          is for the signatures, which the digests found here are compared with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from auditor.report import Checks
from auditor.sources import Source
from evidence.archive import shown
from evidence.bundle import (
    BAG_INFO,
    BAGIT,
    BAGIT_TEXT,
    BEFORE_READ,
    CONSISTENCY,
    COSIGNED,
    KEYS,
    MANIFEST,
    OPENINGS,
    PAYLOAD_MANIFEST,
    README,
    RECEIPTS,
    RENDERED,
    SEALED,
    STATEMENT,
    TAG_MANIFEST,
    UNLISTED,
    bag_info,
    bag_manifest,
    folder_name,
)
from evidence.canonical import digest
from evidence.errors import FormatError, TooLargeError
from evidence.oms import MODEL_SIG
from evidence.receipts import Receipt

MAX_PART_BYTES = 96 << 20  # an envelope of 64 MiB, in base64

_LINE = re.compile(r"([0-9a-f]{64})  ([^\s\x00-\x1f]{1,400})")
_NUMBERED = re.compile(
    r"proof/(derived/)?inclusion/[0-9]{4,9}\.tlog-proof|proof/derived/([0-9]{4,9}\.dsse\.json"
    r"|receipts\.jsonl|openings\.json|checkpoint|consistency)"
)
_ANCHORS = {f"{at}/{part}" for at in (BEFORE_READ, SEALED) for part in ("token.tsr", "query.tsq")}
_NEEDED = frozenset(
    {BAGIT, BAG_INFO, PAYLOAD_MANIFEST, TAG_MANIFEST, README, STATEMENT, RECEIPTS, OPENINGS, KEYS}
    | {MODEL_SIG}
    | {f"{BEFORE_READ}/checkpoint", f"{SEALED}/checkpoint"}
)
_ALLOWED = _NEEDED | _ANCHORS | RENDERED | {MANIFEST, CONSISTENCY, COSIGNED}


@dataclass(slots=True)
class Bag:
    """The files of a bundle with the digests that were found, not those that were claimed.

    found    SHA-256 by path; empty until `settle` has waited for it
    payload  the paths under data/
    checks   where what is read from here on is told
    """

    source: Source
    checks: Checks
    found: Mapping[str, str] = field(default_factory=dict)
    payload: Set[str] = frozenset()
    _read_before: list[tuple[str, str, str]] = field(default_factory=list)

    def read(self, path: str, check: str) -> bytes | None:
        """A file's bytes, the same that were hashed; None, and a failed `check`, if not."""
        raw = self.optional(path, check)
        if raw is None and not self.checks.has_failed(check):
            self.checks.failed(check, f"{path} is missing.", path)
        return raw

    def optional(self, path: str, check: str) -> bytes | None:
        """The same, for a file that need not be there."""
        if path not in self.source.sizes:
            return None
        try:
            raw = self.source.read(path, limit=MAX_PART_BYTES)
        except (FormatError, TooLargeError) as error:
            self.checks.failed(check, f"{path} cannot be read: {error.why}.", path)
            return None
        if not self.found:
            self._read_before.append((check, path, digest(raw)))
        elif digest(raw) != self.found[path]:
            self._changed(check, path)
            return None
        return raw

    def settle(self, found: Mapping[str, str]) -> None:
        """Take the digests, and compare what was read before they were there."""
        self.found = found
        self.payload = frozenset(path for path in found if path.startswith("data/"))
        for check, path, sha256 in self._read_before:
            if found[path] != sha256:
                self._changed(check, path)

    def _changed(self, check: str, path: str) -> None:
        self.checks.failed(check, f"{path} changed while it was checked.", path)


def check_bag(bag: Bag) -> None:
    """Compare every file with both manifests in both directions."""
    source, checks = bag.source, bag.checks
    name = "zip" if source.kind == "zip" else "folder"
    for fault in source.faults:
        checks.failed(name, fault.what, fault.where)
    statement = bag.optional(STATEMENT, "statement")
    if source.folder and statement is not None and source.folder != folder_name(statement):
        what = f"The ZIP's folder is {shown(source.folder)}, not {folder_name(statement)}."
        checks.failed(name, what, source.folder)
    checks.passed_unless_failed(
        name,
        "The ZIP is byte for byte the one that is written for these files."
        if source.kind == "zip"
        else "The folder holds plain files only.",
    )
    _compare(bag, PAYLOAD_MANIFEST, bag.payload)
    _compare(bag, TAG_MANIFEST, set(bag.found) - bag.payload - UNLISTED)
    for path in sorted(_NEEDED - set(bag.found)):
        checks.failed("files", f"{path} is missing.", path)
    for path in sorted(set(bag.found) - bag.payload - _ALLOWED):
        if not _NUMBERED.fullmatch(path):
            checks.failed("files", f"{shown(path)} is not a file that a bundle holds.", path)
    if BAGIT in bag.found and bag.optional(BAGIT, "files") != BAGIT_TEXT:
        checks.failed("files", f"{BAGIT} was altered: it is the same in every bundle.", BAGIT)
    checks.passed_unless_failed(
        "files", f"All {len(bag.found)} files are there, none other, each with its SHA-256."
    )


def check_bag_info(bag: Bag, last: Receipt) -> None:
    """Whether `bag-info.txt` says what receipts and counts say."""
    raw = bag.optional(BAG_INFO, "files")
    size = sum(bag.source.sizes[path] for path in bag.payload)
    right = bag_info(last, payload_bytes=size, payload_files=len(bag.payload))
    if raw is not None and raw != right:
        what = f"{BAG_INFO} does not say what the receipts and files call for."
        bag.checks.failed("bag-info", what, BAG_INFO)
    bag.checks.passed_unless_failed("bag-info", "bag-info.txt agrees with receipts and files.")


def _compare(bag: Bag, manifest: str, there: Set[str]) -> None:
    raw = bag.optional(manifest, "files")
    if raw is None or raw == bag_manifest({path: bag.found[path] for path in there}):
        return
    checks = bag.checks
    listed: dict[str, str] = {}
    for number, line in enumerate(raw.decode("latin-1").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            checks.failed("files", f"Line {number} of {manifest} cannot be read.", manifest)
            continue
        listed[match[2]] = match[1]
    for path in sorted(set(listed) - there):
        checks.failed("files", f"{shown(path)} is missing; {manifest} lists it.", path)
    for path in sorted(there - set(listed)):
        checks.failed("files", f"{shown(path)} was added; {manifest} does not list it.", path)
    for path in sorted(there & set(listed)):
        if bag.found[path] != listed[path]:
            what = (
                f"{shown(path)} was altered: its SHA-256 is {bag.found[path] or 'unknown'}, "
                f"not {listed[path]} as {manifest} says."
            )
            checks.failed("files", what, path)
    if raw != bag_manifest(listed):
        what = f"{manifest} is not written the one canonical way (sorted, nothing twice)."
        checks.failed("files", what, manifest)
