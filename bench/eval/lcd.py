"""Screens with coloured stripes for pixels: text smoothed for them, and what a camera sees."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

# The usual filter over five stripes (FreeType's default weights, in 1/256).
_FILTER = (8, 77, 86, 77, 8)


def smoothed(image: Image.Image) -> Image.Image:
    """A picture drawn three times as large, as a desktop with coloured smoothing shows it."""
    wide, high = image.width // 3, image.height // 3
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32)[: high * 3, : wide * 3]
    rows = pixels.reshape(high, 3, wide * 3, 3).mean(axis=1)
    padded = np.pad(rows, ((0, 0), (2, 2), (0, 0)), mode="edge")
    width = wide * 3
    soft = sum(
        (padded[:, place : place + width] * np.float32(weight / 256))
        for place, weight in enumerate(_FILTER)
    )
    stripes = np.asarray(soft, dtype=np.float32).reshape(high, wide, 3, 3)
    # Stripe 0 lights red, 1 green, 2 blue.
    out = np.stack([stripes[:, :, colour, colour] for colour in range(3)], axis=-1)
    return Image.fromarray(np.clip(out + 0.5, 0, 255).astype(np.uint8))


def striped(image: Image.Image, dice: random.Random) -> Image.Image:
    """The screen as glass: each pixel three stripes with a dark seam; a camera beats against them.

    Three times as large; only for screens of coarse pixels.
    """
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    large = np.repeat(np.repeat(pixels, 3, axis=0), 3, axis=1)
    leak = np.float32(dice.uniform(0.55, 0.8))  # of its light a stripe gives to its neighbours
    for colour in range(3):
        for stripe in range(3):
            if stripe != colour:
                large[:, stripe::3, colour] *= leak
    large[2::3] *= np.float32(dice.uniform(0.7, 0.9))
    large *= np.float32(255 / max(1.0, float(large.max())))
    return Image.fromarray(large.astype(np.uint8))
