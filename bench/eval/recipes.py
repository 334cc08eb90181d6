"""How many files of which sort: honest ones, handled ones, and each way of altering."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass

from bench.eval.truth import CONTRADICTION, METADATA, PIXELS, SIGNATURE, STRUCTURE, UNKNOWABLE


@dataclass(frozen=True)
class Recipe:
    """A sort of file. `edit` is the class of its alteration, "" for an honest file."""

    medium: str
    way: str = ""
    edit: str = ""


# Shares, not counts: about half of a set is honest, a quarter is given away, a sixth only pixels
# show and a fourteenth nothing shows.
SHARES: tuple[tuple[Recipe, int], ...] = (
    (Recipe("screen"), 26),
    (Recipe("letter-pdf"), 11),
    (Recipe("plain-pdf"), 6),
    (Recipe("page-pdf"), 5),
    (Recipe("slip-pdf"), 4),
    (Recipe("scan"), 10),
    (Recipe("chat"), 12),
    (Recipe("chat-resave"), 7),
    (Recipe("photo-screen"), 8),
    (Recipe("photo-paper"), 7),
    (Recipe("screen", "annotated"), 5),
    (Recipe("screen", "crop"), 3),
    (Recipe("screen", "resize"), 2),
    (Recipe("screen", "recompress"), 3),
    (Recipe("screen", "editor-crop"), 3),
    (Recipe("screen", "editor-annotate"), 2),
    (Recipe("screen", "editor-resize"), 2),
    (Recipe("screen", "editor-contrast"), 2),
    (Recipe("photo-paper", "editor-rotate"), 2),
    (Recipe("photo-paper", "editor-contrast"), 2),
    (Recipe("screen", "convert"), 2),
    (Recipe("screen", "contrast"), 2),
    (Recipe("photo-paper", "rotate"), 2),
    (Recipe("photo-screen", "strip"), 2),
    (Recipe("letter-pdf", "signed"), 3),
    (Recipe("letter-pdf", "resaved"), 2),
    (Recipe("plain-pdf", "print-to-pdf"), 2),
    (Recipe("plain-pdf", "countersigned"), 2),
    (Recipe("letter-pdf", "filled"), 3),
    (Recipe("page-pdf", "headed"), 4),
    (Recipe("letter-pdf", "highlighted"), 2),
    (Recipe("plain-pdf", "stamped"), 2),
    (Recipe("letter-pdf", "redacted"), 2),
    (Recipe("letter-pdf", "merged"), 2),
    (Recipe("letter-pdf", "squeezed"), 2),
    (Recipe("plain-pdf", "trimmed"), 1),
    (Recipe("letter-pdf", "remarked"), 3),
    (Recipe("plain-pdf", "initialled"), 2),
    (Recipe("scan", "ocr-layer"), 4),
    (Recipe("screen", "noted"), 3),
    (Recipe("screen", "hidden"), 3),
    (Recipe("screen", "watermarked"), 3),
    (Recipe("screen", "inset"), 2),
    (Recipe("screen", "stitched"), 2),
    (Recipe("screen", "quantised"), 2),
    (Recipe("screen", "tinted"), 1),
    (Recipe("screen", "format"), 3),
    (Recipe("chat-resave", "twice-sent"), 2),
    (Recipe("plain-pdf", "after-signature", SIGNATURE), 3),
    (Recipe("letter-pdf", "after-signature", SIGNATURE), 2),
    (Recipe("plain-pdf", "signed-bytes", SIGNATURE), 3),
    (Recipe("letter-pdf", "cover", STRUCTURE), 3),
    (Recipe("plain-pdf", "cover", STRUCTURE), 2),
    (Recipe("letter-pdf", "incremental", STRUCTURE), 4),
    (Recipe("plain-pdf", "incremental", STRUCTURE), 2),
    (Recipe("letter-pdf", "annotation", STRUCTURE), 3),
    (Recipe("plain-pdf", "replaced", STRUCTURE), 4),
    (Recipe("letter-pdf", "retouched", STRUCTURE), 3),
    (Recipe("scan", "layer-differs", STRUCTURE), 3),
    (Recipe("screen", "exif-editor", METADATA), 3),
    (Recipe("photo-paper", "exif-editor", METADATA), 2),
    (Recipe("screen", "xmp-history", METADATA), 4),
    (Recipe("photo-screen", "thumbnail", METADATA), 2),
    (Recipe("photo-paper", "thumbnail", METADATA), 2),
    (Recipe("screen", "png-text", METADATA), 2),
    (Recipe("screen", "check-digit", CONTRADICTION), 4),
    (Recipe("letter-pdf", "check-digit", CONTRADICTION), 2),
    (Recipe("letter-pdf", "barcode", CONTRADICTION), 3),
    (Recipe("scan", "barcode", CONTRADICTION), 2),
    (Recipe("screen", "header-history", CONTRADICTION), 5),
    (Recipe("screen", "weekday", CONTRADICTION), 3),
    (Recipe("letter-pdf", "weekday", CONTRADICTION), 2),
    (Recipe("photo-screen", "exif-stamp", CONTRADICTION), 4),
    (Recipe("screen", "captured-before", CONTRADICTION), 3),
    (Recipe("screen", "before-shipping", CONTRADICTION), 3),
    (Recipe("letter-pdf", "before-shipping", CONTRADICTION), 2),
    (Recipe("screen", "copied-digit", PIXELS), 12),
    (Recipe("screen", "patched", PIXELS), 11),
    (Recipe("screen", "retyped", PIXELS), 11),
    (Recipe("screen", "inserted", PIXELS), 10),
    (Recipe("photo-paper", "photo-retyped", PIXELS), 4),
    (Recipe("scan", "scan-retyped", PIXELS), 4),
    (Recipe("screen", "rerendered", UNKNOWABLE), 11),
    (Recipe("photo-screen", "rephotographed", UNKNOWABLE), 11),
)


def deck(count: int, dice: random.Random, *, only: Collection[str] = ()) -> list[Recipe]:
    """`count` recipes in their shares, shuffled; what does not divide is dealt by dice.

    only   classes of alteration ("honest" for none), media or ways that are wanted; none named: all
    """
    shares = [
        (recipe, share)
        for recipe, share in SHARES
        if not only or {recipe.edit or "honest", recipe.medium, recipe.way} & set(only)
    ]
    if not shares:
        raise ValueError(
            f"no recipe is called {' or '.join(only)}; bench/eval/recipes.py lists them"
        )
    total = sum(share for _, share in shares)
    dealt: list[Recipe] = []
    rests: list[tuple[float, Recipe]] = []
    for recipe, share in shares:
        exact = share * count / total
        dealt += [recipe] * int(exact)
        rests.append((exact % 1, recipe))
    while len(dealt) < count:
        recipe = dice.choices([r for _, r in rests], [weight + 1e-9 for weight, _ in rests])[0]
        dealt.append(recipe)
    dice.shuffle(dealt)
    return dealt
