"""`[report]` of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.errors import ConfigError
from service.settings import load_settings


def settings(tmp_path: Path, text: str) -> Any:
    config = tmp_path / "orderproof.toml"
    config.write_text(text, encoding="utf-8")
    return load_settings(config, environment={}).report


def test_what_is_written_is_read_with_paths_from_the_file(tmp_path: Path) -> None:
    said = settings(
        tmp_path,
        '[report]\nfonts = "fonts"\nzone = "Asia/Shanghai"\nverify_url = "https://v.example/r"\n',
    )
    assert (said.fonts, said.zone) == (tmp_path / "fonts", "Asia/Shanghai")
    assert said.verify_url == "https://v.example/r"


def test_without_a_table_times_are_utc_and_fonts_the_systems(tmp_path: Path) -> None:
    said = settings(tmp_path, "")
    assert (said.fonts, said.zone, said.verify_url) == (None, None, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("report = 1", "nothing else"),
        ("[report]\nfont = 'x'", "nothing else"),
        ("[report]\nfonts = 1", "are text"),
        ("[report]\nzone = 'Beijing'", "zone of"),
        ("[report]\nverify_url = 'v.example'", "verify_url"),
        ("[report]\nverify_url = 'https://v.example/#x'", "verify_url"),
    ],
    ids=["no table", "unknown", "a number", "no zone", "no scheme", "a fragment"],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        settings(tmp_path, text)
