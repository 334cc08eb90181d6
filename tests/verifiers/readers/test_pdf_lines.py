"""Lines of a PDF's text layer: signs that a program drew one by one, each in a font of its own."""

from __future__ import annotations

from evidence.facts import Facts
from tests.verifiers.documents import pdf_of_objects, received
from verifiers.readers.registry import read

_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
_GLYPH = b"<< /Length 39 >>\nstream\n700 0 0 0 700 700 d1 0 0 700 700 re f\n\nendstream"


def drawn(*cells: tuple[str, int, int], step: float = 7.0) -> bytes:
    """A page with words at x, y from above; each sign is of a Type 3 font with that sign alone."""
    signs = sorted({sign for word, _, _ in cells for sign in word} - {" "})
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"]
    fonts = b" ".join(b"/F%d %d 0 R" % (at, 6 + 2 * at) for at in range(len(signs)))
    objects.append(_PAGE + b" /Resources << /Font << " + fonts + b" >> >> >>")
    parts = []
    for word, x, y in cells:
        for place, sign in enumerate(word):
            if sign != " ":
                left = x + step * place
                parts.append(
                    f"BT /F{signs.index(sign)} 10 Tf 1 0 0 1 {left} {800 - y} Tm <01> Tj ET"
                )
    content = "\n".join(parts).encode()
    objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    objects.append(_GLYPH)
    for sign in signs:
        said = (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
            "1 begincodespacerange <00> <FF> endcodespacerange\n"
            f"1 beginbfchar <01> <{ord(sign):04X}> endbfchar\nendcmap end end"
        ).encode()
        objects.append(
            b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 700 700]"
            b" /FontMatrix [.001 0 0 .001 0 0] /CharProcs << /g 5 0 R >>"
            b" /Encoding << /Differences [1 /g] >> /FirstChar 1"
            b" /LastChar 1 /Widths [700] /ToUnicode %d 0 R >>" % (len(objects) + 2)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(said), said))
    return pdf_of_objects(*objects)


def lines(data: bytes) -> list[str]:
    return Facts(read(received(data)) or []).values("document.text")


def test_signs_that_touch_are_a_word_and_what_is_apart_is_a_cell() -> None:
    page = drawn(("배송완료", 40, 100), ("2026-11-12", 200, 100), ("서울", 40, 120))
    assert lines(page) == ["배송완료", "2026-11-12", "서울"]


def test_no_more_than_a_blank_between_signs_is_one() -> None:
    assert lines(drawn(("운송장", 40, 100), ("번호", 64, 100))) == ["운송장 번호"]
