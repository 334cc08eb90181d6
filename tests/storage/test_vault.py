"""Keys in files: made once, kept from others, the same for every process."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.dsse import public_key_from_pem, sign, verify
from evidence.errors import AccessError, CorruptionError, RequestError
from evidence.merkle import EMPTY_ROOT
from evidence.notes import NoteVerifier, sign_note
from storage.vault.vault import Vault

ORIGIN = "log.example/acme"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "vault")


def test_only_the_owner_can_read_a_key(vault: Vault, tmp_path: Path) -> None:
    vault.public_keys("acme", ORIGIN)
    vault.wrap("acme", b"x", context=b"c")
    vault.lookup("acme", "order", "x")
    paths = sorted((tmp_path / "vault").rglob("*"))
    modes = {stat.S_IMODE(p.stat().st_mode) for p in paths if p.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in paths if p.is_dir()} == {0o700}
    assert len([p for p in paths if p.is_file()]) == 4


@pytest.mark.parametrize("name", ["", "acme/lookup.json"], ids=["folder", "key file"])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "vault"
    Vault.open(folder).lookup("acme", "order", "x")
    os.chmod(folder / name, 0o750)
    with pytest.raises(AccessError, match="chmod"):
        Vault.open(folder).lookup("acme", "order", "x")


def test_signatures_hold_under_the_public_keys(vault: Vault) -> None:
    keys = vault.public_keys("acme", ORIGIN)
    signer = vault.manifest_signer("acme")
    envelope = sign(b"{}", "application/json", [signer])
    public = public_key_from_pem(keys["manifest"][0]["pem"].encode())
    assert verify(envelope, [public]) == b"{}"
    assert keys["manifest"][0]["keyid"] == signer.keyid

    checkpoint = Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT)
    note = sign_note(checkpoint.text, [vault.log_signer("acme", ORIGIN)])
    assert open_checkpoint(note, [NoteVerifier.parse(keys["log"][0]["vkey"])])[0] == checkpoint


def test_keys_are_the_same_when_opened_again_and_differ_between_tenants_and_origins(
    vault: Vault, tmp_path: Path
) -> None:
    again = Vault.open(tmp_path / "vault")
    assert again.public_keys("acme", ORIGIN) == vault.public_keys("acme", ORIGIN)
    assert again.lookup("acme", "order", "x") == vault.lookup("acme", "order", "x")
    other = vault.public_keys("other", ORIGIN)
    assert other["manifest"] != vault.public_keys("acme", ORIGIN)["manifest"]
    assert other["log"] != vault.public_keys("acme", ORIGIN)["log"]
    assert vault.public_keys("acme", "log.example/2")["log"] != other["log"]


def test_a_wrapped_secret_opens_only_for_its_tenant_and_context(
    vault: Vault, tmp_path: Path
) -> None:
    wrapped = vault.wrap("acme", b"secret", context=b"order:1")
    assert b"secret" not in wrapped
    assert Vault.open(tmp_path / "vault").unwrap("acme", wrapped, context=b"order:1") == b"secret"
    changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    for tenant, bytes_, context in (
        ("other", wrapped, b"order:1"),
        ("acme", wrapped, b"order:2"),
        ("acme", changed, b"order:1"),
        ("acme", wrapped[:3], b"order:1"),
        ("acme", b"", b"order:1"),
    ):
        with pytest.raises(CorruptionError):
            vault.unwrap(tenant, bytes_, context=context)


def test_a_lookup_depends_on_tenant_kind_and_value(vault: Vault) -> None:
    hashes = {
        vault.lookup(tenant, kind, value)
        for tenant, kind, value in (
            ("acme", "order", "x"),
            ("other", "order", "x"),
            ("acme", "alias", "x"),
            ("acme", "order", "y"),
            ("acme", "orderx", ""),
        )
    }
    assert len(hashes) == 5


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a" * 64, "-a", "a\n", "ä"])
def test_a_tenants_name_cannot_lead_out_of_the_folder(vault: Vault, name: str) -> None:
    with pytest.raises(RequestError):
        vault.lookup(name, "order", "x")


def test_of_several_processes_that_start_at_once_all_use_one_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from storage.vault.vault import Vault;"
        "print(Vault.open(Path(sys.argv[1])).public_keys('acme', 'log.example/acme'))"
    )
    asked = [sys.executable, "-c", code, str(tmp_path / "vault")]
    root = Path(__file__).parents[2]
    running = [subprocess.Popen(asked, stdout=subprocess.PIPE, cwd=root) for _ in range(3)]
    said = {process.communicate()[0] for process in running}
    assert {process.returncode for process in running} == {0}
    assert len(said) == 1


def test_a_broken_key_file_is_refused(vault: Vault, tmp_path: Path) -> None:
    vault.lookup("acme", "order", "x")
    path = tmp_path / "vault" / "acme" / "lookup.json"
    path.write_bytes(b'{"v":2}')
    with pytest.raises(CorruptionError, match=r"lookup\.json"):
        Vault.open(tmp_path / "vault").lookup("acme", "order", "x")
