"""The XMP packet of a file: what programs wrote of its origin and history.

A packet is searched by its property names, as element or attribute, and is not parsed as XML: only
a handful of plain values are asked for, and a hostile packet has nothing to expand.
Source: XMP specification part 1 (ISO 16684-1) for the forms, part 2 for the names.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_PACKET = re.compile(rb"<x:xmpmeta.{0,1048576}?</x:xmpmeta>|<rdf:RDF.{0,1048576}?</rdf:RDF>", re.S)


@dataclass(frozen=True, slots=True)
class Xmp:
    text: str

    def first(self, name: str) -> str:
        """The first value of a property such as `xmp:CreateDate`; "" if it is not there."""
        found = self.all(name)
        return found[0] if found else ""

    def all(self, name: str) -> list[str]:
        quoted = re.escape(name)
        shape = (
            rf"<{quoted}[^>]{{0,200}}>([^<]{{1,2000}})</"
            rf"|\b{quoted}\s*=\s*[\"']([^\"'<]{{1,2000}})[\"']"
        )
        found = [
            html.unescape(element or attribute).strip()
            for element, attribute in re.findall(shape, self.text)[:100]
        ]
        return [value for value in found if value]

    def count(self, name: str) -> int:
        return self.text.count(name)


def xmp_of(data: bytes) -> Xmp | None:
    """The first packet in the bytes, or None."""
    at = data.find(b"<x:xmpmeta")
    if at < 0:
        at = data.find(b"<rdf:RDF")
    if at < 0:
        return None
    found = _PACKET.match(data, at)
    packet = found[0] if found else data[at : at + 65_536]
    return Xmp(packet.decode("utf-8", errors="replace"))
