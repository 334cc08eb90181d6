"""Who accepts a bundle beside us: bagit, securesystemslib, openssl, Go's tlog, veraPDF.

Each looks at what is its own. Go and veraPDF take a compiler and a Java machine: CI asks for them
(`DEEP`). Whoever is not installed is named in a warning, and the others are asked all the same.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import bagit
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer._key import Key, SSlibKey

from service.sandbox.authority import SandboxAuthority
from tests.auditor.test_by_hand import HAS_GO, TOOLS, blocks, good, run
from tests.service.report.vera import judged
from tests.tlogverify import tlogverify

DEEP = os.environ.get("ORDERPROOF_EXTRAS") == "1"
SHARED = Path(os.environ.get("ORDERPROOF_SHARED") or Path(__file__).resolve().parents[4] / "shared")


def accept(bag: Path, public: Mapping[str, Any], authority: SandboxAuthority) -> None:
    """Every outsider believes this unpacked bundle, knowing the seller's keys and the authority.

    public   the seller's key file, got elsewhere than from the bundle
    """
    pems = [key["pem"] for key in public["manifest"]]
    vkey = public["log"][0]["vkey"]
    bagit.Bag(str(bag)).validate()
    keys: list[Key] = [SSlibKey.from_crypto(load_pem_public_key(pem.encode())) for pem in pems]
    envelopes = sorted((bag / "proof").glob("*.dsse.json"))
    for envelope in envelopes:
        assert Envelope.from_dict(json.loads(envelope.read_text())).verify(keys, 1)
    if _asked("openssl", there=shutil.which("openssl")):
        _stamped(bag, authority)
    if _asked(", ".join(TOOLS), there=all(map(shutil.which, TOOLS))):
        _by_hand(bag, pems[0], vkey, envelopes=len(envelopes))
    if DEEP and _asked("Go with x/mod", there=HAS_GO):
        program = SHARED / "tools/tlogverify/main.go"
        if _asked("tlogverify", there=program.is_file()):
            _in_the_log(bag, vkey)


def _asked(who: str, *, there: object) -> bool:
    """Whether this outsider can be asked; said aloud if not."""
    if not there:
        warnings.warn(f"NOT ASKED, since not installed: {who}", stacklevel=2)
    return bool(there)


def _by_hand(bag: Path, pem: str, vkey: str, *, envelopes: int) -> None:
    """The commands of docs/verifying.md as they stand there, Go's program among them."""
    (bag.parent / "seller.pem").write_text(pem)
    (bag.parent / "log.vkey").write_text(vkey + "\n")
    (bag.parent / "logcheck.go").write_text(blocks("go")[0])
    said = run(bag, go=DEEP)
    assert good(said, envelopes=envelopes, go=DEEP), said


def _stamped(bag: Path, authority: SandboxAuthority) -> None:
    """openssl believes both time tokens, over the bytes of the checkpoints beside them."""
    tsa, root = authority.leave(bag.parent)
    tokens = sorted((bag / "proof").glob("*/token.tsr"))
    assert {token.parent.name for token in tokens} >= {"sealed"}, "no time token over the seal"
    for token in tokens:
        data = ["-data", str(token.with_name("checkpoint")), "-in", str(token)]
        pinned = ["-CAfile", str(root), "-untrusted", str(tsa)]
        # The story's clock is not the machine's, and a certificate is good for a time.
        valid = authority.certificate.not_valid_before_utc + timedelta(days=2)
        when = ["-attime", str(int(valid.timestamp()))]
        done = subprocess.run(
            ["openssl", "ts", "-verify", *data, *pinned, *when],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Verification: OK" in done.stdout + done.stderr, done.stderr


def _in_the_log(bag: Path, vkey: str) -> None:
    """Go's own verifier finds the last receipt, which holds all before it, in the sealed head."""
    lines = (bag / "proof" / "receipts.jsonl").read_bytes().splitlines()
    entry = bag.parent / "receipt"
    entry.write_bytes(lines[-1])
    proof = bag / "proof" / "inclusion" / f"{len(lines) - 1:04}.tlog-proof"
    done = tlogverify(SHARED, "proof", "-vkey", vkey, "-proof", proof, "-entry", entry)
    assert done.returncode == 0, done.stderr


def archived(papers: Sequence[bytes], folder: Path, *, standard: str) -> None:
    """Each of these PDF files is of that standard, as veraPDF judges.

    standard   "PDFA-1A", "PDFA-3A"
    """
    files = {f"{place}.pdf": paper for place, paper in enumerate(papers)}
    if files and DEEP and _asked("veraPDF (java)", there=shutil.which("java")):
        work = folder / standard
        work.mkdir(exist_ok=True)
        assert judged(work, files, standard=standard) == dict.fromkeys(files, "true")
