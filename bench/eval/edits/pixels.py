"""Alterations that only pixels can show."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from bench.eval.browser import Box, Browser, Mark
from bench.eval.edits.typing import Typist
from bench.eval.pictures import Picture, recompressed


def copied_digits(picture: Picture, wishes: Sequence[str], dice: random.Random) -> Picture | None:
    """One or two digits of the delivery's date covered by digits cut from the same picture.

    wishes   texts that the date may say afterwards; one that one or two digits make is taken
    None where no digit of that size and colour stands elsewhere.
    """
    target = picture.mark("delivered")
    if target is None:
        return None
    sources: dict[str, list[Box]] = {}
    for mark in picture.marks:
        alike = abs(mark.size - target.size) < 0.1 and mark.color == target.color
        if alike and mark.bold == target.bold:
            for char, box in mark.chars:
                if char.isdigit():
                    sources.setdefault(char, []).append(box)
    changes = [_changes(target, wish, sources) for wish in wishes]
    possible = [change for change in changes if change]
    if not possible:
        return None
    image = picture.image.convert("RGB").copy()
    changed: list[Box] = []
    for digit, box in dice.choice(possible):
        left, top, right, bottom = _whole(box)
        source = dice.choice(sources[digit])
        from_left, from_top = round(source[0]), round(source[1])
        patch = picture.image.crop(
            (from_left, from_top, from_left + right - left, from_top + bottom - top)
        )
        image.paste(patch, (left, top))
        changed.append((left, top, right, bottom))
    return replace(picture, image=image, boxes=tuple(changed))


def _changes(
    target: Mark, wish: str, sources: Mapping[str, Sequence[Box]]
) -> list[tuple[str, Box]]:
    """The digits to put in, and where; empty if more than two or something else would change."""
    if len(wish) != len(target.chars):
        return []
    differing = [
        (new, box) for new, (old, box) in zip(wish, target.chars, strict=True) if new != old
    ]
    if len(differing) > 2 or any(new not in sources for new, _ in differing):
        return []
    return differing


def patched(picture: Picture, other: Picture, dice: random.Random) -> Picture | None:
    """The delivery's date covered by that of another picture, saved at another quality."""
    target, source = picture.mark("delivered"), other.mark("delivered")
    if target is None or source is None or target.text == source.text:
        return None
    donor = recompressed(other.image, dice.randint(62, 88), dice.choice((0, 2)))
    pad = dice.randint(1, 4)
    width = max(target.box[2] - target.box[0], source.box[2] - source.box[0])
    height = target.box[3] - target.box[1]
    left, top = round(source.box[0]) - pad, round(source.box[1]) - pad
    patch = donor.crop((left, top, left + round(width) + 2 * pad, top + round(height) + 2 * pad))
    image = picture.image.convert("RGB").copy()
    at = (round(target.box[0]) - pad, round(target.box[1]) - pad)
    image.paste(patch, at)
    box = (at[0], at[1], at[0] + patch.width, at[1] + patch.height)
    return replace(picture, image=image, boxes=(box,))


def retyped(
    picture: Picture, text: str, dice: random.Random, *, holdout: bool, browser: Browser,
    name: str = "delivered",
) -> Picture | None:  # fmt: skip
    """A fact painted over in the colour around it, and typed again in a font that is near."""
    target = picture.mark(name)
    if target is None:
        return None
    image = picture.image.convert("RGB").copy()
    left, top, right, bottom = _whole(target.box)
    typist = Typist(target, text, dice, holdout=holdout, browser=browser)
    back = _background(image, (left, top, right, bottom))
    box = (left - 1, top, max(right, left + typist.width) + 1, bottom)
    ImageDraw.Draw(image).rectangle(box, fill=back)
    typist.type(image, left, (top + bottom) / 2)
    return replace(picture, image=image, boxes=(box,))


def inserted(
    picture: Picture, text: str, dice: random.Random, *, holdout: bool, browser: Browser
) -> Picture:
    """A line that was not there, typed beside or below a fact; then saved as a JPEG file."""
    near = next(mark for name in ("delivered", "tracking", "order") if (mark := picture.mark(name)))
    image = picture.image.convert("RGB").copy()
    typist = Typist(near, text, dice, holdout=holdout, browser=browser)
    wide, high = typist.width, round(near.size * 1.3)
    left = round(near.box[2] + near.size * dice.uniform(0.8, 2))
    top = round(near.box[1])
    if left + wide > image.width - 4:
        left, top = max(4, min(round(near.box[0]), image.width - wide - 4)), round(near.box[3] + 2)
    box = (left, top, left + wide, top + high)
    ImageDraw.Draw(image).rectangle(box, fill=_background(image, box))
    typist.type(image, left, (top + top + high) / 2)
    quality = dice.choice((78, 85, 90))
    return replace(picture, image=image, boxes=(box,), quality=quality)


def _background(image: Image.Image, box: tuple[int, int, int, int]) -> tuple[int, int, int]:
    """The commonest colour in and around a box."""
    left, top, right, bottom = box
    pixels = np.asarray(
        image.crop((max(0, left - 3), max(0, top - 3), right + 3, bottom + 3)).convert("RGB")
    ).reshape(-1, 3)
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    red, green, blue = (int(part) for part in colours[counts.argmax()])
    return red, green, blue


def _whole(box: Box) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return round(left), round(top), round(right), round(bottom)
