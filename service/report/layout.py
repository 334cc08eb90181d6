"""From blocks to what the template reads: words in the languages asked for, pictures as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service.report.blocks import (
    MOST_PLACES,
    Block,
    Card,
    Command,
    Heading,
    Note,
    Picture,
    Place,
    Row,
    Table,
    Text,
)
from service.report.cover import Cover
from service.report.wanted import Language
from service.typeset.breaks import breakable
from service.typeset.fonts import Fonts
from service.wording.words import Said

_PROOF = Said("Receipt and place", "收据与位置")


@dataclass(slots=True)
class Layout:
    """`files` are the pictures, by the name that the template's data uses."""

    language: Language
    fonts: Fonts
    files: dict[str, bytes] = field(default_factory=dict)

    def words(self, said: Said) -> list[list[str]]:
        """[[language, words]], twice if both are asked for and differ."""
        if self.language is Language.BOTH and said.en != said.zh:
            return [["en", self.text(said.en)], ["zh", self.text(said.zh)]]
        if self.language is Language.ZH:
            return [["zh", self.text(said.zh)]]
        return [["en", self.text(said.en)]]

    def text(self, text: str) -> str:
        return breakable(self.fonts.showable(text))

    def alt(self, said: Said) -> str:
        return self.fonts.showable(said.in_(str(self.language)))

    def file(self, data: bytes, kind: str) -> str:
        name = f"picture-{len(self.files):04d}.{kind}"
        if kind == "svg":
            data = self.fonts.showable(data.decode("utf-8")).encode("utf-8")
        self.files[name] = data
        return name

    def blocks(self, blocks: Sequence[Block]) -> list[dict[str, Any]]:
        return [self._block(block) for block in blocks]

    def _block(self, block: Block) -> dict[str, Any]:
        match block:
            case Heading(level, said):
                return {"type": "heading", "level": level, "said": self.words(said)}
            case Text(said):
                return {"type": "text", "said": self.words(said)}
            case Command(line):
                return {"type": "command", "line": self.text(line)}
            case Note(said, places, grave):
                told = {"type": "note", "said": self.words(said), "grave": grave}
                return told | {"places": self.places(places)}
            case Table():
                return self._table(block)
            case Picture():
                return {"type": "picture"} | self.picture(block)
            case Card(number, title, called, rows, picture):
                return {
                    "type": "card",
                    "number": number,
                    "title": self.words(title),
                    "called": self.text(called),
                    "head": [self.words(said) for said in _CARD_HEAD],
                    "rows": [self._row(row) for row in rows],
                    "picture": None if picture is None else self.picture(picture),
                }

    def _table(self, table: Table) -> dict[str, Any]:
        return {
            "type": "table",
            "head": [self.words(said) for said, _ in table.columns] + [self.words(_PROOF)],
            "shares": [share for _, share in table.columns] + [table.places_share],
            "rows": [self._row(row) for row in table.rows],
            "grave": [row.grave for row in table.rows],
        }

    def _row(self, row: Row) -> dict[str, Any]:
        return {
            "cells": [self.words(cell) for cell in row.cells],
            "places": self.places(row.places),
        }

    def picture(self, picture: Picture) -> dict[str, Any]:
        return {
            "file": self.file(picture.data, picture.kind),
            "alt": self.alt(picture.alt),
            "caption": self.words(picture.caption),
        }

    def places(self, places: Sequence[Place]) -> list[str]:
        shown = [self.text(printed(place)) for place in places[:MOST_PLACES]]
        if len(places) > MOST_PLACES:
            shown.append(f"+{len(places) - MOST_PLACES}")
        return shown

    def cover(self, cover: Cover) -> dict[str, Any]:
        return {
            "kicker": self.words(cover.kicker),
            "title": self.words(cover.title),
            "order": self.text(cover.order),
            "lines": [[self.words(name), self.words(said)] for name, said in cover.lines],
            "digest": cover.digest,
            "digest-label": self.words(cover.digest_label),
            "words": [self.words(said) for said in cover.words],
            "code": {
                "file": self.file(cover.code, "svg"),
                "alt": self.alt(cover.code_alt),
                "caption": self.words(cover.code_caption),
            },
        }


_CARD_HEAD = (Said("What", "项目"), Said("As stated", "内容"), _PROOF)


def printed(place: Place) -> str:
    """As it stands on paper; the item as a whole is its number alone."""
    return place.receipt if place.locator == "item:" else str(place)
