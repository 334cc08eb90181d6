"""Bundles written by hand, by other means than the program's, with each rule kept or broken."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from evidence.profile import Profile
from verifiers.forms.lint import Linted, lint
from verifiers.profilebook import profile_named


def pdf(pages: int = 1, *, standard: str = "", padding: int = 0, password: str = "") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=595, height=842)
    if standard:
        part, level = standard[-2], standard[-1].upper()
        xmp = f"<pdfaid:part>{part}</pdfaid:part><pdfaid:conformance>{level}</pdfaid:conformance>"
        stream = DecodedStreamObject()
        stream.set_data(xmp.encode())
        writer.root_object[NameObject("/Metadata")] = writer._add_object(stream)
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue() + b"%" + b"p" * padding if padding else out.getvalue()


def picture(kind: str = "jpeg", size: tuple[int, int] = (60, 40), *, dpi: int = 72) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, format=kind, dpi=(dpi, dpi))
    return out.getvalue()


def archive(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files.items():
            # Without the time of day: such bytes name tests, and all processes must agree on them.
            made.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def order(
    id: str,
    *,
    files: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    link: Mapping[str, str] | None = None,
    platform: str = "amazon",
) -> dict[str, Any]:
    return {
        "order": {"platform": platform, "id": id, "site": "US"},
        "files": dict(files or {}),
        "texts": dict(texts or {}),
        "link": dict(link) if link else None,
    }


def bundle(
    profile: Profile,
    orders: Sequence[Mapping[str, Any]],
    files: Mapping[str, bytes],
    *,
    text: str = "",
    count: int | None = None,
) -> bytes:
    index = {
        "profile": profile.id,
        "orders": len(orders) if count is None else count,
        "store": {"file_name": "BrightLeaf", "seller": "A1B2C3D4"},
        "date": "2026-11-20",
    }
    around = {
        "README.txt": b"",
        "index.json": json.dumps(index).encode(),
        "orders.jsonl": b"".join(json.dumps(each).encode() + b"\n" for each in orders),
        "profile.toml": profile.raw,
        "proof.jsonl": b"",
    }
    return archive({**files, **around, **({"text.txt": text.encode()} if text else {})})


def linted(data: bytes) -> Linted:
    return lint(io.BytesIO(data))


def broken(data: bytes) -> set[str]:
    """The limits that are broken, advice left out."""
    return {breach.key for breach in linted(data).breaches if not breach.advised}


ORDER = "111-1111111-1111111"
ZIP = "files/BrightLeaf_2026-11-20.zip"


def amazon(
    inner: Mapping[str, bytes] | None = None,
    *,
    name: str = ZIP,
    text: str = f"Order {ORDER}: delivered.",
) -> bytes:
    held = {"A1B2C3D4_1_delivery.pdf": pdf()} if inner is None else inner
    line = order(ORDER, files=dict.fromkeys(held, "delivery"), texts={"statement": "Delivered."})
    return bundle(profile_named("amazon"), [line], {name: archive(held)}, text=text)


def fields(
    profile: str,
    files: Mapping[str, bytes],
    texts: Mapping[str, str],
    named: Mapping[str, str] | None = None,
) -> bytes:
    """One order's files (by name below files/1/) and texts."""
    held = {f"files/1/{name}": data for name, data in files.items()}
    by_field = {f"files/1/{name}": (named or {}).get(name, name) for name in files}
    line = order("1001", files=by_field, texts=texts, platform="other")
    return bundle(profile_named(profile), [line], held)


def tiktok(
    *,
    texts: Mapping[str, str] | None = None,
    link: Mapping[str, str] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    said = {
        "defect_type": "Negative Review",
        "root_cause": "Carrier Delay",
        "explanation": "Delivered.",
    } | dict(texts or {})
    there = {"url": "https://drive.google.com/x", "expires_at": "2026-12-01T00:00:00.000000Z"}
    names = dict.fromkeys(files or {}, "tracking")
    line = order("576461413038785752", texts=said, link=there if link is None else link,
                 files=names, platform="tiktok")  # fmt: skip
    return bundle(profile_named("tiktok"), [line], files or {})
