"""A log's folder alone: what the independent verifier accepts is accepted, a changed byte named."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from auditor.audit import AuditReport, audit_log
from auditor.folder import FolderLog
from auditor.keys import Keys
from auditor.report import State, Trust
from auditor.tally import Tally
from evidence.canonical import parse_json
from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError, RequestError
from evidence.merkle import hash_leaf, root
from evidence.notes import Ed25519NoteSigner, sign_note
from evidence.tiles import grown_bundles, grown_tiles

ORIGIN = "log.example/one"
SIGNER = Ed25519NoteSigner(ORIGIN, ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32))
KEYS = Keys(log=(SIGNER.verifier,))


def entries_of(count: int, *, changed: int = -1) -> list[bytes]:
    return [b"entry %d%s" % (at, b"!" if at == changed else b"") for at in range(count)]


def head_of(entries: list[bytes]) -> bytes:
    checkpoint = Checkpoint(origin=ORIGIN, size=len(entries), root=root(map(hash_leaf, entries)))
    return sign_note(checkpoint.text, [SIGNER])


def write(folder: Path, entries: list[bytes], *, sizes: tuple[int, ...]) -> Path:
    """A log that was published at each of these sizes, its partial tiles left where they are."""
    old = 0
    log = FolderLog(folder)
    for size in sizes:
        added = entries[old:size]
        made = [
            *grown_bundles(log.read, old_size=old, entries=added),
            *grown_tiles(log.read, old_size=old, leaf_hashes=[hash_leaf(e) for e in added]),
        ]
        for tile, data in made:
            path = folder / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        (folder / "checkpoints" / str(size)).write_bytes(head_of(entries[:size]))
        (folder / "checkpoint").write_bytes(head_of(entries[:size]))
        old = size
    return folder


def audited(folder: Path, *, keys: Keys = KEYS, saved: bytes | None = None) -> AuditReport:
    return audit_log(FolderLog(folder), keys, Tally(asked={}), trust=Trust.PINNED, saved=saved)


def blamed(report: AuditReport) -> set[tuple[str, str]]:
    return {(check.name, check.where) for check in report.checks if check.state is State.FAIL}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Long enough that a tile of level 1 is full and one of level 2 begun."""
    return write(tmp_path / "log", entries_of(66_000), sizes=(1, 300, 65_537, 66_000))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write(tmp_path / "log", entries_of(700), sizes=(0, 1, 255, 256, 600, 700))


def flip(path: Path, at: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_an_untouched_log_holds_to_its_last_byte(log: Path) -> None:
    report = audited(log)
    assert report.ok and not blamed(report)
    files = sum(1 for path in (log / "tile").rglob("*") if path.is_file())
    assert report.counts == {"entries": 66_000, "heads": 5, "tiles": files}
    assert report.unseen == {}


@pytest.mark.parametrize(
    "path",
    [
        "tile/entries/000", "tile/entries/x064/000", "tile/entries/257.p/208", "tile/0/000",
        "tile/0/255", "tile/0/257.p/208", "tile/0/001.p/44", "tile/entries/001.p/44",
        "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1",
    ],
)  # fmt: skip
def test_one_flipped_byte_is_one_finding_that_names_the_file(log: Path, path: str) -> None:
    if not (log / path).exists():
        path = path.replace("x064/000", "064")
    flip(log / path, at=40 if "entries" not in path and "p/1" not in path else 5)
    name = "entries" if "entries" in path else "tiles"
    assert blamed(audited(log)) == {(name, path)}


def test_every_byte_of_a_small_log_counts(small: Path) -> None:
    for path in sorted(p for p in small.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        for at in {0, len(whole) // 2, len(whole) - 1} if whole else set():
            flip(path, at)
            named = path.relative_to(small).as_posix()
            assert named in {where for _, where in blamed(audited(small))}, (named, at)
            path.write_bytes(whole)
    assert audited(small).ok


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/001", "tile/0/002.p/188"])
def test_a_missing_file_is_named(small: Path, path: str) -> None:
    (small / path).unlink()
    assert path in {where for _, where in blamed(audited(small))}


def test_a_log_cut_short_is_seen_by_who_kept_a_checkpoint(small: Path, tmp_path: Path) -> None:
    kept = (small / "checkpoint").read_bytes()
    short = write(tmp_path / "short", entries_of(600), sizes=(256, 600))
    assert audited(short).ok
    report = audited(short, saved=kept)
    assert blamed(report) == {("since", "")}
    assert any("shrank" in check.what for check in report.checks)


def test_entries_that_are_gone_are_counted_as_not_looked_at(small: Path) -> None:
    for path in ("tile/entries/001", "tile/0/001"):
        (small / path).unlink()
    report = audited(small)
    assert report.unseen["entries"] == 700 - 256
    assert ("roots", "entry 256") in blamed(report)


def test_two_heads_of_one_size_are_a_fork(small: Path) -> None:
    other = head_of(entries_of(600, changed=3))
    (small / "checkpoint.600").write_bytes(other)
    found = blamed(audited(small))
    assert {name for name, _ in found} == {"fork", "roots"}
    assert ("roots", "checkpoint.600") in found


@pytest.mark.parametrize("size", [1, 300, 700])
def test_a_log_that_was_rewritten_is_seen_by_who_kept_a_checkpoint(
    small: Path, tmp_path: Path, size: int
) -> None:
    kept = head_of(entries_of(size))
    assert audited(small, saved=kept).ok
    forked = write(tmp_path / "forked", entries_of(800, changed=0), sizes=(256, 700, 800))
    assert audited(forked).ok
    assert "since" in {name for name, _ in blamed(audited(forked, saved=kept))}


def test_a_head_that_another_key_signed_does_not_count(small: Path) -> None:
    other = Ed25519NoteSigner(ORIGIN, ed25519.Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    report = audited(small, keys=Keys(log=(other.verifier,)))
    assert not report.ok
    assert ("heads", "checkpoint") in blamed(report)


def test_what_lies_beyond_the_head_is_counted_not_judged(small: Path) -> None:
    (small / "tile/0/002.p/200").write_bytes(b"\0" * 6400)
    (small / "tile/0/note.txt").write_text("hello")
    (small / "tile/entries/009").write_bytes(b"")
    report = audited(small)
    assert report.ok
    assert report.unseen == {"files beyond the head": 2, "files": 1}
    assert any(check.where == "tile/0/note.txt" for check in report.checks)


def test_a_partial_tile_may_be_gone_once_the_full_one_is_there(small: Path) -> None:
    whole = b"".join(hash_leaf(entry) for entry in entries_of(768)[512:])
    (small / "tile/0/002").write_bytes(whole)
    shutil.rmtree(small / "tile/0/002.p")
    assert audited(small).ok


def test_an_empty_folder_could_not_be_asked(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no checkpoint"):
        audited(tmp_path)


def test_an_empty_log_holds(tmp_path: Path) -> None:
    report = audited(write(tmp_path / "log", [], sizes=(0,)))
    assert report.ok and report.counts == {"heads": 2}


# -- taken up again ---------------------------------------------------------------------------


class Interrupted(FolderLog):
    """Someone presses Ctrl-C when the audit has come to this file."""

    def __init__(self, folder: Path, at: str) -> None:
        super().__init__(folder)
        self._at = at

    def read(self, path: str) -> bytes | None:
        if path == self._at:
            raise KeyboardInterrupt
        return super().read(path)


@pytest.mark.parametrize("at", ["tile/entries/003", "tile/entries/256", "tile/2/000.p/1"])
def test_an_interrupted_audit_goes_on_and_comes_to_the_same(
    log: Path, tmp_path: Path, at: str
) -> None:
    flip(log / "tile/0/001", 9)
    state = tmp_path / "state.json"
    asked = {"log": "this"}

    def tally() -> Tally:
        return Tally.open(state, asked, watch=lambda *_: None, every_s=0)

    with pytest.raises(KeyboardInterrupt):
        audit_log(Interrupted(log, at), KEYS, tally(), trust=Trust.PINNED)
    assert state.stat().st_mode & 0o777 == 0o600
    report = audit_log(FolderLog(log), KEYS, tally(), trust=Trust.PINNED)
    whole = audited(log)
    assert report.resumed and not whole.resumed
    assert (report.checks, report.counts) == (whole.checks, whole.counts)
    assert not state.exists()


def test_a_state_that_was_changed_or_is_anothers_is_refused(log: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"

    def tally(asked: str) -> Tally:
        return Tally.open(state, {"log": asked}, watch=lambda *_: None, every_s=0)

    with pytest.raises(KeyboardInterrupt):
        audit_log(Interrupted(log, "tile/entries/009"), KEYS, tally("this"), trust=Trust.PINNED)
    with pytest.raises(RequestError, match="another audit"):
        tally("that")
    good = state.read_bytes()
    for bad in (good.replace(b'"entries":', b'"Entries":'), good[:-9], b"{}", b""):
        state.write_bytes(bad)
        with pytest.raises(EvidenceError):
            tally("this")


# -- beside Go ------------------------------------------------------------------------------


def exhibit(shared: Path) -> tuple[Path, str]:
    folder = shared / "contracts" / "tlog" / "exhibit-log"
    return folder, parse_json((folder / "keys.json").read_bytes())["log_vkey"]


@pytest.mark.needs_shared
def test_the_exhibit_log_holds_with_all_its_heads(shared: Path) -> None:
    folder, vkey = exhibit(shared)
    report = audited(folder, keys=Keys.parse(vkey.encode()))
    assert report.ok
    assert (report.counts["entries"], report.counts["heads"]) == (600, 10)


@pytest.mark.needs_shared
@pytest.mark.extras
def test_go_and_we_judge_every_mutated_exhibit_alike(shared: Path, tmp_path: Path) -> None:
    folder, vkey = exhibit(shared)
    source = shared / "tools" / "tlogverify" / "main.go"
    if shutil.which("go") is None:
        pytest.skip("no Go")
    go = tmp_path / "tlogverify"
    env = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "CGO_ENABLED": "0", "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", go, source], check=True, env=os.environ | env)
    copy = tmp_path / "log"
    shutil.copytree(folder, copy)
    keys = Keys.parse(vkey.encode())
    # Go reads the tiles of the newest head only; we read the older partial ones as well.
    read_by_go = [
        "checkpoint", "checkpoint.256", "checkpoint.599", "tile/entries/000", "tile/entries/001",
        "tile/entries/002.p/88", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
    ]  # fmt: skip
    for path in read_by_go:
        whole = (copy / path).read_bytes()
        for at in range(0, len(whole), max(1, len(whole) // 5)):
            flip(copy / path, at)
            said = subprocess.run(
                [go, "log", "-vkey", vkey, "-dir", copy], capture_output=True, check=False
            )
            assert (said.returncode == 0) is audited(copy, keys=keys).ok, (path, at, said.stdout)
            (copy / path).write_bytes(whole)
    said = subprocess.run([go, "log", "-vkey", vkey, "-dir", copy], capture_output=True, check=True)
    assert said.stdout.startswith(b"OK") and audited(copy, keys=keys).ok
