"""Programs by what they are for, as their names stand in files.

Which program wrote a file last proves nothing: people crop in Photoshop and merge in iLovePDF.
It is one small reason among others.
"""

from __future__ import annotations

import re

_PIXEL_EDITORS = re.compile(
    r"photoshop(?!.{0,12}lightroom)|\bgimp\b|paint\.net|pixelmator|affinity|photopea|pixlr|picsart"
    r"|snapseed|facetune|meitu|美图|醒图|inpaint|touchretouch|retouch|corel|paintshop|acdsee|photoscape"
    r"|fotor\b|befunky|polarr|canva\b|krita|luminar|airbrush|b612|vsco",
    re.IGNORECASE,
)
_PDF_EDITORS = re.compile(
    r"ilovepdf|sejda|smallpdf|pdfescape|pdffiller|dochub|pdf-?xchange"
    r"|foxit.{0,20}(?:editor|phantom)|phantompdf|nitro|pdfelement|wondershare"
    r"|master pdf editor|infix|pdf24|soda pdf|pdf candy"
    r"|acrobat pro|acrobat \d|acrobat.{0,8}(?:dc|editor)|able2extract|inkscape|illustrator"
    r"|pdf expert|flexipdf|pdfsam|xodo|formswift|libreoffice.{0,3}draw|openoffice.{0,8}draw"
    r"|wps\b|kofax power"
    r"|pymupdf|mupdf|pikepdf|pypdf|pdf-lib|itext|qpdf|pdftk|peepdf|canva|photoshop|coreldraw",
    re.IGNORECASE,
)


# Those that develop photographs; a screen has nothing to be developed.
_DEVELOPERS = re.compile(r"lightroom|darktable|rawtherapee|capture one|camera raw", re.IGNORECASE)


def pixel_editor(software: str, *, photo: bool) -> bool:
    """photo   a camera took the picture, by its metadata"""
    if _PIXEL_EDITORS.search(software):
        return True
    return not photo and _DEVELOPERS.search(software) is not None


def pdf_editor(software: str) -> bool:
    return _PDF_EDITORS.search(software) is not None
