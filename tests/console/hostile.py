"""An order whose every word tries to run in a reader's browser: names, addresses, headers, mail."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any

from evidence.orders import OrderRef, Platform
from service.access.callers import Whose
from service.cases.work import CaseWork
from service.custody import local_user
from service.runtime import Runtime

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


async def open_case(runtime: Runtime) -> str:
    """A refused case about the order; in its every text something tries to run. Returns its id."""
    work, whose, by = CaseWork(runtime), Whose(runtime.settings.tenant), local_user("case")

    def paper(number: int, **more: str) -> dict[str, str]:
        said = CORPUS[number % len(CORPUS)]
        return {"text": f"Order {ORDER.id}: {said}", "name": said, **more}

    body: dict[str, Any] = {
        "platform": "amazon", "kinds": ["a-to-z"], "orders": [ORDER.id],
        "noticed_at": "2026-11-20T11:00:00Z", "platform_case_id": CORPUS[0], "papers": [paper(1)],
    }  # fmt: skip
    case, _ = await work.open(whose, body, by)
    sent = {
        "channel": "console", "confirm": True, "evidence": ["ab" * 32], "recipient": CORPUS[2],
        "platform_case_id": CORPUS[3], "ticket_id": CORPUS[4], "request_id": CORPUS[5],
    }  # fmt: skip
    denial = f"Denied: {CORPUS[6]}. Order {ORDER.id} lacks proof of delivery {CORPUS[7]} ODR-99."
    for step, said in (
        ("collect", {"note": CORPUS[8]}), ("draft", {"papers": [paper(9)]}), ("ready", {}),
        ("submit", {**sent, "papers": [paper(10)]}), ("review", {"outcome": CORPUS[11]}),
        ("deny", {"note": CORPUS[12], "papers": [{"text": denial, "name": CORPUS[13]}]}),
        ("promise", {"text": CORPUS[0], "due": "2026-11-21T00:00:00Z"}),
        ("document", {"papers": [paper(n) for n in range(len(CORPUS))]}),
    ):  # fmt: skip
        case = await work.step(whose, case["id"], {"step": step, **said}, by)
    return str(case["id"])
