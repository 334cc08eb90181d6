"""Files are hashed by children, by threads or here, and it makes no difference which."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from auditor.hashing import Hashing
from auditor.sources import open_source
from auditor.verify import verify_path
from tests.auditor.bundles import make

MANY = 1_100
ROOT = Path(__file__).parents[2]

# In a process with one thread, which pytest's own need not be.
VERIFY = """
import json, os, sys
from pathlib import Path
from auditor.verify import verify_path
forked, fork = [], os.fork
os.fork = lambda: forked.append(fork()) or forked[-1]
report = verify_path(Path(sys.argv[1]))
print(json.dumps([len(forked), report.to_json()]))
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="it forks beside a core"
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many small files and a few large ones."""
    path = tmp_path_factory.mktemp("hashing") / "bundle.zip"
    large = [bytes([number]) * (3 << 20) for number in range(6)]
    path.write_bytes(make([*large, *(b"item %d" % n for n in range(MANY))]).zip())
    return path


def by_children(path: Path) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", VERIFY, str(path)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    forked, report = json.loads(done.stdout)
    assert forked == len(os.sched_getaffinity(0)) - 1
    assert done.stderr == ""
    return report


def by_threads(path: Path) -> Any:
    ended = threading.Event()
    other = threading.Thread(target=ended.wait)
    other.start()
    try:
        return verify_path(path).to_json()
    finally:
        ended.set()
        other.join()


def test_whole_and_bent_bundles_are_judged_alike(bundle: Path, tmp_path: Path) -> None:
    whole = by_children(bundle)
    assert whole["answer"] == "ok"
    assert whole == by_threads(bundle)
    data = bytearray(bundle.read_bytes())
    dice = random.Random(1)
    for _ in range(12):
        data[dice.randrange(len(data) - 200_000)] ^= 1 << dice.randrange(8)
    bent = tmp_path / "bent.zip"
    bent.write_bytes(data)
    report = by_children(bent)
    assert report["answer"] == "not ok"
    assert report == by_threads(bent)


def test_an_unpacked_bag_is_judged_alike(bundle: Path, tmp_path: Path) -> None:
    with ZipFile(bundle) as archive:
        archive.extractall(tmp_path)
    (bag,) = tmp_path.iterdir()
    (bag / "data" / "0003-order.record-file-3.csv").write_bytes(b"other bytes")
    assert by_children(bag) == by_threads(bag)


KILLED = """
import os, signal, sys, time
from pathlib import Path
from auditor.hashing import Hashing
from auditor.sources import open_source
source = open_source(Path(sys.argv[1]))
with Hashing(source) as hashing:
    children = [child.pid for child in hashing._children]
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    found = hashing.found()
assert children and source.faults == []
assert sorted(found) == sorted(source.sizes) and all(found.values())
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("none is left")
"""


def test_what_a_killed_child_leaves_undone_is_done_without_it(bundle: Path) -> None:
    words = [sys.executable, "-c", KILLED, str(bundle)]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "none is left\n"


def test_an_audit_that_breaks_off_leaves_no_child_behind(bundle: Path) -> None:
    interrupted = signal.getsignal(signal.SIGINT)
    source = open_source(bundle)
    forked: list[int] = []
    with pytest.raises(KeyboardInterrupt), Hashing(source) as hashing:
        forked += [child.pid for child in hashing._children]
        raise KeyboardInterrupt
    source.close()
    for pid in forked:  # others may be the children of other tests
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    assert signal.getsignal(signal.SIGINT) is interrupted
