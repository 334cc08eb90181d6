"""Where tests keep what is made once and is not ours: other people's servers and tools."""

import os
from pathlib import Path


def kept_folder(name: str) -> Path:
    """A folder outside the repository that stays from one run to the next."""
    base = os.environ.get("ORDERPROOF_TEST_CACHE") or Path.home() / ".cache" / "orderproof-tests"
    folder = Path(base) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
