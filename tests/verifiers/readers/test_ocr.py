"""Text in pictures: where it stands on a page that is mostly empty, and that nobody is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from verifiers.readers import ocr

np = pytest.importorskip("numpy")
pytest.importorskip("rapidocr")

SIZE = (1400, 2200)
# Text, its left upper corner and the height of its print: near two edges, and far from all else.
STANDING = (
    ("Proof of delivery", (30, 24), 44),
    ("Delivered 14:32", (40, 700), 24),
    ("Order 112-7654321", (980, 706), 24),
    ("Left at: Front Door", (700, 1500), 20),
    ("Page 1 of 1", (1180, 2160), 22),
)


def drawn(*, slope: float = 0) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    for text, at, height in STANDING:
        pen.text(at, text, fill=(20, 20, 20), font=ImageFont.load_default(size=height))
    return picture.rotate(slope, fillcolor="white") if slope else picture


def pixels_of(picture: Image.Image) -> Any:
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def places(picture: Image.Image) -> dict[str, tuple[float, float, float, float]]:
    """Where each text is seen: left, top, right, bottom."""
    return {
        seen.text: (x, y, x + width, y + height)
        for seen in ocr.read_lines(pixels_of(picture))
        for x, y, width, height in (seen.box,)
    }


def test_what_stands_apart_is_seen_where_it_stands() -> None:
    found = places(drawn())
    for text, at, height in STANDING:
        left, top, right, bottom = ImageFont.load_default(size=height).getbbox(text)
        expected = (at[0] + left, at[1] + top, at[0] + right, at[1] + bottom)
        assert found[text] == pytest.approx(expected, abs=height), text
        # The box is around the print, and not by much more than its height.
        assert found[text][0] <= expected[0] + 3 and found[text][2] >= expected[2] - 3, text
    assert len(found) == len(STANDING)


def test_lines_that_run_askew_are_seen_whole() -> None:
    found = places(drawn(slope=2))
    assert set(found) == {text for text, _, _ in STANDING}
    middle = np.array(SIZE) / 2
    angle = np.radians(2)
    for text, at, height in STANDING:
        # Anticlockwise around the middle of the picture, whose rows run downwards.
        x, y = np.array(at) + height / 2 - middle
        across = middle[0] + x * np.cos(angle) + y * np.sin(angle)
        down = middle[1] + y * np.cos(angle) - x * np.sin(angle)
        left, top, _, bottom = found[text]
        assert abs(left - across) < 1.5 * height, text
        assert top < down < bottom, text


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_on_its_side_or_head_is_read_and_laid_out_as_upright(turns: int) -> None:
    upright = pixels_of(drawn())
    lines, size = ocr.read_lines(upright), (float(SIZE[0]), float(SIZE[1]))
    turned = np.ascontiguousarray(np.rot90(upright, turns))
    found = ocr.read_lines(turned)
    assert [seen.text for seen in found] == [seen.text for seen in lines]
    boxes, page = ocr.straightened(found, (float(turned.shape[1]), float(turned.shape[0])))
    assert page == size
    expected, _ = ocr.straightened(lines, size)
    assert boxes == pytest.approx(np.array(expected), abs=4)


def test_a_page_without_anything_has_no_lines() -> None:
    assert not places(Image.new("RGB", SIZE, (250, 250, 250)))
    for size in ((8, 8), (1, 300), (300, 1), (1, 1)):
        assert not places(Image.new("RGB", size, "white"))


def test_nobody_is_told_what_is_read_and_nothing_is_kept_for_it(tmp_path: Path) -> None:
    """The library that runs the models reports to its maker unless it is forbidden."""
    program = "from verifiers.readers import ocr; import os; ocr.load(); print(ocr.available())"
    usual = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; print(os.environ['ORT_DISABLE_TELEMETRY'])"],
        env=usual | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "1"]
    assert not list(tmp_path.rglob("*"))
