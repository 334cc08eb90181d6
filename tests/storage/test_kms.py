"""A manifest key in AWS KMS, against moto's server on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from evidence.dsse import public_key_from_pem, sign, verify
from evidence.errors import AccessError, CorruptionError, OutageError, RequestError
from evidence.key_records import KeyKind
from storage.vault.kms import KmsSigner, public_pem
from storage.vault.vault import Vault
from tests.storage.stage import ORIGIN, TENANT

boto3 = pytest.importorskip("boto3", reason="boto3 is absent: install orderproof[s3]")
moto_server = pytest.importorskip(
    "moto.server", reason="moto is absent: pip install 'moto[kms]' flask flask-cors"
)


def _sign_digest(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    """As AWS documents MessageType=DIGEST: what comes is not hashed again.

    moto hashes it (getmoto/moto#10202), so its signatures would verify under nobody's key.
    """
    assert (len(message), signing_algorithm) == (32, "ECDSA_SHA_256")
    signature: bytes = self.private_key.sign(message, ec.ECDSA(Prehashed(SHA256())))
    return signature


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.kms.utils import ECDSAPrivateKey

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ECDSAPrivateKey, "sign", _sign_digest)
        yield from _served()


def _served() -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def kms(endpoint: str) -> Any:
    return boto3.client("kms", region_name="us-east-1", endpoint_url=endpoint)


def a_key(kms: Any, *, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY") -> str:
    arn: str = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
    return arn


def a_vault(folder: Path, arn: str, endpoint: str) -> Vault:
    return Vault.open(folder / "vault", manifest=f"kms:{arn}", kms_endpoint=endpoint)


def test_what_kms_signs_verifies_like_any_other_envelope(
    tmp_path: Path, kms: Any, endpoint: str
) -> None:
    vault = a_vault(tmp_path, a_key(kms), endpoint)
    (line,) = vault.public_keys(TENANT, ORIGIN)["manifest"]
    signer = vault.manifest_signer(TENANT)
    envelope = sign(b'{"a":1}', "application/json", [signer])
    assert verify(envelope, [public_key_from_pem(line["pem"].encode())]) == b'{"a":1}'
    assert signer.keyid == line["keyid"]
    files = [path.read_bytes() for path in (tmp_path / "vault").rglob("manifest*")]
    assert files and all(b'"secret"' not in data for data in files)


def test_from_file_to_kms_is_a_rotation_and_never_happens_by_itself(
    tmp_path: Path, kms: Any, endpoint: str
) -> None:
    old = Vault.open(tmp_path / "vault").manifest_signer(TENANT)
    vault = a_vault(tmp_path, a_key(kms), endpoint)
    with pytest.raises(RequestError, match="keys rotate manifest"):
        vault.manifest_signer(TENANT)
    vault.rotate(TENANT, KeyKind.MANIFEST, ORIGIN)
    assert vault.manifest_signer(TENANT).keyid != old.keyid
    (record,) = vault.records(TENANT, ORIGIN)
    envelope = record.record.signed_by(record.signers)
    keys = [
        public_key_from_pem(line["pem"].encode())
        for line in vault.public_keys(TENANT, ORIGIN)["manifest"]
    ]
    verify(envelope, keys, threshold=2)
    with pytest.raises(RequestError, match="used before"):
        vault.rotate(TENANT, KeyKind.MANIFEST, ORIGIN)
    with pytest.raises(RequestError, match="keys rotate manifest"):
        Vault.open(tmp_path / "vault").manifest_signer(TENANT)


@pytest.mark.parametrize(
    ("spec", "usage"),
    [("ECC_NIST_P384", "SIGN_VERIFY"), ("RSA_2048", "SIGN_VERIFY")],
    ids=["another curve", "RSA"],
)
def test_a_key_of_another_kind_is_refused_before_it_signs(
    tmp_path: Path, kms: Any, endpoint: str, spec: str, usage: str
) -> None:
    with pytest.raises(RequestError):
        a_vault(tmp_path, a_key(kms, spec=spec, usage=usage), endpoint).manifest_signer(TENANT)
    assert list((tmp_path / "vault").rglob("manifest*")) == []


def test_an_alias_that_was_pointed_elsewhere_seals_nothing(kms: Any, endpoint: str) -> None:
    one, two = a_key(kms), a_key(kms)
    signer = KmsSigner(two, public_pem(one, endpoint=endpoint), endpoint=endpoint)
    with pytest.raises(CorruptionError, match="does not verify"):
        signer.sign(b"message")


def test_a_kms_that_says_no_and_one_that_is_away_are_told_apart(kms: Any, endpoint: str) -> None:
    missing = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    with pytest.raises(AccessError):
        public_pem(missing, endpoint=endpoint)
    with pytest.raises(OutageError):
        public_pem(missing, endpoint="http://127.0.0.1:1")


@pytest.mark.parametrize("configured", ["kms:", "kms: ", "vault:x", ""])
def test_a_signing_key_that_cannot_be_meant_is_refused(tmp_path: Path, configured: str) -> None:
    with pytest.raises(RequestError, match="signing key"):
        Vault.open(tmp_path / "vault", manifest=configured)
