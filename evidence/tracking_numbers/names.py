"""Which carrier a text names: "UPS Ground", "顺丰速运", "Royal Mail Tracked 48"."""

from __future__ import annotations

import re

from evidence.tracking_numbers.answers import CARRIERS

# Other names, as marketplaces, shops and ERPs write them.
_ALIASES = {
    "4px": "递四方 递四方速递 4pxworldwideexpress",
    "amazon": "amazonshipping amzl amzlus 亚马逊物流",
    "australia_post": "auspost 澳大利亚邮政",
    "cainiao": "菜鸟 菜鸟国际 aliexpressstandardshipping",
    "canada_post": "postescanada 加拿大邮政",
    "china_ems": "chinaems emschina 中国邮政ems 中国邮政速递",
    "china_post": "中国邮政 中国邮政小包 邮政小包 chinapostairmail epacket eub e邮宝",
    "correos": "correosespaña",
    "deppon": "德邦 德邦快递",
    "deutsche_post": "德国邮政",
    "dhl": "敦豪 dhlde dhlpaket",
    "evri": "hermesuk myhermes",
    "fedex": "federalexpress 联邦 联邦快递 fdx fdxe fdxg",
    "hermes": "hermesde myhermesde",
    "hongkong_post": "hkpost 香港邮政",
    "japan_post": "日本邮政 日本郵便",
    "jd_logistics": "京东物流 京东快递 jdexpress jdl",
    "jt_express": "jt jnt 极兔 极兔速递",
    "posten_norge": "posten bring",
    "postnord_denmark": "postnorddk",
    "postnord_sweden": "postnord postnordse",
    "purolator": "purolatorcourier",
    "royal_mail": "royalmailgroup 皇家邮政 英国皇家邮政",
    "sagawa": "sagawaexpress 佐川急便",
    "sf_express": "sf sfexpress sfinternational 顺丰 顺丰速运 顺丰快递 顺丰国际",
    "singapore_post": "singpost 新加坡邮政",
    "sto": "申通 申通快递 shentong",
    "ups": "unitedparcelservice 联合包裹",
    "usps": "uspostalservice unitedstatespostalservice 美国邮政",
    "wanb": "万邦 万邦速达",
    "yamato": "yamatotransport kuroneko クロネコヤマト ヤマト運輸",
    "yanwen": "燕文 燕文物流 yanwenexpress yanwenlogistics",
    "yto": "yuantong 圆通 圆通速递",
    "yunda": "韵达 韵达快递 韵达速递",
    "yunexpress": "云途 云途物流",
    "zto": "中通 中通快递 zhongtong",
}


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


_NAMED = {
    **{_plain(slug): slug for slug in CARRIERS},
    **{_plain(name): slug for slug, name in CARRIERS.items()},
    **{alias: slug for slug, aliases in _ALIASES.items() for alias in aliases.split()},
}


def carrier_named(text: str) -> str | None:
    """Our name of the carrier that `text` begins with; None if it names none that we know.

    What follows the name ("Ground", "Express Worldwide") may stand there: words are left out from
    the end until a name is left. "EMS" alone is every post's, so it is None.
    """
    words = re.split(r"[\s_/()-]+", text[:200].strip())
    for count in range(len(words), 0, -1):
        if slug := _NAMED.get(_plain("".join(words[:count]))):
            return slug
    return None
