"""A drop folder: which files are an order's, what they are taken for, and what sidecars say."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.files import folder as module
from collectors.files.folder import Folder
from evidence.canonical import canonical
from evidence.errors import (
    ConfigError,
    EvidenceError,
    FormatError,
    RequestError,
    ShapeError,
    TooLargeError,
)
from evidence.facts import Facts
from evidence.items import InMemory, Item, Provenance, Role
from evidence.times import Instant, LocalTime
from tests.collectors.folder_script import NOW, ORDER, collect

PDF = b"%PDF-1.4\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
TRACKING = {"shipment.tracking_number": ("1Z999AA10123456784",)}
OTHER = "111-1111111-1111111"


def drop(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def keys(items: list[Item]) -> list[str]:
    return [item.key.partition("#")[0] for item in items]


def item_of(data: bytes, hints: dict[str, str]) -> Item:
    return Item(
        role=Role.DOCUMENT, key="a", content=InMemory(data), media_type="x", collector="folder/1",
        origin="seller", provenance=Provenance.UPLOAD, collected_at=NOW, name="a",
        about={"order.id": ORDER.id}, hints=hints,
    )  # fmt: skip


def test_files_are_found_by_number_in_their_path(tmp_path: Path) -> None:
    drop(
        tmp_path,
        {
            f"POD-{ORDER.id}.pdf": PDF,
            f"{ORDER.id}/photo.jpg": JPEG,
            "signature_1Z999AA10123456784.png": PNG,
            f"POD-{OTHER}.pdf": PDF,
            f"9{ORDER.id}.pdf": PDF,
        },
    )
    items = collect(Folder(), tmp_path, facts=TRACKING)
    assert [(item.key, item.role, item.media_type) for item in items] == [
        (f"{ORDER.id}/photo.jpg", Role.POD_PHOTO, "image/jpeg"),
        (f"POD-{ORDER.id}.pdf", Role.POD_DOCUMENT, "application/pdf"),
        ("signature_1Z999AA10123456784.png", Role.POD_SIGNATURE, "image/png"),
    ]
    assert {(item.origin, item.provenance) for item in items} == {("seller", Provenance.UPLOAD)}


def test_what_a_file_is_comes_from_its_bytes_never_its_name(tmp_path: Path) -> None:
    drop(tmp_path, {f"pod {ORDER.id}.pdf": b"MZ\x90\x00", f"photo {ORDER.id}.png": PDF})
    items = collect(Folder(), tmp_path)
    assert [(item.media_type, item.role) for item in items] == [
        ("application/pdf", Role.DOCUMENT),
        ("application/octet-stream", Role.DOCUMENT),
    ]


def test_a_file_without_a_telling_name_is_found_by_its_text(tmp_path: Path) -> None:
    drop(tmp_path, {"scan1.pdf": PDF, "scan2.pdf": PDF + b"2", "clip.bin": b"\0\1"})
    texts = {"scan1.pdf": f"Proof of Delivery\nReference {ORDER.id}"}
    asked: list[str] = []

    def text(item: Item) -> str:
        asked.append(item.key)
        return texts.get(item.key, "")

    (item,) = collect(Folder(), tmp_path, text=text)
    assert (item.key, item.role) == ("scan1.pdf", Role.POD_DOCUMENT)
    assert sorted(asked) == ["scan1.pdf", "scan2.pdf"]


def test_a_sidecar_says_what_a_file_is_and_is_brought_beside_it(tmp_path: Path) -> None:
    drop(
        tmp_path,
        {
            "scan.pdf": PDF,
            "scan.pdf.toml": f"""
                order_id = "{ORDER.id}"
                tracking_number = "1Z999AA10123456784"
                role = "pod.signature"
                origin = "ups"
                captured_at = 2026-06-14 09:26:00
                zone = "America/Los_Angeles"
            """.encode(),
        },
    )
    file, sidecar = collect(Folder(), tmp_path)
    assert (file.role, file.origin, file.provenance) == (
        Role.POD_SIGNATURE, "ups", Provenance.UPLOAD,
    )  # fmt: skip
    assert sidecar.origin == "seller"
    facts = Facts(Folder().read(sidecar))
    assert {fact.origin for fact in facts} == {"seller"}
    assert {fact.group for fact in facts} == {f"file/{file.sha256}"}
    assert facts.values("order.id", "shipment.tracking_number") == [
        ORDER.id,
        "1Z999AA10123456784",
    ]
    (captured,) = facts.named("document.captured.at")
    assert isinstance(captured.value, Instant)
    assert captured.value.at.hour == 16
    assert str(captured.locator) == "meta:captured_at"


def test_a_json_sidecar_without_a_zone_leaves_its_time_local(tmp_path: Path) -> None:
    note = f'{{"order_id": "{ORDER.id}", "captured_at": "2026-06-14 09:26"}}'.encode()
    drop(tmp_path, {"scan.pdf": PDF, "scan.json": note})
    _, sidecar = collect(Folder(), tmp_path)
    (captured,) = Facts(Folder().read(sidecar)).named("document.captured.at")
    assert isinstance(captured.value, LocalTime)
    assert str(captured.locator) == "json:/captured_at"


def test_a_sidecar_outranks_the_name_of_its_file(tmp_path: Path) -> None:
    drop(
        tmp_path,
        {
            f"a {ORDER.id}.pdf": PDF,
            f"a {ORDER.id}.toml": f'order_id = "{OTHER}"'.encode(),
            f"b {OTHER}.pdf": PDF + b"b",
            f"b {OTHER}.toml": f'order_id = "{ORDER.id}"'.encode(),
        },
    )
    assert keys(collect(Folder(), tmp_path)) == [f"b {OTHER}.pdf", f"b {OTHER}.toml"]


@pytest.mark.parametrize(
    "note",
    [b"order_id = ", b'role = "pod.everything"', b'zone = "EST"\ncaptured_at = "2026-06-14 09:26"',
     b"\xff", b'origin = "UPS & sons"', b"x" * 70_000],
)  # fmt: skip
def test_a_broken_sidecar_is_told_after_the_files_came(tmp_path: Path, note: bytes) -> None:
    drop(tmp_path, {f"{ORDER.id}.pdf": PDF, f"{ORDER.id}.pdf.toml": note})
    brought: list[Item] = []
    with pytest.raises(RequestError, match=r"pdf\.toml") as told:
        brought += collect(Folder(), tmp_path)
    # One thing to do, whatever each of the files would have had done by itself.
    said = str(told.value)
    assert said.endswith(f". {ConfigError.remedy}"), said
    assert not any(kind.remedy in said for kind in (FormatError, ShapeError, TooLargeError)), said
    # A sidecar of another customer's file is not our trouble, and its name is not told.
    drop(tmp_path, {f"{OTHER}.pdf": PDF, f"{OTHER}.pdf.toml": note})
    (tmp_path / f"{ORDER.id}.pdf.toml").unlink()
    assert keys(collect(Folder(), tmp_path)) == [f"{ORDER.id}.pdf"]


def test_notes_that_describe_nothing_are_files_themselves(tmp_path: Path) -> None:
    drop(tmp_path, {f"{ORDER.id}.toml": b"a = 1", f"{ORDER.id}.json": b"{}"})
    assert keys(collect(Folder(), tmp_path)) == [f"{ORDER.id}.json", f"{ORDER.id}.toml"]


def test_files_that_were_not_looked_into_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LOOKED_AT", 2)
    drop(tmp_path, {f"{n}.pdf": PDF + bytes([n]) for n in range(5)})
    with pytest.raises(RequestError, match="3 files"):
        collect(Folder(), tmp_path)


def test_a_name_says_its_name_and_numbers_in_the_sellers_word(tmp_path: Path) -> None:
    drop(tmp_path, {f"{ORDER.id}/1Z999AA10123456784.jpg": JPEG})
    (item,) = collect(Folder(), tmp_path, facts=TRACKING)
    said = [(f.name, f.text, str(f.locator), f.origin) for f in Folder().read(item)]
    assert said == [
        ("file.name", "1Z999AA10123456784.jpg", "name:", "seller"),
        ("order.id", ORDER.id, "name:", "seller"),
        ("shipment.tracking_number", "1Z999AA10123456784", "name:", "seller"),
    ]


@given(st.binary(max_size=200), st.sampled_from(["json", "toml", None]))
def test_any_bytes_give_facts_that_can_be_sealed_or_an_error_of_ours(
    data: bytes, kind: Any
) -> None:
    hints = {} if kind is None else {"describes": "0" * 64, "format": kind}
    item = item_of(data, hints)
    try:
        facts = Folder().read(item)
    except EvidenceError:
        return
    canonical([fact.to_json() for fact in facts])
