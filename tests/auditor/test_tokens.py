"""Time tokens: made by `openssl ts`, believed only from an authority that was pinned."""

import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rfc3161_client import decode_timestamp_response

from auditor.keys import Keys
from auditor.report import Check, Report, State
from evidence.bundle import Anchor
from evidence.canonical import canonical
from tests.auditor.bundles import Made, failures, make, verified

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

CONFIG = """\
[tsa]
default_tsa = here
[here]
dir = .
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1.1
digests = sha256
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Clock:
    """A time authority in a folder, with a root of its own."""

    folder: Path
    certificate: str
    root: str

    def stamp(self, message: bytes) -> Anchor:
        (self.folder / "data").write_bytes(message)
        self._run("-query", "-data", "data", "-sha256", "-out", "query")
        self._run("-reply", "-queryfile", "query", "-config", "config", "-out", "token")
        self._run(
            "-verify",
            "-data",
            "data",
            "-in",
            "token",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "tsa.pem",
        )
        return Anchor(
            checkpoint=message,
            token=(self.folder / "token").read_bytes(),
            query=(self.folder / "query").read_bytes(),
        )

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", "ts", *arguments], cwd=self.folder, check=True, capture_output=True
        )

    @property
    def line(self) -> dict[str, object]:
        return {"pem": self.certificate, "roots": [self.root]}


def clock(folder: Path) -> Clock:
    folder.mkdir()
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Test Root", root_key, "Test Root", root_key, authority=True)
    certificate = _certificate("Test TSA", key, "Test Root", root_key, authority=False)
    (folder / "config").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    (folder / "root.pem").write_text(root)
    (folder / "tsa.pem").write_text(certificate)
    (folder / "tsa.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return Clock(folder, certificate, root)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> str:
    def called(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=10))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer, SHA256()).public_bytes(Encoding.PEM).decode()


def timed(report: Report) -> list[Check]:
    return [check for check in report.checks if check.name == "time"]


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Clock]:
    authority = clock(tmp_path_factory.mktemp("tsa") / "authority")
    made = make(2)
    return (
        replace(
            made,
            before_read=authority.stamp(made.before_read.checkpoint),
            sealed=authority.stamp(made.sealed.checkpoint),
        ),
        authority,
    )


def test_a_token_of_a_pinned_authority_says_when(
    stamped: tuple[Made, Clock], tmp_path: Path
) -> None:
    made, authority = stamped
    keys = Keys.parse(canonical(made.house.keys_json | {"tsa": [authority.line]}))
    report = verified(tmp_path, made.zip(), key=keys)
    assert failures(report) == []
    assert [check.state for check in timed(report)] == [State.PASS, State.PASS]
    assert made.before_read.token is not None
    at = decode_timestamp_response(made.before_read.token).tst_info.gen_time
    assert f"{at:%Y-%m-%d}" in timed(report)[0].what


def test_without_a_pin_a_token_is_inconclusive_and_says_why(
    stamped: tuple[Made, Clock], tmp_path: Path
) -> None:
    report = verified(tmp_path, stamped[0].zip(), key=stamped[0].house.keys)
    assert report.ok
    assert {check.state for check in timed(report)} == {State.INCONCLUSIVE}
    assert "pin the authority's certificate" in timed(report)[0].what


def test_keys_of_the_bundle_itself_never_pin_an_authority(
    stamped: tuple[Made, Clock], tmp_path: Path
) -> None:
    made, authority = stamped
    only_time = Keys.parse(canonical({"tsa": [authority.line]}))
    assert verified(tmp_path, made.zip(), key=only_time).trust == "bundle"


def test_a_token_of_another_authority_over_other_bytes_or_with_another_query_fails(
    stamped: tuple[Made, Clock], tmp_path: Path
) -> None:
    made, authority = stamped
    keys = Keys.parse(canonical(made.house.keys_json | {"tsa": [authority.line]}))
    rogue = clock(tmp_path / "rogue").stamp(made.sealed.checkpoint)
    again = authority.stamp(made.sealed.checkpoint)
    elsewhere = authority.stamp(b"other bytes")
    whole = made.sealed.token
    assert whole is not None
    for bent in (
        rogue,
        replace(elsewhere, checkpoint=made.sealed.checkpoint),
        replace(made.sealed, query=again.query),
        replace(made.sealed, token=whole[:-1] + bytes([whole[-1] ^ 1])),
        replace(made.sealed, token=whole + b"\0"),
        replace(made.sealed, token=b""),
        replace(made.sealed, query=b"\x30"),
    ):
        report = verified(tmp_path, replace(made, sealed=bent).zip(), key=keys)
        failed = [check for check in timed(report) if check.state is State.FAIL]
        assert [check.where for check in failed] == ["proof/sealed/token.tsr"], report.lines()


def test_an_authority_needs_a_root_and_a_readable_certificate(
    stamped: tuple[Made, Clock],
) -> None:
    line = stamped[1].line
    for bad in (line | {"roots": []}, line | {"pem": "no"}, line | {"roots": [1]}):
        with pytest.raises(Exception, match=r"certificate|roots"):
            Keys.parse(canonical({"tsa": [bad]}))
