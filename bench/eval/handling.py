"""What honest people do to a picture before they hand it in. Nothing of it is an alteration."""

from __future__ import annotations

import random
from dataclasses import replace

from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from bench.eval.pictures import Picture, cropped, recompressed, resized


def handled(way: str, picture: Picture, dice: random.Random) -> Picture:
    """The picture after that handling; as it was, where `way` is none."""
    match way:
        case "annotated":
            return _annotated(picture, dice)
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
    colour = dice.choice(((255, 0, 0), (230, 30, 30), (255, 60, 0)))
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
