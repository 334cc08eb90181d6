"""One file: drawn, altered or handled by its recipe, saved, and its truth told."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from bench.eval import numbers, papers, pdfs
from bench.eval.browser import Box
from bench.eval.edits import documents, metadata, pixels
from bench.eval.edits.contradictions import WAYS, Lie, lie
from bench.eval.handling import by_tool, handled
from bench.eval.pages.view import View
from bench.eval.pictures import (
    Picture,
    held_upright,
    photographed,
    recompressed,
    scanned,
    sent,
)  # fmt: skip
from bench.eval.recipes import Recipe
from bench.eval.story import Story, neighbour, redated, retold, variants
from bench.eval.studio import Draft, Paper, Studio, camera, cameras_thumbnail, plain
from bench.eval.truth import METADATA, PIXELS, Edit, Truth

DATE = frozenset({"day", "minute", "zone"})
READING = DATE | {"tracking", "order", "carrier", "capture", "stale", "foreign"}

_SCREENS = ("tracking", "portal", "aggregator", "strange")
# Altered after it was photographed or scanned.
_LATE = frozenset({"photo-retyped", "scan-retyped", "layer-differs"})
_LAYERED = frozenset({"ocr-layer", "layer-differs"})
_SCANNERS = ("ScanGear 4.2", "EPSON Scan 2", "Canon iR-ADV")
_UNSEEN_SCANNERS = ("NAPS2", "KONICA MINOLTA bizhub", "Brother MFC", "CamScanner")
_KINDS = {
    "screen": ["portal_screenshot"],
    "letter-pdf": ["original_export"],
    "plain-pdf": ["original_export"],
    "slip-pdf": ["original_export"],
    "page-pdf": ["original_export", "portal_screenshot"],
    "scan": ["scan"],
    "chat": ["chat_screenshot"],
    "chat-resave": ["portal_screenshot", "chat_screenshot"],
    "photo-screen": ["photo"],
    "photo-paper": ["photo"],
}


class Work:
    """One file in the making: `made`, then `truth`."""

    def __init__(
        self, studio: Studio, recipe: Recipe, story: Story, dice: random.Random, *,
        holdout: bool, country: bool,
    ) -> None:  # fmt: skip
        self.studio, self.recipe, self.story, self.dice = studio, recipe, story, dice
        self.holdout = holdout
        self.unasked: set[str] = set()
        self.boxes: tuple[Box, ...] = ()
        self.handling: tuple[str, ...] = ()
        self.lie: Lie | None = None
        self.retouched = False
        self.words: list[tuple[Box, str]] = []  # of the text layer
        self.draft = self._draft(country=country)

    def made(self) -> tuple[bytes, str]:
        """(bytes, suffix) of the file."""
        if self.recipe.medium.endswith("-pdf"):
            paper = self._document()
            self.handling, self.boxes = paper.handling, paper.boxes or self._lie_boxes(paper)
            return paper.data, ".pdf"
        picture = self._picture()
        self.handling, self.boxes = picture.handling, picture.boxes
        layered = self.recipe.way in _LAYERED
        if self.recipe.medium == "scan" and (layered or self.dice.random() < 0.5):
            return self._scanned_pdf(picture), ".pdf"
        return picture.written(), picture.suffix

    def truth(self, name: str, *, foreign: bool) -> Truth:
        """What is true of the file that was made."""
        view, medium, way = self.view, self.recipe.medium, self.recipe.way
        unasked = set(self.unasked)
        delivered, captured = view.said_delivered(), view.said_captured()
        if delivered is not None and not delivered.sure:
            unasked |= DATE
        if captured is not None and not captured.sure:
            unasked |= {"capture"}
        photo = medium.startswith("photo")
        if captured is None and (
            photo or medium.endswith("-pdf") or medium == "scan" or view.dated
        ):
            unasked |= {"capture", "stale"}  # metadata may or may not be taken for a date
        if way in ("rotate", "editor-rotate") or view.tiny:
            unasked |= READING
        if self.story.abroad and not foreign and not (view.orders and view.tracking):
            # Without the order's number a parcel that went abroad may as well be another order's.
            unasked |= {"foreign"}
        if way in ("hidden", "redacted") and foreign:
            unasked |= {"foreign"}  # what told it may be what was made unreadable
        edit = None
        if self.recipe.edit:
            boxes = [
                (round(a, 1), round(b, 1), round(c, 1), round(d, 1)) for a, b, c, d in self.boxes
            ]
            edit = Edit(self.recipe.edit, way, boxes)
        fresh = timedelta(days=7)
        return Truth(
            file=name,
            family=self.draft.family,
            medium=medium,
            layout=view.layout,
            frame=self.draft.frame,
            language=self.story.language,
            kinds=_KINDS[medium],
            carriers=sorted(view.marks),
            delivered=delivered,
            captured=captured,
            tracking=sorted(view.tracking),
            orders=sorted(view.orders),
            copied=medium in ("chat", "chat-resave") or photo,
            stale=not view.captured or self.story.asked - self.story.captured > fresh,
            foreign=foreign,
            edit=edit,
            handling=list(self.handling),
            unasked=sorted(unasked),
        )

    # -- the page --------------------------------------------------------------------------------

    def _draft(self, *, country: bool) -> Draft:
        medium, way, dice = self.recipe.medium, self.recipe.way, self.dice
        if medium in ("letter-pdf", "plain-pdf"):
            family = "form" if medium == "letter-pdf" and dice.random() < 0.4 else "proof"
        elif medium == "slip-pdf":
            family = "slip"
        elif medium in ("scan", "photo-paper"):
            family = "slip" if dice.random() < 0.25 and not way else "proof"
            if family == "proof" and dice.random() < 0.4:
                family = "form"
        elif medium == "page-pdf":
            family = dice.choice(("tracking", "portal", "strange"))
        else:
            family = dice.choices(_SCREENS, (6, 3, 2, 6))[0]
        draft = Draft(self.story, family, dice.getrandbits(48), self.holdout, country=country)
        if family in _SCREENS and medium != "page-pdf":
            draft.frame = dice.choice(("browser", "browser", "phone", ""))
        if medium in ("chat", "chat-resave") and dice.random() < 0.7:
            draft.frame = "phone"  # what is sent from phone to phone
        if way in WAYS:
            self._lying(draft, way)
        if way in ("exif-stamp", "captured-before"):
            draft.stamped = "page"
        if way in _LAYERED:
            self.story = draft.story = _in_latin(self.story)
            draft.words = True
        if way in ("print-to-pdf", "headed"):
            draft.frame = way
        if way == "headed":
            draft.stamped = "header"
        if way == "inserted":
            draft.stamped = ""
        if self.recipe.edit in (PIXELS, METADATA):
            # The date stands in one place only: what is left of the old story must not tell.
            if medium == "screen":
                draft.family = dice.choice(("tracking", "portal", "strange"))
            draft.alter = _without_history
        if way == "rephotographed" and dice.random() < 0.4:
            self.retouched, draft.alter = True, _without_history
        if not way and medium == "screen" and dice.random() < 0.2:
            draft.alter = _without_history
        return draft

    def _lying(self, draft: Draft, way: str) -> None:
        """A page that contradicts itself."""
        while way == "check-digit" and not _checkable(draft.story):
            draft.story = neighbour(self.story, self.dice, holdout=self.holdout, site=False)
        self.story = draft.story
        if draft.family in ("portal", "aggregator"):
            draft.family = "tracking"
        self.lie = lie(way, self.dice.getrandbits(48))
        draft.alter = self.lie.alter
        self.unasked |= {
            "delivered": DATE,
            "captured": {"capture", "stale"},
            "tracking": {"tracking", "foreign"},
        }[self.lie.marks[0]]

    def _lie_boxes(self, drawn: Picture | Paper) -> tuple[Box, ...]:
        names = self.lie.marks if self.lie else ()
        return tuple(mark.box for mark in drawn.marks if mark.name in names)

    def _forged(self) -> str:
        """What a forger would write instead of the delivery's date."""
        at = redated(self.story, self.dice).event("delivered").at
        text = self.view.head_form.said(at).text
        # A standard PDF font has no Chinese; a forger types figures then.
        return text if text.isascii() or self.recipe.medium == "screen" else f"{at:%Y-%m-%d %H:%M}"

    # -- PDF files -------------------------------------------------------------------------------

    def _document(self) -> Paper:
        way, dice, when = self.recipe.way, self.dice, self.story.captured
        if self.recipe.medium == "plain-pdf":
            self.story = self.draft.story = _in_latin(self.draft.story)
            self.view, paper = plain(self.draft)
        else:
            self.view, paper = self.studio.printed(self.draft)
        later = when + timedelta(hours=dice.randint(1, 90))
        match way:
            case "signed":
                data = pdfs.signed(paper.data, dice, when, field="Carrier")
                return replace(paper, data=data, handling=("signed",))
            case "countersigned":
                data = pdfs.signed(paper.data, dice, when, field="Carrier")
                data = pdfs.signed(data, dice, later, field="Received")
                return replace(paper, data=data, handling=("signed", "countersigned"))
            case "resaved":
                data = pdfs.resaved(paper.data, later)
                return replace(paper, data=data, handling=("resaved",))
            case "print-to-pdf" | "headed":
                return replace(paper, handling=(way,))
            case _ if way in papers.WAYS:
                data = papers.handled(
                    way, paper.data, paper.marks, later, dice, holdout=self.holdout
                )
                return replace(paper, data=data, handling=(way,))
            case "filled":
                data = pdfs.filled_in(paper.data, "Received, filed", later)
                return replace(paper, data=data, handling=("form-filled",))
        if way and way not in WAYS:
            self.unasked |= DATE
            forged = self._forged()
            return documents.altered(way, paper, forged, when, dice, holdout=self.holdout)
        return paper

    def _scanned_pdf(self, scan: Picture) -> bytes:
        dpi = round(scan.image.width / 8.5)
        factor = 72 / dpi
        self.boxes = tuple(
            (a * factor, b * factor, c * factor, d * factor) for a, b, c, d in scan.boxes
        )
        producer = self.dice.choice(_UNSEEN_SCANNERS if self.holdout else _SCANNERS)
        if self.recipe.way in _LAYERED:
            words = papers.misread(self.words, self.dice)
            return papers.with_layer(
                scan.image, words, dpi=dpi, made=self.story.captured, producer=producer
            )
        return pdfs.picture_pdf(scan.image, dpi=dpi, made=self.story.captured, producer=producer)

    # -- pictures --------------------------------------------------------------------------------

    def _picture(self) -> Picture:
        medium, way, dice = self.recipe.medium, self.recipe.way, self.dice
        if medium == "chat":
            self.view, picture = self.studio.chatted(self.draft)
            return self._saved(picture)
        self.view, picture = self.studio.screen(self.draft)
        picture = replace(picture, boxes=self._lie_boxes(picture))
        late = way in _LATE or (self.recipe.edit == METADATA and medium != "screen")
        if self.recipe.edit and not late:
            picture = self._edited(picture)
        match medium:
            case "scan":
                scan = scanned(picture, dice)
                self.words = [(mark.box, mark.text) for mark in scan.marks if mark.name == "word"]
                if late:
                    scan = self._touched(scan, "retyped")
                return replace(scan, quality=0, format="TIFF") if dice.random() < 0.12 else scan
            case "chat-resave" if way:
                return handled(way, picture, dice, holdout=self.holdout)
            case "chat-resave":
                return sent(picture, dice)
            case "photo-screen" | "photo-paper":
                screen, hard = medium == "photo-screen", dice.uniform(0.1, 0.9)
                picture = self._by_camera(photographed(picture, dice, screen=screen, hard=hard))
                if self.recipe.edit == METADATA:
                    picture = self._edited(picture)
                elif late:
                    picture = self._touched(picture, "retyped")
            case _ if not (picture.quality or picture.text):
                picture = self._saved(picture)
        if self.recipe.edit == PIXELS and dice.random() < 0.12:
            self.unasked |= {"kind", "copied"}
            picture = sent(picture, dice)
        tool, _, how = self.recipe.way.partition("editor-")
        picture = handled(
            {"annotate": "annotated"}.get(how, how) or tool, picture, dice, holdout=self.holdout
        )
        if how:
            picture = metadata.opened_in(picture, self.story, dice, holdout=self.holdout)
            picture = replace(picture, handling=(*picture.handling, "editor"))
        honest = not self.recipe.edit and medium == "screen"
        return by_tool(picture, dice) if honest and dice.random() < 0.3 else picture

    def _by_camera(self, photo: Picture) -> Picture:
        """The photograph with a camera's EXIF; some are stored a quarter turned."""
        taken, orientation = "", 1
        if self.recipe.way == "exif-stamp":
            day = self.story.event("delivered").at - timedelta(days=self.dice.randint(3, 40))
            taken = day.strftime("%Y:%m:%d %H:%M:%S")
        elif self.recipe.way != "strip" and not self.recipe.edit and self.dice.random() < 0.25:
            photo, orientation = held_upright(photo), 6
        small = b""
        if not self.recipe.edit and self.dice.random() < 0.6:
            small = cameras_thumbnail(photo.image, self.dice)
        exif = camera(
            self.story, self.dice, holdout=self.holdout, orientation=orientation, taken=taken,
            thumbnail=small,
        )  # fmt: skip
        return replace(photo, exif=exif)

    def _saved(self, picture: Picture) -> Picture:
        """As PNG, at times as WebP, or as JPEG of some quality."""
        if self.dice.random() < 0.04:
            return replace(picture, quality=0, format="WEBP")
        if self.dice.random() < 0.55:
            return replace(picture, quality=0)
        if not self.recipe.edit and self.dice.random() < 0.2:  # it was a JPEG file before
            image = recompressed(picture.image, self.dice.choice((75, 85, 92)))
            picture = replace(picture, image=image)
        quality = self.dice.choice((72, 80, 85, 90, 93, 95))
        return replace(picture, quality=quality, subsampling=self.dice.choice((0, 2, 2)))

    def _edited(self, picture: Picture) -> Picture:
        way, dice = self.recipe.way, self.dice
        if self.recipe.edit == METADATA:
            touched = self._touched(picture, "retyped")
            return metadata.left(way, touched, picture, self.story, dice, holdout=self.holdout)
        if self.recipe.edit == PIXELS:
            if dice.random() < 0.6:  # what was altered had been a JPEG file before
                quality = dice.choice((75, 85, 92))
                picture = picture.handled(
                    f"was-jpeg-{quality}", recompressed(picture.image, quality)
                )
            return self._touched(picture, way)
        if way in ("rerendered", "rephotographed"):
            # The page as a browser draws it after its text was changed: no trace is left in it.
            self.story = retold(self.story, dice)
            self.view, picture = self.studio.screen(replace(self.draft, story=self.story))
            if self.retouched:
                picture = self._touched(picture, "retyped")
        return picture

    def _touched(self, picture: Picture, way: str) -> Picture:
        """The picture with its delivery date altered."""
        dice, done = self.dice, None
        self.unasked |= DATE
        match way:
            case "copied-digit":
                form = self.view.head_form
                wishes = [form.said(v.event("delivered").at).text for v in variants(self.story)]
                done = pixels.copied_digits(picture, wishes, dice)
            case "patched":
                other = replace(self.draft, story=redated(self.story, dice))
                done = pixels.patched(picture, self.studio.screen(other)[1], dice)
            case "inserted":
                self.unasked |= {"capture", "stale"}
                text = self.view.form.said(self.story.captured).text
                line = f"{self.view.words['printed']}: {text}"
                return pixels.inserted(
                    picture, line, dice, holdout=self.holdout, browser=self.studio.browser
                )
        # Where a way has no place on this page, a fact is typed anew.
        name, text = self._target(picture) if way == "retyped" else ("delivered", self._forged())
        if done is None:
            done = pixels.retyped(
                picture, text, dice, holdout=self.holdout, browser=self.studio.browser, name=name
            )
        if done is None:
            raise ValueError("a page that is to be altered prints its delivery")
        return done

    def _target(self, picture: Picture) -> tuple[str, str]:
        """The fact that is typed anew, and what it says then: mostly the delivery's date."""
        dice, story = self.dice, self.story
        chosen = dice.choices(("delivered", "tracking", "order"), (6, 2, 2))[0]
        if chosen == "tracking" and picture.mark("tracking"):
            self.unasked |= {"tracking", "foreign"}
            return chosen, numbers.made(dice.choice(story.carrier.rules), dice)
        if chosen == "order" and picture.mark("order"):
            self.unasked |= {"order", "foreign"}
            return chosen, numbers.order_number(story.platform, dice)
        return "delivered", self._forged()


def _without_history(view: View) -> None:
    view.without_history = True


def _checkable(story: Story) -> bool:
    """Any change of one digit of the number shows."""
    number = story.number
    return story.carrier.checked and (number[-2:].isalpha() or len(number) in (16, 18, 22))


def _in_latin(story: Story) -> Story:
    """The story in words that a standard PDF font has."""
    said = story.city + story.address + story.signed + story.service
    said += "".join(event.place for event in story.events)
    if story.language not in ("zh", "ja", "pl") and said == said.encode("cp1252", "ignore").decode(
        "cp1252"
    ):
        return story
    plain = {"JP": "Osaka", "CN": "Shenzhen", "PL": "Gdansk"}
    city = plain.get(story.land, story.city)
    address = "80-831 Gdansk" if story.land == "PL" else plain.get(story.land, story.address)
    return replace(
        story, language="en", city=city, address=address, signed="R. OKAFOR", service="Standard"
    )
