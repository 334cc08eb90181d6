"""A set of cases: files with their truth, the same for the same seed.

Seeds from HOLDOUT up make hold-out sets: other fonts, layouts, wordings, date forms, writers and
editors than development ever shows, and carriers that it does not have.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.eval.browser import Browser
from bench.eval.fonts import require_fonts
from bench.eval.recipes import Recipe, deck
from bench.eval.story import MARKET, Story, neighbour, told
from bench.eval.studio import Studio
from bench.eval.truth import Case, Truth, write_case
from bench.eval.work import Work

HOLDOUT = 5000
FILES = 5  # of a case

_FOREIGN = 0.16  # of the files belong to another order
_WRONG_SITE = 0.1  # of the cases are asked for another marketplace's site
_NAMES = ("IMG_", "Screenshot_", "scan", "pod-", "file", "image", "doc_", "proof")


def make_set(
    seed: int, cases: int, out: Path, *, only: Collection[str] = ()
) -> Generator[Case, None, None]:
    """Write `cases` cases under `out`, one folder each; yields each as it is done.

    Raises FileExistsError if `out` is not empty: cases of two sets must not mix.
    Raises BrowserAbsentError or FontAbsentError where pages cannot be drawn.
    """
    require_fonts()
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty; name a new folder for the set.")
    recipes = deck(cases * FILES, random.Random(f"deck/{seed}"), only=only)
    with Browser() as browser:
        studio = Studio(browser)
        for place in range(cases):
            folder = out / f"case-{place:04}"
            folder.mkdir()
            dealt = recipes[place * FILES : (place + 1) * FILES]
            dice = random.Random(f"case/{seed}/{place}")
            yield _make_case(studio, dice, folder, dealt, holdout=seed >= HOLDOUT)


def _make_case(
    studio: Studio, dice: random.Random, folder: Path, recipes: list[Recipe], *, holdout: bool
) -> Case:
    story = told(dice, holdout=holdout)
    # Within the single market another country's site may be the right one.
    sites = [
        site for site in ("US", "GB", "DE", "FR", "CA")
        if site != story.land and not {site, story.land} <= MARKET
    ]  # fmt: skip
    elsewhere = dice.choice(sites)
    wrong_site = dice.random() < _WRONG_SITE and story.land != "CN"
    files = []
    for place, recipe in enumerate(recipes, 1):
        own = random.Random(dice.getrandbits(64))
        name = f"{place}-{own.choice(_NAMES)}{own.randint(1, 9999):04}"
        files.append(
            _make_file(
                studio, recipe, story, own, folder / name, holdout=holdout, wrong_site=wrong_site
            )
        )
    case = Case(
        name=folder.name,
        asked_at=story.asked.strftime("%Y-%m-%dT%H:%M:%SZ"),
        order=story.order,
        tracking=story.number,
        site=elsewhere if wrong_site else story.site,
        files=files,
    )
    write_case(case, folder)
    return case


def _make_file(
    studio: Studio, recipe: Recipe, story: Story, dice: random.Random, path: Path, *,
    holdout: bool, wrong_site: bool,
) -> Truth:  # fmt: skip
    foreign = dice.random() < _FOREIGN
    if foreign:
        story = neighbour(story, dice, holdout=holdout, site=dice.random() < 0.35)
    if recipe.edit or recipe.medium in ("letter-pdf", "plain-pdf", "photo-paper", "scan"):
        story = replace(story, delivered=True)
    # Every file has a capture time of its own.
    later = story.captured + timedelta(hours=dice.randint(0, 40))
    if later < story.asked:
        story = replace(story, captured=later)
    work = Work(studio, recipe, story, dice, holdout=holdout, country=wrong_site or foreign)
    data, suffix = work.made()
    path = path.with_name(path.name + suffix)
    path.write_bytes(data)
    return work.truth(path.name, foreign=foreign or wrong_site)
