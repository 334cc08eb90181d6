"""Screens of families that no reader was written on: apps, dashboards, other carriers' portals.

Written as somebody would who has seen many such pages and none of the readers: labels above or
beside their values, chips, pills, steps; the words are those of strange.toml.
"""

from __future__ import annotations

from bench.eval.pages.view import View

SEEN = ("app", "console", "list")
UNSEEN = ("cards", "steps", "split")
NARROW = frozenset({"app", "cards"})


def page(view: View) -> tuple[str, str]:
    """(style, body) of the page of that layout; view.layout says which."""
    return _style(view), {
        "app": _app, "console": _console, "list": _list,
        "cards": _cards, "steps": _steps, "split": _split,
    }[view.layout](view)  # fmt: skip


def _style(view: View) -> str:
    back, front = view.story.carrier.colours
    dice = view.dice
    mono = "'DejaVu Sans Mono'" if view.holdout else "'Liberation Mono'"
    return f"""
* {{ box-sizing:border-box; margin:0 }}
body {{ font-size:{dice.choice((13, 14, 15))}px; line-height:1.4; font-family:{view.font};
  color:{dice.choice(("#1d2129", "#2b2b33", "#3c3c46"))}; background:{dice.choice(("#f3f5f8", "#fff", "#fbf9f4"))} }}
.top {{ background:{back}; color:{front}; padding:13px 16px; display:flex; justify-content:space-between;
  align-items:center; font-weight:700; border-bottom:1px solid rgba(0,0,0,.12) }}
.big {{ font-size:{dice.choice((21, 24, 27))}px; font-weight:700 }}
.cap {{ font-size:11px; letter-spacing:.03em; color:#70757f; {dice.choice(("text-transform:uppercase;", "", ""))} }}
.box {{ background:#fff; border:1px solid #e3e6ec; border-radius:{dice.choice((0, 6, 14))}px; padding:14px 16px; margin:10px 12px }}
.line {{ display:flex; justify-content:space-between; gap:14px; padding:7px 0; border-bottom:1px solid #f0f1f4 }}
.pill {{ display:inline-block; padding:3px 11px; border-radius:12px; background:#e3f5e8; color:#14713a; font-weight:600 }}
.mono {{ font-family:{mono},monospace }}
.grid {{ display:grid; grid-template-columns:repeat(3,1fr); gap:16px }}
table {{ border-collapse:collapse; width:100% }} td,th {{ text-align:left; padding:7px 9px; vertical-align:top }}
th {{ font-size:11px; color:#70757f; border-bottom:2px solid #dfe2e8 }} td {{ border-bottom:1px solid #eef0f3 }}
"""


def _state(view: View) -> str:
    return view.t("delivered") if view.story.delivered else view.t("way")


def _told(view: View) -> tuple[str, str]:
    """Label and time of the delivery, or of when it is expected."""
    if view.story.delivered:
        return view.t("delivered_on"), view.head_date()
    return view.t("estimated"), view.date_of("estimated", view.story.event("delivered").at)


def _facts(view: View) -> list[tuple[str, str]]:
    story, dice = view.story, view.dice
    rows = [(view.t("place"), view.place()), (view.t("service"), view.text(story.service))]
    if dice.random() < 0.5:
        rows.append((view.t("weight"), story.weight))
    if dice.random() < 0.45:
        rows.append((view.t("order"), view.order()))
    if story.delivered and dice.random() < 0.5:
        rows.append((view.t("signed"), view.text(story.signed)))
    if dice.random() < 0.3 or view.with_shipping:
        rows.append((view.t("shipped"), view.date_of("shipped", story.event("accepted").at)))
    dice.shuffle(rows)
    return rows


def _code(view: View) -> str:
    wanted = view.with_barcode or view.dice.random() < 0.12
    return f"<div style='padding:10px 0'>{view.barcode(height=46)}</div>" if wanted else ""


def _foot(view: View) -> str:
    return (
        f"<div style='padding:12px 16px;font-size:12px;color:#6d727c'>{view.stamp()}</div>"
        if view.stamped == "page"
        else ""
    )


def _app(view: View) -> str:
    """A carrier's app: a coloured head, pairs, and a line of scans with the day at the left."""
    label, when = _told(view)
    pairs = "".join(
        f"<div class=line><span class=cap>{k}</span><span>{v}</span></div>" for k, v in _facts(view)
    )
    scans = ""
    for event in view.events():
        day, time = view.row_halves(event)
        scans += (
            f"<div style='display:flex;padding:8px 0'><div style='width:112px;text-align:right;"
            f"padding-right:12px'>{day}<br><span class=cap>{time}</span></div><div style='border-left:"
            f"2px solid #c9ced8;padding-left:13px'><b>{view.event_text(event)}</b><br>"
            f"<span class=cap>{view.text(event.place)}</span></div></div>"
        )
    listed = f"<div class=box><b>{view.t('history')}</b>{scans}</div>" if scans else ""
    return (
        f"<div class=top><span>‹</span><span>{view.mark()}</span><span>⋮</span></div>"
        f"<div class=box><div class=big>{_state(view)}</div><div>{label}</div><div>{when}</div></div>"
        f"<div class=box><div class=cap>{view.t('tracking')}</div><div class=mono>{view.number()}</div>"
        f"{_code(view)}{pairs}</div>{listed}{_foot(view)}"
    )


def _console(view: View) -> str:
    """A seller's software: a menu at the side, labels above their values, scans in a table."""
    label, when = _told(view)
    menu = "".join(f"<div style='padding:9px 0'>{word}</div>" for word in view.t("help").split(","))
    cells = [
        (view.t("carrier"), f"<b>{view.mark()}</b>"), (view.t("tracking"), view.number()),
        (label, when), *_facts(view),
    ]  # fmt: skip
    grid = "".join(f"<div><div class=cap>{k}</div><div>{v}</div></div>" for k, v in cells)
    rows = "".join(
        f"<tr><td>{view.event_text(event)}</td><td>{view.text(event.place)}</td>"
        f"<td>{view.row_date(event)}</td></tr>"
        for event in view.events()
    )
    names = "".join(f"<th>{view.t(key)}</th>" for key in ("activity", "location", "date"))
    table = f"<div class=box><table><tr>{names}</tr>{rows}</table></div>" if rows else ""
    return (
        "<div style='display:flex'><div style='width:170px;background:#1e2637;color:#c7cfdf;"
        f"padding:18px;min-height:560px'>{menu}</div><div style='flex:1'><div class=box>"
        f"<span class=pill>{_state(view)}</span></div><div class=box><div class=grid>{grid}</div>"
        f"{_code(view)}</div>{table}{_foot(view)}</div></div>"
    )


def _list(view: View) -> str:
    """Bare text of a public page: definitions, then scans as sentences, oldest first."""
    label, when = _told(view)
    rows = [(view.t("tracking"), view.number()), (view.t("activity"), _state(view)), (label, when)]
    rows += _facts(view)
    facts = "".join(
        f"<div style='padding:5px 0'><b>{k}</b><div style='margin-left:22px'>{v}</div></div>"
        for k, v in rows
    )
    scans = "".join(
        f"<li style='padding:5px 0'>{view.text(event.place)}: {view.event_text(event)} "
        f"({view.row_date(event)})</li>"
        for event in reversed(view.events())
    )
    listed = f"<h3>{view.t('history')}</h3><ol>{scans}</ol>" if scans else ""
    return (
        f"<div style='max-width:820px;padding:24px 34px'><h2>{view.mark()}</h2>{facts}{_code(view)}"
        f"{listed}{_foot(view)}</div>"
    )


def _cards(view: View) -> str:
    """An app that follows parcels: one card each, and scans under chips of their day."""
    label, when = _told(view)
    pairs = "".join(
        f"<div style='padding:6px 0'><div class=cap>{k}</div><div>{v}</div></div>"
        for k, v in _facts(view)
    )
    scans, last = "", ""
    for event in view.events():
        plain = view.form.halves(event.at)[0]
        day, time = view.row_halves(event)
        if plain != last:
            scans += f"<div style='margin:10px 0 4px'><span class=pill>{day}</span></div>"
            last = plain
        scans += (
            f"<div class=line><span>{view.event_text(event)}<br><span class=cap>"
            f"{view.text(event.place)}</span></span><span>{time}</span></div>"
        )
    listed = f"<div class=box>{scans}</div>" if scans else ""
    return (
        f"<div class=top><b>{view.mark()}</b><span>☰</span></div><div class=box "
        f"style='text-align:center'><div class=cap>{view.t('tracking')}</div><div class='mono'>"
        f"<b>{view.number()}</b></div>{_code(view)}<div class=pill>✓ {_state(view)}</div>"
        f"<div style='padding-top:8px'>{label}: {when}</div></div><div class=box>{pairs}</div>"
        f"{listed}{_foot(view)}"
    )


def _steps(view: View) -> str:
    """Steps from left to right, each with its time beneath."""
    label, when = _told(view)
    steps = ""
    for event in reversed(view.events()[:5]):
        steps += (
            f"<div style='flex:1;text-align:center'><div style='width:26px;height:26px;border-radius:"
            f"13px;background:#1f8a4c;color:#fff;margin:0 auto 6px;line-height:26px'>✓</div>"
            f"<b>{view.event_text(event)}</b><div class=cap>{view.row_date(event)}</div></div>"
        )
    bar = f"<div class=box style='display:flex;gap:8px'>{steps}</div>" if steps else ""
    facts = "".join(f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in _facts(view))
    return (
        f"<div class=top><span class=big>{view.mark()}</span><span>{view.t('search')}</span></div>"
        f"<div style='max-width:1040px;margin:14px auto'><div class=box><span class=cap>"
        f"{view.t('tracking')}</span> <b>{view.number()}</b>{_code(view)}<div class=big>{_state(view)}"
        f"</div><div>{label} <b>{when}</b></div></div>{bar}<div class=box><table>{facts}</table></div>"
        f"{_foot(view)}</div>"
    )


def _split(view: View) -> str:
    """A map's place at the left, what is known at the right, labels right of the values."""
    label, when = _told(view)
    facts = "".join(
        f"<div class=line><span>{v}</span><span class=cap>{k}</span></div>" for k, v in _facts(view)
    )
    scans = "".join(
        f"<p style='padding:5px 0'>{view.row_date(event)} · {view.event_text(event)} · "
        f"{view.text(event.place)}</p>"
        for event in view.events()
    )
    return (
        f"<div class=top><span>{view.mark()}</span></div><div style='display:flex'><div style='"
        "width:38%;background:repeating-linear-gradient(45deg,#dfe8dc,#dfe8dc 14px,#e9efe6 14px,"
        f"#e9efe6 28px);min-height:520px'></div><div style='flex:1;padding:16px'><div class=big>"
        f"{_state(view)}</div><div>{label}: {when}</div><div class=mono style='padding:10px 0'>"
        f"{view.t('tracking')}: {view.number()}</div>{_code(view)}{facts}{scans}{_foot(view)}</div></div>"
    )
