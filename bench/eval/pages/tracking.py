"""A carrier's tracking page: wide or on a phone, with or without its history."""

from __future__ import annotations

from bench.eval.pages.view import View

SEEN = ("hero", "table", "stepper", "grouped", "prose")
UNSEEN = ("cards", "split", "ledger", "columns", "ticket")


def page(view: View, *, narrow: bool = False) -> str:
    """The body of the page. `narrow` is a phone's width."""
    layout = view.pick(SEEN, UNSEEN)
    body = {
        "hero": _hero, "table": _table, "stepper": _stepper,
        "grouped": _grouped, "prose": _prose, "cards": _cards, "split": _split,
        "ledger": _ledger, "columns": _columns, "ticket": _ticket,
    }[layout](view)  # fmt: skip
    return f"{_head(view, narrow=narrow)}<main>{body}</main>{_foot(view)}"


def style(view: View) -> str:
    back, front = view.story.carrier.colours
    size = view.dice.choice((14, 15, 16))
    ink, ground, pale = _theme(view)
    return f"""
* {{ box-sizing: border-box }}
body {{ margin:0; font-family:{view.font}; font-size:{size}px; color:{ink}; background:{ground}; line-height:1.45 }}
.head {{ background:{back}; color:{front}; padding:14px 24px; display:flex; align-items:center; gap:26px;
  border-bottom:1px solid #ddd }}
.word {{ font-size:{view.dice.choice((24, 28, 32))}px; font-weight:800; letter-spacing:{view.dice.choice((0, -1, 1))}px }}
.nav {{ font-size:13px; opacity:.9 }} .nav span {{ margin-right:18px }}
main {{ padding:22px 28px; max-width:1000px }}
.small {{ color:#666; font-size:.86em }} .status {{ font-size:1.75em; font-weight:700; margin:.2em 0 }}
table {{ border-collapse:collapse; width:100%; margin-top:14px }} td, th {{ text-align:left; padding:8px 10px;
  border-bottom:1px solid #e2e2e2; vertical-align:top }} th {{ background:{pale} }}
.card {{ border:1px solid #d9d9d9; border-radius:8px; padding:16px 18px; margin-bottom:14px }}
.row {{ display:flex; gap:22px; flex-wrap:wrap }} .ok {{ color:#1a7f37 }}
.dot {{ border-left:3px solid {back if back != "#ffffff" else front}; padding:2px 0 12px 16px; margin-left:8px }}
.foot {{ color:#777; font-size:12px; padding:14px 28px; border-top:1px solid #e6e6e6 }}
.bar {{ height:8px; background:#e3e3e3; border-radius:4px }} .fill {{ height:8px; border-radius:4px; background:#1a7f37 }}
"""


def _theme(view: View) -> tuple[str, str, str]:
    """Ink, ground and a paler ground; some people read at night."""
    if view.dice.random() < (0.18 if view.holdout else 0.08):
        return "#e4e6eb", "#18191a", "#242526"
    return "#222", "#fff", "#f4f4f4"


def _head(view: View, *, narrow: bool) -> str:
    nav = "" if narrow else "".join(f"<span>{word}</span>" for word in view.t("help").split(","))
    slogan = view.story.carrier.slogan if view.dice.random() < 0.4 and not narrow else ""
    return (
        f"<div class=head><div class=word>{view.mark()}</div><div class=nav>{nav}"
        f"<span>{view.t('search')}</span>{view.text(slogan)}</div></div>"
    )


def _foot(view: View) -> str:
    year = view.story.captured.year
    name = view.text(view.story.carrier.named(view.words.language))
    return f"<div class=foot>© {year} {name} &nbsp; {view.contact()} &nbsp; {view.stamp()}</div>"


def _status(view: View) -> str:
    return view.t("delivered") if view.story.delivered else view.t("way")


def _when(view: View) -> str:
    if view.story.delivered:
        return f"{view.t('delivered_on')}: {view.head_date()}"
    expected = view.story.event("delivered").at
    return f"{view.t('estimated')}: {view.date_of('estimated', expected)}"


def _details(view: View) -> list[tuple[str, str]]:
    story = view.story
    rows = [
        (view.t("service"), view.text(story.service)),
        (view.t("weight"), story.weight),
        (view.t("place"), view.place()),
    ]
    if story.delivered and view.dice.random() < 0.6:
        rows.append((view.t("signed"), view.text(story.signed)))
    if view.dice.random() < 0.35:
        rows.append((view.t("reference"), view.order()))
    if view.dice.random() < 0.4 or view.with_shipping:
        rows.append((view.t("shipped"), view.date_of("shipped", story.event("accepted").at)))
    view.dice.shuffle(rows)
    return rows


def _events(view: View) -> list[tuple[str, str, str]]:
    return [
        (view.row_date(event), view.event_text(event), view.text(event.place))
        for event in view.events()
    ]


def _hero(view: View) -> str:
    facts = "".join(f"<div><div class=small>{k}</div>{v}</div>" for k, v in _details(view))
    rows = "".join(
        f"<div class=dot><b>{what}</b><br>{when}<br><span class=small>{where}</span></div>"
        for when, what, where in _events(view)
    )
    return (
        f"<div class=small>{view.t('tracking')}</div><div>{view.number()}</div>"
        f"<div class='status ok'>{_status(view)}</div><div>{_when(view)}</div>"
        f"<div class=row style='margin:18px 0'>{facts}</div><h3>{view.history_title()}</h3>{rows}"
    )


def _table(view: View) -> str:
    rows = "".join(
        f"<tr><td>{when}</td><td>{what}</td><td>{where}</td></tr>"
        for when, what, where in _events(view)
    )
    facts = "".join(f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in _details(view))
    names = (view.t("date"), view.t("activity"), view.t("location"))
    head = f"<tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>"
    return (
        f"<table><tr><th>{view.t('tracking')}</th><td>{view.number()}</td></tr>"
        f"<tr><th>{view.t('activity')}</th><td><b>{_status(view)}</b></td></tr>"
        f"<tr><td colspan=2>{_when(view)}</td></tr>{facts}</table>"
        + (f"<h3>{view.history_title()}</h3><table>{head}{rows}</table>" if rows else "")
    )


def _stepper(view: View) -> str:
    share = 100 if view.story.delivered else 60
    facts = "".join(f"<p><span class=small>{k}:</span> {v}</p>" for k, v in _details(view))
    events = "".join(f"<li>{when} — {what}, {where}</li>" for when, what, where in _events(view))
    listed = (
        f"<h4>{view.history_title()}</h4><ul>{events}</ul>"
        if events and (view.dice.random() < 0.7 or view.with_history)
        else ""
    )
    return (
        f"<div class=card><div class=row><b>{view.t('tracking')}: {view.number()}</b></div>"
        f"<div class=status>{_status(view)}</div><div class=bar><div class=fill style='width:{share}%'>"
        f"</div></div><p>{_when(view)}</p>{facts}</div>{listed}"
    )


def _cards(view: View) -> str:
    cards = "".join(
        f"<div class=card style='flex:1;min-width:180px'><div class=small>{k}</div><b>{v}</b></div>"
        for k, v in _details(view)
    )
    events = "".join(
        f"<div class=card><div class=row><div style='width:230px'>{when}</div><div><b>{what}</b>"
        f"<div class=small>{where}</div></div></div></div>"
        for when, what, where in _events(view)
    )
    return (
        f"<div class=card style='border-left:6px solid #1a7f37'><div class=status>{_status(view)} ✓</div>"
        f"{_when(view)}<div class=small>{view.t('tracking')} {view.number()}</div></div>"
        f"<div class=row>{cards}</div>{events}"
    )


def _split(view: View) -> str:
    facts = "".join(f"<dt class=small>{k}</dt><dd>{v}</dd>" for k, v in _details(view))
    events = "".join(
        f"<div style='padding:9px 0;border-bottom:1px dashed #ccc'>{what}<br>"
        f"<span class=small>{where} · {when}</span></div>"
        for when, what, where in _events(view)
    )
    return (
        f"<div class=row><div style='flex:2;min-width:260px'><h2>{_status(view)}</h2>"
        f"<p>{_when(view)}</p>{events}</div><div class=card style='flex:1;min-width:200px'>"
        f"<div class=small>{view.t('tracking')}</div>{view.number()}<dl>{facts}</dl></div></div>"
    )


def _ledger(view: View) -> str:
    rows = "".join(
        f"<tr><td>{place + 1}</td><td>{what}<br><span class=small>{where}</span></td><td>{when}</td></tr>"
        for place, (when, what, where) in enumerate(_events(view))
    )
    head = f"<tr><th>#</th><th>{view.t('activity')}</th><th>{view.t('date')}</th></tr>"
    facts = " | ".join(f"{k} {v}" for k, v in _details(view))
    return (
        f"<h2>{view.number()}</h2><p><b class=ok>{_status(view)}</b> &nbsp; {_when(view)}</p>"
        f"<p class=small>{facts}</p>" + (f"<table>{head}{rows}</table>" if rows else "")
    )


def _grouped(view: View) -> str:
    """Scans under the day they happened on."""
    parts, day = [], ""
    for event in view.events():
        date, time = view.row_halves(event)
        plain = view.form.halves(event.at)[0]
        if plain != day:
            parts.append(f"<h4 style='margin:14px 0 4px'>{date}</h4>")
            day = plain
        parts.append(
            f"<div class=row style='padding:4px 0'><div style='width:150px'>{time}</div>"
            f"<div>{view.event_text(event)}<div class=small>{view.text(event.place)}</div></div></div>"
        )
    facts = "".join(f"<p><span class=small>{k}</span> {v}</p>" for k, v in _details(view))
    return (
        f"<div class=small>{view.t('tracking')}: {view.number()}</div>"
        f"<div class=status>{_status(view)}</div><p>{_when(view)}</p>{facts}{''.join(parts)}"
    )


def _prose(view: View) -> str:
    """A sentence in place of a table."""
    events = "".join(
        f"<p><b>{what}</b><br>{when}<br>{where}</p>" for when, what, where in _events(view)
    )
    facts = "".join(f"<li>{k}: {v}</li>" for k, v in _details(view))
    return (
        f"<h2>{view.number()}</h2><p class=status>{_status(view)}</p>"
        f"<p>{_sentence(view)}</p>{events}<ul>{facts}</ul>"
    )


def _sentence(view: View) -> str:
    story = view.story
    if not story.delivered:
        return _when(view)
    when, place = view.head_date(), view.place()
    said = {
        "en": f"Your item was delivered in {place} at {when}."
        if view.head_form.time_first
        else f"Your item was delivered in {place} on {when}.",
        "de": f"Die Sendung wurde am {when} in {place} zugestellt.",
        "fr": f"Votre envoi a été livré le {when} à {place}.",
        "es": f"Su envío fue entregado el {when} en {place}.",
        "it": f"La spedizione è stata consegnata il {when} a {place}.",
        "zh": f"您的快件已于 {when} 在{place}签收，签收人：{view.text(story.signed)}。",
        "nl": f"Uw zending is op {when} bezorgd in {place}.",
        "pl": f"Przesyłka została doręczona {when}, {place}.",
        "sv": f"Försändelsen levererades {when} i {place}.",
        "ja": f"お荷物は{when}に{place}へお届けしました。",
    }
    return said[view.words.language]


def _columns(view: View) -> str:
    """Day and time in columns of their own."""
    rows = ""
    for event in view.events():
        date, time = view.row_halves(event)
        rows += (
            f"<tr><td>{date}</td><td>{time}</td><td>{view.text(event.place)}</td>"
            f"<td>{view.event_text(event)}</td></tr>"
        )
    facts = "".join(f"<div><span class=small>{k}</span><br>{v}</div>" for k, v in _details(view))
    return (
        f"<div class=card><b>{view.number()}</b> &nbsp; {_status(view)}<br>{_when(view)}</div>"
        f"<div class=row>{facts}</div>" + (f"<table>{rows}</table>" if rows else "")
    )


def _ticket(view: View) -> str:
    """All centred, the newest scan large."""
    events = "".join(
        f"<div style='padding:6px 0'>{where} | {what}<br><i>{when}</i></div>"
        for when, what, where in _events(view)
    )
    facts = "".join(f"<div>{k} — {v}</div>" for k, v in _details(view))
    return (
        f"<div style='text-align:center'><div class=status>{_status(view)}</div><div>{_when(view)}</div>"
        f"<div style='margin:12px'>{view.t('tracking')} {view.number()}</div>{facts}<hr>{events}</div>"
    )
