"""Where a story becomes a picture or a PDF file, and where its truth is noted."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from PIL import Image, ImageEnhance, ImageFilter

from bench.eval import numbers, pdfs
from bench.eval.browser import Box, Browser, Mark
from bench.eval.dates import Form, form_for
from bench.eval.exif import (
    DATE_TIME,
    EXPOSURE,
    ISO,
    MAKE,
    MODEL,
    OFFSET_TAKEN,
    ORIENTATION,
    SOFTWARE,
    TAKEN,
    exif_block,
)
from bench.eval.lcd import smoothed
from bench.eval.pages import apps, chat, forms, frames, letter, portal, tracking
from bench.eval.pages.view import View, view_of
from bench.eval.pictures import Picture, picture_of
from bench.eval.story import Story

Altering = Callable[[View], None]

_PHONES = (
    ("Apple", "iPhone 14 Pro", "17.5.1"), ("samsung", "SM-S918B", "S918BXXS3CXD1"),
    ("HUAWEI", "ELS-NX9", "ELS-NX9 13.0.0.168"), ("Xiaomi", "23013RK75C", "MIUI 14"),
)  # fmt: skip
_UNSEEN_PHONES = (
    ("Google", "Pixel 8", "HDR+ 1.0.585804376zd"),
    ("OPPO", "CPH2451", "MediaTek Camera Application"),
    ("Apple", "iPhone 12", "16.6"),
)  # fmt: skip


@dataclass
class Draft:
    """A page before it is drawn. The same draft gives the same page; `alter` makes it lie.

    stamped  None: by dice
    """

    story: Story
    family: str
    seed: int
    holdout: bool
    frame: str = ""
    stamped: str | None = None
    alter: Altering = lambda view: None
    country: bool = False
    words: bool = False  # where each piece of text stands is told as well

    def view(self, dice: random.Random) -> View:
        stamped = self.stamped
        if stamped is None:
            choices = ("bar", "page", "") if self.frame == "browser" else ("page", "page", "")
            stamped = dice.choice(choices)
        strange = self.family in ("strange", "form") or dice.random() < 0.12
        view = view_of(self.story, dice, holdout=self.holdout, stamped=stamped, strange=strange)
        view.country = self.country or dice.random() < 0.5
        self.alter(view)
        return view


@dataclass(frozen=True)
class Paper:
    """A PDF file, and where its facts stand: points from the top left of the first page."""

    data: bytes
    marks: tuple[Mark, ...]
    handling: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    high: float = 792
    lines: tuple[pdfs.Line, ...] = ()

    def mark(self, name: str) -> Mark | None:
        return next((mark for mark in self.marks if mark.name == name), None)


@dataclass
class Studio:
    """A browser, and what it draws."""

    browser: Browser
    cleanups: list[str] = field(default_factory=list)

    def screen(self, draft: Draft) -> tuple[View, Picture]:
        """The page as a screen shows it."""
        dice = random.Random(draft.seed)
        view = draft.view(dice)
        narrow = draft.frame == "phone"
        style, body = tracking.style(view), ""
        host = view.story.carrier.host
        match draft.family:
            case "tracking":
                body = tracking.page(view, narrow=narrow)
            case "portal":
                body, host = portal.order_page(view)
            case "aggregator":
                body, host = portal.aggregator(view)
            case "strange":
                narrow = _pick_strange(view, draft.frame)
                style, body = apps.page(view)
            case _:
                style, body = _sheet(view, draft.family)
        width = dice.choice((375, 390, 412)) if narrow else dice.choice((1000, 1180, 1280, 1366))
        scale = dice.choice((2, 2.5, 3)) if narrow else dice.choice((1, 1, 1.25, 1.5))
        height = dice.choice((700, 800)) if narrow else dice.choice((640, 720, 760))
        lcd = 1
        if draft.family in _SHEETS:
            width, height, scale = 816, 1056, dice.choice((1.5, 1.75, 2))
        elif draft.frame == "phone":
            body = frames.phone(view, body)
        elif draft.frame == "browser":
            body = frames.browser(view, host, body, height=height)
        elif scale == 1 and dice.random() < 0.6:
            lcd = 3  # text smoothed for a desktop's coloured stripes
        shot = self.browser.shot(
            frames.document(style, body), width=width, height=height, scale=scale * lcd,
            whole=True, words=draft.words,
        )  # fmt: skip
        picture = picture_of(shot, scale)
        if lcd > 1:
            picture = picture.moved(smoothed(shot.image), _third)
        return view, picture

    def printed(self, draft: Draft) -> tuple[View, Paper]:
        """The page printed to PDF by a browser: a letter, a slip, or a tracking page."""
        dice = random.Random(draft.seed)
        view = draft.view(dice)
        host = view.story.carrier.host + view.story.number
        if draft.family in _SHEETS:
            style, body = _sheet(view, draft.family)
        elif draft.family == "strange":
            _pick_strange(view, "browser")
            style, body = apps.page(view)
        elif draft.family == "tracking":
            style, body = tracking.style(view), tracking.page(view)
        else:
            style, (body, host) = tracking.style(view), portal.order_page(view)
        size = (8.5, 11.0) if view.story.land in ("US", "CA") else (8.27, 11.69)
        margins: tuple[str, str] | None = None
        if draft.frame == "headed":
            margins = frames.print_margins(view, host)
        else:
            style += "@page { margin: 0 }"
        data, marks = self.browser.pdf(
            frames.document(style, body), width_in=size[0], height_in=size[1], margins=margins
        )
        data = pdfs.printed_at(data, view.story.captured)
        return view, Paper(data, marks, high=size[1] * 72)

    def chatted(self, draft: Draft) -> tuple[View, Picture]:
        """A page's picture as it was sent in a chat, on a phone or a desktop."""
        view, inner = self.screen(draft)
        dice = random.Random(draft.seed + 1)
        image = inner.image
        if max(image.size) > 1600:
            factor = 1600 / max(image.size)
            image = image.resize((round(image.width * factor), round(image.height * factor)))
        name = self.browser.keep("sent.png", image)
        width = dice.choice((390, 412, 430)) if dice.random() < 0.8 else 760
        body, layout, share = chat.page(
            view.story, name, image.size, dice, holdout=draft.holdout, width=width
        )
        view.layout = layout
        style = f"* {{ box-sizing:border-box }} body {{ margin:0; font-family:{view.font} }}"
        scale = dice.choice((2, 2.5, 3)) if width < 600 else 2
        shot = self.browser.shot(
            frames.document(style, body), width=width, height=780, scale=scale, whole=True
        )
        # Text of 14 pixels, shrunk with the picture that it stands in.
        view.tiny = 14 * share * width * scale / inner.image.width * inner.scale < 9
        return view, picture_of(shot, scale)


_SHEETS = frozenset({"proof", "slip", "form"})


def _sheet(view: View, family: str) -> tuple[str, str]:
    """(style, body) of a sheet of paper."""
    if family == "form":
        view.pick(forms.SEEN, forms.UNSEEN)
        return forms.page(view)
    return letter.style(view), letter.proof(view) if family == "proof" else letter.slip(view)


def _pick_strange(view: View, frame: str) -> bool:
    """Choose a layout that goes with what is around the page; whether it is a phone's."""

    def fitting(layouts: tuple[str, ...]) -> tuple[str, ...]:
        if not frame:
            return layouts
        return tuple(one for one in layouts if (one in apps.NARROW) == (frame == "phone"))

    return view.pick(fitting(apps.SEEN), fitting(apps.UNSEEN)) in apps.NARROW


def _third(box: Box) -> Box:
    left, top, right, bottom = (round(edge / 3, 2) for edge in box)
    return left, top, right, bottom


def plain(draft: Draft) -> tuple[View, Paper]:
    """A letter as reporting programs write it: a standard font, one line after the other."""
    dice = random.Random(draft.seed)
    view = draft.view(dice)
    story, words = view.story, view.words
    producer, creator = dice.choice(pdfs.UNSEEN_WRITERS if draft.holdout else pdfs.WRITERS)
    if draft.frame == "print-to-pdf":
        producer, creator = "Microsoft: Print To PDF", ""
    font = dice.choice(("Helvetica", "Times-Roman", "Courier") if draft.holdout else ("Helvetica",))
    view.layout = f"plain-{font}"
    view.mark()
    view.tracking.add(view.printed_number)
    rows = [
        (words["tracking"], numbers.spaced(view.printed_number, dice), "tracking"),
        (words["service"], story.service, ""),
        (words["weight"], story.weight, ""),
    ]
    said = view.form.said(story.event("accepted").at, with_time=False)
    view.others.append(said)
    rows.append((words["shipped"], said.text, "shipped"))
    view.head_date()
    rows.append((words["delivered_on"], view.delivered[-1].text, "delivered"))
    rows.append((words["place"], view.address_text(), "place"))
    rows.append((words["signed"], story.signed, "signed"))
    if dice.random() < 0.5:
        view.orders.add(story.order)
        rows.append((words["reference"], story.order, "order"))
    top = dice.randint(60, 90)
    lines = [
        pdfs.Line(56, top, story.carrier.named(view.words.language), 22, bold=True),
        pdfs.Line(56, top + 40, words["letter"], 15, bold=True),
        pdfs.Line(56, top + 66, words["dear"]),
        pdfs.Line(56, top + 84, words["serves"]),
    ]
    column, gap = dice.choice((180, 200, 220)), dice.choice((17, 19, 22))
    for place, (label, value, name) in enumerate(rows):
        y = top + 120 + gap * place
        lines.append(pdfs.Line(56, y, f"{label}:", bold=dice.random() < 0.5))
        lines.append(pdfs.Line(56 + column, y, value, name=name))
    if view.stamped:
        view.stamp_bare()
        text = view.captured[-1].text
        lines.append(pdfs.Line(56, 730, f"{words['printed']}: {text}", 9, name="captured"))
    data = pdfs.plain_pdf(lines, font=font, producer=producer, creator=creator, made=story.captured)
    return view, Paper(data, pdfs.marks_of(lines), lines=tuple(lines))


def camera(
    story: Story, dice: random.Random, *, holdout: bool, orientation: int = 1, taken: str = "",
    thumbnail: bytes = b"",
) -> bytes:  # fmt: skip
    """EXIF of a phone's camera; taken when the story was captured, or as `taken` says."""
    make, model, software = dice.choice(_UNSEEN_PHONES if holdout else _PHONES)
    taken = taken or story.captured.strftime("%Y:%m:%d %H:%M:%S")
    offset = story.captured.strftime("%z")
    return exif_block(
        {MAKE: make, MODEL: model, ORIENTATION: orientation, SOFTWARE: software, DATE_TIME: taken},
        {TAKEN: taken, OFFSET_TAKEN: f"{offset[:3]}:{offset[3:]}", EXPOSURE: (1, 60),
         ISO: dice.randint(50, 400)},
        thumbnail=thumbnail,
    )  # fmt: skip


_SMALLER = (
    Image.Resampling.NEAREST, Image.Resampling.BOX, Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC, Image.Resampling.LANCZOS,
)  # fmt: skip


_ROOM = 60_000  # bytes: an EXIF block holds less than 64 KiB (Exif 2.32, 4.7.2)


def cameras_thumbnail(image: Image.Image, dice: random.Random) -> bytes:
    """What a camera puts beside its picture: made before the picture was developed to the end.

    Of another size and sharpness by each maker, at times with bars to be 4 by 3.
    """
    wide, high = dice.choice(((160, 120), (320, 240), (512, 384)))
    turned = image.height > image.width
    room = (high, wide) if turned else (wide, high)
    small = image.convert("RGB")
    factor = min(room[0] / small.width, room[1] / small.height)
    size = (round(small.width * factor), round(small.height * factor))
    small = small.resize(size, dice.choice(_SMALLER), reducing_gap=2.0)
    if dice.random() < 0.4:
        small = small.filter(ImageFilter.UnsharpMask(1, dice.choice((40, 80, 120)), 2))
    small = ImageEnhance.Brightness(small).enhance(dice.uniform(0.95, 1.05))
    if dice.random() < 0.4:
        sheet = Image.new("RGB", room, "black")
        sheet.paste(small, ((room[0] - size[0]) // 2, (room[1] - size[1]) // 2))
        small = sheet
    quality = dice.choice((50, 70, 80, 90))
    while True:
        out = io.BytesIO()
        small.save(out, "JPEG", quality=quality)
        if out.tell() < _ROOM:
            return out.getvalue()
        quality -= 10


def thumbnail_of(image: Image.Image) -> bytes:
    small = image.convert("RGB").copy()
    small.thumbnail((320, 320))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=75)
    return out.getvalue()


def weekday_form(view: View, dice: random.Random) -> Form:
    """A form of the page's language that prints the day of the week."""
    while True:
        form = form_for(
            view.story.language, view.story.land, dice, holdout=view.holdout, zoned=False
        )
        if "{Wd" in form.day:
            return form


def earlier(view: View, days: int) -> Story:
    """The story with its delivery alone moved."""
    events = tuple(
        replace(event, at=event.at - timedelta(days=days)) if event.kind == "delivered" else event
        for event in view.story.events
    )
    return replace(view.story, events=events)
