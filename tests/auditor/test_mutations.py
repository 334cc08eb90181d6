"""Flip any byte of a bundle, and the file or part it lies in is named."""

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.report import Report, State
from auditor.verify import verify_path
from evidence.errors import EvidenceError
from tests.auditor.bundles import make

FEW = 320
MANY = 2_000


def test_a_flipped_byte_of_the_zip_is_found_and_its_place_is_named(tmp_path: Path) -> None:
    _flip_zip(tmp_path, FEW)


def test_a_flipped_byte_of_the_folder_is_found_and_its_file_is_named(tmp_path: Path) -> None:
    _flip_folder(tmp_path, FEW)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_thousand_flipped_bytes_are_found(tmp_path: Path) -> None:
    _flip_zip(tmp_path, MANY)
    _flip_folder(tmp_path, MANY)


def _flip_zip(tmp_path: Path, count: int) -> None:
    path = tmp_path / "bundle.zip"
    data = make(4).zip()
    path.write_bytes(data)
    assert verify_path(path).ok
    places = _places(path, len(data))
    dice = random.Random(3)
    # Some of every part, so that small ones are not missed by luck.
    chosen = {dice.choice(list(span)) for _, span in places for _ in range(4)}
    chosen |= {0, 1, 2, 3, len(data) - 1}
    others = [at for at in range(len(data)) if at not in chosen]
    chosen |= set(dice.sample(others, max(0, count - len(chosen))))
    assert len(chosen) >= count
    owner = {at: name for name, span in places for at in span}
    with path.open("r+b", buffering=0) as file:
        for at in sorted(chosen):
            file.seek(at)
            file.write(bytes([data[at] ^ 1 << dice.randrange(8)]))
            name = owner[at]
            try:
                report = verify_path(path)
            except EvidenceError as error:  # then it is not taken for a bundle at all
                assert at < 4, (at, error)
            else:
                assert not report.ok, f"byte {at} of {name} was flipped, and nobody noticed"
                if name:
                    assert name in _named(report), (at, name, report.lines())
                else:
                    assert any(
                        check.name == "zip" and check.state is State.FAIL for check in report.checks
                    ), (at, report.lines())
            file.seek(at)
            file.write(data[at : at + 1])
    assert path.read_bytes() == data


def _flip_folder(tmp_path: Path, count: int) -> None:
    for entry in make(4).entries():
        path = tmp_path / "bag" / entry.name.partition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content.read(1 << 20))
    folder = tmp_path / "bag"
    assert verify_path(folder).ok
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    dice = random.Random(4)
    every = [(path, at) for path in files for at in range(path.stat().st_size)]
    for path, at in dice.sample(every, count) + [(path, 0) for path in files]:
        data = path.read_bytes()
        flipped = bytearray(data)
        flipped[at] ^= 1 << dice.randrange(8)
        path.write_bytes(flipped)
        report = verify_path(folder)
        name = str(path.relative_to(folder))
        assert not report.ok, f"byte {at} of {name} was flipped, and nobody noticed"
        assert name in _named(report), (name, at, report.lines())
        path.write_bytes(data)


def _places(path: Path, size: int) -> list[tuple[str, range]]:
    """(path in the bag or "" for structure, the bytes it takes up), all of the file."""
    places: list[tuple[str, range]] = []
    at = 0
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            start = info.header_offset + 30 + len(info.filename)
            places.append(("", range(at, start)))
            at = start + info.file_size
            places.append((info.filename.partition("/")[2], range(start, at)))
    return [*places, ("", range(at, size))]


def _named(report: Report) -> set[str]:
    return set(_failed(report))


def _failed(report: Report) -> Iterator[str]:
    for check in report.checks:
        if check.state is State.FAIL:
            # A damaged line in a BagIt manifest is told by what it says wrongly.
            yield check.where
            yield from (word.strip(".,:;") for word in check.what.split())
