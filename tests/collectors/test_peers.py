"""Who was at the other end is written into the exchange: address, protocol, certificate."""

import base64
import datetime as dt
import hashlib
import io
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from warcio.archiveiterator import ArchiveIterator

from evidence.errors import AccessError, ConfigError
from evidence.items import Item
from tests.collectors.http_bench import bench


def certificate(folder: Path) -> tuple[Path, Path, bytes]:
    """A certificate for 127.0.0.1 that vouches for itself: its file, its key's, its DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "orderproof test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private, made.public_bytes(serialization.Encoding.DER)


async def hello(_: web.Request) -> web.Response:
    return web.json_response({"hello": "there"})


def records(item: Item) -> dict[str, tuple[Any, str]]:
    """Headers and block of each record, by its kind."""
    stream = io.BytesIO(item.content.read(1 << 20))
    return {
        record.rec_type: (record.rec_headers, record.content_stream().read().decode())
        for record in ArchiveIterator(stream)
    }


async def test_an_exchange_over_tls_holds_the_servers_certificate(tmp_path: Path) -> None:
    pem, private, der = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    app = web.Application()
    app.add_routes([web.get("/x", hello)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        async with bench(url) as b:
            with pytest.raises(AccessError, match="certificate cannot be verified"):
                await b.session.get("/x")
        async with bench(url, ca=pem) as b:
            for _ in range(2):  # the second time over the same connection
                await b.session.get("/x")
            told = [records(item) for item in b.recorded]
    finally:
        await runner.cleanup()
    for each in told:
        headers, _ = each["response"]
        assert headers.get_header("WARC-IP-Address") == "127.0.0.1"
        assert headers.get_header("WARC-Protocol") == "tls/1.3"
        assert headers.get_header("WARC-Cipher-Suite").startswith("TLS_")
        _, notes = each["metadata"]
        said = dict(line.split(": ", 1) for line in notes.splitlines())
        assert base64.b64decode(said["tls-certificate"]) == der
        assert said["tls-certificate-sha256"] == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("text", [None, "no certificate", ""])
async def test_a_ca_that_is_none_is_the_operators_matter(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match="ca of ups"):
        async with bench("https://127.0.0.1:1", ca=path):
            pass
