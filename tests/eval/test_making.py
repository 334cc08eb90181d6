"""Made-up evidence: the same for the same seed, and its truth is whole."""

import hashlib
import random
import re
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader

from bench.eval.barcodes import code128
from bench.eval.browser import BrowserAbsentError, find_browser
from bench.eval.fonts import (
    SEEN,
    SEEN_CJK,
    UNSEEN,
    UNSEEN_CJK,
    FontAbsentError,
    require_fonts,
)
from bench.eval.make import HOLDOUT, make_set
from bench.eval.recipes import SHARES, deck
from bench.eval.truth import GIVEN_AWAY, PIXELS, UNKNOWABLE, Case, read_case

CASES = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        find_browser()
        require_fonts()
    except (BrowserAbsentError, FontAbsentError) as error:
        pytest.skip(f"THE EVALUATION'S PAGES ARE NOT DRAWN: {error}")
    folder = tmp_path_factory.mktemp("made")
    for seed in (1, HOLDOUT):
        for _ in make_set(seed, CASES, folder / str(seed)):
            pass
    return folder


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.mark.browser
def test_a_seed_gives_the_same_bytes_and_truths_again(made: Path, tmp_path: Path) -> None:
    for _ in make_set(1, CASES, tmp_path / "again"):
        pass
    assert digests(tmp_path / "again") == digests(made / "1")


@pytest.mark.browser
@pytest.mark.parametrize("seed", [1, HOLDOUT])
def test_every_file_has_its_truth_and_every_truth_its_file(made: Path, seed: int) -> None:
    folders = sorted((made / str(seed)).iterdir())
    assert len(folders) == CASES
    for folder in folders:
        case = read_case(folder)
        on_disk = {path.name for path in folder.iterdir()} - {"truth.json"}
        assert {truth.file for truth in case.files} == on_disk
        hold_together(case)


def hold_together(case: Case) -> None:
    """What is true of any case, whatever it shows."""
    for truth in case.files:
        assert truth.kinds and truth.carriers and truth.tracking
        if not truth.foreign and "tracking" not in truth.unasked:
            assert truth.tracking == [case.tracking]
        for said in (truth.delivered, truth.captured):
            if said is not None:
                assert re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?", said.local)
                assert said.utc[0] < said.utc[1]
        if truth.captured is None:
            assert truth.stale
        if truth.edit is not None:
            assert truth.edit.kind in GIVEN_AWAY | {PIXELS, UNKNOWABLE}
            assert truth.edit.boxes or truth.edit.kind != PIXELS


@pytest.mark.browser
def test_an_honest_text_says_what_its_truth_says(made: Path) -> None:
    looked = 0
    for folder in sorted(made.glob("*/case-*")):
        for truth in read_case(folder).files:
            if not truth.medium.endswith("-pdf") or truth.edit is not None:
                continue
            pages = PdfReader(folder / truth.file).pages
            text = squeezed("".join(page.extract_text() for page in pages))
            for number in (*truth.tracking, *truth.orders):
                assert squeezed(number) in text
            for said in (truth.delivered, truth.captured):
                if said is not None and truth.layout not in ("grouped", "columns"):
                    assert squeezed(said.text) in text
            looked += 1
    assert looked


def squeezed(text: str) -> str:
    """Without spaces, of which PDF files know nothing; radicals as what they stand for."""
    return "".join(unicodedata.normalize("NFKC", text).split())


@pytest.mark.browser
def test_a_set_is_not_written_over_another(made: Path) -> None:
    with pytest.raises(FileExistsError, match="not empty"):
        next(make_set(1, 1, made / "1"))


def test_hold_out_fonts_are_not_those_of_development() -> None:
    assert not set(SEEN) & set(UNSEEN)
    assert SEEN_CJK != UNSEEN_CJK


def test_a_deck_holds_each_sort_in_its_share() -> None:
    total = sum(share for _, share in SHARES)
    dealt = deck(2 * total, random.Random(7))
    assert all(dealt.count(recipe) == 2 * share for recipe, share in SHARES)


def test_a_barcode_has_as_many_modules_as_its_symbols_ask_for() -> None:
    # Start C, five pairs and the check are 7 symbols of 11 modules; the stop has 13.
    svg = code128("1234567890", module=1)
    bars = re.findall(r"x='(\d+)' y='0' width='(\d+)'", svg)
    left, width = (int(part) for part in bars[-1])
    assert left + width - 10 == 7 * 11 + 13
