"""The one form of an archive: written at once or file by file, and read leniently before it is
written again and compared."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.archive import (
    END_BYTES,
    MAX_NAME,
    ArchiveWriter,
    Entry,
    Member,
    central_header,
    check_name,
    end_records,
    local_header,
    read_end,
    read_members,
    shown,
    write_archive,
)
from evidence.errors import CorruptionError, EvidenceError, FormatError, RequestError
from evidence.items import InMemory

FILES = {"a.txt": b"", "b/c.pdf": b"two", "b/d": b"x" * 70_000, "z": b"\x00"}
WIDE = 0xFFFF_FFFF


def entries(files: dict[str, bytes] = FILES) -> list[Entry]:
    return [Entry(name, InMemory(data)) for name, data in files.items()]


def written(files: dict[str, bytes] = FILES, *, before: bytes = b"") -> bytes:
    out = io.BytesIO(before)
    out.seek(len(before))
    size = write_archive(out, entries(files))
    assert size == len(out.getvalue()) - len(before)
    return out.getvalue()[len(before) :]


def one_by_one(files: dict[str, bytes], *, before: bytes = b"") -> bytes:
    out, directory = io.BytesIO(before), io.BytesIO()
    out.seek(len(before))
    writer = ArchiveWriter(out, directory)
    for entry in entries(files):
        writer.add(entry)
    size = writer.close()
    assert size == len(out.getvalue()) - len(before)
    return out.getvalue()[len(before) :]


NAMES = st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3})?", fullmatch=True)


@given(st.dictionaries(NAMES, st.binary(max_size=40), max_size=6), st.binary(max_size=9))
def test_file_by_file_or_at_once_the_bytes_are_the_same(
    files: dict[str, bytes], before: bytes
) -> None:
    ordered = dict(sorted(files.items()))
    try:
        whole = written(ordered, before=before)
    except RequestError:  # a file with the name of another's folder
        return
    assert one_by_one(ordered, before=before) == whole
    with zipfile.ZipFile(io.BytesIO(whole)) as theirs:
        assert {name: theirs.read(name) for name in theirs.namelist()} == files


def test_one_by_one_a_name_is_safe_and_not_the_last_again() -> None:
    writer = ArchiveWriter(io.BytesIO(), io.BytesIO())
    for name in ("../up", "", "a//b", "a/.", "con."):
        with pytest.raises(RequestError, match="the file name"):
            writer.add(Entry(name, InMemory(b"x")))
    writer.add(Entry("a", InMemory(b"x")))
    with pytest.raises(RequestError, match="it is there twice"):
        writer.add(Entry("a", InMemory(b"x")))
    writer.add(Entry("b", InMemory(b"x")))

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(RequestError, match="where one can seek"):
        ArchiveWriter(Pipe(), io.BytesIO())
    with pytest.raises(RequestError, match="where one can seek"):
        write_archive(Pipe(), entries())


def members(data: bytes) -> tuple[list[Member], int, int]:
    count, size, offset = read_end(data[-END_BYTES:])
    return read_members(data[offset : offset + size], count=count), size, offset


def test_what_was_written_is_read_back_with_its_places() -> None:
    data = written()
    found, size, offset = members(data)
    assert [(member.name, member.size) for member in found] == [
        (name, len(content)) for name, content in FILES.items()
    ]
    for member in found:
        assert data[member.data_at : member.end] == FILES[member.name]
        assert data[member.offset :].startswith(local_header(member))
    assert data[offset : offset + size] == b"".join(map(central_header, found))
    assert data[offset + size :] == end_records(count=len(found), size=size, offset=offset)


def test_a_directory_of_others_is_read_with_its_comments_and_extra_fields() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as theirs:
        for name in ("one", "two"):
            info = zipfile.ZipInfo(name)
            info.comment, info.extra = b"remark", b"\x99\x99\x04\x00abcd"
            theirs.writestr(info, name * 3)
    found, _, _ = members(out.getvalue())
    assert [(member.name, member.size) for member in found] == [("one", 9), ("two", 9)]
    assert found[1].offset == found[0].offset + 30 + 3 + 8 + 9


LARGE = [
    Member(name="large", size=WIDE, crc32=7, offset=5),
    Member(name="far", size=3, crc32=7, offset=WIDE),
    Member(name="both", size=WIDE + 9, crc32=7, offset=WIDE + 1),
    Member(name="huge", size=2**63 + 5, crc32=7, offset=2**63),
    Member(name="just under", size=WIDE - 1, crc32=7, offset=WIDE - 1),
]


@pytest.mark.parametrize("member", LARGE, ids=lambda member: member.name)
def test_numbers_that_do_not_fit_are_read_back_from_their_wide_fields(member: Member) -> None:
    record = central_header(member)
    assert read_members(record * 2, count=2) == [member, member]
    wide = member.size >= WIDE or member.offset >= WIDE
    assert (struct.unpack_from("<H", record, 6)[0], wide) in {(45, True), (10, False)}
    head = local_header(member)
    assert len(head) == 30 + len(member.name) + 20 * (member.size >= WIDE)
    assert member.data_at == member.offset + len(head)
    assert member.end == member.data_at + member.size


@pytest.mark.parametrize(
    ("count", "size", "offset", "wide"),
    [
        (0, 0, 0, False),
        (0xFFFE, WIDE - 1, WIDE - 1, False),
        (0xFFFF, 1, 1, True),
        (1, WIDE, 1, True),
        (1, 1, WIDE, True),
        (0x1_0000, WIDE + 1, WIDE + 2, True),
    ],
)
def test_an_end_says_how_many_and_where(count: int, size: int, offset: int, *, wide: bool) -> None:
    end = end_records(count=count, size=size, offset=offset)
    assert read_end(end) == (count, size, offset)
    assert read_end(b"x" * 9 + end) == (count, size, offset)
    assert len(end) == (END_BYTES if wide else 22)
    if wide:
        with pytest.raises(FormatError, match="its ZIP64 record is missing"):
            read_end(end[-22:])
        with pytest.raises(FormatError, match="its ZIP64 record is missing"):
            read_end(b"x" + end[1:])


@pytest.mark.parametrize("tail", [b"", b"x" * 21, b"x" * 22, b"PK\x05\x06" + b"\x00" * 19])
def test_no_end_at_the_very_end_is_told(tail: bytes) -> None:
    with pytest.raises(FormatError, match="no end record stands there"):
        read_end(tail)


def test_a_directory_that_is_cut_or_longer_or_another_is_told() -> None:
    record = central_header(Member(name="a", size=1, crc32=2, offset=3))
    assert read_members(b"", count=0) == []
    cases = [
        (record[:40], 1, "it ends before record 0"),
        (record + record[:40], 2, "it ends before record 1"),
        (record, 2, "it ends before record 1"),
        (b"x" + record[1:], 1, "record 0 does not begin as one"),
        (record + b"x" * 46, 2, "record 1 does not begin as one"),
        (record + b"x", 1, "its 1 records do not fill its 48 bytes"),
        (record[:-1], 1, "its 1 records do not fill its 46 bytes"),
    ]
    for directory, count, says in cases:
        with pytest.raises(FormatError, match=f"The ZIP directory.*{says}"):
            read_members(directory, count=count)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a" * MAX_NAME, ""), ("a/b.c/d-e_F9", ""), (".hidden", ""), ("a" * (MAX_NAME + 1), "more"),
        ("a b", "not made of ASCII"), ("/a", "not made of"), ("a/", "not made of"),
        ("ä", "not made of"), ("a\\b", "not made of"), ("..", "only dots or ends in one"),
        ("a/../b", "only dots or ends"), ("a.", "only dots or ends"), ("a./b", "only dots or"),
    ],
)  # fmt: skip
def test_a_name_is_safe_anywhere_or_refused(name: str, says: str) -> None:
    if not says:
        check_name(name)
        return
    with pytest.raises(FormatError, match=says):
        check_name(name)


def test_a_name_from_outside_is_shown_escaped_and_cut() -> None:
    assert shown("a/b.txt") == "a/b.txt"
    assert shown("a\nb") == "'a\\nb'"
    assert shown("x" * 120) == "x" * 120
    assert shown("x" * 121) == "x" * 120 + "..."


def test_names_that_are_one_on_some_disk_are_refused() -> None:
    for files in ({"a": b"", "A": b""}, {"a": b"", "a/b": b""}, {"A": b"", "a/b/c": b""}):
        with pytest.raises(RequestError, match="the file name"):
            written(files)


class Lying(InMemory):
    """Content that gives other bytes than it promises."""

    def chunks(self) -> Iterator[bytes]:
        yield self.data + b"more"


def test_a_content_that_gives_more_is_not_written() -> None:
    with pytest.raises(CorruptionError, match="other bytes than its size and SHA-256 promise"):
        write_archive(io.BytesIO(), [Entry("a", Lying(b"x"))])
    with pytest.raises(EvidenceError):
        ArchiveWriter(io.BytesIO(), io.BytesIO()).add(Entry("a", Lying(b"x")))
