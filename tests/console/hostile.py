"""An order whose every word tries to run in a reader's browser: names, addresses, headers, mail."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from evidence.orders import OrderRef, Platform

ORDER = OrderRef(Platform.AMAZON, "112-6660666-6660666", "US")
CORPUS = (
    "<script>globalThis.pwned=1</script>",
    "<img src=x onerror=globalThis.pwned=2>",
    '"><svg onload=globalThis.pwned=3>',
    "' onmouseover='globalThis.pwned=4",
    "javascript:globalThis.pwned=5",
    "</td></table><iframe srcdoc='<script>parent.pwned=6</script>'>",
    "{{ 7*7 }}{% include 'nav.html' %}${globalThis.pwned=7}",
    "<a href=javascript:globalThis.pwned=8>x</a>",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content='0;url=javascript:globalThis.pwned=9'>",
    "</textarea></title><base href=//evil.example/>",
    "a\u202egnp.exe\u2066",
    "<math><mtext><style><img src=x onerror=globalThis.pwned=10></style>",
    "&lt;script&gt;globalThis.pwned=11&lt;/script&gt;",
)
_PAGE = (
    "<html><body onload='globalThis.pwned=20'>{order}<script>globalThis.pwned=21</script></body>"
)
_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="globalThis.pwned=22">'
    "<text>{order}</text><script>globalThis.pwned=23</script></svg>"
)


def add_to(seller: Path) -> None:
    """Beside the demo's own: a row of the ERP, mails, and files with names of their own."""
    (export,) = (seller / "erp").glob("*.csv")
    text = export.read_bytes().decode("gb18030")
    cells = text.splitlines()[2].split(",")
    cells[0] = ORDER.id
    for number, column in enumerate((1, 7, 10, 11, 12, 13, 14, 16, 17)):
        cells[column] = '"' + CORPUS[number].replace('"', '""') + '"'
    export.write_bytes(f"{text}{','.join(cells)}\r\n".encode("gb18030", "replace"))
    for number, said in enumerate(CORPUS):
        mail = EmailMessage()
        plain = "".join(c for c in said if c.isprintable())
        mail["From"] = f'"{plain.replace(chr(34), "")}" <buyer@marketplace.amazon.com>'
        mail["To"] = "service@brightleaf.example"
        mail["Subject"] = f"Order {ORDER.id} {plain}"
        mail["Message-ID"] = f"<hostile-{number}@buyer.example>"
        mail["Date"] = "Thu, 05 Nov 2026 10:12:09 -0800"
        mail["X-Header"] = plain
        mail.set_content(f"Order {ORDER.id}: {said}")
        mail.add_alternative(f"<p>{ORDER.id} {said}</p>", subtype="html")
        mail.add_attachment(said.encode(), maintype="text", subtype="html", filename=plain)
        (seller / "mail" / f"hostile-{number}.eml").write_bytes(mail.as_bytes())
    for number, said in enumerate(CORPUS):
        name = f"{ORDER.id} {said.replace('/', '_')}"[:120]
        (seller / "pod" / f"{name}.txt").write_text(f"{ORDER.id}\n{said}\n" * (number + 1), "utf-8")
    for suffix, held in (("html", _PAGE), ("svg", _PICTURE)):
        file = seller / "pod" / f"{ORDER.id} page.{suffix}"
        file.write_text(held.format(order=ORDER.id), "utf-8")
