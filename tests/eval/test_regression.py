"""A few made-up cases through `orderproof inspect`: what it could read yesterday, it still reads.

The floors lie well below what was measured (docs/evaluation.md says how right it is): they catch a
reader that broke, not one that became a little worse.
"""

from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from bench.eval.browser import BrowserAbsentError, find_browser
from bench.eval.fonts import FontAbsentError, require_fonts
from bench.eval.make import make_set
from bench.eval.score import default_command, inspected, printed, score

# A development seed: hold-out sets are for reports. Four of its eight cases are twenty files.
SEED, DEALT, CASES = 31, 8, 4
LEAST_F1 = {
    "carrier": 0.9, "day": 0.75, "minute": 0.7, "capture": 0.75, "tracking": 0.8, "order": 0.8,
    "kind": 0.9, "foreign": 0.75,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.browser
def test_made_up_evidence_is_still_read_and_no_honest_file_is_called_altered(
    tmp_path: Path,
) -> None:
    try:
        find_browser()
        require_fonts()
    except (BrowserAbsentError, FontAbsentError) as error:
        pytest.skip(f"THE EVALUATION'S PAGES ARE NOT DRAWN: {error}")
    with closing(make_set(SEED, DEALT, tmp_path)) as cases:
        made = list(islice(cases, CASES))
    scores, spent = score(tmp_path, inspected(default_command()))
    told = printed(scores, failures=5)
    assert spent.files == sum(len(case.files) for case in made)
    for name, least in LEAST_F1.items():
        f1 = scores.questions[name].f1
        assert f1 is not None and f1[0] >= least, f"{name}\n{told}"
    assert scores.edits["honest"].alarms == 0, told
    assert (scores.given_away().recall.value or 0) >= 0.6, told
