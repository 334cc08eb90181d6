"""What honest people do to a picture before they hand it in. Nothing of it is an alteration."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from bench.eval.browser import Box
from bench.eval.fonts import SEEN, SEEN_CJK, UNSEEN, UNSEEN_CJK, font_file
from bench.eval.pictures import Picture, cropped, recompressed, resized, sent

_RED = ((255, 0, 0), (230, 30, 30), (255, 60, 0))


def handled(way: str, picture: Picture, dice: random.Random, *, holdout: bool) -> Picture:
    """The picture after that handling; as it was, where `way` is none."""
    match way:
        case "annotated":
            return _annotated(picture, dice)
        case "noted":
            return _noted(picture, dice, holdout=holdout)
        case "hidden":
            return _hidden(picture, dice)
        case "watermarked":
            return _watermarked(picture, dice, holdout=holdout)
        case "inset":
            return _with_inset(picture, dice)
        case "stitched":
            return _stitched(picture, dice)
        case "quantised":
            few = picture.image.convert("RGB").quantize(dice.choice((32, 64, 256)))
            return picture.handled("quantised", few, quality=0, format="PNG")
        case "tinted":
            return picture.handled("tinted", _tinted(picture.image, dice))
        case "twice-sent":
            first = sent(picture, dice)
            again = replace(
                first, image=recompressed(first.image, first.quality), handling=picture.handling
            )
            return replace(sent(again, dice), handling=(*picture.handling, "twice-sent"))
        case "crop":
            return _cropped(picture, dice)
        case "resize":
            small = resized(picture, dice.uniform(0.7, 0.95))
            return replace(small, handling=(*small.handling, "resize"))
        case "recompress":
            image = recompressed(recompressed(picture.image, 88), dice.choice((70, 80)))
            return picture.handled("recompress", image, quality=dice.choice((75, 85, 90)))
        case "convert":
            image = recompressed(picture.image, 85)
            return picture.handled("convert", image, quality=0 if picture.quality else 90)
        case "format":
            lossy = dice.choice(("WEBP", "WEBP", "AVIF"))
            quality = dice.choice((60, 75, 80, 90))
            return picture.handled(lossy.lower(), picture.image, quality=quality, lossy=lossy)
        case "contrast":
            image = ImageEnhance.Contrast(picture.image).enhance(dice.uniform(1.1, 1.5))
            image = ImageEnhance.Brightness(image).enhance(dice.uniform(0.92, 1.1))
            return picture.handled("contrast", image)
        case "rotate":
            image = picture.image.rotate(dice.choice((90, 180, 270)), expand=True)
            return picture.handled("rotate", image)
        case "strip":
            return replace(picture, exif=b"", handling=(*picture.handling, "strip"))
        case _:
            return picture


_TOOLS = ("gnome-screenshot", "Greenshot", "Snipaste", "ShareX", "Lightshot", "Android QP1A.190711")
_MAC = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0.0"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment>Screenshot</exif:UserComment>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def by_tool(picture: Picture, dice: random.Random) -> Picture:
    """The name of what took the screenshot, left in the file. It is no editor's."""
    if picture.quality or picture.format != "PNG":
        return picture
    if dice.random() < 0.3:
        return replace(picture, xmp=_MAC.encode())
    return replace(picture, text=(("Software", dice.choice(_TOOLS)),))


def _cropped(picture: Picture, dice: random.Random) -> Picture:
    """Cut to what the page says, with all its facts inside."""
    boxes = [mark.box for mark in picture.marks]
    margin = dice.randint(12, 60)
    left = max(0, int(min(box[0] for box in boxes)) - margin - 30)
    top = max(0, int(min(box[1] for box in boxes)) - margin - 90)
    right = min(picture.image.width, int(max(box[2] for box in boxes)) + margin + 120)
    bottom = min(picture.image.height, int(max(box[3] for box in boxes)) + margin)
    cut = cropped(picture, (left, top, right, bottom))
    return replace(cut, handling=(*cut.handling, "crop"))


def _annotated(picture: Picture, dice: random.Random) -> Picture:
    """A red box, an ellipse, an arrow or a marker at a fact, or bars over the buyer's name."""
    image = picture.image.convert("RGB").copy()
    draw = ImageDraw.Draw(image)
    target = picture.mark(dice.choice(("delivered", "tracking"))) or picture.mark("tracking")
    if target is None:
        return picture
    left, top, right, bottom = target.box
    pad, thick = dice.randint(5, 14), dice.randint(2, 6)
    box = (left - pad, top - pad, right + pad, bottom + pad)
    colour = dice.choice(_RED)
    how = dice.choice(("red-box", "ellipse", "arrow", "redaction", "highlight"))
    match how:
        case "red-box":
            draw.rectangle(box, outline=colour, width=thick)
        case "ellipse":
            wide = (box[0] - 12, box[1] - 6, box[2] + 12, box[3] + 6)
            draw.ellipse(wide, outline=colour, width=thick)
        case "arrow":
            x, y = box[2] + 4, (top + bottom) / 2
            draw.line((x + 120, y + 60, x, y), fill=colour, width=thick)
            draw.polygon(((x, y), (x + 22, y - 2), (x + 12, y + 20)), fill=colour)
        case "highlight":
            marker = Image.new("RGB", image.size, "white")
            ImageDraw.Draw(marker).rectangle(box, fill=(255, 245, 90))
            image = ImageChops.multiply(image, marker)
        case _:
            if (buyer := picture.mark("buyer")) is not None:
                draw.rectangle(buyer.box, fill=(0, 0, 0))
            y = dice.uniform(0.8, 0.9) * image.height
            draw.rectangle((20, y, 20 + dice.randint(120, 320), y + 22), fill=(0, 0, 0))
    return picture.handled(how, image)


_NOTES = ("see here", "delivered!", "proof", "order of the appeal", "见此处", "已签收")
_ACROSS = ("FOR APPEAL ONLY", "Confidential", "COPY", "仅供申诉使用")


def _noted(picture: Picture, dice: random.Random, *, holdout: bool) -> Picture:
    """Some words in red beside a fact, with a line to it: a note to the reader, and seen as one."""
    target = picture.mark("delivered") or picture.mark("tracking")
    if target is None:
        return picture
    image = picture.image.convert("RGB").copy()
    draw, colour, words = ImageDraw.Draw(image), dice.choice(_RED), dice.choice(_NOTES)
    font = _face(words, max(12, round(target.size * dice.uniform(0.9, 1.6))), holdout=holdout)
    left, _, right, bottom = target.box
    x = min(right + 30, image.width - font.getlength(words) - 6)
    y = min(bottom + target.size * dice.uniform(0.6, 2), image.height - target.size * 2)
    draw.line((left + 4, bottom + 2, x - 4, y + target.size / 2), fill=colour, width=2)
    draw.text((x, y), words, font=font, fill=colour)
    return picture.handled("noted", image)


def _hidden(picture: Picture, dice: random.Random) -> Picture:
    """Name and place made unreadable by a mosaic or a blur, as phones offer it."""
    image = picture.image.convert("RGB").copy()
    boxes = [mark.box for mark in picture.marks if mark.name in ("buyer", "place")]
    how = dice.choice(("mosaic", "blur"))
    for left, top, right, bottom in boxes[: dice.randint(1, 2)]:
        box = (max(0, round(left) - 3), max(0, round(top) - 2), round(right) + 3, round(bottom) + 2)
        part = image.crop(box)
        if how == "mosaic":
            cell = dice.choice((6, 8, 12))
            small = part.resize((max(1, part.width // cell), max(1, part.height // cell)))
            part = small.resize(part.size, Image.Resampling.NEAREST)
        else:
            part = part.filter(ImageFilter.GaussianBlur(dice.uniform(4, 9)))
        image.paste(part, box[:2])
    return picture.handled(how, image)


def _watermarked(picture: Picture, dice: random.Random, *, holdout: bool) -> Picture:
    """Pale words across the picture, again and again, so that nobody uses it for something else."""
    image = picture.image.convert("RGBA")
    words = dice.choice(_ACROSS)
    size = max(18, image.width // dice.choice((18, 24, 30)))
    font = _face(words, size, holdout=holdout)
    step = (round(font.getlength(words) * 1.7), size * dice.choice((6, 8)))
    tile = Image.new("RGBA", (2 * image.width, 2 * image.height))
    draw = ImageDraw.Draw(tile)
    for y in range(0, tile.height, step[1]):
        for x in range(0, tile.width, step[0]):
            draw.text((x, y), words, font=font, fill=(120, 120, 120, dice.choice((45, 60, 75))))
    turned = tile.rotate(dice.choice((25, 30, 45)), Image.Resampling.BICUBIC)
    corner = (turned.width // 4, turned.height // 4)
    over = turned.crop((*corner, corner[0] + image.width, corner[1] + image.height))
    return picture.handled("watermarked", Image.alpha_composite(image, over).convert("RGB"))


def _with_inset(picture: Picture, dice: random.Random) -> Picture:
    """What matters shown larger below the picture, in a frame: nothing of it is covered."""
    target = picture.mark("delivered") or picture.mark("tracking")
    if target is None:
        return picture
    image = picture.image.convert("RGB")
    left, top, right, bottom = target.box
    around = (
        max(0, round(left - 30)), max(0, round(top - 18)),
        min(image.width, round(right + 30)), min(image.height, round(bottom + 18)),
    )  # fmt: skip
    part, factor = image.crop(around), dice.choice((1.5, 2.0))
    factor = min(factor, (image.width - 20) / part.width)
    part = part.resize(
        (round(part.width * factor), round(part.height * factor)), Image.Resampling.BICUBIC
    )
    sheet = Image.new("RGB", (image.width, image.height + part.height + 24), "white")
    sheet.paste(image)
    at = (10, image.height + 12)
    sheet.paste(part, at)
    frame = (at[0] - 2, at[1] - 2, at[0] + part.width + 1, at[1] + part.height + 1)
    ImageDraw.Draw(sheet).rectangle(frame, outline=dice.choice(_RED), width=2)
    return picture.handled("inset", sheet)


def _stitched(picture: Picture, dice: random.Random) -> Picture:
    """A long page in two shots, each a JPEG file of the phone's, joined between two lines."""
    image = picture.image.convert("RGB")
    free = _free_row(picture.marks_boxes(), image.height, dice)
    quality = dice.choice((85, 90, 95))
    joined = recompressed(image, quality)
    joined.paste(recompressed(image.crop((0, free, *image.size)), quality), (0, free))
    return picture.handled("stitched", joined)


def _free_row(boxes: list[Box], high: int, dice: random.Random) -> int:
    rows = [
        row
        for row in range(high // 3, 2 * high // 3)
        if all(not box[1] - 3 < row < box[3] + 3 for box in boxes)
    ]
    return dice.choice(rows or [high // 2])


def _tinted(image: Image.Image, dice: random.Random) -> Image.Image:
    """A screen's light for the evening."""
    warm = np.array([1.0, dice.uniform(0.86, 0.96), dice.uniform(0.62, 0.86)], dtype=np.float32)
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32) * warm
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))


def _face(words: str, size: int, *, holdout: bool) -> ImageFont.FreeTypeFont:
    latin, east = (UNSEEN, UNSEEN_CJK) if holdout else (SEEN, SEEN_CJK)
    family = latin[0] if words.isascii() else east
    return ImageFont.truetype(font_file(family, bold=words.isascii()), size)
