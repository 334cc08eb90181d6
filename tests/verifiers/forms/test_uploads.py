"""What a file is by its bytes alone: whole, cut short, of another kind, or of none."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.verifiers.forms.by_hand import archive, pdf, picture
from verifiers.forms.uploads import Told, told

PNG, JPEG = picture("png", dpi=96), picture("jpeg", dpi=96)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Told(media_type="")),
        (b"plain text", Told(media_type="")),
        (archive({"a": b""}), Told(media_type="application/zip")),
        (b"II*\0rest", Told(media_type="image/tiff")),
        (b"MM\0*rest", Told(media_type="image/tiff")),
        (b"GIF89a" + struct.pack("<2H", 7, 9), Told(media_type="image/gif", width=7, height=9)),
        (b"GIF87a\7\0", Told(media_type="image/gif", width=7, height=0)),
        (PNG, Told(media_type="image/png", width=60, height=40, dpi=96)),
        (PNG[:-1], Told(media_type="image/png", width=60, height=40, broken="it is cut short")),
        (PNG[:32], Told(media_type="image/png", broken="it has no header")),
        (PNG.replace(b"IHDR", b"IHDX"), Told(media_type="image/png", broken="it has no header")),
        (JPEG, Told(media_type="image/jpeg", width=60, height=40, dpi=96)),
        (JPEG + b"\0" * 99, Told(media_type="image/jpeg", width=60, height=40, dpi=96)),
        (JPEG[:-2],
         Told(media_type="image/jpeg", width=60, height=40, dpi=96, broken="it is cut short")),
        (JPEG[:2] + b"\xff" + JPEG[2:],  # bytes to fill up may stand before a marker
         Told(media_type="image/jpeg", width=60, height=40, dpi=96)),
        (JPEG[:20], Told(media_type="image/jpeg", dpi=96, broken="it has no frame")),
        (b"\xff\xd8\xff", Told(media_type="image/jpeg", broken="it has no frame")),
        (b"\xff\xd8\xff\xe1\0\2no marker",
         Told(media_type="image/jpeg", broken="it has no frame")),
        (pdf(3), Told(media_type="application/pdf", pages=3)),
        (pdf(standard="PDF/A-2b"),
         Told(media_type="application/pdf", pages=1, standard="PDF/A-2b")),
        (pdf(password="x"), Told(media_type="application/pdf", broken="it is encrypted")),
    ],
)  # fmt: skip
def test_a_file_is_what_its_bytes_say(data: bytes, expected: Told) -> None:
    assert told(data) == expected


def test_a_pdf_that_no_parser_opens_says_so() -> None:
    found = told(b"%PDF-1.7 and nothing else")
    assert found.media_type == "application/pdf"
    assert found.broken.startswith("it cannot be opened (")


@pytest.mark.parametrize(("unit", "dpi"), [(0, 0), (1, 38), (2, 97), (3, 0)])
def test_a_jpegs_dots_are_counted_by_inch_or_centimetre(unit: int, dpi: int) -> None:
    head = b"\xff\xe0\0\x10JFIF\0\1\1" + bytes([unit]) + struct.pack(">2H", 38, 38) + b"\0\0"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "jpeg")
    assert told(b"\xff\xd8" + head + out.getvalue()[20:]).dpi == dpi


@given(st.sampled_from([PNG, JPEG, pdf(), b"GIF89a"]), st.integers(0), st.binary(max_size=9))
def test_whatever_is_cut_out_or_put_in_it_is_told_and_raises_nothing(
    data: bytes, at: int, put: bytes
) -> None:
    at %= len(data)
    assert isinstance(told(data[:at] + put + data[at + 3 :]), Told)
    assert isinstance(told(data[:at]), Told)
