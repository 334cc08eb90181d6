"""Asking witnesses: real ones, ones that are away, that lie, that remember another history."""

import asyncio
import contextlib
import json
import time
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auditor.keys import Keys
from auditor.verify import verify_path
from evidence.bundle import COSIGNED
from evidence.canonical import canonical
from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.dsse import Envelope
from evidence.key_records import KeyKind
from evidence.manifest import Manifest
from evidence.notes import CosignatureSigner, NoteVerifier, sign_note, signature_by
from evidence.proofs import verify_proof
from evidence.quorum import WitnessPolicy
from evidence.witness import AddCheckpoint
from service.demo import story
from service.health import health_of
from service.runtime import Runtime, open_vault
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import Settings, WitnessSettings, load_settings
from service.witness.client import Witnesses, key_of
from service.witness.server import Witness, make_witness_app
from storage.ledger.records import State
from tests.service.test_cli import orderproof
from tests.storage.stage import ORIGIN, TENANT, Stage, staged
from tests.tlogverify import tlogverify

SECRET = {"ORDERPROOF_DEMO_UPS_SECRET": "demo-secret"}
LIAR = CosignatureSigner("liar.example", Ed25519PrivateKey.from_private_bytes(b"l" * 32), 1)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "stage") as made:
        yield made


class Played:
    """A witness that is served for as long as the test runs."""

    def __init__(self, witness: Witness, server: TestServer) -> None:
        self.witness = witness
        self.server = server

    def settings(self, name: str = "one") -> WitnessSettings:
        url = str(self.server.make_url("/"))
        return WitnessSettings(name=name, vkey=self.witness.verifier.vkey, url=url)


@contextlib.asynccontextmanager
async def played(
    folder: Path, *logs: NoteVerifier, name: str = "w.example"
) -> AsyncIterator[Played]:
    witness = Witness(folder, name=name, logs=logs, clock=time.time)
    server = TestServer(make_witness_app(witness))
    await server.start_server()
    try:
        yield Played(witness, server)
    finally:
        await server.close()


@contextlib.asynccontextmanager
async def misbehaving(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[WitnessSettings]:
    app = web.Application()
    app.router.add_post("/add-checkpoint", answer)
    server = TestServer(app)
    await server.start_server()
    try:
        url = str(server.make_url("/"))
        yield WitnessSettings(name="liar", vkey=LIAR.verifier.vkey, url=url)
    finally:
        await server.close()


def asking(stage: Stage, *witnesses: WitnessSettings) -> Witnesses:
    return Witnesses(
        witnesses,
        ledger=stage.ledger,
        sequencer=stage.sequencer,
        files_for=lambda _: stage.files,
    )


async def grown(stage: Stage, name: str, count: int = 3) -> Checkpoint:
    order = await stage.order()
    collection = await stage.collection(order)
    await stage.bring(order, collection, [f"{name}-{n}" for n in range(count)])
    return await stage.sequencer.sequence(TENANT)


async def test_each_new_head_is_cosigned_kept_and_shown(stage: Stage, tmp_path: Path) -> None:
    async with played(tmp_path / "w", stage.key) as one:
        witnesses = asking(stage, one.settings())
        head = await grown(stage, "a")
        for name in ("b", "c", ""):
            (outcome,) = await witnesses.cosign(TENANT)
            assert (outcome.size, outcome.why) == (head.size, "")
            keys = [stage.key, one.witness.verifier]
            shown, _ = open_checkpoint(await stage.sequencer.note(TENANT), keys, quorum=1)
            assert shown == head
            assert len(await stage.ledger.cosignatures(TENANT, head.size)) == 1
            head = await grown(stage, name) if name else head
        assert await witnesses.cosign(TENANT) == []  # it has been asked for this head
        # The head as the log signed it stays as it was.
        kept = stage.files.read(f"checkpoints/{head.size}")
        assert kept is not None and b"w.example" not in kept


async def test_who_restarts_without_memory_is_told_where_the_witness_stands(
    stage: Stage, tmp_path: Path
) -> None:
    async with played(tmp_path / "w", stage.key) as one:
        first = await grown(stage, "a")
        raw = AddCheckpoint(
            old=0,
            proof=(),
            checkpoint=(await stage.ledger.checkpoint_at(TENANT, first.size)) or b"",
        )
        assert isinstance(one.witness.add(raw.to_bytes()), str)  # an answer that we never kept
        (again,) = await asking(stage, one.settings()).cosign(TENANT)
        assert again.why == ""
        await grown(stage, "b")
        one.witness.add(raw.to_bytes())
        (grown_since,) = await asking(stage, one.settings()).cosign(TENANT)
        assert grown_since.why == ""


async def test_a_fork_that_a_witness_saw_first_is_said_and_stops_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    head = await grown(stage, "a")
    other = Checkpoint(origin=ORIGIN, size=head.size, root=bytes(32))
    note = sign_note(other.text, stage.vault.log_signers(TENANT, ORIGIN))
    async with played(tmp_path / "w", stage.key) as one:
        raw = AddCheckpoint(old=0, proof=(), checkpoint=note).to_bytes()
        assert isinstance(one.witness.add(raw), str)
        (outcome,) = await asking(stage, one.settings()).cosign(TENANT)
        assert "another history" in outcome.why
        longer = Checkpoint(origin=ORIGIN, size=head.size + 5, root=bytes(32))
    async with played(tmp_path / "v", stage.key) as two:
        note = sign_note(longer.text, stage.vault.log_signers(TENANT, ORIGIN))
        two.witness.add(AddCheckpoint(old=0, proof=(), checkpoint=note).to_bytes())
        (outcome,) = await asking(stage, two.settings()).cosign(TENANT)
        assert "more than are published here" in outcome.why
    assert await stage.ledger.cosignatures(TENANT, head.size) == []


async def test_one_that_is_away_is_said_once_and_the_other_is_asked(
    stage: Stage, tmp_path: Path
) -> None:
    await grown(stage, "a")
    gone = WitnessSettings(name="gone", vkey=LIAR.verifier.vkey, url="http://127.0.0.1:1")
    async with played(tmp_path / "w", stage.key) as one:
        witnesses = asking(stage, gone, one.settings())
        said = {o.witness: o.why for o in await witnesses.cosign(TENANT)}
        assert said["one"] == "" and said["gone"]
        (again,) = await witnesses.cosign(TENANT)
        assert (again.witness, again.why) == ("gone", "it did not answer a moment ago")


LIES: dict[str, Callable[[Checkpoint], str]] = {
    "another's signature": lambda head: (
        signature_by(
            CosignatureSigner("liar.example", Ed25519PrivateKey.generate(), 1), head.text
        ).line
    ),
    "over another head": lambda head: signature_by(LIAR, b"other\n1\nx\n").line,
    "no signature": lambda head: "thank you\n",
    "nothing": lambda head: "",
    "too much": lambda head: "x" * (1 << 20),
    "a time after all calendars": lambda head: (
        signature_by(CosignatureSigner(LIAR.name, LIAR.key, (1 << 63) - 1), head.text).line
    ),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_a_lying_witness_answers_is_not_kept(stage: Stage, lie: str) -> None:
    head = await grown(stage, "a")

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=LIES[lie](head))

    async with misbehaving(answer) as settings:
        (outcome,) = await asking(stage, settings).cosign(TENANT)
    assert outcome.why
    assert await stage.ledger.cosignatures(TENANT, head.size) == []
    assert b"liar.example" not in await stage.sequencer.note(TENANT)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 409, 500])
async def test_a_witness_that_refuses_stops_nothing(stage: Stage, status: int) -> None:
    await grown(stage, "a")

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="no", headers={"Location": "http://127.0.0.1:1/"})

    async with misbehaving(answer) as settings:
        (outcome,) = await asking(stage, settings).cosign(TENANT)
    assert outcome.why


async def test_a_witness_goes_on_through_a_rotation_that_overlaps(
    stage: Stage, tmp_path: Path
) -> None:
    old = stage.key
    async with played(tmp_path / "w", old) as one:
        witnesses = asking(stage, one.settings())
        await grown(stage, "a")
        assert [o.why for o in await witnesses.cosign(TENANT)] == [""]
        stage.vault.rotate(TENANT, KeyKind.LOG, ORIGIN)
        await grown(stage, "b")
        assert [o.why for o in await witnesses.cosign(TENANT)] == [""]


# -- the whole ---------------------------------------------------------------------------------


@pytest.fixture
async def config(tmp_path: Path) -> AsyncIterator[Path]:
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        yield story.write_story(
            tmp_path / "seller", sandbox_url=url, data=tmp_path / "data", keys=tmp_path / "keys"
        )


def log_keys(settings: Settings) -> list[NoteVerifier]:
    origin = settings.origin_of(settings.tenant)
    return open_vault(settings).log_verifiers(settings.tenant, origin)


def with_witness(config: Path, settings: WitnessSettings) -> Settings:
    table = f'\n[[witness]]\nname = "one"\nvkey = "{settings.vkey}"\nurl = "{settings.url}"\n'
    config.write_text(config.read_text() + table)
    return load_settings(config, environment=SECRET)


async def sealed(settings: Settings, to: Path) -> None:
    async with await Runtime.open(settings) as runtime:
        asked, _ = await runtime.request_collection(story.ORDER, tenant=settings.tenant)
        assert await runtime.walk(settings.tenant, asked.id) is State.SEALED
        await runtime.bundle(settings.tenant, story.ORDER, profile="bagit", to=to)


async def test_a_sealed_order_is_cosigned_and_who_demands_the_witness_is_answered(
    config: Path, tmp_path: Path
) -> None:
    plain = load_settings(config, environment=SECRET)
    async with played(tmp_path / "w", *log_keys(plain)) as one:
        settings = with_witness(config, one.settings())
        bundle = tmp_path / "bundle.zip"
        await sealed(settings, bundle)
        key = one.witness.verifier
    words = ["--config", str(config), "verify", str(bundle), "--json", "--witness"]
    said = await asyncio.to_thread(orderproof, *words, key.vkey, cwd=tmp_path, **SECRET)
    assert (said.code, json.loads(said.out)["answer"]) == (0, "ok"), said.err
    said = await asyncio.to_thread(orderproof, *words, LIAR.verifier.vkey, cwd=tmp_path, **SECRET)
    assert said.code == 1
    folder = unpacked(bundle, tmp_path / "out")
    note = (folder / COSIGNED).read_bytes()
    assert note.startswith((folder / "proof/sealed/checkpoint").read_bytes())
    manifest = Envelope.from_json((folder / "proof/manifest.dsse.json").read_bytes()).payload
    before = (folder / "proof/before-read/checkpoint").read_bytes()
    assert Manifest.from_payload(manifest).before_read.encode() == before


@pytest.mark.extras
@pytest.mark.needs_shared
async def test_go_accepts_our_cosigned_proofs_before_and_after_a_rotation(
    config: Path, tmp_path: Path, shared: Path
) -> None:
    plain = load_settings(config, environment=SECRET)
    async with played(tmp_path / "w", *log_keys(plain)) as one:
        settings = with_witness(config, one.settings())
        bundle, later = tmp_path / "bundle.zip", tmp_path / "later.zip"
        await sealed(settings, bundle)
        async with await Runtime.open(settings) as runtime:
            origin = settings.origin_of(settings.tenant)
            runtime.vault.rotate(settings.tenant, KeyKind.LOG, origin)
        await sealed(settings, later)
    witness = one.witness.verifier.vkey
    old, new = (key.vkey for key in log_keys(plain))
    for path, accepted in ((bundle, {old}), (later, {old, new})):
        folder = unpacked(path, tmp_path / path.stem)
        receipts = (folder / "proof/receipts.jsonl").read_bytes().splitlines()
        for seq, receipt in list(enumerate(receipts))[-3:]:
            (tmp_path / "receipt").write_bytes(receipt)
            proof = folder / f"proof/inclusion/{seq:04d}.tlog-proof"
            for log in (old, new):
                for wkey in (witness, LIAR.verifier.vkey):
                    go = tlogverify(
                        shared, "proof", "-vkey", log, "-wkey", wkey, "-quorum", "1",
                        "-proof", proof, "-entry", tmp_path / "receipt",
                    )  # fmt: skip
                    right = log in accepted and wkey == witness
                    assert go.returncode == (0 if right else 1), go.stdout


async def test_a_witness_that_is_away_delays_no_seal_and_a_later_head_makes_up_for_it(
    config: Path, tmp_path: Path
) -> None:
    plain = load_settings(config, environment=SECRET)
    async with played(tmp_path / "w", *log_keys(plain)) as one:
        away = WitnessSettings(name="one", vkey=one.witness.verifier.vkey, url="http://127.0.0.1:1")
        bundle = tmp_path / "bundle.zip"
        text = config.read_text()
        await sealed(with_witness(config, away), bundle)
        demanded = WitnessPolicy.of([one.witness.verifier])
        assert (await asyncio.to_thread(verify_path, bundle)).ok
        assert not (await asyncio.to_thread(verify_path, bundle, witnesses=demanded)).ok
        config.write_text(text)
        back = with_witness(config, one.settings())
        async with await Runtime.open(back) as runtime:
            assert [h.ok for h in await health_of(runtime) if h.part == "witness one"] == [False]
            assert [o.why for o in await runtime.witnesses.cosign(back.tenant)] == [""]
            assert [h.ok for h in await health_of(runtime) if h.part == "witness one"] == [True]
            await runtime.bundle(back.tenant, story.ORDER, profile="bagit", to=bundle)
        assert (await asyncio.to_thread(verify_path, bundle, witnesses=demanded)).ok


async def test_keys_are_rotated_and_revoked_by_command_and_the_log_says_so(
    config: Path, tmp_path: Path
) -> None:
    async def ran(*words: str) -> str:
        said = await asyncio.to_thread(
            orderproof, "--config", str(config), *words, cwd=tmp_path, **SECRET
        )
        assert said.code == 0, said.err
        return said.out

    settings = load_settings(config, environment=SECRET)
    async with played(tmp_path / "w", *log_keys(settings)) as one:
        settings = with_witness(config, one.settings())
        before, after = tmp_path / "before.zip", tmp_path / "after.zip"
        await sealed(settings, before)
        cosigned_at = int(time.time())
        old_keys = trusted(settings)
        assert old_keys.witnesses == (one.witness.verifier,)
        await ran("keys", "rotate", "log", "--json")
        await asyncio.sleep(max(0.0, cosigned_at + 2 - time.time()))
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        (keyid,) = old_keys.standing.keys() - {key.vkey for key in old_keys.log}
        revoked = json.loads(await ran("keys", "revoke", keyid[:12], "--since", since, "--json"))
        assert [r["event"] for r in revoked["records"]] == ["rotated", "rotated", "revoked"]
        await sealed(settings, after)
        now = trusted(settings)

    # What was cosigned before the revocation stays good under the new trust file; what was sealed
    # after it is signed by the new key.
    for bundle, keys in ((before, now), (after, now), (before, old_keys)):
        report = await asyncio.to_thread(verify_path, bundle, key=keys)
        assert report.ok, (bundle.name, report.lines())
    assert not (await asyncio.to_thread(verify_path, after, key=old_keys)).ok
    # Backdated: nobody saw it before, so it is not to be believed.
    words = ("keys", "revoke", keyid, "--since", "2026-01-01T00:00Z", "--json")
    earlier = json.loads(await ran(*words))
    assert len(earlier["records"]) == 4
    strict = Keys.parse((await ran("keys")).encode())
    assert strict == trusted(settings)
    assert not (await asyncio.to_thread(verify_path, before, key=strict)).ok

    await ran("keys", "records", "--out", str(tmp_path / "records"))
    proofs = sorted((tmp_path / "records").glob("*.tlog-proof"))
    assert len(proofs) == 4
    for proof in proofs:
        entry = proof.with_name(f"{proof.name[:4]}.receipt.json").read_bytes()
        for key in now.log:  # both keys of the log sign while they overlap
            verify_proof(proof.read_bytes(), entry=entry, log=key)


def trusted(settings: Settings) -> Keys:
    """What `orderproof keys` prints, read as a trust file."""
    public = open_vault(settings).public_keys(settings.tenant, settings.origin_of(settings.tenant))
    witnesses = [{"vkey": each.vkey} for each in settings.witnesses]
    return Keys.parse(canonical({**public, "witness": witnesses}))


def unpacked(bundle: Path, to: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(to)
    (folder,) = to.iterdir()
    return folder


def test_a_logs_key_is_no_witness(stage: Stage) -> None:
    from evidence.errors import RequestError

    settings = WitnessSettings(name="x", vkey=stage.key.vkey, url="http://127.0.0.1:1")
    with pytest.raises(RequestError, match="log's key"):
        key_of(settings)
