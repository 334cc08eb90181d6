"""Keys that follow one another: who signs when, what stays verifiable, what is recorded."""

import asyncio
import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.dsse import public_key_from_pem, sign, verify
from evidence.errors import CorruptionError, RequestError
from evidence.key_records import KeyEvent, KeyKind, KeyRecord
from evidence.merkle import EMPTY_ROOT
from evidence.notes import NoteVerifier, sign_note
from storage.vault.vault import Vault
from tests.storage.stage import ORIGIN, TENANT, Stage, check_consistent

NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
EMPTY = Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def vault(tmp_path: Path, clock: Hands) -> Vault:
    return Vault.open(tmp_path / "vault", clock=clock)


def log_keys(vault: Vault) -> list[dict[str, str]]:
    return vault.public_keys(TENANT, ORIGIN)["log"]


def signed(vault: Vault) -> bytes:
    return sign_note(EMPTY.text, vault.log_signers(TENANT, ORIGIN))


def holds(note: bytes, vkey: str) -> bool:
    try:
        open_checkpoint(note, [NoteVerifier.parse(vkey)])
    except CorruptionError:
        return False
    return True


def test_during_the_overlap_both_log_keys_sign_and_then_the_new_one_alone(
    vault: Vault, clock: Hands
) -> None:
    before = signed(vault)
    clock.now += timedelta(days=1)
    vault.rotate(TENANT, KeyKind.LOG, ORIGIN, overlap=timedelta(days=30))
    new, old = (line["vkey"] for line in log_keys(vault))
    during = signed(vault)
    clock.now += timedelta(days=30)
    after = signed(vault)
    assert [holds(note, old) for note in (before, during, after)] == [True, True, False]
    assert [holds(note, new) for note in (before, during, after)] == [False, True, True]
    assert log_keys(vault)[1]["valid_to"] == "2026-12-02T12:00:00.000000Z"
    # Of the keys that are trusted each that signed must hold, so both may be pinned at once.
    for note in (before, during, after):
        open_checkpoint(note, [NoteVerifier.parse(old), NoteVerifier.parse(new)])


def test_a_manifest_key_is_replaced_at_once_and_its_signatures_stay(
    vault: Vault, clock: Hands
) -> None:
    envelope = sign(b"{}", "application/json", [vault.manifest_signer(TENANT)])
    clock.now += timedelta(hours=1)
    vault.rotate(TENANT, KeyKind.MANIFEST, ORIGIN)
    new, old = vault.public_keys(TENANT, ORIGIN)["manifest"]
    assert vault.manifest_signer(TENANT).keyid == new["keyid"]
    assert verify(envelope, [public_key_from_pem(old["pem"].encode())]) == b"{}"
    assert old["valid_to"] == new["valid_from"] == "2026-11-01T13:00:00.000000Z"
    assert "valid_to" not in new


def test_another_process_signs_with_the_new_key_without_being_told(
    vault: Vault, tmp_path: Path, clock: Hands
) -> None:
    other = Vault.open(tmp_path / "vault", clock=clock)
    first = other.manifest_signer(TENANT).keyid
    vault.rotate(TENANT, KeyKind.MANIFEST, ORIGIN)
    assert other.manifest_signer(TENANT).keyid == vault.manifest_signer(TENANT).keyid != first


def test_a_revoked_key_signs_no_more_not_even_in_its_overlap(vault: Vault, clock: Hands) -> None:
    vault.rotate(TENANT, KeyKind.LOG, ORIGIN)
    new, old = (line["vkey"] for line in log_keys(vault))
    assert holds(signed(vault), old)
    vault.revoke(TENANT, ORIGIN, old.split("+")[1], since=NOON)
    assert not holds(signed(vault), old) and holds(signed(vault), new)
    assert log_keys(vault)[1]["revoked_since"] == "2026-11-01T12:00:00.000000Z"


@pytest.mark.parametrize("kind", list(KeyKind))
def test_revoking_the_key_in_use_puts_another_in_its_place(vault: Vault, kind: KeyKind) -> None:
    (line,) = vault.public_keys(TENANT, ORIGIN)[str(kind)]
    vault.revoke(TENANT, ORIGIN, line.get("keyid") or line["vkey"], since=NOON)
    new, old = vault.public_keys(TENANT, ORIGIN)[str(kind)]
    assert "revoked_since" in old and "revoked_since" not in new
    if kind is KeyKind.LOG:
        assert not holds(signed(vault), line["vkey"])
    else:
        assert vault.manifest_signer(TENANT).keyid == new["keyid"] != line["keyid"]


def test_a_revocation_can_be_made_earlier_but_not_later(vault: Vault) -> None:
    keyid = vault.manifest_signer(TENANT).keyid
    vault.revoke(TENANT, ORIGIN, keyid, since=NOON)
    vault.revoke(TENANT, ORIGIN, keyid, since=NOON - timedelta(days=2))
    with pytest.raises(RequestError, match="earlier"):
        vault.revoke(TENANT, ORIGIN, keyid, since=NOON)
    (line,) = [k for k in vault.public_keys(TENANT, ORIGIN)["manifest"] if k["keyid"] == keyid]
    assert line["revoked_since"] == "2026-10-30T12:00:00.000000Z"


@pytest.mark.parametrize("id", ["", "12", "ffffffff", "no such key"])
def test_a_key_nobody_has_cannot_be_revoked(vault: Vault, id: str) -> None:
    with pytest.raises(RequestError, match="keys list"):
        vault.revoke(TENANT, ORIGIN, id, since=NOON)
    assert len(vault.public_keys(TENANT, ORIGIN)["manifest"]) == 1


def test_a_rotation_is_recorded_by_both_keys_and_a_revocation_by_the_one_that_followed(
    vault: Vault, tmp_path: Path, clock: Hands
) -> None:
    first = vault.manifest_signer(TENANT).keyid
    vault.rotate(TENANT, KeyKind.LOG, ORIGIN)
    vault.revoke(TENANT, ORIGIN, first, since=NOON)
    records = vault.records(TENANT, ORIGIN)
    assert {(r.record.kind, r.record.event) for r in records} == {
        (KeyKind.LOG, KeyEvent.ROTATED),
        (KeyKind.MANIFEST, KeyEvent.ROTATED),
        (KeyKind.MANIFEST, KeyEvent.REVOKED),
    }
    for each in records:
        envelope = each.record.signed_by(each.signers)
        assert KeyRecord.from_payload(envelope.payload) == each.record
        assert len(envelope.signatures) == (2 if each.record.event is KeyEvent.ROTATED else 1)
        assert len({s.keyid for s in envelope.signatures}) == len(envelope.signatures)
    again = Vault.open(tmp_path / "vault", clock=clock).records(TENANT, ORIGIN)
    assert [(r.name, r.record) for r in again] == [(r.name, r.record) for r in records]


def _rotate(folder: str, start: Callable[[], object]) -> None:
    vault = Vault.open(Path(folder))
    vault.manifest_signer(TENANT)
    start()
    vault.rotate(TENANT, KeyKind.MANIFEST, ORIGIN)


def test_of_two_that_rotate_at_once_no_key_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    Vault.open(folder).manifest_signer(TENANT)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    running = [context.Process(target=_rotate, args=(str(folder), barrier.wait)) for _ in range(2)]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0, 0]
    keys = Vault.open(folder).public_keys(TENANT, ORIGIN)["manifest"]
    assert len(keys) in {2, 3}  # the second finds the first one's key, or begins its own
    assert len({key["keyid"] for key in keys}) == len(keys)


async def test_a_log_goes_on_under_its_new_key_and_shows_both(stage: Stage) -> None:
    order = await stage.order()
    collection = await stage.collection(order)
    await stage.bring(order, collection, ["a", "b"])
    old = await stage.sequencer.sequence(TENANT)
    stage.vault.rotate(TENANT, KeyKind.LOG, ORIGIN)
    await stage.bring(order, collection, ["c"])
    new = await stage.sequencer.sequence(TENANT)
    keys = [NoteVerifier.parse(line["vkey"]) for line in log_keys(stage.vault)]
    note = await stage.sequencer.note(TENANT)
    for key in keys:
        assert open_checkpoint(note, [key])[0] == new
    check_consistent(stage.files, old, new)
    assert stage.files.read("log.vkey") == f"{keys[1].vkey}\n".encode()
    assert stage.files.read("log.2.vkey") == f"{keys[0].vkey}\n".encode()
    told = stage.files.read("keys.json")
    assert told is not None and keys[0].vkey.encode() in told and keys[1].vkey.encode() in told
    # What the old key signed stays as it was, and a restart takes up both.
    first = stage.files.read(f"checkpoints/{old.size}")
    assert first is not None and open_checkpoint(first, [keys[1]])[0] == old
    await stage.sequencer.republish(TENANT)
    assert await stage.sequencer.sequence(TENANT) == new


async def test_cosignatures_are_added_to_the_head_they_are_over_and_to_no_other(
    stage: Stage,
) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from evidence.notes import CosignatureSigner, signature_by

    order = await stage.order()
    collection = await stage.collection(order)
    await stage.bring(order, collection, ["a"])
    one = await stage.sequencer.sequence(TENANT)
    signer = CosignatureSigner("w.example", Ed25519PrivateKey.generate(), 1_767_226_200)
    line = signature_by(signer, one.text).line.encode()
    await stage.sequencer.cosign(TENANT, one.size, line)
    key = log_keys(stage.vault)[0]["vkey"]
    both = [NoteVerifier.parse(key), signer.verifier]
    assert open_checkpoint(await stage.sequencer.note(TENANT), both, quorum=1)[0] == one
    await stage.bring(order, collection, ["b"])
    two = await stage.sequencer.sequence(TENANT)
    await stage.sequencer.cosign(TENANT, one.size, line)  # late: the pointer has moved on
    assert open_checkpoint(await stage.sequencer.note(TENANT), both)[0] == two
    assert b"w.example" not in await stage.sequencer.note(TENANT)
    await asyncio.sleep(0)
