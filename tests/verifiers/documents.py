"""Small documents and pictures, written byte by byte so that no binary lies in the repository."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from PIL import Image

from evidence.items import InMemory, Item, Provenance, Role


def pdf(*pages: Sequence[str], info: Mapping[str, str] | None = None, beside: str = "") -> bytes:
    """A PDF whose pages have these lines, each its own text operation.

    beside  stands far to the right of the last line
    """
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kids = []
    for lines in pages:
        drawn = "".join(
            f"BT /F1 12 Tf 40 {780 - 16 * index} Td ({_escaped(line)}) Tj ET\n"
            for index, line in enumerate(lines)
        )
        if beside:
            place = f"500 {780 - 16 * (len(lines) - 1)}"
            drawn += f"BT /F1 12 Tf {place} Td ({_escaped(beside)}) Tj ET\n"
        stream = zlib.compress(drawn.encode("latin-1"))
        objects.append(
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream)
        )
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R"
            b" /Resources << /Font << /F1 %s >> >> >>" % (len(objects), font)
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    trailer = ""
    if info:
        entries = " ".join(f"/{key} ({_escaped(value)})" for key, value in info.items())
        objects.append(f"<< {entries} >>".encode("latin-1"))
        trailer = f"/Info {len(objects)} 0 R "
    return _file(objects, trailer)


def _file(objects: Sequence[bytes], trailer: str = "") -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer}>>\n"
        f"startxref\n{table}\n%%EOF\n".encode()
    )
    return out.getvalue()


def pdf_of_objects(*objects: bytes) -> bytes:
    """A PDF with these objects as they are; the first is the catalog."""
    return _file(objects)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def picture(
    kind: str = "JPEG", *, size: tuple[int, int] = (64, 48), exif: Mapping[int, str] | None = None
) -> bytes:
    """A grey picture; `exif` gives fields of the Exif IFD, or 0x131 for the software."""
    image = Image.new("RGB", size, (128, 128, 128))
    out = io.BytesIO()
    if exif is None:
        image.save(out, kind)
        return out.getvalue()
    block = Image.Exif()
    inner = block.get_ifd(0x8769)
    for tag, value in exif.items():
        if tag >= 0x8000:
            inner[tag] = value
        else:
            block[tag] = value
    image.save(out, kind, exif=block)
    return out.getvalue()


def received(
    data: bytes,
    *,
    role: Role = Role.POD_DOCUMENT,
    media_type: str = "application/pdf",
    hints: Mapping[str, str] | None = None,
) -> Item:
    return Item(
        role=role,
        key="test",
        content=InMemory(data),
        media_type=media_type,
        collector="folder/1",
        origin="ups",
        provenance=Provenance.UPLOAD,
        collected_at=datetime(2026, 11, 20, tzinfo=UTC),
        hints=hints or {},
    )
