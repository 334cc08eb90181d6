"""Can two written addresses be one place? True, False, or None where writing does not decide."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

# USPS Publication 28, appendix B: two-letter state and possession abbreviations.
_STATES = {
    "alabama": "al", "alaska": "ak", "arizona": "az", "arkansas": "ar", "california": "ca",
    "colorado": "co", "connecticut": "ct", "delaware": "de", "district of columbia": "dc",
    "florida": "fl", "georgia": "ga", "hawaii": "hi", "idaho": "id", "illinois": "il",
    "indiana": "in", "iowa": "ia", "kansas": "ks", "kentucky": "ky", "louisiana": "la",
    "maine": "me", "maryland": "md", "massachusetts": "ma", "michigan": "mi", "minnesota": "mn",
    "mississippi": "ms", "missouri": "mo", "montana": "mt", "nebraska": "ne", "nevada": "nv",
    "new hampshire": "nh", "new jersey": "nj", "new mexico": "nm", "new york": "ny",
    "north carolina": "nc", "north dakota": "nd", "ohio": "oh", "oklahoma": "ok", "oregon": "or",
    "pennsylvania": "pa", "rhode island": "ri", "south carolina": "sc", "south dakota": "sd",
    "tennessee": "tn", "texas": "tx", "utah": "ut", "vermont": "vt", "virginia": "va",
    "washington": "wa", "west virginia": "wv", "wisconsin": "wi", "wyoming": "wy",
    "puerto rico": "pr", "guam": "gu", "american samoa": "as", "virgin islands": "vi",
    "northern mariana islands": "mp",
}  # fmt: skip
_CODES = frozenset(_STATES.values())
_COUNTRY_WORDS = {
    "UK": "GB", "USA": "US", "UNITED STATES": "US", "UNITED STATES OF AMERICA": "US",
    "UNITED KINGDOM": "GB", "GREAT BRITAIN": "GB", "GERMANY": "DE", "DEUTSCHLAND": "DE",
    "FRANCE": "FR", "ITALY": "IT", "SPAIN": "ES", "CHINA": "CN", "JAPAN": "JP", "CANADA": "CA",
}  # fmt: skip
# Territories that platforms sell to under the country's site (ISO 3166-1 lists them apart).
_PART_OF = {
    "PR": "US", "GU": "US", "VI": "US", "AS": "US", "MP": "US", "UM": "US",
    "IM": "GB", "JE": "GB", "GG": "GB", "MC": "FR", "GP": "FR", "MQ": "FR", "GF": "FR", "RE": "FR",
}  # fmt: skip
# The single market: an order of one site is often shipped to a neighbour (EU members).
_EU = frozenset(
    ("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE").split()
)
_ALIKE = 0.85
_CITY_WORDS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "n": "north",
               "s": "south", "e": "east", "w": "west"}  # fmt: skip


def country_of(text: str) -> str:
    code = text.strip().upper().replace(".", "")
    return _COUNTRY_WORDS.get(code, code)


def same_country(first: str, second: str) -> bool | None:
    a, b = country_of(first), country_of(second)
    if not re.fullmatch("[A-Z]{2}", a) or not re.fullmatch("[A-Z]{2}", b):
        return None
    return _PART_OF.get(a, a) == _PART_OF.get(b, b)


def may_ship_to(site: str, country: str) -> bool | None:
    """Whether a site's orders go to this country as a rule; None within the EU's single market."""
    if same_country(site, country) is not False:
        return same_country(site, country)
    both = {country_of(site), country_of(country)}
    return None if both <= _EU else False


def same_region(first: str, second: str) -> bool | None:
    """US states by name or abbreviation; other regions only if they are written alike."""
    a, b = _plain(first), _plain(second)
    if not a or not b:
        return None
    code_a, code_b = _STATES.get(a, a), _STATES.get(b, b)
    if code_a == code_b:
        return True
    return False if code_a in _CODES and code_b in _CODES else None


def same_postal_code(first: str, second: str) -> bool | None:
    """The part that both show: ZIP against ZIP+4, an outward code, a masked or shortened code."""
    a, b = (re.sub(r"[\s-]", "", text.upper()) for text in (first, second))
    shown_a, shown_b = (re.split(r"[*X•]", text)[0] if "*" in text else text for text in (a, b))
    length = min(len(shown_a), len(shown_b))
    if length < 2 and shown_a == a and shown_b == b and len(a) != len(b):
        return None  # an outward code has two signs at least
    if length == 0:
        return None
    if shown_a[:length] != shown_b[:length]:
        return False
    return True if length >= 3 else None


def same_city(first: str, second: str) -> bool | None:
    """None if the scripts differ: a Chinese and a Latin name may be one city."""
    a, b = _city(first), _city(second)
    if not a or not b or _latin(a) != _latin(b):
        return None
    if a == b or (min(len(a), len(b)) >= 4 and (a.startswith(b) or b.startswith(a))):
        return True
    if "*" in a or "*" in b:
        return None if a[0] == b[0] else False
    return SequenceMatcher(None, a, b).ratio() >= _ALIKE


def _city(text: str) -> str:
    words = _plain(text).split()
    if words:
        words[0] = _CITY_WORDS.get(words[0], words[0])
    return " ".join(word for word in words if word != "city") or " ".join(words)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join(re.findall(r"[\w*]+", bare))


def _latin(text: str) -> bool:
    return all(ord(char) < 0x250 for char in text)


_GRAMS = {
    "g": 1.0, "gram": 1.0, "grams": 1.0, "kg": 1000.0, "kgs": 1000.0, "lb": 453.59237,
    "lbs": 453.59237, "oz": 28.349523125,
}  # fmt: skip


def mass_g(text: str) -> float | None:
    """A weight such as "1.2 kg" in grams; None without a unit that we know."""
    found = re.fullmatch(r"\s*(\d{1,9}(?:[.,]\d{1,6})?)\s*([a-zA-Z]{1,5})\.?\s*", text)
    if found is None or (factor := _GRAMS.get(found[2].casefold())) is None:
        return None
    return float(found[1].replace(",", ".")) * factor


def same_weight(first: str, second: str) -> bool | None:
    """False only beyond what packing, rounding and another scale explain."""
    a, b = mass_g(first), mass_g(second)
    if a is None or b is None or not a or not b:
        return None
    apart = abs(a - b)
    return apart <= 250 or max(a, b) / min(a, b) <= 1.5
