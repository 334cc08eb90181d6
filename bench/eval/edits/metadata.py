"""Altered pictures whose metadata tell of it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from bench.eval.exif import (
    DATE_TIME,
    MAKE,
    MODEL,
    SOFTWARE,
    TAKEN,
    Value,
    exif_block,
)  # fmt: skip
from bench.eval.pictures import Picture
from bench.eval.story import Story, redated
from bench.eval.studio import thumbnail_of

_EDITORS = ("Adobe Photoshop 25.9 (Windows)", "Adobe Photoshop 24.1 (Macintosh)", "GIMP 2.10.36")
_UNSEEN_EDITORS = (
    "Affinity Photo 2.4.2", "Pixelmator Pro 3.5.9", "PicsArt",
    "Adobe Photoshop Lightroom 7.2 (iOS)",
    "GIMP 3.0.2", "Adobe Photoshop Express 9.1",
)  # fmt: skip


def left(
    way: str, picture: Picture, before: Picture, story: Story, dice: random.Random, *, holdout: bool
) -> Picture:
    """The altered picture with the metadata that its editor left, or forgot to renew."""
    editor = dice.choice(_UNSEEN_EDITORS if holdout else _EDITORS)
    match way:
        case "exif-editor":
            return _by_editor(picture, editor, story, dice)
        case "xmp-history":
            return _with_history(picture, editor, story, dice)
        case "thumbnail":
            return _with_old_thumbnail(picture, before, story)
        case "png-text":
            # GIMP signs in words of its own.
            gimp = "GIMP" in editor
            chunk = ("Comment", "Created with GIMP") if gimp else ("Software", editor)
            return replace(picture, text=(chunk,), quality=0)
        case _:
            raise ValueError(f"no metadata are left by {way!r}")


def _by_editor(picture: Picture, editor: str, story: Story, dice: random.Random) -> Picture:
    """EXIF that names an image editor; of a photograph, with a time of writing after the taking."""
    written = story.captured + timedelta(hours=dice.randint(1, 60), minutes=dice.randint(0, 59))
    main: dict[int, Value] = {SOFTWARE: editor, DATE_TIME: _exif_time(written)}
    taken: dict[int, Value] = {}
    if picture.photo:
        main |= {MAKE: "Apple", MODEL: "iPhone 13"}
        taken = {TAKEN: _exif_time(story.captured)}
    return replace(picture, exif=exif_block(main, taken), quality=picture.quality or 90)


_LAID, _LOGGED, _LISTED = "laid", "logged", "listed"
# What Photoshop's log of history says of a line that is typed anew.
_STEPS = "Open&#xA;Clone Stamp&#xA;Type Tool&#xA;Edit Type Layer&#xA;Flatten Image&#xA;Save As"
_HONEST_STEPS = "Open&#xA;Crop&#xA;Save As"


def _with_history(picture: Picture, editor: str, story: Story, dice: random.Random) -> Picture:
    """XMP with an editor's history: its layers of text, its log, or only that it saved."""
    kept = dice.choice((_LAID, _LOGGED, _LISTED))
    when = story.captured + timedelta(hours=3)
    more = ""
    if kept == _LAID:
        typed = f"{redated(story, dice).event('delivered').at:%Y-%m-%d %H:%M}"
        more = (
            f'<photoshop:TextLayers><rdf:Bag><rdf:li photoshop:LayerName="{typed}" '
            f'photoshop:LayerText="{typed}"/></rdf:Bag></photoshop:TextLayers>'
        )
    elif kept == _LOGGED:
        more = f"<photoshop:History>{_STEPS}</photoshop:History>"
    return replace(picture, xmp=_xmp(editor, when, more), quality=dice.choice((88, 92, 95)))


def _xmp(editor: str, when: datetime, more: str = "") -> bytes:
    acts = "".join(
        f'<rdf:li stEvt:action="{act}" stEvt:when="{when.isoformat()}" '
        f'stEvt:softwareAgent="{editor}"/>'
        for act in ("converted", "saved", "saved")
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" '
        'xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" '
        f'xmp:CreatorTool="{editor}" xmp:ModifyDate="{when.isoformat()}">'
        f"<xmpMM:History><rdf:Seq>{acts}</rdf:Seq>"
        f'</xmpMM:History>{more}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def opened_in(picture: Picture, story: Story, dice: random.Random, *, holdout: bool) -> Picture:
    """What an editor leaves in a picture that was only cropped, turned or marked in it."""
    editor = dice.choice(_UNSEEN_EDITORS if holdout else _EDITORS)
    match dice.choice(("exif", "xmp", "log")):
        case "exif":
            return _by_editor(picture, editor, story, dice)
        case "xmp":
            xmp = _xmp(editor, story.captured + timedelta(hours=2))
        case _:
            log = f"<photoshop:History>{_HONEST_STEPS}</photoshop:History>"
            xmp = _xmp(editor, story.captured + timedelta(hours=2), log)
    return replace(picture, xmp=xmp, quality=picture.quality or dice.choice((88, 92, 95)))


def _with_old_thumbnail(picture: Picture, before: Picture, story: Story) -> Picture:
    """EXIF whose thumbnail still shows the picture before it was altered."""
    block = exif_block(
        {MAKE: "samsung", MODEL: "SM-A546B", DATE_TIME: _exif_time(story.captured)},
        {TAKEN: _exif_time(story.captured)},
        thumbnail=thumbnail_of(before.image),
    )
    return replace(picture, exif=block, quality=picture.quality or 92)


def _exif_time(when: datetime) -> str:
    return f"{when:%Y:%m:%d %H:%M:%S}"
