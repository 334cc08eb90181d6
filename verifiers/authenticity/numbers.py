"""Tracking numbers whose check digit is wrong, and barcodes that say otherwise than the print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from evidence.facts import Fact, Facts
from evidence.tracking_numbers import CARRIERS, Form, identify
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.lines import Line

_1Z = re.compile(r"(?<![A-Za-z0-9])1Z(?:[ ]?[A-Z0-9]){16}(?![A-Za-z0-9])")
_S10 = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[ ]?\d(?:[ ]?\d){8}[ ]?[A-Z]{2}(?![A-Za-z0-9])")
_USPS = re.compile(r"(?<!\d)9[1-5](?:[ ]?\d){18,24}(?!\d)")
# How pages call a parcel's number.
_CALLS = (
    r"track[^\W\d]*|track\s*&\s*trace|sendungs[^\W\d]*|waybill|consignment"
    r"|(?:parcel|shipment) (?:id|no|number)|frachtbrief[^\W\d]*|paketnummer|kollinummer"
    r"|spedizione|rastreamento|zending[^\W\d]*"
    r"|(?:numer|nr) przesyłki|运单号?|快递单号|物流单号|追跡番号|お問い合わせ番号"
)
# A recognition may lose the blank behind a label: its words end where a figure begins.
_LABELLED = re.compile(
    rf"(?P<call>(?:{_CALLS}|suivi|seguimiento)[^:：#\d]{{0,24}})[:：#]?\s*"
    r"(?P<number>[A-Z0-9](?:[ -]?[A-Z0-9]){9,33})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
# What has a number of its own beside the parcel: "Shipment reference", "Tracking case ID".
_OF_A_CASE = re.compile(
    r"\b(?:ref(?:erence|erenz|erencia|\.)?|case|claim|invoice|account|customer|request|ticket"
    r"|rechnung\w*|kunden\w*|cliente?|facture|factura)\b",
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


def check_digits(facts: Facts, lines: Sequence[Line]) -> Iterator[Contradiction]:
    """Numbers that no carrier can have given out."""
    named = _called(lines)
    codes = {core for code in facts.named("document.barcode") for core in _cores(code.text)}
    told: dict[str, Line] = {}
    right = {core for core in codes if _wrong(core, named) is False}
    for place, line in enumerate(lines):
        for number in [*_numbers(line.text), *_under_a_label(lines, place)]:
            wrong = _wrong(number, named)
            if wrong is False:
                right.add(number)
            elif wrong:
                told.setdefault(number, line)
    # What stands under a heading of a table, or as groups of digits, the readers know by its place.
    read = _read_as_numbers(facts, lines)
    for number, lines_of_it in read.items():
        firm = len(lines_of_it) > 1 or lines_of_it[0].sure or number in codes
        if firm and _wrong(number, named):
            told.setdefault(number, lines_of_it[0])
    for number, line in told.items():
        if any(number != whole and number in whole for whole in read):
            continue  # a part of it: a recognition put a sign between two groups
        # A picture in which the same number stands right elsewhere was misread here.
        misread = any(_near(number, other) for other in right) or _is_misread_account(number)
        if misread and not line.sure:
            continue
        if not misread and _is_anothers(number, right):
            continue
        weight = 0.97 if line.sure else 0.85 if line.confidence >= 0.9 else 0.5
        said = f"the check digit of {number} is wrong: no carrier gives out such a number"
        yield Contradiction("check-digit", said, line.facts, weight)


def _read_as_numbers(facts: Facts, lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Each tracking number that readers found, with the lines that show it."""
    squeezed = [(_squeezed(line.text), line) for line in lines]
    others = {id(line) for place, line in enumerate(lines) if _is_of_a_case(lines, place)}
    found: dict[str, list[Line]] = {}
    for number in dict.fromkeys(map(_squeezed, facts.values("shipment.tracking_number"))):
        shown = [line for said, line in squeezed if number in said]
        if any(id(line) not in others for line in shown):
            found[number] = shown
    return found


def _is_of_a_case(lines: Sequence[Line], place: int) -> bool:
    """Whether the line's only number has another name than the parcel's, in it or over it."""
    text = lines[place].text
    over = lines[place - 1].text if place and _ALONE.fullmatch(text.strip()) else ""
    called = f"{over} {text}"
    return _OF_A_CASE.search(called) is not None and len(_NUMBER.findall(text)) == 1


_NUMBER = re.compile(r"[A-Z0-9]{9,34}")


def _called(lines: Sequence[Line]) -> set[str]:
    """Carriers that the item names, and not only deep in a sentence: "we also ship with FedEx"."""
    pieces = [piece for line in lines for piece in line.text.split("  ")]
    return {
        carrier
        for carrier, shape in _CALLED.items()
        for piece in pieces
        if (found := shape.search(piece)) and len(piece[: found.start()].split()) < _DEEP
    }


_DEEP = 4  # words before a name


def _numbers(text: str) -> list[str]:
    found = [
        re.sub(r"\s", "", match[0])
        for shape in (_1Z, _S10, _USPS)
        for match in shape.finditer(text[:2000])
    ]
    for match in _LABELLED.finditer(text[:2000]):
        if _OF_A_CASE.search(match["call"]):
            continue
        number = re.sub(r"[\s-]", "", match["number"]).upper()
        if sum(c.isdigit() for c in number) >= 8 and not any(number in one for one in found):
            found.append(number)
    return list(dict.fromkeys(found))


def _wrong(number: str, named: set[str]) -> bool | None:
    """True if its shape is a carrier's and its check digit is not; None if nothing is known."""
    if number.startswith(_TEST_ACCOUNT) or (number.startswith("1Z") and not number[10:].isdigit()):
        return None  # behind account and service there are figures alone: a letter was misread
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


def _is_anothers(number: str, right: Iterable[str]) -> bool:
    """Whether nothing but its length makes it the carrier's, who has a right number beside it: a
    partner's, or a reference. An edit of one of two places leaves them nearly alike."""
    bare = {one.carrier for one in identify(number).candidates if one.form is not Form.OWN}
    own = {one.carrier for one in identify(number).candidates if one.form is Form.OWN}
    known = {
        one.carrier for other in right for one in identify(other).candidates if one.check_digit
    }
    return not own and bool(bare & known)


_A_LABEL = re.compile(
    rf"(?:{_CALLS}|(?:n[o°º]|numéro) de suivi|(?:n[o°º]|número) de seguimiento)[^\d]{{0,24}}",
    re.IGNORECASE,
)
_ALONE = re.compile(r"[A-Z0-9](?:[ -]?[A-Z0-9]){9,33}")


def _under_a_label(lines: Sequence[Line], place: int) -> list[str]:
    """The number that a line is, if the line above announces it."""
    text = lines[place].text.strip()
    if place == 0 or not _ALONE.fullmatch(text):
        return []
    number = re.sub(r"[\s-]", "", text)
    over = lines[place - 1].text.strip()
    announced = _A_LABEL.fullmatch(over) is not None and not _OF_A_CASE.search(over)
    return [number] if announced and sum(c.isdigit() for c in number) >= 8 else []


def _is_misread_account(number: str) -> bool:
    """A 1Z number that is right with other readings of its account's letters: O or 0, I or 1."""
    if not number.startswith("1Z"):
        return False
    account = (sign + _TWINS.get(sign, "") for sign in number[2:8])
    readings = ("1Z" + "".join(signs) + number[8:] for signs in product(*account))
    return any(_wrong(reading, set()) is False for reading in readings)


_TWINS = {"0": "O", "O": "0", "1": "I", "I": "1"}
_TWINS_AS_FIGURES = str.maketrans("OI", "01")


def _as_shown(number: str, line: Line) -> str:
    """The number with what a picture does not tell apart as one."""
    return _squeezed(number) if line.sure else _squeezed(number).translate(_TWINS_AS_FIGURES)


def _near(one: str, other: str) -> bool:
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) <= 2


def barcodes(facts: Facts, lines: Sequence[Line]) -> Iterator[Contradiction]:
    """A barcode that says a number of the same make as the printed one, and another number."""
    codes = facts.named("document.barcode")
    if not codes:
        return
    printed = {number: line for line in lines for number in _numbers(line.text)}
    squeezed = [_squeezed(line.text) for line in lines]
    labelled: dict[str, Line] = {}
    for fact in facts.named("shipment.tracking_number"):
        number = _squeezed(fact.text)
        at = next((at for at, said in enumerate(squeezed) if number in said), None)
        if at is not None:
            printed.setdefault(number, lines[at])
            labelled[number] = lines[at]
    called = _called(lines)
    recognised = [_squeezed(line.text)[:200] for line in lines[:500] if not line.sure]
    joined = "".join(squeezed)
    for number, line in printed.items():
        if any(_as_shown(number, line) in _as_shown(code.text, line) for code in codes):
            return  # the other codes are routes, goods, addresses
    for code in codes:
        cores = _cores(code.text)
        if any(core in joined for core in cores):
            continue
        other = _another_parcel(code.text, labelled, called)
        if other is not None and not any(_misread(core, recognised) for core in cores):
            said = f'the barcode says "{code.text[:40]}", and "{other}" is printed'
            line = labelled[other]
            yield Contradiction("barcode", said, (code, *line.facts), 0.9 if line.sure else 0.82)
            continue
        for number, line in printed.items():
            like = any(_like(core, number) for core in cores)
            if not like:
                continue
            off = min(_distance(core, number) for core in cores)
            if not line.sure and off == 1 and not _firm(line.facts, number):
                continue
            if not line.sure and off <= _SLIPS and _is_misread_code(cores, number):
                continue
            weight = 0.95 if line.sure else 0.85
            said = f'the barcode says "{code.text[:40]}" and "{number}" is printed'
            yield Contradiction("barcode", said, (code, *line.facts), weight)
            break


def _another_parcel(payload: str, printed: Mapping[str, Line], called: set[str]) -> str | None:
    """The printed number beside which the code says another parcel's, beyond doubt.

    called  carriers that the item names: of theirs, a number is known by its check digit alone
    """
    if _SERIAL.fullmatch(payload):  # a post's item, or as carriers print that publish no form
        return next(iter(printed), None)
    for core in _cores(payload):
        for one in identify(core).possible:
            ours = one.check_digit and (one.carrier in called or one.carrier in _carriers(printed))
            if (one.form is Form.OWN and one.check_digit is not None) or ours:
                return next(iter(printed), None)
    return None


def _carriers(printed: Iterable[str]) -> set[str]:
    return {one.carrier for number in printed for one in identify(number).possible}


_SERIAL = re.compile(r"[A-Z]{2,4}[0-9]{11,20}|[A-Z]{2}[0-9]{9}[A-Z]{2}")


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


def _misread(core: str, recognised: Sequence[str]) -> bool:
    """Whether a line of a picture says nearly that number: it was printed, and misread."""
    tokens = (said[at : at + len(core)] for said in recognised for at in range(len(said)))
    return any(_distance(core, token) <= 3 for token in tokens)


# Figures of a barcode that are misread at once: some are read in pairs.
_SLIPS = 4


def _is_misread_code(cores: Iterable[str], number: str) -> bool:
    """Whether the printed number is right by its carrier's check digit, and the code's is wrong:
    carriers print no such codes, and a blurred one is read as another kind of code."""
    right = {(one.carrier, one.kind) for one in identify(number).candidates if one.check_digit}
    return bool(right) and all(
        {(one.carrier, one.kind) for one in known if one.check_digit is False} & right
        and not any(one.check_digit for one in known)
        for core in cores
        if len(core) == len(number) and (known := identify(core).candidates)
    )


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
