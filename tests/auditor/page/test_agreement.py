"""The page and `orderproof verify` say the same of every bundle, whole or bent."""

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auditor.page import page
from evidence.bundle import (
    CONSISTENCY,
    COSIGNED,
    KEYS,
    MANIFEST,
    OPENINGS,
    RECEIPTS,
    STATEMENT,
    Opening,
    openings_bytes,
    write_bundle,
)
from evidence.canonical import canonical, digest, parse_json, to_base64
from evidence.checkpoint import Checkpoint
from evidence.dsse import Envelope
from evidence.merkle import inclusion_path, nodes_of
from evidence.notes import (
    CosignatureSigner,
    NoteSignature,
    add_signatures,
    sign_note,
    signature_by,
    split_note,
)
from evidence.oms import MODEL_SIG
from evidence.orders import order_ref
from evidence.proofs import LogProof
from evidence.receipts import Receipt
from evidence.trusted_time import Stamped
from tests.auditor.bundles import (
    NOON,
    House,
    Made,
    files_of,
    make,
    reviewers,
    with_copies,
    zipped,
)
from tests.auditor.page.browser import Tab
from tests.auditor.page.judging import (
    disagreement,
    judged,
    judged_flips,
    judged_folder,
    ours,
    sentences,
)
from tests.auditor.test_derived import BENT, PICTURE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FEW = 60
MANY = 200
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def made() -> Made:
    return make(5)


async def agree(tab: Tab, tmp_path: Path, data: bytes, *, key: bytes | None = None) -> Any:
    """The page's report, once it was compared with the auditor's."""
    file = tmp_path / "bundle.zip"
    file.write_bytes(data)
    said = await judged(tab, data, key=key)
    assert disagreement(said, ours(file, key=key)) == ""
    return said


async def test_a_whole_bundle_is_described_in_the_very_words_of_the_auditor(
    tab: Tab, made: Made, tmp_path: Path
) -> None:
    key = canonical(made.house.keys_json)
    for pin in (None, key, made.house.pem.encode(), made.house.log_signer.verifier.vkey.encode()):
        said = await agree(tab, tmp_path, made.zip(), key=pin)
        assert (said["answer"], said["trust"]) == ("ok", "pinned" if pin else "bundle")
        assert sentences(said) == sentences(ours(tmp_path / "bundle.zip", key=pin))


async def test_a_bundle_that_carries_the_page_is_as_good(tab: Tab, tmp_path: Path) -> None:
    made = make(2)
    files = files_of(made) | {"verify.html": page()}
    assert (await agree(tab, tmp_path, zipped(files, by=made.house)))["answer"] == "ok"
    assert (await agree(tab, tmp_path, zipped(files)))["answer"] == "not ok"


async def test_a_bundle_forged_whole_fails_under_the_pinned_key(
    tab: Tab, made: Made, tmp_path: Path
) -> None:
    forged = make(5, house=House()).zip()
    assert (await agree(tab, tmp_path, forged))["answer"] == "ok"
    said = await agree(tab, tmp_path, forged, key=canonical(made.house.keys_json))
    assert said["answer"] == "not ok"


async def test_reviewers_copies_long_chains_and_twice_brought_bytes_are_judged_alike(
    tab: Tab, made: Made, tmp_path: Path
) -> None:
    long = make([f"item {number}".encode() for number in range(1_010)])
    twice = make([b"same", b"other", b"third", b"fourth", b"same"])
    for each in (
        reviewers(made),
        reviewers(made, withheld=[1]),
        reviewers(made, withheld=range(5)),
        twice,
        reviewers(twice),
        make(5, lost=[1, 3]),
        reviewers(make(5, lost=[1])),
        long,
    ):
        said = await agree(tab, tmp_path, each.zip())
        assert said["answer"] == "ok"
        assert sentences(said) == sentences(ours(tmp_path / "bundle.zip"))


async def test_flipped_bytes_are_found_and_named_as_the_auditor_names_them(
    tab: Tab, tmp_path: Path
) -> None:
    await _flip(tab, tmp_path, FEW, seed=5)


@pytest.mark.slow
async def test_two_hundred_flipped_bytes_are_found_and_named(tab: Tab, tmp_path: Path) -> None:
    await _flip(tab, tmp_path, MANY, seed=6)


async def _flip(tab: Tab, tmp_path: Path, count: int, *, seed: int) -> None:
    data = make(4).zip()
    dice = random.Random(seed)
    places = [0, 1, 2, 3, len(data) - 1, *dice.sample(range(4, len(data) - 1), count - 5)]
    flips = [(at, 1 << dice.randrange(8)) for at in places]
    file = tmp_path / "bundle.zip"
    for (at, bit), said in zip(flips, await judged_flips(tab, data, flips), strict=True):
        bent = bytearray(data)
        bent[at] ^= bit
        file.write_bytes(bent)
        assert said.get("answer") != "ok", f"byte {at} was flipped, and nobody noticed"
        assert disagreement(said, ours(file)) == "", (at, bit)


async def test_flipped_bytes_of_a_folder_are_found(tab: Tab, tmp_path: Path) -> None:
    files = files_of(make(2))
    dice = random.Random(7)
    for path in [None, *sorted(files)]:
        bent = dict(files)
        if path is not None:
            at = dice.randrange(len(files[path]))
            bent[path] = files[path][:at] + bytes([files[path][at] ^ 4]) + files[path][at + 1 :]
        folder = tmp_path / str(path).replace("/", " ")
        for name, raw in bent.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(raw)
        said = await judged_folder(tab, bent)
        assert (said["answer"] == "ok") == (path is None)
        assert disagreement(said, ours(folder)) == "", path


def _rechained(lines: list[bytes]) -> list[bytes]:
    prev, fixed = "0" * 64, []
    for seq, line in enumerate(lines):
        receipt = replace(Receipt.from_bytes(line), seq=seq, prev=prev)
        fixed.append(receipt.to_bytes())
        prev = receipt.sha256
    return fixed


def _receipts(bend: Callable[[list[bytes]], list[bytes]]) -> Iterator[Callable[[Made], Files]]:
    for fit in (list[bytes], _rechained):

        def forged(made: Made, fit: Any = fit) -> Files:
            lines = fit(bend(made.receipts))
            return files_of(made) | {RECEIPTS: b"".join(line + b"\n" for line in lines)}

        yield forged


def _fork(made: Made) -> Files:
    house = made.house
    fork = House(house.origin, house.envelope_key, house.log_key, [bytes(32)] * 4)
    return files_of(made) | {"proof/before-read/checkpoint": fork.head()}


def _late(_: Made) -> Files:
    early = House()
    head = early.head()
    late = make(3, house=House(early.origin, early.envelope_key, early.log_key))
    return files_of(late) | {"proof/before-read/checkpoint": head}


def _other_log(made: Made) -> Files:
    other = House("log.example/<b>other</b>", made.house.envelope_key, made.house.log_key)
    return files_of(made) | {"proof/sealed/checkpoint": other.head()}


def _another_origin(made: Made) -> Files:
    text = Checkpoint(origin="log.example/else", size=1, root=bytes(32)).text
    note = sign_note(text, [made.house.log_signer])
    return files_of(made) | {"proof/sealed/checkpoint": note}


def _key_twice(made: Made) -> Files:
    files = files_of(made)
    return files | {STATEMENT: files[STATEMENT].replace(b"{", b'{"x":1,"x":2,', 1)}


def _opened_more(made: Made) -> Files:
    files = files_of(made)
    openings = Opening.read_all(files[OPENINGS])
    more = replace(openings[0], seq=99, path="data/x")
    return files | {OPENINGS: openings_bytes([*openings, more])}


def _salt_changed(made: Made) -> Files:
    files = files_of(reviewers(made))
    openings = Opening.read_all(files[OPENINGS])
    openings[1] = replace(openings[1], salt=bytes(32))
    return files | {OPENINGS: openings_bytes(openings)}


def _resalted(made: Made) -> Files:
    files = files_of(made)
    payload = parse_json(Envelope.from_json(files[MANIFEST]).payload)
    payload["predicate"]["items"][1]["salt"] = "00" * 32
    return files | {MANIFEST: made.house.envelope(payload)}


def _logged_out_of_order(made: Made) -> Files:
    """The same keys sign a log in which the second receipt stands before the first."""
    house = House(made.house.origin, made.house.envelope_key, made.house.log_key)
    order = [1, 0, *range(2, len(made.receipts))]
    places = {seq: house.log(made.receipts[seq]) for seq in order}
    head, nodes = house.head(), nodes_of(house.leaves)
    files = files_of(made) | {"proof/sealed/checkpoint": head}
    for seq, index in places.items():
        path = tuple(inclusion_path(nodes, index=index, size=len(house.leaves)))
        proof = LogProof(index=index, path=path, checkpoint=head)
        files[f"proof/inclusion/{seq:04d}.tlog-proof"] = proof.to_bytes()
    return files


def _without(path: str) -> Callable[[Made], Files]:
    return lambda made: {name: raw for name, raw in files_of(made).items() if name != path}


def _with(path: str, raw: bytes) -> Callable[[Made], Files]:
    return lambda made: files_of(made) | {path: raw}


FORGERIES: dict[str, Callable[[Made], Files]] = {
    "forked log": _fork,
    "item logged late": _late,
    "checkpoint of another log": _other_log,
    "checkpoint with another origin": _another_origin,
    "a JSON key twice": _key_twice,
    "one opening more": _opened_more,
    "salt replaced": _salt_changed,
    "salt replaced and signed": _resalted,
    "logged out of order": _logged_out_of_order,
    "keys replaced": _with(KEYS, canonical(House().keys_json)),
    "no keys": _with(KEYS, b"{}"),
    "no keys, only nonsense": _with(KEYS, b'{"manifest":[{"pem":3}]}'),
    "query without token": _with("proof/sealed/query.tsq", b"?"),
    "file added": _with("extra.exe", b"?"),
    "item added": _with("data/0009-pod.document.pdf", b"?"),
    "withheld without need": _with("data/withheld.txt", b"seq role bytes receipt-sha256\n"),
    "no consistency": _without(CONSISTENCY),
    "hash missing": _with(CONSISTENCY, b""),
    "hash cut short": _with(CONSISTENCY, to_base64(b"short").encode() + b"\n"),
    "not a proof": _with(
        "proof/inclusion/0001.tlog-proof", b"c2sp.org/tlog-proof@v1\nindex 01\n\n"
    ),
    "empty receipts": lambda made: files_of(made) | {"proof/openings.json": b""},
    **{f"without {path}": _without(path) for path in (MANIFEST, OPENINGS, KEYS)},
    "without a proof": _without("proof/inclusion/0002.tlog-proof"),
    "without a checkpoint": _without("proof/sealed/checkpoint"),
}
for _name, _bend in {
    "swapped": lambda lines: [lines[1], lines[0], *lines[2:]],
    "dropped": lambda lines: [lines[0], *lines[2:]],
    "back-dated": lambda lines: [
        lines[0],
        lines[1].replace(b"2026-11-01T12:", b"2026-10-01T12:"),
        *lines[2:],
    ],
    "cut": lambda lines: lines[:-1],
}.items():
    for _fit, _forged in zip(("", " and chained anew"), _receipts(_bend), strict=True):
        FORGERIES[f"receipts {_name}{_fit}"] = _forged


async def test_forgeries_that_fit_the_bag_are_judged_as_the_auditor_judges_them(
    tab: Tab, made: Made, tmp_path: Path
) -> None:
    for name, forge in FORGERIES.items():
        data = zipped(forge(made), by=made.house)
        file = tmp_path / "bundle.zip"
        file.write_bytes(data)
        said = await judged(tab, data, key=canonical(made.house.keys_json))
        right = ours(file, key=canonical(made.house.keys_json))
        assert disagreement(said, right) == "", name


async def test_the_signature_over_the_folder_is_judged_as_the_auditor_judges_it(
    tab: Tab, made: Made, tmp_path: Path
) -> None:
    files = files_of(made)
    signed = parse_json(files[MODEL_SIG])
    spare = canonical(signed | {"note": "unsigned words"})
    unnamed = copy.deepcopy(signed)
    del unnamed["dsseEnvelope"]["signatures"][0]["keyid"]
    other = House()
    theirs = make(2, house=other)
    both = made.house.keys_json
    both["manifest"] += other.keys_json["manifest"]
    revoked = made.house.keys_json
    revoked["manifest"][0]["revoked_since"] = LATER
    pin = canonical(made.house.keys_json)
    for data in (
        *(
            zipped(files | {MODEL_SIG: raw})
            for raw in (spare, canonical(unnamed), b"{}", b"", files_of(theirs)[MODEL_SIG])
        ),
        zipped(files | {"README.txt": b"Trust us."}),
        zipped(files | {"verify.html": page()}),
        zipped({path: raw for path, raw in files.items() if path != MODEL_SIG}),
        zipped(files | {KEYS: canonical(both)}, by=other),
        zipped(files | {KEYS: canonical(revoked)}, by=made.house),
        zipped(files | {KEYS: canonical(other.keys_json)}, by=made.house),
    ):
        for key in (None, pin, made.house.log_signer.verifier.vkey.encode()):
            await agree(tab, tmp_path, data, key=key)


async def test_copies_of_items_are_judged_as_the_auditor_judges_them(
    tab: Tab, tmp_path: Path
) -> None:
    plain = make(5)
    made = with_copies(plain, (1, PICTURE))
    key = canonical(made.house.keys_json)
    for each in (made, reviewers(made, withheld=[1]), with_copies(plain, (0, b"1"), (2, b"2"))):
        said = await agree(tab, tmp_path, each.zip(), key=key)
        assert said["answer"] == "ok"
        assert sentences(said) == sentences(ours(tmp_path / "bundle.zip", key=key))
    for bend, _ in BENT:
        files = files_of(made)
        bend(files, made)
        said = await agree(tab, tmp_path, zipped(files, by=made.house), key=key)
        assert said["answer"] == "not ok", bend
    dice = random.Random(11)
    for _ in range(60):
        bent = with_copies(plain, (1, PICTURE), bend=partial(_bent, dice=dice))
        await agree(tab, tmp_path, bent.zip(), key=key)
    files = files_of(made)
    for path in sorted(path for path in files if "derived" in path):
        at = dice.randrange(len(files[path]))
        flipped = files[path][:at] + bytes([files[path][at] ^ 1]) + files[path][at + 1 :]
        await agree(tab, tmp_path, zipped(files | {path: flipped}, by=made.house))
    revoked = made.house.keys_json
    revoked["manifest"][0]["revoked_since"] = LATER
    await agree(tab, tmp_path, made.zip(), key=canonical(revoked))


async def test_another_orders_files_do_not_pass_for_this_ones(tab: Tab, tmp_path: Path) -> None:
    made = make(3)
    mine = files_of(made)
    other = files_of(make(3, house=made.house, order=order_ref("other", "B-2002")))
    for path in sorted(set(mine) & set(other)):
        if mine[path] != other[path] and path.startswith(("proof/", "data/")):
            said = await agree(tab, tmp_path, zipped(mine | {path: other[path]}, by=made.house))
            assert said["answer"] == "not ok"


# What a browser does not read (auditor/page/manifest.js): facts, and the policy, which says what is
# required; so a manifest that calls itself incomplete cannot be refuted there.
UNREAD = {"facts", "policy", "coverage", "complete", "locator"}
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, "", "x", [], {}, ["x"], {"x": "y"}, "\u202e", "2026-13-01T00:00:00Z",
    "2026-11-01T12:00:00Z", "0" * 64, 2**53 - 1,
)  # fmt: skip


def _bent(value: Any, dice: random.Random) -> Any:
    """A copy with one thing in it changed: replaced, taken away or put there twice."""
    made = copy.deepcopy(value)
    places = list(_places(made))
    holder, key = dice.choice(places)
    match dice.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 1:
            holder["added"] = "?"
        case _:
            holder[key] = copy.deepcopy(dice.choice(ODD))
    return made


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        if key in UNREAD:
            continue
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


@pytest.mark.parametrize("path", [STATEMENT, MANIFEST])
async def test_well_signed_nonsense_is_refused_as_the_auditor_refuses_it(
    tab: Tab, tmp_path: Path, path: str
) -> None:
    """By the right key, so that every reading and comparison behind the signature is reached."""
    made = make(5, lost=[1])
    files = files_of(made)
    payload = parse_json(Envelope.from_json(files[path]).payload)
    dice = random.Random(8)
    if path == MANIFEST:
        for lost in ([], [1, 1], [0], [4, 1], [5], [99], [-1], [1.5], ["1"], "1", None):
            bent = payload | {"predicate": payload["predicate"] | {"lost": lost}}
            await agree(tab, tmp_path, zipped(files | {path: made.house.envelope(bent)}))
    for _ in range(50):
        bent = _bent(payload, dice)
        await agree(tab, tmp_path, zipped(files | {path: made.house.envelope(bent)}, by=made.house))


async def test_a_zip_that_is_built_otherwise_is_judged_alike(
    tab: Tab, made: Made, tmp_path: Path
) -> None:
    data = made.zip()
    end = len(data) - 22
    for odd in (
        data + b"\0",
        b"\0" + data,
        data[:-1],
        data[:end],
        data[: end + 20] + b"\x05\0hello",
        data[:end] + data[end:].replace(b"\x01\0", b"\x02\0"),
        data[: len(data) // 2],
        data.replace(b"bagit.txt", b"bagit.TXT"),
        data.replace(b"bagit.txt", b"../it.txt"),
        data.replace(b"bagit.txt", b"<img>.\xff\x9f."),
        data[:10] + b"\x08\0" + data[12:],
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"",
        b"hello",
    ):
        await agree(tab, tmp_path, odd)


WITNESS = CosignatureSigner(
    "w1.example",
    Ed25519PrivateKey.from_private_bytes(b"w" * 32),
    int(datetime(2026, 11, 1, 14, tzinfo=UTC).timestamp()),
)
EARLIER, LATER = "2026-11-01T13:59:59.000000Z", "2026-11-01T14:00:01.000000Z"


def _cosigned(made: Made) -> Made:
    text, _ = split_note(made.sealed.checkpoint)
    note = add_signatures(made.sealed.checkpoint, [signature_by(WITNESS, text)])
    proofs = {
        seq: replace(LogProof.parse(raw), checkpoint=note).to_bytes()
        for seq, raw in made.proofs.items()
    }
    return replace(made, sealed=replace(made.sealed, cosigned=note), proofs=proofs)


def _trust(made: Made, part: str, since: str | None, *, witness: bool = True) -> bytes:
    told: dict[str, Any] = made.house.keys_json
    if since is not None:
        told[part][0]["revoked_since"] = since
    if witness:
        told["witness"] = [{"vkey": WITNESS.verifier.vkey}]
    return canonical(told)


async def test_witnesses_and_revoked_keys_are_judged_as_the_auditor_judges_them(
    tab: Tab, made: Made, tmp_path: Path
) -> None:
    answers = Counter[str]()
    for each in (made, _cosigned(made)):
        for part in ("manifest", "log"):
            for since in (None, EARLIER, LATER):
                for key in (
                    _trust(made, part, since),
                    _trust(made, part, since, witness=False),
                    WITNESS.verifier.vkey.encode(),
                ):
                    said = await agree(tab, tmp_path, each.zip(), key=key)
                    assert sentences(said) == sentences(ours(tmp_path / "bundle.zip", key=key))
                    answers[said["answer"]] += 1
                told = files_of(each) | {KEYS: _trust(made, part, since, witness=False)}
                await agree(tab, tmp_path, zipped(told, by=made.house))
    assert min(answers["ok"], answers["not ok"]) > 5
    files = files_of(_cosigned(made))
    wrong = NoteSignature(WITNESS.name, WITNESS.key_id, WITNESS.sign(b"another head\n"))
    for bent in (
        files[COSIGNED][:-10] + b"AAAAAAAA==\n",
        files[COSIGNED].replace(b"w1.example", b"w2.example"),
        files[COSIGNED].replace(b"\n", b"\n\n", 1),
        files["proof/sealed/checkpoint"] + wrong.line.encode(),
        b"no note",
    ):
        data = zipped(files | {COSIGNED: bent}, by=made.house)
        await agree(tab, tmp_path, data, key=_trust(made, "log", None))
    without = {path: raw for path, raw in files.items() if path != COSIGNED}
    await agree(tab, tmp_path, zipped(without, by=made.house))


def _say(text: str, _checkpoint: bytes) -> str:
    return text


async def test_time_tokens_are_called_inconclusive_and_never_a_pass(
    tab: Tab, tmp_path: Path
) -> None:
    token = b"not looked into"
    stamped = Stamped(authority="tsa", size=1, at=NOON, ours=NOON, token=digest(token))
    anchor = {"proof/before-read/token.tsr": token, "proof/before-read/query.tsq": b"?"}
    for text in ("none configured", str(stamped), "rfc3161: somehow", "missing: no token came"):
        made = make(2, trusted_time=partial(_say, text))
        files = files_of(made)
        for more in ({}, anchor, {**anchor, "proof/before-read/token.tsr": b"another"}):
            said = await agree(tab, tmp_path, zipped(files | more, by=made.house))
            assert not any(c["state"] == "pass" for c in said["checks"] if c["name"] == "time")


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_bundle_of_two_hundred_megabytes_is_read(
    tab: Tab, tmp_path: Path, page_file: Path
) -> None:
    large = make([bytes([number]) * (40 << 20) for number in range(5)])
    file = tmp_path / "large.zip"
    with file.open("wb") as out:
        write_bundle(out, large.entries())
    await tab.run("document.getElementById('result').hidden = true")
    await tab.pick("#zip", file)
    await tab.until("!document.getElementById('result').hidden", seconds=120)
    assert "agrees with itself" in await tab.run("document.getElementById('result').textContent")
