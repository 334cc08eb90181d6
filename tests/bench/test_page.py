"""The page of measurements: figures are found in what was printed, drawn, and told."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.page import Measured, missing, svg, write
from bench.runs import Drawn, Run, runs

TABLE = """\
   batch     append      share
       1      1,234       0.62
      50      5,000       0.41
"""
SHARE = Drawn(
    title="A & B", pattern=r"^ *(?P<label>\d+) .* (?P<value>[\d.]+)$", goal=0.5, least=True
)


def test_figures_are_found_with_their_labels() -> None:
    assert SHARE.found(TABLE) == [("1", 0.62), ("50", 0.41)]
    assert Drawn(title="", pattern=r"\bappend (?P<value>[\d,]+)").found("append 1,234") == [
        ("", 1234)
    ]
    assert [SHARE.fits(value) for _, value in SHARE.found(TABLE)] == [True, False]


def test_the_picture_has_a_bar_a_figure_and_its_text() -> None:
    picture = ElementTree.fromstring(svg(SHARE, SHARE.found(TABLE)))
    space = {"s": "http://www.w3.org/2000/svg"}
    texts = [text.text for text in picture.findall("s:text", space)]
    assert texts == ["A & B", "1", "0.62", "50", "0.41", "at least 0.50"]
    _, *bars = picture.findall("s:rect", space)
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths[0] / widths[1] == pytest.approx(0.62 / 0.41, rel=0.01)
    assert bars[0].attrib["fill"] != bars[1].attrib["fill"]  # the second misses the goal


def test_the_page_names_command_machine_and_what_was_not_measured(tmp_path: Path) -> None:
    other = Drawn(title="Another", pattern=r"^nothing (?P<value>\d+)")
    run = Run(name="storage", drawn=(SHARE, other))
    measured = [Measured(run, "python -m bench.storage", TABLE, 12.0, 3.0, 0, "2026-11-28")]
    page = tmp_path / "benchmarks.md"
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "gone-0.svg").touch()
    write(measured, page)
    text = page.read_text("utf-8")
    assert "cores of" in text and "Python 3" in text
    assert "`python -m bench.storage` on 2026-11-28 took 12 s, of which 3 s were computed." in text
    assert "![A & B: 1 0.62; 50 0.41](benchmarks/storage-0.svg)" in text
    assert "Another: not measured in this run." in text and TABLE.strip() in text
    assert [file.name for file in (tmp_path / "benchmarks").iterdir()] == ["storage-0.svg"]
    assert missing(measured) == ["storage: Another"]


def test_what_was_measured_before_is_kept_for_the_page(tmp_path: Path) -> None:
    run = Run(name="end_to_end rate", drawn=(SHARE,))
    assert Measured.kept(tmp_path, run) is None
    one = Measured(run, "python -m bench.end_to_end rate", TABLE, 12.0, 3.0, 1, "2026-11-28")
    one.keep(tmp_path / "build")
    assert Measured.kept(tmp_path / "build", run) == one


def test_every_module_of_bench_is_run_and_every_pattern_has_a_value() -> None:
    listed = runs()
    for run in listed:
        assert importlib.util.find_spec(f"bench.{run.module}"), run.name
        for drawn in run.drawn:
            assert "value" in re.compile(drawn.pattern).groupindex, drawn.title
    folder = Path(__file__).parents[2] / "bench"
    measures = {
        file.stem for file in folder.glob("*.py") if "if __name__ ==" in file.read_text("utf-8")
    }
    beside = {"__main__", "bare"}  # the latter is what `scaled manifest` is held against
    assert measures - beside == {run.module for run in listed}
