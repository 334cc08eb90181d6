"""What happens to a picture on its way: photographed, scanned, sent through a messenger, saved.

A `Picture` carries the boxes of its facts along: an edit can be found after a photograph too.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from PIL.PngImagePlugin import PngInfo

from bench.eval.browser import Box, Mark, Shot
from bench.eval.lcd import striped

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Picture:
    """A picture under way: its pixels, marks, boxes of edits, and how it is to be written."""

    image: Image.Image
    marks: tuple[Mark, ...] = ()
    boxes: tuple[Box, ...] = ()
    exif: bytes = b""
    xmp: bytes = b""
    text: tuple[tuple[str, str], ...] = ()
    handling: tuple[str, ...] = ()
    quality: int = 0  # 0: without loss
    format: str = "PNG"  # of pictures without loss
    photo: bool = False
    lossy: str = "JPEG"  # of pictures with a quality
    scale: float = 1.0  # device pixels a CSS pixel, as it was drawn
    subsampling: int = 2

    def mark(self, name: str) -> Mark | None:
        return next((mark for mark in self.marks if mark.name == name), None)

    def marks_boxes(self) -> list[Box]:
        return [mark.box for mark in self.marks]

    def handled(self, how: str, image: Image.Image, **changes: object) -> Picture:
        return replace(self, image=image, handling=(*self.handling, how), **changes)  # type: ignore[arg-type]

    def moved(self, image: Image.Image, place: Callable[[Box], Box]) -> Picture:
        """The picture after its pixels went elsewhere; `place` says where a box went."""
        marks = tuple(_placed(mark, place) for mark in self.marks)
        return replace(self, image=image, marks=marks, boxes=tuple(map(place, self.boxes)))

    @property
    def suffix(self) -> str:
        if self.quality and self.lossy == "JPEG":
            return ".jpg"
        return f".{(self.lossy if self.quality else self.format).lower()[:4]}"

    def written(self) -> bytes:
        """The file."""
        out = io.BytesIO()
        extra: dict[str, object] = {}
        if self.quality and self.lossy != "JPEG":
            if self.exif:  # Exif in other formats has no signature of JPEG's
                extra["exif"] = self.exif
            self.image.convert("RGB").save(out, self.lossy, quality=self.quality, **extra)
        elif self.quality:
            if self.exif:
                extra["exif"] = self.exif
            if self.xmp:
                extra["xmp"] = self.xmp
            self.image.convert("RGB").save(
                out, "JPEG", quality=self.quality, subsampling=self.subsampling, **extra
            )
        elif self.format != "PNG":
            extra = {"lossless": True} if self.format == "WEBP" else {"compression": "tiff_lzw"}
            self.image.save(out, self.format, **extra)
        else:
            info = PngInfo()
            for key, value in self.text:
                info.add_text(key, value)
            if self.xmp:
                info.add_itxt("XML:com.adobe.xmp", self.xmp.decode())
            self.image.save(out, "PNG", pnginfo=info, compress_level=4)
        return out.getvalue()


def _placed(mark: Mark, place: Callable[[Box], Box]) -> Mark:
    box = place(mark.box)
    grown = (box[3] - box[1]) / max(1.0, mark.box[3] - mark.box[1])
    chars = tuple((char, place(inner)) for char, inner in mark.chars)
    return replace(mark, box=box, chars=chars, size=mark.size * grown)


def picture_of(shot: Shot, scale: float) -> Picture:
    return Picture(shot.image, shot.marks, scale=scale)


def recompressed(image: Image.Image, quality: int, subsampling: int = 2) -> Image.Image:
    """The picture after a JPEG file of that quality."""
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality, subsampling=subsampling)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def resized(picture: Picture, scale: float) -> Picture:
    size = (max(1, round(picture.image.width * scale)), max(1, round(picture.image.height * scale)))
    image = picture.image.resize(size, Image.Resampling.LANCZOS)
    return picture.moved(image, lambda box: _scaled(box, scale))


def cropped(picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    left, top = box[:2]
    return picture.moved(
        picture.image.crop(box),
        lambda old: (old[0] - left, old[1] - top, old[2] - left, old[3] - top),
    )


def held_upright(picture: Picture) -> Picture:
    """Pixels as the sensor has them, a quarter turned; EXIF's orientation 6 sets them right."""
    wide = picture.image.width
    return picture.moved(
        picture.image.transpose(Image.Transpose.ROTATE_90),
        lambda box: (box[1], wide - box[2], box[3], wide - box[0]),
    )


def sent(picture: Picture, dice: random.Random) -> Picture:
    """Saved again by a messenger: shrunk to its longest side, JPEG, nothing but pixels kept."""
    longest = dice.choice((1280, 1600, 2048))
    scale = min(1.0, longest / max(picture.image.size))
    small = resized(picture, scale)
    return replace(
        small, exif=b"", xmp=b"", text=(), quality=dice.choice((70, 76, 80, 84)), subsampling=2,
        handling=(*picture.handling, "chat-resave"),
    )  # fmt: skip


def photographed(
    picture: Picture, dice: random.Random, *, screen: bool, hard: float = 0.5
) -> Picture:
    """A photograph of a screen or a sheet, 1,500 to 2,100 pixels wide.

    hard   0 to 1: how far from straight, sharp and evenly lit. Some are taken from the side, and
           the pixels of some screens are coarse enough to beat against the camera's.
    """
    rng = np.random.default_rng(dice.getrandbits(63))
    subject = picture.image.convert("RGB")
    width = dice.randint(1500, 2100)
    tall = subject.height > subject.width
    frame = (width, round(width * 4 / 3)) if tall else (width, round(width * 3 / 4))
    fill = dice.uniform(0.8, 0.93)
    scale = fill * min(frame[0] / subject.width, frame[1] / subject.height)
    inner = (subject.width * scale, subject.height * scale)
    left, top = (frame[0] - inner[0]) / 2, (frame[1] - inner[1]) / 2
    jolt = 0.012 + 0.035 * hard
    lean = (dice.uniform(0.05, 0.11) if dice.random() < 0.3 else 0.0, dice.choice((0, 1, 2, 3)))
    angle = math.radians(dice.uniform(-3, 3) * (0.4 + hard))
    corners = []
    for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)):
        px = left + x * inner[0] + dice.uniform(-jolt, jolt) * inner[0]
        py = top + y * inner[1] + dice.uniform(-jolt, jolt) * inner[1]
        px, py = _leant(px, py, x, y, inner, lean)
        dx, dy = px - frame[0] / 2, py - frame[1] / 2
        corners.append(
            (
                frame[0] / 2 + dx * math.cos(angle) - dy * math.sin(angle),
                frame[1] / 2 + dx * math.sin(angle) + dy * math.cos(angle),
            )
        )
    source = [(0, 0), (subject.width, 0), (subject.width, subject.height), (0, subject.height)]
    forth = _homography(source, corners)
    if screen and subject.width * subject.height < 1_600_000 and dice.random() < 0.5:
        subject = striped(subject, dice)
        source = [(3 * x, 3 * y) for x, y in source]
    elif screen:
        subject = _with_pixels(subject, dice)
    back = _homography(corners, source)
    warped = subject.transform(frame, Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC)
    covered = Image.new("L", subject.size, 255).transform(
        frame, Image.Transform.PERSPECTIVE, back, Image.Resampling.BILINEAR
    )
    desk = _desk(frame, rng, dice, dark=screen)
    shot = Image.composite(warped, desk, covered.filter(ImageFilter.GaussianBlur(1)))
    pixels: Floats = np.asarray(shot, dtype=np.float32) * _light(frame, dice, hard)[..., None]
    if screen:
        pixels *= _moire(frame, dice)[..., None]
    pixels *= np.array([dice.uniform(0.93, 1.04), 1.0, dice.uniform(0.88, 1.06)], dtype=np.float32)
    blurred = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(dice.uniform(0.4, 0.7 + 0.6 * hard))
    )
    noisy = np.asarray(blurred, dtype=np.float32)
    grain = rng.standard_normal(noisy.shape, dtype=np.float32)
    noisy = noisy + grain * np.float32(dice.uniform(1.5, 3 + 4 * hard))
    image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    moved = picture.moved(image, lambda box: _warped(box, forth))
    return replace(
        moved, quality=dice.choice((82, 88, 92)), subsampling=2, xmp=b"", text=(), photo=True,
        handling=(*picture.handling, "photo-of-screen" if screen else "photo-of-paper"),
    )  # fmt: skip


def scanned(picture: Picture, dice: random.Random) -> Picture:
    """A flat-bed or feeder scan of a sheet: slightly turned, grey or bare black, specks, edges."""
    rng = np.random.default_rng(dice.getrandbits(63))
    page = picture.image.convert("L")
    turn = dice.uniform(-1.3, 1.3)
    if dice.random() < 0.2:  # laid on askew
        turn = dice.choice((-1, 1)) * dice.uniform(1.5, 4.5)
    page = page.rotate(turn, Image.Resampling.BICUBIC, expand=False, fillcolor=250)
    pixels = np.asarray(page, dtype=np.float32)
    grain = rng.standard_normal(pixels.shape, dtype=np.float32)
    pixels = 14 + pixels * np.float32(dice.uniform(0.88, 0.93))
    pixels = pixels + grain * np.float32(dice.uniform(1.0, 4.0))
    across = np.linspace(-1, 1, page.width, dtype=np.float32)
    pixels += across[None, :] * np.float32(dice.uniform(-6, 6))
    specks = rng.random(pixels.shape) < dice.uniform(0.00002, 0.00025)
    pixels[specks] = 60
    if dice.random() < 0.4:  # the feeder's line
        column = dice.randint(0, page.width - 1)
        pixels[:, column] -= 30
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(dice.uniform(0.3, 0.7)))
    if dice.random() < 0.3:
        image = image.point(lambda value: 255 if value > 150 else 0)
    centre = (picture.image.width / 2, picture.image.height / 2)
    moved = picture.moved(image, lambda box: _turned(box, turn, centre))
    return replace(
        moved, quality=dice.choice((75, 85, 90)), exif=b"", xmp=b"", text=(),
        handling=(*picture.handling, "scan"),
    )  # fmt: skip


def _leant(
    px: float, py: float, x: int, y: int, inner: tuple[float, float], lean: tuple[float, int]
) -> tuple[float, float]:
    """A corner seen from the side: of the side that is farther off, both are drawn together."""
    much, side = lean
    if side < 2 and x == side:
        py += (1 - 2 * y) * much * inner[1]
    if side >= 2 and y == side - 2:
        px += (1 - 2 * x) * much * inner[0]
    return px, py


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = (edge * scale for edge in box)
    return left, top, right, bottom


def _turned(box: Box, degrees: float, centre: tuple[float, float]) -> Box:
    angle = math.radians(-degrees)
    xs, ys = [], []
    for x, y in ((box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])):
        dx, dy = x - centre[0], y - centre[1]
        xs.append(centre[0] + dx * math.cos(angle) - dy * math.sin(angle))
        ys.append(centre[1] + dx * math.sin(angle) + dy * math.cos(angle))
    return min(xs), min(ys), max(xs), max(ys)


Points = Sequence[tuple[float, float]]


def _homography(source: Points, target: Points) -> tuple[float, ...]:
    """The eight numbers that take `source` to `target`, four points each."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solved = np.linalg.solve(np.array(rows, dtype=float), np.array(values, dtype=float))
    return tuple(float(one) for one in solved)


def _warped(box: Box, numbers: tuple[float, ...]) -> Box:
    a, b, c, d, e, f, g, h = numbers
    xs, ys = [], []
    for x, y in ((box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])):
        below = g * x + h * y + 1
        xs.append((a * x + b * y + c) / below)
        ys.append((d * x + e * y + f) / below)
    return min(xs), min(ys), max(xs), max(ys)


_DARK = ((32, 32, 36), (20, 22, 26))
_DESKS = ((142, 110, 78), (96, 84, 74), (190, 186, 180))


def _desk(
    size: tuple[int, int], rng: np.random.Generator, dice: random.Random, *, dark: bool
) -> Image.Image:
    base = np.array(
        dice.choice(_DARK if dark else _DESKS),
        dtype=np.float32,
    )  # fmt: skip
    coarse = rng.normal(0, 9, (size[1] // 40 + 1, size[0] // 8 + 1)).astype(np.float32)
    grain = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip(base + grain[..., None], 0, 255).astype(np.uint8))


def _light(size: tuple[int, int], dice: random.Random, hard: float) -> Floats:
    x = np.linspace(-1, 1, size[0], dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, size[1], dtype=np.float32)[:, None]
    slope = 0.06 + 0.2 * hard
    lean = 1 + dice.uniform(-slope, slope) * x + dice.uniform(-slope, slope) * y
    vignette = 1 - dice.uniform(0.03, 0.1 + 0.12 * hard) * (x * x + y * y)
    return np.asarray(lean * vignette * dice.uniform(0.82, 1.0), dtype=np.float32)


def _with_pixels(image: Image.Image, dice: random.Random) -> Image.Image:
    """A faint raster, as a screen's own pixels give it."""
    pixels = np.asarray(image, dtype=np.float32).copy()
    depth = dice.uniform(0.03, 0.1)
    pixels[::2] *= 1 - depth
    pixels[:, ::3] *= 1 - depth / 2
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _moire(size: tuple[int, int], dice: random.Random) -> Floats:
    x = np.arange(size[0], dtype=np.float32)[None, :]
    y = np.arange(size[1], dtype=np.float32)[:, None]
    wave, angle = dice.uniform(7, 26), dice.uniform(0, math.pi)
    phase = (x * math.cos(angle) + y * math.sin(angle)) * (2 * math.pi / wave)
    return np.asarray(1 + dice.uniform(0.008, 0.035) * np.sin(phase), dtype=np.float32)
