"""Text typed into a picture, as different programs draw it."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench.eval import lcd
from bench.eval.browser import Browser, Mark
from bench.eval.fonts import SEEN, SEEN_CJK, UNSEEN, UNSEEN_CJK, font_file

Colour = tuple[int, int, int]

# Who draws: Pillow's FreeType; the same drawn large and shrunk, as layers of editors are; a
# browser; in hold-out sets PDFium in its own face too, and smoothing for coloured stripes.
WAYS = ("plain", "plain", "shrunk", "browser")
UNSEEN_WAYS = ("plain", "shrunk", "browser", "pdfium", "striped")


class Typist:
    """Types like `near`: in a face and a size that are near, in its colour."""

    def __init__(
        self, near: Mark, text: str, dice: random.Random, *, holdout: bool, browser: Browser
    ) -> None:
        self.text, self.colour = text, near.color
        family = dice.choice(UNSEEN if holdout else SEEN)
        if any(ord(char) > 0x2E80 for char in text):
            family = UNSEEN_CJK if holdout else SEEN_CJK
        self.family, self.bold = family, near.bold
        self.size = max(8, round(near.size * dice.uniform(0.97, 1.03)))
        self.way = dice.choice(UNSEEN_WAYS if holdout else WAYS)
        if self.way == "pdfium" and not text.isascii():
            self.way = "shrunk"
        self.browser = browser
        self.mask = self._drawn()
        self.width = self.mask.shape[1]

    def type(self, image: Image.Image, left: int, middle: float) -> None:
        """Put the text into the picture, centred on the height `middle`."""
        high, wide = self.mask.shape[:2]
        top = round(middle - high / 2)
        box = (left, top, min(left + wide, image.width), min(top + high, image.height))
        if box[0] >= box[2] or top < 0 or box[1] >= box[3]:
            return
        under = np.asarray(image.crop(box), dtype=np.float32)
        mask = self.mask[: under.shape[0], : under.shape[1]]
        ink = np.array(self.colour, dtype=np.float32)
        mixed = under * (1 - mask) + ink * mask
        image.paste(Image.fromarray(np.clip(mixed + 0.5, 0, 255).astype(np.uint8)), box[:2])

    def _drawn(self) -> NDArray[np.float32]:
        """How much of each pixel is ink, (height, width, 1 or 3)."""
        ways: dict[str, Callable[[], Image.Image]] = {
            "plain": lambda: _by_pillow(self._face(1), self.text),
            "shrunk": self._shrunk,
            "striped": lambda: lcd.smoothed(_by_pillow(self._face(3), self.text, step=3)),
            "browser": self._by_browser,
            "pdfium": self._by_pdfium,
        }
        drawn = np.asarray(ways[self.way](), dtype=np.float32)
        ink = np.float32(1) - drawn / np.float32(255)
        return ink if ink.ndim == 3 else ink[..., None]

    def _face(self, factor: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(font_file(self.family, bold=self.bold), self.size * factor)

    def _shrunk(self) -> Image.Image:
        large = _by_pillow(self._face(4), self.text, step=4)
        size = (large.width // 4, large.height // 4)
        return large.resize(size, Image.Resampling.LANCZOS)

    def _by_browser(self) -> Image.Image:
        html = (
            f"<meta charset=utf-8><body style='margin:0'><span style=\"white-space:pre;font-family:"
            f"'{self.family}';font-size:{self.size}px;font-weight:{700 if self.bold else 400}\">"
            f"{self.text}</span>"
        )
        wide = round(self._face(1).getlength(self.text)) + 4
        return self.browser.shot(html, width=wide, height=round(self.size * 1.5)).image.convert("L")

    def _by_pdfium(self) -> Image.Image:
        import datetime

        import pypdfium2

        from bench.eval import pdfs

        line = pdfs.Line(2, 40, self.text, 24, bold=self.bold)
        when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        data = pdfs.plain_pdf([line], font="Helvetica", producer="x", creator="x", made=when)
        page = pypdfium2.PdfDocument(data)[0]
        scale = self.size / 24
        image: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
        wide = round(self._face(1).getlength(self.text) * 1.08) + 4
        return image.crop((0, round(16 * scale), wide, round(16 * scale) + round(self.size * 1.4)))


def _by_pillow(face: ImageFont.FreeTypeFont, text: str, *, step: int = 1) -> Image.Image:
    """Black on white; sides are multiples of `step`."""
    wide = -(-round(face.getlength(text) + 2 * step) // step) * step
    high = -(-round(face.size * 1.4) // step) * step
    image = Image.new("L", (wide, high), 255)
    ImageDraw.Draw(image).text((step, high / 2), text, font=face, fill=0, anchor="lm")
    return image
