"""Which sales channel a word of a record names: "Amazon.com", "NON_AMAZON", "web", "独立站".

Words are those of Amazon's Orders API (`AMAZON`, `NON_AMAZON`, `FBA`), TikTok's
(`TIKTOK_SHOP`), Shopify's `source_name`, and of ERPs in English and Chinese.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence.orders import Platform

_WORDS: dict[Platform, str] = {
    Platform.AMAZON: r"\bamazon|\bamz\b|\bfba\b|\bfbm\b|亚马逊|亞馬遜",
    Platform.TIKTOK: r"\btik ?tok",
    Platform.EBAY: r"\be ?bay",
    Platform.WALMART: r"\bwalmart|沃尔玛|沃爾瑪",
    Platform.ETSY: r"\betsy\b",
    # A shop of the seller's own, whatever it runs on.
    Platform.SHOPIFY: (
        r"\bshopify|\bwoo ?commerce|\bmagento|^web$|^pos$|^iphone$|^android$"
        r"|\bonline ?store\b|\bweb ?shop\b|独立站|獨立站|自建站|官网|官網"
    ),
}
_PATTERNS = {platform: re.compile(words) for platform, words in _WORDS.items()}
_NOT = re.compile(r"\bnon\b|\bnot\b|^非")


@dataclass(frozen=True, slots=True)
class Channel:
    """`platform` is named; `denied` if the word says that it is not that one."""

    platform: Platform
    denied: bool = False

    def is_(self, platform: Platform) -> bool:
        return self.platform is platform and not self.denied

    def is_not(self, platform: Platform) -> bool:
        return (self.platform is platform) is self.denied


def channel_in(text: str) -> Channel | None:
    """The channel that a short text names; None if it names none that we know, or several."""
    plain = " ".join(re.sub(r"[^\w]|_", " ", text[:80].casefold()).split())
    named = [platform for platform, words in _PATTERNS.items() if words.search(plain)]
    if len(named) != 1:
        return None
    return Channel(named[0], denied=_NOT.search(plain) is not None)
