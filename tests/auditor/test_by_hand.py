"""The commands of docs/verifying.md, run as they stand there, by bash, openssl, jq and Go."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.bundle import COSIGNED
from evidence.canonical import canonical, digest
from tests.auditor.bundles import Made, make, reviewers, with_copies
from tests.auditor.test_standing import W1, cosigned

PAGE = Path(__file__).parents[2] / "docs" / "verifying.md"
TOOLS = ("bash", "sha256sum", "openssl", "jq")
GO_PACKAGE = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
HAS_GO = shutil.which("go") is not None and GO_PACKAGE.is_dir()

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}"
)


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    assert found, "the page has lost its commands: the test would prove nothing"
    return found


def unpack(made: Made, to: Path) -> Path:
    for entry in made.entries():
        path = to / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content.read(1 << 20))
    (to / "seller.pem").write_text(made.house.pem)
    (to / "log.vkey").write_text(made.house.log_signer.verifier.vkey + "\n")
    (to / "logcheck.go").write_text(blocks("go")[0])
    return next(to.glob("orderproof-*"))


def run(folder: Path, *, go: bool = True) -> str:
    """All commands of the page in order, without Go's where it is not installed or not wanted."""
    said = ""
    for block in blocks("bash"):
        if "logcheck" in block and not (HAS_GO and go):
            continue
        done = subprocess.run(
            ["bash", "-c", block], cwd=folder, capture_output=True, text=True, check=False
        )
        said += done.stdout + done.stderr + f"exit {done.returncode}\n"
    return said


def good(said: str, *, envelopes: int, go: bool = True) -> bool:
    lines = said.splitlines()
    fine = {"Verified OK", "exit 0"}
    rest = [line for line in lines if line not in fine and "root as signed" not in line]
    proven = not (HAS_GO and go) or "receipts proven, root as signed" in said
    return lines.count("Verified OK") == envelopes and proven and not rest


def test_a_whole_bundle_passes_by_hand(tmp_path: Path) -> None:
    said = run(unpack(make(4), tmp_path))
    assert good(said, envelopes=2), said


def test_a_reviewers_copy_passes_by_hand(tmp_path: Path) -> None:
    said = run(unpack(reviewers(make(4)), tmp_path))
    assert good(said, envelopes=1), said


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("data/*message.mail*", b"item 2", b"item 9", "FAILED"),
        ("proof/statement.dsse.json", b'"payload":"ey', b'"payload":"eY', "Verification"),
        ("proof/receipts.jsonl", b"T12:00:01", b"T11:00:01", "broken at receipt 2"),
        ("proof/openings.json", b'"salt":"', b'"salt":"00', "does not open"),
        ("proof/sealed/checkpoint", b"\n9\n", b"\n8\n", "exit 1"),
    ],
)
def test_what_was_altered_is_seen_by_hand(
    tmp_path: Path, path: str, old: bytes, new: bytes, told: str
) -> None:
    folder = unpack(make(4), tmp_path)
    (file,) = folder.glob(path)
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new, 1))
    said = run(folder)
    assert told in said, said
    assert not good(said, envelopes=2)


def test_securesystemslib_and_the_keys_out_of_a_key_file_are_used_as_it_says(
    tmp_path: Path,
) -> None:
    made = make(2)
    folder = unpack(made, tmp_path)
    (tmp_path / "keys.json").write_bytes(canonical(made.house.keys_json))
    (tmp_path / "seller.pem").unlink()
    (block,) = [block for block in blocks("sh") if "> seller.pem" in block]
    lines = "\n".join(line for line in block.splitlines() if ".tsa[" not in line)
    subprocess.run(["bash", "-ec", lines], cwd=tmp_path, check=True)
    assert (tmp_path / "log.vkey").read_text().strip() == made.house.log_signer.verifier.vkey

    def checked() -> subprocess.CompletedProcess[str]:
        asked = [sys.executable, "-c", blocks("python")[0]]
        return subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)

    assert checked().stdout.count("is signed by the seller") == 2
    envelope = folder / "proof" / "statement.dsse.json"
    envelope.write_bytes(envelope.read_bytes().replace(b'"payload":"ey', b'"payload":"eY', 1))
    assert "VerificationError" in checked().stderr


def test_copies_of_items_are_checked_by_hand(tmp_path: Path) -> None:
    folder = unpack(with_copies(make(4), (1, b"a picture")), tmp_path)
    assert good(run(folder), envelopes=2), run(folder)
    (block,) = [block for block in blocks("sh") if "proof/derived/*" in block]

    def said() -> str:
        asked = ["bash", "-c", block]
        done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    assert (said().count("Verified OK"), "another original" in said()) == (1, False)
    assert "0006-derived.redacted-of-0001.png" in said()
    (copy,) = (folder / "data" / "derived").iterdir()
    listed = folder / "manifest-sha256.txt"
    listed.write_text(listed.read_text().replace(digest(copy.read_bytes()), "0" * 64))
    assert "its copy is not here" in said()


@pytest.mark.skipif(shutil.which("xxd") is None, reason="needs xxd")
def test_a_cosigned_bundle_passes_by_hand_and_so_does_the_witness(tmp_path: Path) -> None:
    folder = unpack(cosigned(make(), W1), tmp_path)
    assert good(run(folder), envelopes=2), run(folder)
    (tmp_path / "witness.vkey").write_text(W1.verifier.vkey + "\n")
    (block,) = [block for block in blocks("sh") if "cosigned.sig" in block]
    asked = ["bash", "-c", block]
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, "Verified Successfully" in done.stdout) == (0, True), done
    data = bytearray((folder / COSIGNED).read_bytes())
    data[data.index(b"\n") + 1] ^= 1  # the size
    (folder / COSIGNED).write_bytes(data)
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
