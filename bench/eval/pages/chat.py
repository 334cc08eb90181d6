"""A chat on a phone or a desktop, with a picture of a tracking page sent in it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from bench.eval.story import Story


@dataclass(frozen=True)
class Look:
    """A messenger: its colours (wall, mine, theirs, bar), and where its clocks stand."""

    name: str
    wall: str
    mine: str
    theirs: str
    bar: tuple[str, str]
    clock: str  # "bubble", "between" or "below"
    unseen: bool = False


LOOKS = (
    Look("green", "#e5ddd5", "#dcf8c6", "#ffffff", ("#075e54", "#ffffff"), "bubble"),
    Look("grey", "#ededed", "#95ec69", "#ffffff", ("#ededed", "#111111"), "between"),
    Look("blue", "#c8d9e6", "#effdde", "#ffffff", ("#517da2", "#ffffff"), "bubble"),
    Look("violet", "#ffffff", "#7360f2", "#f0f0f5", ("#ffffff", "#222222"), "below", unseen=True),
    Look("dark", "#0b141a", "#005c4b", "#202c33", ("#1f2c34", "#e9edef"), "bubble", unseen=True),
    Look("round", "#ffffff", "#0a84ff", "#e9e9eb", ("#f6f6f6", "#000000"), "below", unseen=True),
)
_SAYS = {
    "zh": (("你好，包裹到了吗？", "麻烦发一下签收截图"), ("到了，你看截图", "已签收，请查收"), ("好的，谢谢", "收到")),
    "de": (("Ist das Paket angekommen?",), ("Ja, hier der Nachweis",), ("Danke!", "Super, danke")),
    "fr": (("Le colis est arrivé ?",), ("Oui, voici la capture",), ("Merci beaucoup",)),
    "es": (("¿Ya llegó el paquete?",), ("Sí, aquí está la captura",), ("Gracias",)),
    "it": (("È arrivato il pacco?",), ("Sì, ecco lo screenshot",), ("Grazie",)),
    "ja": (("荷物は届きましたか？",), ("はい、こちらです",), ("ありがとうございます",)),
    "nl": (("Is het pakket aangekomen?",), ("Ja, zie de foto", "Hier het bewijs"), ("Dank je wel",)),
    "pl": (("Czy paczka dotarła?",), ("Tak, proszę zobaczyć", "Tu jest potwierdzenie"), ("Dziękuję",)),
    "sv": (("Har paketet kommit fram?",), ("Ja, här är beviset",), ("Tack så mycket",)),
    "en": (("Any proof this was delivered?", "did it arrive?"), ("Yes, here you go", "see attached"),
           ("thanks", "Perfect, thank you")),
}  # fmt: skip
_DAYS = {
    "zh": ("今天", "昨天"), "de": ("Heute", "Gestern"), "fr": ("Aujourd'hui", "Hier"),
    "es": ("Hoy", "Ayer"), "it": ("Oggi", "Ieri"), "ja": ("今日", "昨日"),
    "nl": ("Vandaag", "Gisteren"), "pl": ("Dzisiaj", "Wczoraj"), "sv": ("Idag", "Igår"),
    "en": ("Today", "Yesterday"),
}  # fmt: skip
_WITH = ("Warehouse Lee", "Freight desk", "Agent 07", "小王 物流", "Carrier support", "Ops team")


def page(
    story: Story,
    picture: str,
    size: tuple[int, int],
    dice: random.Random,
    *,
    holdout: bool,
    width: int,
) -> tuple[str, str, float]:
    """A chat in which `picture`, `size` pixels large, was sent.

    (HTML body, layout, the picture's share of the width)
    """
    look = dice.choice([look for look in LOOKS if look.unseen == holdout])
    asks, answers, ends = _SAYS[story.language]
    clock = story.captured + timedelta(minutes=dice.randint(2, 50))
    shown = round(width * dice.uniform(0.58, 0.78))
    high = round(shown * size[1] / size[0])
    image = (
        f"<img src='{picture}' width={shown} height={high} style='display:block;border-radius:6px'>"
    )
    mine = dice.random() < 0.5
    rows, minutes = "", 0
    asked = dice.choice(asks)
    if dice.random() < 0.3:
        asked += f"<br>{story.number}"
    for text, own in (
        (asked, not mine), (dice.choice(answers), mine), (image, mine),
        (dice.choice(ends), not mine),
    ):  # fmt: skip
        minutes += dice.randint(0, 3)
        at = (clock + timedelta(minutes=minutes)).strftime("%H:%M")
        rows += _bubble(look, text, at, own=own)
    if dice.random() < 0.3:
        day = _DAYS[story.language][0 if dice.random() < 0.6 else 1]
        rows = (
            f"<div style='text-align:center;font-size:12px;margin:6px'><span style='background:"
            f"rgba(120,130,140,.25);border-radius:8px;padding:3px 9px'>{day}</span></div>{rows}"
        )
    if look.clock == "between":
        rows = (
            f"<div style='text-align:center;color:#999;font-size:12px;margin:8px'>"
            f"{clock.strftime('%H:%M')}</div>{rows}"
        )
    back, front = look.bar
    bar = (
        f"<div style='background:{back};color:{front};padding:12px 14px;font-size:17px;"
        f"display:flex;gap:12px;align-items:center'><span>‹</span><span style='width:34px;height:34px;"
        f"border-radius:17px;background:#9bb;display:inline-block'></span><b>{dice.choice(_WITH)}</b></div>"
    )
    top = (
        f"<div style='background:{back};color:{front};padding:7px 18px;font-size:13px;display:flex;"
        f"justify-content:space-between'><span>{clock.strftime('%H:%M')}</span><span>4G {dice.randint(9, 99)}%"
        "</span></div>"
    )
    entry = (
        "<div style='background:#f4f4f4;padding:10px 14px;color:#888;display:flex;gap:12px'>"
        "<span>+</span><span style='flex:1;background:#fff;border-radius:16px;padding:6px 14px'>&nbsp;"
        "</span><span>☺</span></div>"
    )
    body = (
        f"{top if width < 600 else ''}{bar}<div style='background:{look.wall};padding:12px 10px;"
        f"min-height:{600 if width < 600 else 660}px'>{rows}</div>{entry}"
    )
    return body, look.name, shown / width


def _bubble(look: Look, content: str, at: str, *, own: bool) -> str:
    back = look.mine if own else look.theirs
    dark = back in ("#7360f2", "#005c4b", "#202c33", "#0a84ff")
    time = (
        f"<div style='font-size:11px;opacity:.6;text-align:right'>{at}{' ✓✓' if own else ''}</div>"
    )
    inside = time if look.clock == "bubble" else ""
    below = time if look.clock == "below" else ""
    return (
        f"<div style='display:flex;justify-content:{'flex-end' if own else 'flex-start'};margin:7px 0'>"
        f"<div><div style='background:{back};color:{'#fff' if dark else '#111'};border-radius:9px;"
        f"padding:7px 10px;font-size:15px;max-width:420px'>{content}{inside}</div>{below}</div></div>"
    )
