"""Keys that were revoked, and witnesses: what still counts, by whose clock, and why."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auditor.keys import Keys
from auditor.report import Report
from auditor.verify import verify_path
from evidence.bundle import COSIGNED
from evidence.canonical import canonical
from evidence.errors import FormatError
from evidence.notes import CosignatureSigner, add_signatures, signature_by, split_note
from evidence.proofs import LogProof
from evidence.quorum import WitnessPolicy
from evidence.times import rfc3339
from tests.auditor.bundles import House, Made, failures, make, verified
from tests.auditor.test_tokens import clock

SEALED_AT = datetime(2026, 11, 1, 14, 0, tzinfo=UTC)


def a_witness(name: str, *, at: datetime = SEALED_AT) -> CosignatureSigner:
    key = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"."))
    return CosignatureSigner(name, key, int(at.timestamp()))


W1, W2 = a_witness("w1.example"), a_witness("w2.example")


def cosigned(made: Made, *signers: CosignatureSigner) -> Made:
    """The same seal, its sealed head cosigned and carried so by every proof."""
    text, _ = split_note(made.sealed.checkpoint)
    note = add_signatures(made.sealed.checkpoint, [signature_by(s, text) for s in signers])
    proofs = {
        seq: replace(LogProof.parse(raw), checkpoint=note).to_bytes()
        for seq, raw in made.proofs.items()
    }
    return replace(made, sealed=replace(made.sealed, cosigned=note), proofs=proofs)


def trust(
    house: House,
    *,
    manifest_since: datetime | None = None,
    log_since: datetime | None = None,
    witnesses: tuple[CosignatureSigner, ...] = (W1,),
) -> Keys:
    """A trust file that pins the house's keys, with revocations."""
    told = house.keys_json
    for name, since in (("manifest", manifest_since), ("log", log_since)):
        if since is not None:
            told[name][0]["revoked_since"] = rfc3339(since)
    told["witness"] = [{"vkey": w.verifier.vkey} for w in witnesses]
    return Keys.parse(canonical(told))


def said(report: Report, name: str) -> list[tuple[str, str]]:
    return [(check.state, check.where) for check in report.checks if check.name == name]


# -- witnesses ---------------------------------------------------------------------------------


def test_a_cosigned_bundle_holds_and_names_who_cosigned_when(tmp_path: Path) -> None:
    made = cosigned(make(), W1, W2)
    demanded = WitnessPolicy.of([W1.verifier, W2.verifier])
    report = verified(tmp_path, made.zip(), key=made.house.keys, witnesses=demanded)
    assert report.ok, failures(report)
    (check,) = [c for c in report.checks if c.name == "witnesses"]
    assert "w1.example at 2026-11-01T14:00:00Z" in check.what
    assert "w2.example" in check.what


def test_a_cosigned_bundle_holds_for_who_knows_no_witness(tmp_path: Path) -> None:
    report = verified(tmp_path, cosigned(make(), W1).zip())
    assert report.ok, failures(report)
    assert said(report, "witnesses") == [("inconclusive", COSIGNED)]


def test_a_bundle_that_is_not_cosigned_fails_who_demands_it(tmp_path: Path) -> None:
    demanded = WitnessPolicy.of([W1.verifier])
    for made in (make(), cosigned(make(), W2)):
        report = verified(tmp_path, made.zip(), witnesses=demanded)
        assert ("fail", COSIGNED) in said(report, "witnesses")


def test_a_quorum_may_be_less_than_all(tmp_path: Path) -> None:
    data = cosigned(make(), W1).zip()
    both = [W1.verifier, W2.verifier]
    assert verified(tmp_path, data, witnesses=WitnessPolicy.of(both, need=1)).ok
    assert not verified(tmp_path, data, witnesses=WitnessPolicy.of(both, need=2)).ok


def test_a_forged_or_moved_cosignature_is_named(tmp_path: Path) -> None:
    made, other = make(), make(3)
    text, _ = split_note(other.sealed.checkpoint)
    stolen = signature_by(W1, text)
    note = add_signatures(made.sealed.checkpoint, [stolen])
    proofs = {
        seq: replace(LogProof.parse(raw), checkpoint=note).to_bytes()
        for seq, raw in made.proofs.items()
    }
    forged = replace(made, sealed=replace(made.sealed, cosigned=note), proofs=proofs)
    report = verified(tmp_path, forged.zip(), witnesses=WitnessPolicy.of([W1.verifier]))
    assert any("w1.example" in line for line in failures(report))


def test_proofs_must_carry_the_cosigned_head(tmp_path: Path) -> None:
    made = make()
    mixed = replace(cosigned(made, W1), proofs=made.proofs)
    assert any(COSIGNED in line for line in failures(verified(tmp_path, mixed.zip())))


# -- revocation --------------------------------------------------------------------------------


def test_what_a_witness_saw_before_the_revocation_stays_good(tmp_path: Path) -> None:
    made = cosigned(make(), W1)
    since = SEALED_AT + timedelta(seconds=1)
    key = trust(made.house, manifest_since=since, log_since=since)
    report = verified(tmp_path, made.zip(), key=key)
    assert report.ok, failures(report)
    assert {state for state, _ in said(report, "revocation")} == {"pass"}
    assert len(said(report, "revocation")) == 4  # statement, manifest, both heads


@pytest.mark.parametrize("kind", ["manifest", "log"])
def test_what_nobody_else_saw_before_it_fails(tmp_path: Path, kind: str) -> None:
    made = cosigned(make(), W1)
    # A whole second may end after the moment: the same second is not before.
    of_log = kind == "log"
    key = trust(
        made.house,
        manifest_since=None if of_log else SEALED_AT,
        log_since=SEALED_AT if of_log else None,
    )
    report = verified(tmp_path, made.zip(), key=key)
    assert not report.ok
    assert len([line for line in failures(report) if line.startswith("revocation")]) == 2


def test_where_nobody_shows_when_it_is_open_and_the_whole_is_not_called_ok(
    tmp_path: Path,
) -> None:
    made = make()
    key = trust(made.house, manifest_since=SEALED_AT + timedelta(days=300))
    report = verified(tmp_path, made.zip(), key=key)
    assert failures(report) == []
    assert {state for state, _ in said(report, "revocation")} == {"inconclusive"}
    assert not report.ok


def test_a_cosignature_of_a_witness_nobody_pinned_shows_no_time(tmp_path: Path) -> None:
    made = cosigned(make(), W2)
    key = trust(made.house, manifest_since=SEALED_AT + timedelta(days=1))
    report = verified(tmp_path, made.zip(), key=key)
    assert {state for state, _ in said(report, "revocation")} == {"inconclusive"}
    assert not report.ok


def test_an_envelope_alone_by_a_revoked_key_is_not_called_ok(tmp_path: Path) -> None:
    made = make()
    assert made.manifest is not None
    path = tmp_path / "manifest.dsse.json"
    path.write_bytes(made.manifest.envelope)
    assert verify_path(path, key=trust(made.house)).ok
    assert not verify_path(path, key=trust(made.house, manifest_since=SEALED_AT)).ok


def test_a_key_that_was_only_replaced_loses_nothing(tmp_path: Path) -> None:
    made = make()
    told = made.house.keys_json
    for name in ("manifest", "log"):
        told[name][0]["valid_to"] = "2026-01-02T00:00:00Z"
    report = verified(tmp_path, made.zip(), key=Keys.parse(canonical(told)))
    assert report.ok, failures(report)
    assert said(report, "revocation") == []


def test_another_key_of_the_house_that_was_revoked_takes_nothing(tmp_path: Path) -> None:
    made, other = make(), House()
    told, theirs = made.house.keys_json, other.keys_json
    theirs["manifest"][0]["revoked_since"] = "2026-01-01T00:00:00Z"
    told["manifest"] += theirs["manifest"]
    report = verified(tmp_path, made.zip(), key=Keys.parse(canonical(told)))
    assert report.ok, failures(report)
    assert [state for state, _ in said(report, "revocation")] == ["pass"]


def test_what_a_bundle_says_against_itself_is_said(tmp_path: Path) -> None:
    house = TellingHouse()
    report = verified(tmp_path, make(house=house).zip())
    assert {state for state, _ in said(report, "revocation")} == {"inconclusive"}
    assert report.ok  # its own word on its own keys is worth no more than its keys


class TellingHouse(House):
    @property
    def keys_json(self) -> dict[str, object]:
        told = super().keys_json
        told["manifest"][0]["revoked_since"] = "2026-01-01T00:00:00Z"
        return told


# -- the trust file ----------------------------------------------------------------------------


def test_a_trust_file_carries_all_four_kinds_of_keys_and_their_times() -> None:
    house = House()
    keys = trust(house, manifest_since=SEALED_AT)
    assert keys.witnesses == (W1.verifier,)
    assert keys.standing[house.signer.keyid].revoked_since == SEALED_AT
    assert keys.standing[house.log_signer.verifier.vkey].valid_from == datetime(
        2026, 1, 1, tzinfo=UTC
    )


def test_a_witness_among_log_keys_is_refused_and_in_a_list_of_vkeys_is_told_apart() -> None:
    house = House()
    with pytest.raises(FormatError, match="wrong list"):
        Keys.parse(canonical({"log": [{"vkey": W1.verifier.vkey}]}))
    with pytest.raises(FormatError, match="wrong list"):
        Keys.parse(canonical({"witness": [{"vkey": house.log_signer.verifier.vkey}]}))
    lines = f"{W1.verifier.vkey}\n{house.log_signer.verifier.vkey}\n"
    keys = Keys.parse(lines.encode())
    assert (keys.log, keys.witnesses) == ((house.log_signer.verifier,), (W1.verifier,))


@pytest.mark.parametrize("time", ["yesterday", "2026-11-01T00:00:00", "2026-11-01T00:00:00+08:00"])
def test_a_revocation_without_a_plain_utc_time_is_refused(time: str) -> None:
    told = House().keys_json
    told["log"][0]["revoked_since"] = time
    with pytest.raises(FormatError):
        Keys.parse(canonical(told))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_pinned_authoritys_token_shows_the_time_as_a_witness_does(tmp_path: Path) -> None:
    made = make()
    authority = clock(tmp_path / "tsa")
    stamped = replace(made, sealed=authority.stamp(made.sealed.checkpoint)).zip()
    now = datetime.now(UTC)

    def judged(since: datetime, *, pinned: bool = True) -> Report:
        told = made.house.keys_json
        told["manifest"][0]["revoked_since"] = rfc3339(since)
        if pinned:
            told["tsa"] = [authority.line]
        return verified(tmp_path, stamped, key=Keys.parse(canonical(told)))

    good = judged(now + timedelta(minutes=5))
    assert good.ok, failures(good)
    assert {state for state, _ in said(good, "revocation")} == {"pass"}
    assert {state for state, _ in said(judged(now - timedelta(minutes=5)), "revocation")} == {
        "fail"
    }
    unpinned = judged(now + timedelta(minutes=5), pinned=False)
    assert {state for state, _ in said(unpinned, "revocation")} == {"inconclusive"}
    assert not unpinned.ok
