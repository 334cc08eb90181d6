"""What a page loaded, as one file: WACZ 1.1.1 around a WARC/1.1 (webrecorder's specifications).

    datapackage.json          every file below with its SHA-256
    datapackage-digest.json   the SHA-256 of that
    archive/data.warc.gz      a record for each thing loaded, the screenshot and the PDF among them
    indexes/index.cdx         CDXJ: where in the archive each URL stands
    pages/pages.jsonl         the page

The same capture gives the same bytes: record ids come from the content, the ZIP has fixed dates.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from warcio.warcwriter import WARCWriter

from collectors.capture.browser import Loaded, Page
from collectors.exchanges import Head
from evidence.times import rfc3339

_FIXED = (1980, 1, 1, 0, 0, 0)
# The body is kept decoded; under their own names these would make readers decode it once more.
_RENAMED = ("content-encoding", "transfer-encoding", "content-length")


@dataclass(frozen=True, slots=True)
class _Indexed:
    url: str
    mime: str
    status: int
    digest: str
    offset: int
    length: int


def wacz(page: Page, *, at: datetime, addresses: Mapping[str, str], software: str) -> bytes:
    """The file.

    at         our clock when the capture was made
    addresses  host -> IP address it was reached at
    """
    archive, index = _archive(page, at=at, addresses=addresses, software=software)
    stamp = f"{at:%Y%m%d%H%M%S}"
    lines = sorted(_cdx_line(one, stamp) for one in index)
    files = {
        "archive/data.warc.gz": archive,
        "indexes/index.cdx": "".join(lines).encode(),
        "pages/pages.jsonl": _pages(page, at),
    }
    package = _json(
        {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": page.title,
            "software": software,
            "created": rfc3339(at),
            "mainPageUrl": page.url,
            "mainPageDate": rfc3339(at),
            "resources": [
                {
                    "name": name.rpartition("/")[2],
                    "path": name,
                    "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
                    "bytes": len(data),
                }
                for name, data in files.items()
            ],
        }
    )
    digest = {
        "path": "datapackage.json",
        "hash": f"sha256:{hashlib.sha256(package).hexdigest()}",
    }
    files |= {"datapackage.json": package, "datapackage-digest.json": _json(digest)}
    return _zip(files)


def _archive(
    page: Page, *, at: datetime, addresses: Mapping[str, str], software: str
) -> tuple[bytes, list[_Indexed]]:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    index: list[_Indexed] = []
    date = rfc3339(at)
    info = f"software: {software}\r\nformat: WARC File Format 1.1\r\nbrowser: {page.browser}\r\n"
    _write(writer, "warcinfo", "urn:orderproof:capture", info.encode(), date)
    for loaded in page.loaded:
        if loaded.body is None:
            continue
        offset = out.tell()
        _write_loaded(writer, loaded, loaded.body, date, addresses)
        index.append(
            _Indexed(
                loaded.url,
                loaded.mime or "application/octet-stream",
                loaded.status,
                f"sha256:{hashlib.sha256(loaded.body).hexdigest()}",
                offset,
                out.tell() - offset,
            )
        )
    for name, kind, data in _views(page):
        _write(writer, "resource", f"urn:{name}:{page.url}", data, date, kind=kind)
    left_out = [loaded.url for loaded in page.loaded if loaded.body is None]
    notes = "".join(f"body-not-kept: {url}\r\n" for url in left_out)
    notes += f"complete: {'yes' if page.complete else 'no'}\r\n"
    _write(writer, "metadata", page.url, notes.encode(), date, kind="application/warc-fields")
    return out.getvalue(), index


def _views(page: Page) -> Iterable[tuple[str, str, bytes]]:
    yield "fullPage", "image/png", page.png
    yield "pdf", "application/pdf", page.pdf
    for certificate in page.certificates:
        yield "certificate", "application/pkix-cert", certificate


def _write_loaded(
    writer: WARCWriter, loaded: Loaded, body: bytes, date: str, addresses: Mapping[str, str]
) -> None:
    parts = urlsplit(loaded.url)
    target = parts.path or "/"
    target += f"?{parts.query}" if parts.query else ""
    asked = Head(
        f"{loaded.method} {target} HTTP/1.1", _pairs(loaded.request_headers), is_http_request=True
    )
    answered = Head(
        f"{loaded.status} {loaded.reason}".rstrip(),
        [*_pairs(loaded.response_headers, renamed=True), ("Content-Length", str(len(body)))],
        protocol="HTTP/1.1",
    )
    address = addresses.get(parts.hostname or "", "")
    extra = {"WARC-IP-Address": address} if address else {}
    if protocol := str(loaded.security.get("protocol", "")):
        extra["WARC-Protocol"] = protocol.lower().replace(" ", "/")
    name = _write(writer, "response", loaded.url, body, date, head=answered, extra=extra)
    _write(writer, "request", loaded.url, b"", date, head=asked, extra={"WARC-Concurrent-To": name})


def _write(
    writer: WARCWriter,
    kind_of_record: str,
    url: str,
    data: bytes,
    date: str,
    *,
    kind: str | None = None,
    head: Head | None = None,
    extra: Mapping[str, str] | None = None,
) -> str:
    """Write one record; its id."""
    headed = b"" if head is None else head.to_ascii_bytes()
    seed = hashlib.sha256(f"{kind_of_record}\n{url}\n{date}\n".encode() + headed + data).digest()
    name = f"<urn:uuid:{uuid.UUID(bytes=seed[:16], version=5)}>"
    headers = {"WARC-Record-ID": name, "WARC-Date": date, **(extra or {})}
    record = writer.create_warc_record(
        url,
        kind_of_record,
        io.BytesIO(data),
        len(data),
        warc_content_type=kind or "",
        warc_headers_dict=headers,
        http_headers=head,
    )
    writer.write_record(record)
    return name


def _pairs(headers: Mapping[str, str], *, renamed: bool = False) -> list[tuple[str, str]]:
    """Header lines; the browser joins those of one name with line feeds."""
    pairs = []
    for name, value in headers.items():
        if name.startswith(":"):
            continue
        kept = f"X-Archive-Orig-{name}" if renamed and name.lower() in _RENAMED else name
        pairs += [(kept, line) for line in str(value).split("\n")]
    return pairs


def _cdx_line(one: _Indexed, stamp: str) -> str:
    told = {
        "url": one.url,
        "mime": one.mime,
        "status": str(one.status),
        "digest": one.digest,
        "length": str(one.length),
        "offset": str(one.offset),
        "filename": "data.warc.gz",
    }
    return f"{_surt(one.url)} {stamp} {json.dumps(told, ensure_ascii=True)}\n"


def _surt(url: str) -> str:
    """Sort-friendly form of a URL: the host's labels from the right, then the path."""
    parts = urlsplit(url.lower())
    host = ",".join(reversed((parts.hostname or "").split(".")))
    port = f":{parts.port}" if parts.port else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}){parts.path or '/'}{query}".replace(" ", "%20")


def _pages(page: Page, at: datetime) -> bytes:
    head = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}
    line = {"id": "page", "url": page.url, "ts": rfc3339(at), "title": page.title}
    return _json(head) + b"\n" + _json(line) + b"\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name in _in_order(tuple(files)):
            packed.writestr(zipfile.ZipInfo(name, date_time=_FIXED), files[name])
    return out.getvalue()


def _in_order(names: Sequence[str]) -> list[str]:
    return sorted(names)
