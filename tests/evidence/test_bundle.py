"""A bundle is written one way: safe names, one canonical ZIP, BagIt manifests that fit."""

import io
import random
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.sources import open_source
from evidence.archive import (
    Entry,
    Member,
    central_header,
    check_name,
    end_records,
    local_header,
    write_archive,
)
from evidence.bundle import (
    Anchor,
    Opening,
    bag_info,
    bag_manifest,
    bundle_entries,
    folder_name,
    item_paths,
    openings_bytes,
    withheld_text,
)
from evidence.canonical import digest, parse_json
from evidence.dsse import Envelope
from evidence.errors import CorruptionError, EvidenceError, FormatError, RequestError
from evidence.items import OWN_ROLES, InMemory, Role
from evidence.manifest import SealedItem
from evidence.receipts import Receipt
from tests.auditor.bundles import House, Made, make, zip_of


@dataclass(frozen=True)
class Zeros:
    """Content that exists nowhere; `short` gives fewer bytes than it promises."""

    size: int
    sha256: str = ""
    short: int = 0

    def read(self, limit: int) -> bytes:
        raise AssertionError("nobody may hold all of it")

    def chunks(self) -> Iterator[bytes]:
        left = self.size - self.short
        while left > 0:
            yield bytes(min(left, 1 << 20))
            left -= 1 << 20


def sealed(seq: int, name: str | None, media_type: str = "application/pdf") -> SealedItem:
    return SealedItem(
        sha256=digest(f"{seq}".encode()),
        role=Role.POD_DOCUMENT,
        key="k",
        media_type=media_type,
        size=1,
        collector="test/1",
        origin="carrier",
        provenance="api",
        collected_at=datetime(2026, 11, 1, tzinfo=UTC),
        seq=seq,
        receipt="0" * 64,
        salt=bytes(32),
        name=name,
    )


@given(st.lists(st.tuples(st.none() | st.text(), st.text(max_size=30)), max_size=12))
def test_whatever_a_source_calls_its_files_their_paths_are_safe_and_unique(
    given_names: list[tuple[str | None, str]],
) -> None:
    items = [sealed(seq, name, kind) for seq, (name, kind) in enumerate(given_names)]
    paths = list(item_paths(items).values())
    assert len({path.lower() for path in paths}) == len(items)
    for path in paths:
        check_name(path)
        assert path.startswith("data/")
        assert path.count("/") == 1


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("POD Scan (1).PDF", "data/0007-pod.document-pod-scan-1.pdf"),
        ("../../etc/passwd", "data/0007-pod.document-passwd.pdf"),
        ("C:\\Users\\me\\invoice.pdf.exe", "data/0007-pod.document-invoice-pdf.pdf"),
        ("签收单.pdf", "data/0007-pod.document.pdf"),
        ("CON", "data/0007-pod.document-con.pdf"),
        ("a" * 300, "data/0007-pod.document-" + "a" * 40 + ".pdf"),
        (None, "data/0007-pod.document.pdf"),
    ],
)
def test_a_path_keeps_what_helps_a_reader(name: str | None, path: str) -> None:
    assert list(item_paths([sealed(7, name)]).values()) == [path]


def test_a_reviewers_paths_keep_nothing_of_a_name() -> None:
    paths = item_paths([sealed(3, "John Smith.pdf")], named=False)
    assert list(paths.values()) == ["data/0003-pod.document.pdf"]


def test_an_unknown_or_executable_media_type_becomes_bin() -> None:
    for kind in ("application/x-msdownload", "", "text/html\r\nx", "IMAGE/exe"):
        (path,) = item_paths([sealed(1, "x.exe", kind)]).values()
        assert path == "data/0001-pod.document-x.bin"


@pytest.fixture(scope="module")
def made() -> Made:
    return make(3)


def test_the_same_seal_gives_the_same_bytes_in_any_order(made: Made) -> None:
    entries = made.entries()
    first = zip_of(entries)
    random.Random(1).shuffle(entries)
    assert zip_of(entries) == first
    assert {entry.name.partition("/")[0] for entry in entries} == {
        folder_name(made.statement.envelope)
    }


def test_others_can_read_the_archive(made: Made) -> None:
    entries = made.entries()
    with zipfile.ZipFile(io.BytesIO(zip_of(entries))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(entry.name for entry in entries)
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.external_attr >> 16 == 0o100644
        for entry in entries:
            assert archive.read(entry.name) == entry.content.read(1 << 20)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), st.binary(max_size=50)))
def test_any_files_come_back_from_the_archive(files: dict[str, bytes]) -> None:
    data = zip_of([Entry(name, InMemory(raw)) for name, raw in files.items()])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files


@pytest.mark.parametrize(
    "names", [["a", "A"], ["a", "a"], ["a", "a/b"], ["../a"], ["/a"], ["a\\b"], ["é"], [""], ["a."]]
)
def test_names_that_collide_or_escape_are_refused(names: list[str]) -> None:
    with pytest.raises(RequestError):
        zip_of([Entry(name, InMemory(b"")) for name in names])


def test_a_large_content_streams_through_little_memory(tmp_path: Path) -> None:
    size = 64 << 20
    import hashlib

    sha256 = hashlib.sha256(bytes(size)).hexdigest()
    tracemalloc.start()
    with (tmp_path / "large.zip").open("wb") as out:
        written = write_archive(out, [Entry("large", Zeros(size, sha256))])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written == (tmp_path / "large.zip").stat().st_size > size
    assert peak < 6 << 20


@pytest.mark.parametrize(
    "content",
    [Zeros(10, digest(bytes(10)), short=1), Zeros(10, digest(b"")), Zeros(10, "", short=-9)],
)
def test_a_content_that_is_not_what_it_claims_is_not_written_as_a_bundle(content: Zeros) -> None:
    with pytest.raises(CorruptionError, match="wrong"):
        zip_of([Entry("right", InMemory(b"x")), Entry("wrong", content)])


def test_an_output_that_cannot_seek_is_refused() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(RequestError, match="seek"):
        write_archive(Pipe(), [])


def test_an_archive_may_begin_inside_a_file(made: Made) -> None:
    out = io.BytesIO(b"before")
    out.seek(6)
    write_archive(out, made.entries())
    assert out.getvalue()[6:] == zip_of(made.entries())


def test_more_files_than_sixteen_bits_count_make_a_zip64_others_read(tmp_path: Path) -> None:
    empty = InMemory(b"")
    data = zip_of([Entry(f"f/{number:06d}", empty) for number in range(65_536)])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.namelist()) == 65_536
    (tmp_path / "many.zip").write_bytes(data)
    source = open_source(tmp_path / "many.zip")
    assert (len(source.sizes), source.faults) == (65_536, [])
    source.close()


def test_a_file_of_more_than_four_gigabytes_makes_a_zip64_others_read(tmp_path: Path) -> None:
    """Written as a hole, so nothing of its size is stored or hashed."""
    path = tmp_path / "huge.zip"
    huge = Member(name="f/huge", size=5 << 30, crc32=0, offset=0)
    small = Member(name="f/small", size=0, crc32=0, offset=huge.end)
    directory = central_header(huge) + central_header(small)
    with path.open("wb") as out:
        out.write(local_header(huge))
        out.seek(huge.end)
        out.write(local_header(small))
        out.write(directory)
        out.write(end_records(count=2, size=len(directory), offset=small.end))
    with zipfile.ZipFile(path) as archive:
        assert [(info.filename, info.file_size) for info in archive.infolist()] == [
            ("f/huge", 5 << 30),
            ("f/small", 0),
        ]
        with archive.open("f/huge") as file:
            assert file.read(4) == bytes(4)
    source = open_source(path)
    assert source.faults == []
    assert dict(source.sizes) == {"huge": 5 << 30, "small": 0}
    source.close()


def test_parts_that_do_not_belong_together_are_refused(made: Made) -> None:
    other = make(3, house=House())
    assert made.manifest is not None
    assert other.manifest is not None
    item, content = made.items[0]
    for bent in (
        replace(made, receipts=made.receipts[:-1]),
        replace(made, receipts=[]),
        replace(made, receipts=[*made.receipts[1:], made.receipts[0]]),
        replace(made, statement=other.statement),
        replace(made, manifest=other.manifest),
        replace(made, manifest=replace(made.manifest, salt=bytes(32))),
        replace(made, proofs={}),
        replace(made, items=[(item, InMemory(b"other")), *made.items[1:]]),
    ):
        with pytest.raises(EvidenceError):
            bent.entries()
    assert content is not None
    with pytest.raises(RequestError, match="rendered"):
        bundle_entries(
            items=made.items,
            statement=made.statement,
            manifest=made.manifest,
            receipts=made.receipts,
            before_read=made.before_read,
            sealed=made.sealed,
            proofs=made.proofs,
            keys=made.house.keys_json,
            signer=made.house.signer,
            rendered=[Entry("run-me.exe", content)],
        )


def test_tokens_and_queries_lie_beside_their_checkpoint(made: Made) -> None:
    anchor = Anchor(checkpoint=made.sealed.checkpoint, token=b"t", query=b"q")
    names = {entry.name.partition("/")[2] for entry in replace(made, sealed=anchor).entries()}
    assert {"proof/sealed/token.tsr", "proof/sealed/query.tsq"} <= names
    assert "proof/before-read/token.tsr" not in names


def test_nothing_of_the_order_stands_in_the_tag_files(made: Made) -> None:
    for entry in made.entries():
        if entry.name.endswith(".txt"):
            assert b"A-1001" not in entry.content.read(1 << 20)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"openings":[{}],"v":1}',
        b'{"openings":7,"v":1}',
        b'{"openings":[],"v":2}',
        b'{"openings":[{"path":"a","salt":"zz","seq":0,"sha256":"00"}],"v":1}',
    ],
)
def test_openings_of_any_other_shape_are_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        Opening.read_all(raw)


def test_openings_come_back_in_the_order_of_their_receipts() -> None:
    one = Opening(seq=3, sha256="a" * 64, salt=bytes(range(32)), path="data/a")
    two = Opening(seq=1, sha256="b" * 64, salt=bytes(32), path="data/b")
    raw = openings_bytes([one, two])
    assert Opening.read_all(raw) == [two, one]
    assert Opening.read_all(openings_bytes([])) == []
    with pytest.raises(FormatError, match="not those of version 1"):
        Opening.read_all(raw.replace(b'"v":1', b'"v":2'))


def test_each_part_that_does_not_belong_is_named(made: Made) -> None:
    item, _ = made.items[0]
    assert made.manifest is not None
    count = len(made.receipts)
    cases = [
        (replace(made, receipts=made.receipts[:-1]), "the last receipt is not the statement's"),
        (replace(made, proofs={}), f"0 inclusion proofs where {count} are called for"),
        (
            replace(made, items=[(item, InMemory(b"other")), *made.items[1:]]),
            f"the content of item {item.seq} is not the one its line names",
        ),
        (
            replace(made, sealed=replace(made.sealed, cosigned=b"x")),
            "the cosigned checkpoint is not the sealed one with more signatures",
        ),
    ]
    for bent, says in cases:
        with pytest.raises(RequestError, match=says):
            bent.entries()


def parts_of(made: Made) -> dict[str, Any]:
    return {
        "items": made.items, "statement": made.statement, "manifest": made.manifest,
        "receipts": made.receipts, "before_read": made.before_read, "sealed": made.sealed,
        "proofs": made.proofs, "keys": made.house.keys_json, "signer": made.house.signer,
    }  # fmt: skip


def test_what_lies_elsewhere_or_is_signed_by_another_key_is_refused(made: Made) -> None:
    x = InMemory(b"x")
    assert bundle_entries(**parts_of(made))
    made_with = bundle_entries(**parts_of(made), derived={"data/derived/x": x})
    assert "data/derived/x" in {each.name.partition("/")[2] for each in made_with}
    with pytest.raises(RequestError, match="'data/x' is not where a derivative lies"):
        bundle_entries(**parts_of(made), derived={"data/x": x})
    with pytest.raises(RequestError, match=r"'run-me.exe' is not a file that is rendered"):
        bundle_entries(**parts_of(made), rendered=[Entry("run-me.exe", x)])
    with pytest.raises(RequestError, match="its keys do not have the one that signs it"):
        bundle_entries(**{**parts_of(made), "keys": {"manifest": [], "log": []}})
    with pytest.raises(RequestError, match="its keys do not have the one that signs it"):
        bundle_entries(**{**parts_of(made), "keys": {}})


def test_a_statement_that_names_itself_or_nobody_as_its_manifest_is_refused(made: Made) -> None:
    payload = parse_json(Envelope.from_json(made.statement.envelope).payload)
    count = len(made.receipts)
    for seq in (count - 1, count, 999):
        payload["predicate"]["manifest_seq"] = seq
        sealed = replace(made.statement, envelope=made.house.envelope(payload))
        with pytest.raises(RequestError, match="names a manifest that has no receipt here"):
            replace(made, statement=sealed).entries()


def test_a_statement_may_name_the_first_receipt_as_its_manifest() -> None:
    """An order for which nothing was collected: its manifest is the first of its receipts."""
    made = make(0)
    entries = {entry.name.partition("/")[2] for entry in made.entries()}
    assert {"proof/manifest.dsse.json", "proof/statement.dsse.json"} <= entries


def test_withheld_receipts_are_listed_and_our_own_are_not(made: Made) -> None:
    chain = [Receipt.from_bytes(raw) for raw in made.receipts]
    seq = len(chain) - 2
    evidence = [r for r in chain[:seq] if r.role not in OWN_ROLES]
    line = {r.seq: f"{r.seq} {r.role} {r.size} {r.sha256}\n" for r in chain}
    head = "seq role bytes receipt-sha256\n"
    every = [r.seq for r in evidence]
    assert withheld_text(chain, manifest_seq=seq, shown=every, full=True) == b""
    one = withheld_text(chain, manifest_seq=seq, shown=every[1:], full=True)
    assert one.decode() == head + line[every[0]]
    short = withheld_text(chain, manifest_seq=seq, shown=every, full=False)
    assert short.decode() == head + line[seq]


def test_bag_files_are_those_of_the_standard(made: Made) -> None:
    last = Receipt.from_bytes(made.receipts[-1])
    assert bag_manifest({"b": "2" * 64, "a": "1" * 64}) == (
        f"{'1' * 64}  a\n{'2' * 64}  b\n".encode()
    )
    assert bag_manifest({}) == b"" and b"\\xe4" in bag_manifest({"ä": "0" * 64})
    info = bag_info(last, payload_bytes=7, payload_files=2).decode()
    assert info.splitlines() == [
        "Bag-Software-Agent: orderproof",
        f"Bagging-Date: {last.collected_at:%Y-%m-%d}",
        f"External-Identifier: urn:orderproof:order:{last.order}",
        "Payload-Oxum: 7.2",
    ]
