"""Bad input at the faces: a sentence, an exit code or a problem, and nothing stored is harmed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import sys
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.demo import story
from service.places import open_places
from tests.journeys.conftest import ENVIRONMENT, ORDER_PATH, Seller
from tests.journeys.processes import ask, serving

# Runs a command and tells, last on stderr, the largest memory of it and its children, in KiB.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "service.cli", *sys.argv[1:]]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


async def orderproof(seller: Seller, *words: str, measured: bool = False) -> tuple[int, str, str]:
    """Run the command as a user does: (exit code, stdout, stderr)."""
    command = ("-c", MEASURED) if measured else ("-m", "service.cli")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, *words, "--config", str(seller.config),
        cwd=seller.folder, env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.getcwd()},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(90):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def stored(seller: Seller) -> Mapping[str, str]:
    """Every stored object with the digest of its bytes."""
    objects = open_places(seller.settings(), lambda: datetime.now(UTC)).objects
    return {
        name: hashlib.sha256(b"".join(objects.raw(name))).hexdigest() for name in objects.listing()
    }


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["bundle", story.ORDER.id, "-o", "b.zip"], 1, "run `orderproof collect` first"),
        (["manifest", story.ORDER.id], 1, "run `orderproof collect` first"),
        (["collect", "112-48329"], 2, "--platform"),
        (["collect", "112-48329", "--platform", "amazon"], 2, "'112-48329'"),
        (["collect", "amazon:../../etc/passwd"], 2, "etc/passwd"),
        (["collect", story.ORDER.id, "--site", "Mars"], 2, "'Mars'"),
        (["collect", story.ORDER.id, "--source", "fax"], 2, "configured: erp"),
        (["collect", story.ORDER.id, "--policy", "none"], 2, "amazon.a2z.delivery"),
        (["verify", "absent.zip"], 2, "absent.zip"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
async def test_the_command_line_says_what_is_wrong_and_what_to_do(
    seller: Seller, words: list[str], code: int, told: str
) -> None:
    said_code, out, err = await orderproof(seller, *words)
    assert (said_code, out) == (code, ""), (out, err)
    assert told in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    assert not stored(seller)


async def test_the_http_face_answers_bad_orders_with_problems(seller: Seller) -> None:
    async with serving(seller.config, ENVIRONMENT, seller.folder / "log") as server:
        for path, status in [
            (f"{ORDER_PATH}/manifest", 404),
            (f"{ORDER_PATH}/bundle", 404),
            ("/v1/orders/amazon/112-48329/manifest", 422),
            ("/v1/orders/amazon/..%2F..%2Fetc%2Fpasswd/manifest", 422),
            ("/v1/orders/fax/1/manifest", 422),
            ("/v1/collections/0123456789abcdef0123456789abcdef", 404),
            ("/v1/log/default/..%2F..%2Fledger.sqlite", 422),
        ]:
            got, headers, problem = await ask("GET", server.url + path)
            assert headers["Content-Type"].startswith("application/problem+json"), path
            assert (got, problem["status"]) in {(status, status), (404, 404)}, (path, problem)
            assert problem["detail"].endswith("."), problem
            assert "passwd" not in str(problem)
        url = f"{server.url}/v1/orders/amazon/112-48329/collections"
        got, _, problem = await ask("POST", url)
        assert got == 422
        assert problem["detail"]
        got, _, problem = await ask(
            "POST", f"{server.url}{ORDER_PATH}/collections", {"sources": ["fax"]}
        )
        assert got == 422
        assert "erp" in problem["detail"]
    assert not stored(seller)


def deflated_zeros(size: int) -> bytes:
    """A ZIP of one file of zeros, written by hand so that nothing of that size is ever made."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece, body, crc = bytes(1 << 20), b"", 0
    for _ in range(size >> 20):
        body += squeeze.compress(piece)
        crc = zlib.crc32(piece, crc)
    body += squeeze.flush()
    fixed = crc.to_bytes(4, "little") + len(body).to_bytes(4, "little") + size.to_bytes(4, "little")
    name = b"../../zeros"
    names = len(name).to_bytes(2, "little") + b"\0\0"
    local = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0" + fixed + names + name
    central = (
        b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0" + fixed + names + bytes(14) + name
    )  # fmt: skip
    end = (
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0"
        + len(central).to_bytes(4, "little")
        + (len(local) + len(body)).to_bytes(4, "little")
        + b"\0\0"
    )
    return local + body + central + end


def mail_with(name: str, data: bytes, *, id: str) -> bytes:
    body = base64.encodebytes(data).replace(b"\n", b"\r\n").decode()
    return (
        "From: buyer@example.com\r\nTo: service@brightleaf.example\r\n"
        f"Subject: about {story.ORDER.id}\r\nDate: Fri, 06 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{id}@example.com>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nsee attached\r\n"
        f'--b\r\nContent-Type: application/octet-stream; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{body}\r\n--b--\r\n"
    ).encode()


async def test_bombs_and_broken_files_cost_nothing_that_is_stored(seller: Seller) -> None:
    code, _, err = await orderproof(seller, "collect", story.ORDER.id)
    assert code == 0, err
    before = stored(seller)
    assert before

    files = seller.folder / "seller"
    table = next((files / "erp").iterdir())
    table.write_bytes(table.read_bytes() + f"{story.ORDER.id},half a row\r\n".encode())
    bomb = deflated_zeros(1 << 30)
    assert len(bomb) < 2 << 20
    (files / "mail" / "bomb.eml").write_bytes(mail_with("../../bomb.zip", bomb, id="bomb"))
    workbook = mail_with("../../../tmp/evil.xlsx", bomb, id="evil")
    (files / "mail" / "evil.eml").write_bytes(workbook)
    broken = b"Subject: =?no-such-charset?B?////?= %s\r\nDate: yesterday\r\n\r\n\xff\xfe\x00"
    (files / "mail" / "broken.eml").write_bytes(broken % story.ORDER.id.encode())
    (files / "pod" / f"{story.ORDER.id}-cut.pdf").write_bytes(b"%PDF-1.7\n1 0 obj << /Type")
    (files / "pod" / f"..\\..\\{story.ORDER.id}.pdf").write_bytes(b"%PDF-1.4\n")

    code, out, err = await orderproof(seller, "collect", story.ORDER.id, measured=True)
    assert code == 0, err
    assert "sealed" in out
    assert int(err.split()[-1]) < 700 << 10  # KiB; the readers of the bombs among them
    after = stored(seller)
    assert before.items() <= after.items()
    assert len(after) > len(before)

    code, _, err = await orderproof(seller, "bundle", story.ORDER.id, "-o", "b.zip")
    assert code == 0, err
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service.cli", "verify", str(seller.folder / "b.zip"),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out_bytes, _ = await process.communicate()
    assert process.returncode == 0, out_bytes
    assert not Path("/tmp/evil.xlsx").exists()
