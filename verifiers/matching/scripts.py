"""One name in several scripts: Latin letters for text in any.

Chinese characters become pinyin, by the commonest reading of each, and by that of surnames for the
first one of a name; Cyrillic, Greek, kana, hangul are transliterated. A reading is not the name:
two people may share one, and Hong Kong, Taiwan or a family may spell it otherwise. So agreement is
agreement, and difference is open.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

# Characters whose reading as a surname is not the commonest one (Table of General Standard
# Chinese Characters; Hundred Family Surnames).
_SURNAMES = {
    "单": "shan", "單": "shan", "仇": "qiu", "曾": "zeng", "解": "xie", "查": "zha", "区": "ou",
    "區": "ou", "盖": "ge", "蓋": "ge", "翟": "zhai", "任": "ren", "华": "hua", "華": "hua",
    "朴": "piao", "尉": "yu", "万": "wan", "萬": "wan", "缪": "miao", "繆": "miao", "乐": "yue",
    "樂": "yue", "覃": "qin", "冼": "xian", "召": "shao", "纪": "ji", "紀": "ji", "员": "yun",
    "折": "she", "盛": "sheng", "适": "kuo", "晁": "chao", "种": "chong", "重": "chong",
}  # fmt: skip
_HAN = re.compile(r"[㐀-鿿豈-﫿]+")


def script_of(text: str) -> str:
    """Of its letters: "latin" if all are, "han" if all are Chinese characters, else "other"."""
    letters = [char for char in text if char.isalpha()]
    if all(ord(char) < 0x250 for char in letters):
        return "latin"
    return "han" if all(_HAN.fullmatch(char) for char in letters) else "other"


@lru_cache(maxsize=50_000)
def latin(text: str) -> str:
    """Lower-case Latin letters for the text, words apart, masks and digits as they are."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    spelled = _HAN.sub(lambda han: f" {' '.join(_syllables(han[0]))} ", folded)
    plain = unicodedata.normalize("NFKD", spelled)
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return bare if bare.isascii() else anyascii(bare).casefold()


def _syllables(han: str) -> list[str]:
    first = _SURNAMES.get(han[0])
    return [first or anyascii(han[0]).casefold(), *(anyascii(char).casefold() for char in han[1:])]


def same_reading(han: str, other: str) -> bool:
    """Whether a Chinese name is read like a Latin one: all syllables, in either order, run together
    or apart: 张伟 as "Zhang Wei", "Wei Zhang", "ZHANGWEI", "Zhang, W."
    """
    found = "".join(_HAN.findall(han))
    syllables = _syllables(found) if found else []
    spelled = re.findall(r"[a-z]+", latin(other).replace("v", "u"))
    if len(syllables) < 2 or not all(syllables) or not spelled:  # some signs have no known reading
        return False
    family, given = syllables[0], "".join(syllables[1:])
    whole = "".join(spelled)
    if whole in (family + given, given + family):
        return True
    if family not in spelled or len(spelled) < 2:
        return False
    rest = list(spelled)
    rest.remove(family)
    initials = "".join(syllable[0] for syllable in syllables[1:])
    return "".join(rest) == initials
