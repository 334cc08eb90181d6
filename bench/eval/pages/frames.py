"""What stands around a page on a screen: a browser's window, a desktop's task bar, a phone's status bar."""

from __future__ import annotations

from bench.eval.dates import Form
from bench.eval.pages.view import View


def document(style: str, body: str) -> str:
    """A whole HTML document."""
    return (
        f"<!doctype html><html><head><meta charset=utf-8><style>{style}</style></head>"
        f"<body>{body}</body></html>"
    )


def browser(view: View, host: str, body: str, *, height: int) -> str:
    """The page in a browser's window; a task bar with the date if the view is stamped in the bar."""
    dark = view.dice.random() < 0.25
    back, front, field = ("#202124", "#e8eaed", "#35363a") if dark else ("#dee1e6", "#333", "#fff")
    tab = view.text(view.story.carrier.named(view.words.language))
    bar = (
        f"<div style='background:{back};color:{front};padding:8px 12px 0;font-size:12px'>"
        f"<span style='display:inline-block;background:{field};padding:7px 60px 7px 14px;"
        f"border-radius:8px 8px 0 0'>{tab}</span> +</div>"
        f"<div style='background:{field};color:{front};padding:7px 12px;font-size:13px;"
        f"border-bottom:1px solid #ccc'>← → ⟳ &nbsp;<span style='display:inline-block;"
        f"background:{back};border-radius:14px;padding:4px 14px;width:78%;overflow:hidden;"
        f"white-space:nowrap'>https://{view.text(host)}</span> &nbsp; ⋮</div>"
    )
    task = _task_bar(view) if view.stamped == "bar" else ""
    room = height - 78 - (44 if task else 0)
    return f"{bar}<div style='min-height:{room}px;padding-bottom:{44 if task else 0}px'>{body}</div>{task}"


def _task_bar(view: View) -> str:
    """Clock and date in a corner, as desktops show them."""
    words = view.form.language
    day = {
        "en": "~{m}/{d}/{y}" if view.story.land in ("US", "CA") else "~{dd}/{mm}/{y}",
        "de": "{dd}.{mm}.{y}", "zh": "{y}/{m}/{d}", "ja": "{y}/{mm}/{dd}",
    }.get(words, "~{dd}/{mm}/{y}")  # fmt: skip
    form = Form(words, day.removeprefix("~"), "", "", mistakable=day.startswith("~"))
    clock = view.story.captured.strftime("%H:%M")
    return (
        "<div style='position:fixed;bottom:0;left:0;right:0;height:44px;background:#1f2733;color:#fff;"
        "font-size:12px;text-align:right;padding:5px 14px;line-height:1.35'>"
        f"{clock}<br>{view.stamp_bare(form)}</div>"
    )


def phone(view: View, body: str) -> str:
    """The page on a phone: the status bar tells the hour, never the day."""
    dice = view.dice
    clock = view.story.captured.strftime(dice.choice(("%H:%M", "%-H:%M")))
    net = dice.choice(("5G", "LTE", "4G", "中国移动", "WiFi"))
    dark = dice.random() < 0.3
    back, front = ("#000", "#fff") if dark else ("#fff", "#000")
    title = view.t("history")
    return (
        f"<div style='display:flex;justify-content:space-between;padding:9px 20px 6px;background:{back};"
        f"color:{front};font-size:14px;font-weight:600'><span>{clock}</span>"
        f"<span>▂▄▆ {net} {dice.randint(11, 99)}%</span></div>"
        f"<div style='display:flex;justify-content:space-between;padding:10px 16px;background:{back};"
        f"color:{front};border-bottom:1px solid #ddd'><span>‹</span><b>{title}</b><span>⋯</span></div>"
        f"{body}<div style='text-align:center;padding:8px'><span style='display:inline-block;"
        "width:130px;height:5px;border-radius:3px;background:#222'></span></div>"
    )


def print_margins(view: View, host: str) -> tuple[str, str]:
    """What a browser prints above and below a page: its date and title; address and page."""
    land, language = view.story.land, view.form.language
    day, time = {
        "en": ("~{m}/{d}/{yy}", ", {h}:{M} {AP}") if land in ("US", "CA") else ("~{dd}/{mm}/{y}", ", {HH}:{M}"),
        "de": ("{dd}.{mm}.{yy}", ", {HH}:{M}"), "zh": ("{y}/{m}/{d}", " {HH}:{M}"),
        "ja": ("{y}/{mm}/{dd}", " {HH}:{M}"), "nl": ("{dd}-{mm}-{y}", ", {HH}:{M}"),
        "pl": ("{dd}.{mm}.{y}", ", {HH}:{M}"), "sv": ("{y}-{mm}-{dd}", " {HH}:{M}"),
    }.get(language, ("~{dd}/{mm}/{y}", ", {HH}:{M}"))  # fmt: skip
    form = Form(language, day.removeprefix("~"), time, "", mistakable=day.startswith("~"))
    title = f"{view.text(view.story.carrier.named(language))} {view.t('history')}"
    row = "font-size:8px;width:100%;margin:0 28px;display:flex;justify-content:space-between"
    return (
        f"<div style='{row}'><span>{view.stamp_bare(form)}</span><span>{title}</span><span></span></div>",
        f"<div style='{row}'><span>https://{view.text(host)}</span><span>1/1</span></div>",
    )
