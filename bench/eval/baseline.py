"""What anybody would try first: an ELA threshold, the EXIF software tag, regexes on OCR text.

It is here to be beaten. tesseract reads English and simplified Chinese.
"""

from __future__ import annotations

import functools
import io
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from bench.eval.answers import Answer, When, bare, plain
from bench.eval.truth import Case

_TRACKING = re.compile(
    r"\b(1Z[0-9A-Z]{16}|[A-Z]{2}\d{9}[A-Z]{2}|TBA\d{12}|YT\d{16}|4PX\d{13}CN|SF\d{13}|LP00\d{14}|"
    r"9\d{21}|\d{20}|\d{16}|\d{15}|\d{12}|\d{10})\b"
)
_ORDER = re.compile(r"\b(\d{3}-\d{7}-\d{7}|\d{2}-\d{5}-\d{5}|57\d{16})\b|#([A-Z]{0,2}\d{4,5})\b")
_DATE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:\s+(\d{1,2}):(\d{2}))?|(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:,?\s+(\d{1,2}):(\d{2}))?"
)
_DELIVERED = re.compile("deliver|zugestellt|livr|entrega|consegn|签收|妥投|送达|配達", re.I)
_CAPTURED = re.compile("printed|as of|gedruckt|imprim|impreso|stampato|打印|查询|印刷|照会", re.I)
_EDITORS = re.compile(
    rb"photoshop|gimp|affinity|pixelmator|picsart|lightroom|ilovepdf|acrobat pro|foxit|sejda|"
    rb"pdfescape",
    re.I,
)
_CARRIERS = (
    "ups", "fedex", "usps", "dhl", "royal mail", "canada post", "china post", "ems", "yunexpress",
    "4px", "yanwen", "cainiao", "amazon logistics", "colissimo", "correos", "poste italiane",
    "japan post", "中国邮政", "云途", "递四方", "燕文", "顺丰", "菜鸟", "日本郵便",
)  # fmt: skip
_LOCAL = {"中国邮政": "chinapost", "云途": "yunexpress", "递四方": "4px", "燕文": "yanwen",
          "顺丰": "sf", "菜鸟": "cainiao", "日本郵便": "japanpost"}  # fmt: skip
_ELA = 12.5  # mean error of the worst block beyond the typical one: some 13% of honest pictures


def baseline(case: Case, folder: Path) -> dict[str, Answer]:
    """The baseline's answers for a case."""
    if shutil.which("tesseract") is None:
        raise FileNotFoundError(
            "tesseract was not found, and the baseline reads with it: "
            "apt install tesseract-ocr tesseract-ocr-chi-sim"
        )
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda truth: _answer(folder / truth.file, case), case.files)
        return {truth.file: answer for truth, answer in zip(case.files, found, strict=True)}


def _answer(path: Path, case: Case) -> Answer:
    data = path.read_bytes()
    is_pdf = data.startswith(b"%PDF")
    image = None if is_pdf else Image.open(io.BytesIO(data))
    text = _pdf_text(data) if is_pdf else _ocr(image)
    answer = Answer(kind=_kind(image), tracking=_numbers(text), orders=_orders(text))
    low = text.lower()
    name = next(
        (name for name in _CARRIERS if re.search(rf"\b{name}\b" if name.isascii() else name, low)),
        "",
    )
    answer.carrier = _LOCAL.get(name) or plain(name)
    before = ""
    for line in text.splitlines():
        for when in _dates(line):
            if _CAPTURED.search(line):
                answer.captured.append(when)
            elif _DELIVERED.search(before + line):
                answer.delivered.append(when)
        before = line
    answer.copied = answer.kind == "photo"
    at = datetime.fromisoformat(case.asked_at.rstrip("Z"))
    fresh = (
        datetime.fromisoformat(when.local) > at - timedelta(days=7) for when in answer.captured
    )
    answer.stale = not any(fresh)
    answer.foreign = bool(answer.tracking) and bare(case.tracking) not in answer.tracking
    suspicious = bool(_EDITORS.search(data)) or (is_pdf and data.count(b"%%EOF") > 1)
    if image is not None and not suspicious:
        suspicious = _ela(image) > _ELA
    answer.tamper = "fail" if suspicious else "pass"
    return answer


def _kind(image: Image.Image | None) -> str:
    if image is None:
        return "original_export"
    return "photo" if image.getexif().get(271) else "portal_screenshot"


def _numbers(text: str) -> set[str]:
    return {bare(one) for one in _TRACKING.findall(re.sub(r"(?<=\d{4}) (?=\d)", "", text))}


def _orders(text: str) -> set[str]:
    return {bare(a or b) for a, b in _ORDER.findall(text)}


def _dates(line: str) -> list[When]:
    found = []
    for y, m, d, hour, minute, a, b, year, hour2, minute2 in _DATE.findall(line):
        parts = (y, m, d, hour, minute) if y else (year, b, a, hour2, minute2)
        try:
            day = datetime(int(parts[0]), int(parts[1]), int(parts[2]))
        except ValueError:
            continue
        local = day.strftime("%Y-%m-%d")
        if parts[3]:
            local += f"T{int(parts[3]):02}:{parts[4]}"
        found.append(When(line.strip(), local, False, None, None))
    return found


def _ela(image: Image.Image) -> float:
    """Error level of the worst block above that of the median block, after a save at quality 90."""
    picture = image.convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    error = np.asarray(ImageChops.difference(picture, Image.open(out).convert("RGB")), dtype=float)
    block = 16
    high, wide = (side // block * block for side in error.shape[:2])
    if not high or not wide:
        return 0.0
    blocks = error[:high, :wide].mean(axis=2).reshape(high // block, block, wide // block, block)
    means = blocks.mean(axis=(1, 3))
    return float(means.max() - np.median(means))


def _pdf_text(data: bytes) -> str:
    from pypdf import PdfReader

    try:
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages[:3])
    except Exception:  # a baseline does not care why
        return ""


@functools.cache
def _languages() -> str:
    known = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True).stdout
    return "+".join(name for name in ("eng", "chi_sim") if name in known) or "eng"


def _ocr(image: Image.Image | None) -> str:
    if image is None:
        return ""
    picture = image.convert("L")
    picture.thumbnail((2000, 3000))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return subprocess.run(
        ["tesseract", "-", "-", "-l", _languages(), "--psm", "6"],
        input=out.getvalue(), capture_output=True, check=False,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    ).stdout.decode("utf-8", "replace")  # fmt: skip
