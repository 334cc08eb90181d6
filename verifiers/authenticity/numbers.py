"""Tracking numbers whose check digit is wrong, and barcodes that say otherwise than the print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from evidence.facts import Fact, Facts
from evidence.tracking_numbers import CARRIERS, Form, identify
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.lines import Line

_1Z = re.compile(r"(?<![A-Za-z0-9])1Z(?:[ ]?[A-Z0-9]){16}(?![A-Za-z0-9])")
_S10 = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[ ]?\d(?:[ ]?\d){8}[ ]?[A-Z]{2}(?![A-Za-z0-9])")
_USPS = re.compile(r"(?<!\d)9[1-5](?:[ ]?\d){18,24}(?!\d)")
_LABELLED = re.compile(
    r"(?:track\w*|sendungs\w*|waybill|运单号?|快递单号|物流单号|追跡番号|お問い合わせ番号|suivi|seguimiento|spedizione"
    r"|rastreamento|zending\w*|track\s*&\s*trace)[^:：#\d]{0,24}[:：#]?\s*"
    r"(?P<number>[A-Z0-9](?:[ -]?[A-Z0-9]){9,33})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
# UPS prints numbers of this account in its documentation; some have no valid check digit.
_TEST_ACCOUNT = "1Z12345E"
# A carrier's name as words of their own: where it stands, bare numbers are held against its rule.
_CALLED = {
    carrier: re.compile(rf"(?<!\w){re.escape(called)}(?!\w)", re.IGNORECASE)
    for carrier, called in CARRIERS.items()
    if len(called) > 2
}


def check_digits(lines: Sequence[Line]) -> Iterator[Contradiction]:
    """Numbers that no carrier can have given out."""
    text = "\n".join(line.text for line in lines)
    named = {carrier for carrier, shape in _CALLED.items() if shape.search(text)}
    told: dict[str, Line] = {}
    right: set[str] = set()
    for place, line in enumerate(lines):
        for number in [*_numbers(line.text), *_under_a_label(lines, place)]:
            wrong = _wrong(number, named)
            if wrong is False:
                right.add(number)
            elif wrong:
                told.setdefault(number, line)
    for number, line in told.items():
        # A picture in which the same number stands right elsewhere was misread here.
        misread = not line.sure and any(_near(number, other) for other in right)
        if misread:
            continue
        weight = 0.97 if line.sure else 0.85 if line.confidence >= 0.9 else 0.5
        said = f"the check digit of {number} is wrong: no carrier gives out such a number"
        yield Contradiction("check-digit", said, line.facts, weight)


def _numbers(text: str) -> list[str]:
    found = [
        re.sub(r"\s", "", match[0])
        for shape in (_1Z, _S10, _USPS)
        for match in shape.finditer(text[:2000])
    ]
    for match in _LABELLED.finditer(text[:2000]):
        number = re.sub(r"[\s-]", "", match["number"]).upper()
        if sum(c.isdigit() for c in number) >= 8 and not any(number in one for one in found):
            found.append(number)
    return list(dict.fromkeys(found))


def _wrong(number: str, named: set[str]) -> bool | None:
    """True if its shape is a carrier's and its check digit is not; None if nothing is known."""
    if number.startswith(_TEST_ACCOUNT):
        return None
    known = identify(number)
    if any(candidate.check_digit for candidate in known.candidates):
        return False
    own = [one for one in known.candidates if one.form is Form.OWN and one.published]
    if own and all(one.check_digit is False for one in own):
        # S10 has two letters before and behind: a reference of a shop could look like it.
        return True
    bare = [one for one in known.candidates if one.carrier in named and one.published]
    if len(bare) == 1 and bare[0].check_digit is False:
        return True
    return None


_A_LABEL = re.compile(
    r"(?:track\w*|sendungs\w*|waybill|运单号?|快递单号|物流单号|追跡番号|お問い合わせ番号"
    r"|(?:n[o°º]|numéro) de suivi|seguimiento|spedizione|rastreamento|zendings\w*)[^\d]{0,24}",
    re.IGNORECASE,
)
_ALONE = re.compile(r"[A-Z0-9](?:[ -]?[A-Z0-9]){9,33}")


def _under_a_label(lines: Sequence[Line], place: int) -> list[str]:
    """The number that a line is, if the line above announces it."""
    text = lines[place].text.strip()
    if place == 0 or not _ALONE.fullmatch(text):
        return []
    number = re.sub(r"[\s-]", "", text)
    announced = _A_LABEL.fullmatch(lines[place - 1].text.strip()) is not None
    return [number] if announced and sum(c.isdigit() for c in number) >= 8 else []


def _near(one: str, other: str) -> bool:
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) <= 2


def barcodes(facts: Facts, lines: Sequence[Line]) -> Iterator[Contradiction]:
    """A barcode that says a number of the same make as the printed one, and another number."""
    codes = facts.named("document.barcode")
    if not codes:
        return
    printed = {number: line for line in lines for number in _numbers(line.text)}
    squeezed = [_squeezed(line.text) for line in lines]
    for fact in facts.named("shipment.tracking_number"):
        number = _squeezed(fact.text)
        at = next((at for at, said in enumerate(squeezed) if number in said), None)
        if at is not None:
            printed.setdefault(number, lines[at])
    joined = "".join(squeezed)
    for code in codes:
        cores = _cores(code.text)
        if any(core in joined for core in cores):
            continue
        other = _another_parcel(code.text, printed)
        if other is not None:
            said = f'the barcode says "{code.text[:40]}", and "{other}" is printed'
            line = printed[other]
            yield Contradiction("barcode", said, (code, *line.facts), 0.9 if line.sure else 0.82)
            continue
        for number, line in printed.items():
            like = any(_like(core, number) for core in cores)
            if not like:
                continue
            off = min(_distance(core, number) for core in cores)
            if not line.sure and off == 1 and not _firm(line.facts, number):
                continue
            weight = 0.95 if line.sure else 0.85
            said = f'the barcode says "{code.text[:40]}" and "{number}" is printed'
            yield Contradiction("barcode", said, (code, *line.facts), weight)
            break


def _another_parcel(payload: str, printed: Mapping[str, Line]) -> str | None:
    """The printed number of the carrier whose other number the code is, beyond doubt."""
    coded = {
        one.carrier
        for core in _cores(payload)
        for one in identify(core).candidates
        if one.check_digit and one.form is Form.OWN and one.published
    }
    for number in printed:
        known = [one for one in identify(number).candidates if one.form is Form.OWN]
        if known and all(one.carrier in coded for one in known):
            return number
    return None


def _squeezed(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _cores(payload: str) -> set[str]:
    """The numbers that a barcode may be saying: the whole, its parts, carriers' cores."""
    whole = _squeezed(payload)
    cores = {whole, *re.findall(r"[A-Z0-9]{9,34}", payload.upper())}
    for text in tuple(cores):
        known = identify(text).candidates
        sure = [one for one in known if one.check_digit] or [o for o in known if o.form is Form.OWN]
        cores |= {one.number for one in sure}
    return {core for core in cores if len(core) >= 9}


def _firm(facts: tuple[Fact, ...], number: str) -> bool:
    return min(fact.confidence for fact in facts) >= 0.9


def _like(one: str, other: str) -> bool:
    """Of one make: as long, with letters where the other has letters, or of one carrier's kind."""
    if len(one) != len(other):
        return False
    if [c.isdigit() for c in one] == [c.isdigit() for c in other]:
        return True
    makes = [
        {(known.carrier, known.kind) for known in identify(text).candidates
         if known.form is Form.OWN}
        for text in (one, other)
    ]  # fmt: skip
    return bool(makes[0] & makes[1])


def _distance(one: str, other: str) -> int:
    if len(one) != len(other):
        return max(len(one), len(other))
    return sum(a != b for a, b in zip(one, other, strict=True))
