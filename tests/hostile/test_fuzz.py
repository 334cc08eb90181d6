"""Every reader under a coverage-guided fuzzer, for a bounded number of runs."""

from __future__ import annotations

import importlib.util
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from verifiers.readers.registry import READERS

RUNS, MEMORY = 400, 4 << 30


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is not installed: no reader was fuzzed (it has wheels for Linux on x86-64)",
)
@pytest.mark.parametrize("reader", [reader.name for reader in READERS])
def test_the_fuzzer_finds_no_file_that_makes_a_reader_raise(reader: str, tmp_path: Path) -> None:
    options = [f"-runs={RUNS}", "-seed=1", "-max_len=20000", "-rss_limit_mb=0", "-verbosity=0",
               # A slow machine is no finding.
               "-timeout=600", "-report_slow_units=600", f"-artifact_prefix={tmp_path}/",
    ]  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-m", "tests.hostile.fuzz", reader, *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        # Not the fuzzer's own limit, which counts what this process had in memory as well.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    found = [file.read_bytes().hex()[:2_000] for file in tmp_path.iterdir()]
    assert ran.returncode == 0 and not found, (found, ran.stdout[-2_000:], ran.stderr[-2_000:])
