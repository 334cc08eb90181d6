"""A verifier we did not write, in another language, reads a log and proofs that we wrote.

`../shared/tools/tlogverify` stands on golang.org/x/mod/sumdb, the code behind Go's own
checksum database. Needs Go and Debian's golang-golang-x-mod-dev; skips without them.
"""

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.canonical import canonical, to_base64
from evidence.checkpoint import Checkpoint
from evidence.merkle import (
    Frontier,
    consistency_path,
    inclusion_path,
)
from evidence.notes import CosignatureSigner, Ed25519NoteSigner, sign_note
from evidence.proofs import LogProof
from evidence.tiles import grown_bundles, grown_tiles, leaf_hashes_of, tile_reader

GO_PATH = Path("/usr/share/gocode")
SIZES = (1, 255, 256, 257, 511, 600)
ENTRIES = [b"", bytes(65_535), *(canonical({"seq": n, "v": 1}) for n in range(2, 600))]

LOG = Ed25519NoteSigner("log.example/one", Ed25519PrivateKey.from_private_bytes(bytes(32)))
WITNESS = CosignatureSigner(
    "w.example", Ed25519PrivateKey.from_private_bytes(b"w" * 32), 1_767_226_200
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def tlogverify(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    go = shutil.which("go")
    if go is None or not GO_PATH.is_dir():
        pytest.skip("Go is absent: apt-get install golang-go golang-golang-x-mod-dev")
    source = shared / "tools/tlogverify/main.go"
    if not source.is_file():
        pytest.skip("the Go verifier is absent from the shared tools")
    folder = tmp_path_factory.mktemp("go")
    settings = {
        "CGO_ENABLED": "0",
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPATH": str(GO_PATH),
        "GOPROXY": "off",
        "GOCACHE": str(folder / "cache"),
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
    }
    binary = folder / "tlogverify"
    command = [go, "build", "-trimpath", "-o", str(binary), str(source)]
    built = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=110)
    assert built.returncode == 0, built.stderr

    def run(verb: str, **options: object) -> subprocess.CompletedProcess[str]:
        arguments = [f"-{name}={value}" for name, value in options.items()]
        keys = [f"-vkey={LOG.verifier.vkey}", f"-wkey={WITNESS.verifier.vkey}", "-quorum=1"]
        return subprocess.run(
            [binary, verb, *keys, *arguments], capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of 600 entries, grown in steps, its head signed at each."""

    def read(path: str) -> bytes | None:
        file = tmp_path / path
        return file.read_bytes() if file.is_file() else None

    frontier = Frontier()
    for size in SIZES:
        entries = ENTRIES[frontier.size : size]
        leaves = leaf_hashes_of(entries)
        made = [
            *grown_tiles(read, old_size=frontier.size, leaf_hashes=leaves),
            *grown_bundles(read, old_size=frontier.size, entries=entries),
        ]
        for tile, data in made:
            (tmp_path / tile.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / tile.path).write_bytes(data)
        frontier.extend(leaves)
        head = Checkpoint(origin=LOG.name, size=size, root=frontier.root())
        raw = sign_note(head.text, [LOG, WITNESS])
        for name in ("checkpoint", f"checkpoint.{size}"):
            (tmp_path / name).write_bytes(raw)
    return tmp_path


def reader_of(log: Path, size: int) -> Callable[[int, int], bytes]:
    def read(path: str) -> bytes | None:
        return (log / path).read_bytes() if (log / path).is_file() else None

    return tile_reader(read, size=size)


@pytest.mark.needs_shared
def test_go_accepts_our_log_and_every_earlier_head(tlogverify: Run, log: Path) -> None:
    result = tlogverify("log", dir=log)
    assert result.returncode == 0, result.stdout
    assert f"600 entries, 4 tiles, {len(SIZES)} earlier checkpoints" in result.stdout


@pytest.mark.needs_shared
@pytest.mark.parametrize(
    "name",
    ["tile/entries/001", "tile/0/002.p/88", "tile/1/000.p/2", "checkpoint", "checkpoint.257"],
)
def test_go_finds_a_flipped_bit_in_our_log(tlogverify: Run, log: Path, name: str) -> None:
    data = bytearray((log / name).read_bytes())
    data[40] ^= 1
    (log / name).write_bytes(data)
    result = tlogverify("log", dir=log)
    assert result.returncode == 1
    assert result.stdout.startswith("FAIL")


@pytest.mark.needs_shared
@pytest.mark.parametrize("index", [0, 1, 255, 256, 599])
def test_go_accepts_our_proof_and_not_a_forged_one(tlogverify: Run, log: Path, index: int) -> None:
    proof = LogProof(
        index=index,
        path=tuple(inclusion_path(reader_of(log, 600), index=index, size=600)),
        checkpoint=(log / "checkpoint").read_bytes(),
    )
    raw = proof.to_bytes()
    (log / "entry").write_bytes(ENTRIES[index])
    (log / "proof").write_bytes(raw)
    result = tlogverify("proof", proof=log / "proof", entry=log / "entry")
    assert (result.returncode, result.stdout) == (
        0,
        f"OK entry {index} of log.example/one, size 600, 1 cosignature(s)\n",
    )
    (log / "entry").write_bytes(ENTRIES[index] + b" ")
    assert tlogverify("proof", proof=log / "proof", entry=log / "entry").returncode == 1
    (log / "entry").write_bytes(ENTRIES[index])
    (log / "proof").write_bytes(raw.replace(b"index %d" % index, b"index %d" % (index ^ 1)))
    assert tlogverify("proof", proof=log / "proof", entry=log / "entry").returncode == 1


@pytest.mark.needs_shared
def test_go_accepts_our_consistency_proofs(tlogverify: Run, log: Path) -> None:
    for old, new in itertools.pairwise(SIZES):
        path = consistency_path(reader_of(log, new), old_size=old, new_size=new)
        lines = "".join(f"{to_base64(node)}\n" for node in path)
        heads = {"old": log / f"checkpoint.{old}", "new": log / f"checkpoint.{new}"}
        (log / "path").write_text(lines)
        assert tlogverify("consistency", proof=log / "path", **heads).returncode == 0
        (log / "path").write_text(lines[45:])
        assert tlogverify("consistency", proof=log / "path", **heads).returncode == 1
