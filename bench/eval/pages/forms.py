"""Papers of families that no reader was written on: waybills, receipts, mails, reports of an ERP."""

from __future__ import annotations

from datetime import timedelta

from bench.eval.pages.view import View

SEEN = ("waybill", "mail", "table")
UNSEEN = ("receipt", "logbook", "certificate")


def page(view: View) -> tuple[str, str]:
    """(style, body) of the sheet of that layout; view.layout says which."""
    return _style(view), {
        "waybill": _waybill, "mail": _mail, "table": _table,
        "receipt": _receipt, "logbook": _logbook, "certificate": _certificate,
    }[view.layout](view)  # fmt: skip


def _style(view: View) -> str:
    mono = "'DejaVu Sans Mono'" if view.holdout else "'Liberation Mono'"
    fixed = view.layout in ("receipt", "logbook")
    family = f"{mono},{view.font}" if fixed else view.font
    size = view.dice.choice((11, 12)) if fixed else view.dice.choice((12, 13, 14))
    return f"""
* {{ box-sizing:border-box; margin:0 }}
body {{ padding:0.6in 0.65in; font-family:{family}; font-size:{size}px; line-height:1.45; color:#000; background:#fff }}
.cell {{ border:1px solid #333; padding:4px 7px 8px; min-height:52px }} .cap {{ font-size:9.5px; color:#333 }}
.form {{ display:grid; grid-template-columns:repeat(4,1fr); border:1px solid #333 }}
.wide {{ grid-column:span 2 }} .all {{ grid-column:span 4 }}
table {{ border-collapse:collapse; width:100%; margin:10px 0 }}
td,th {{ border:1px solid #999; padding:5px 7px; text-align:left; vertical-align:top }} th {{ background:#eee }}
.none td, .none th {{ border:0; background:none; padding:3px 6px 3px 0 }}
.leader {{ display:flex }} .leader i {{ flex:1; border-bottom:1px dotted #555; margin:0 5px 4px }}
"""


def _rows(view: View) -> list[tuple[str, str]]:
    """What any such paper tells, in no order of importance."""
    story, dice = view.story, view.dice
    rows = [
        (view.t("tracking"), view.number()), (view.t("delivered_on"), view.head_date()),
        (view.t("place"), view.address()), (view.t("signed"), view.text(story.signed)),
        (view.t("service"), view.text(story.service)),
    ]  # fmt: skip
    if dice.random() < 0.5:
        rows.append((view.t("weight"), story.weight))
    if dice.random() < 0.55:
        rows.append((view.t("order"), view.order()))
    if dice.random() < 0.5 or view.with_shipping:
        rows.append((view.t("shipped"), view.date_of("shipped", story.event("accepted").at)))
    return rows


def _history(view: View, share: float) -> str:
    if not view.events() or not (view.with_history or view.dice.random() < share):
        return ""
    lines = "".join(
        f"<tr><td>{view.event_text(event)}</td><td>{view.row_date(event)}</td>"
        f"<td>{view.text(event.place)}</td></tr>"
        for event in view.events()
    )
    return f"<p><b>{view.t('history')}</b></p><table>{lines}</table>"


def _code(view: View, share: float) -> str:
    wanted = view.with_barcode or view.dice.random() < share
    return f"<div style='padding:8px 0'>{view.barcode(height=52)}</div>" if wanted else ""


def _foot(view: View) -> str:
    return f"<p class=cap style='margin-top:18px'>{view.stamp()}</p>"


def _waybill(view: View) -> str:
    """A form of cells, a small caption in each."""
    cells = ""
    for place, (label, value) in enumerate(_rows(view)):
        wide = "cell wide" if place in (0, 2) else "cell"
        cells += f"<div class='{wide}'><div class=cap>{place + 1} {label}</div>{value}</div>"
    signature = f"<i style='font-size:21px'>{view.text(view.story.signed.title())}</i>"
    return (
        f"<div style='display:flex;justify-content:space-between'><h1>{view.mark()}</h1><h2>"
        f"{view.t('letter')}</h2></div>{_code(view, 0.7)}<div class=form>{cells}<div class='cell all'>"
        f"<div class=cap>{view.t('signed')}</div>{signature}</div></div>{_history(view, 0.25)}{_foot(view)}"
    )


def _mail(view: View) -> str:
    """A carrier's notice by mail, as a mail program prints it."""
    story = view.story
    sent = story.event("delivered").at + timedelta(minutes=view.dice.randint(3, 95))
    view.dated = True
    head = (
        ("From", f"{view.text(story.carrier.wordmark)} &lt;no-reply@notice.example&gt;"),
        ("To", "shop@seller.example"),
        ("Date", view.date_of("sent", sent, timed=True)),
        ("Subject", view.t("letter")),
    )
    top = "".join(f"<tr><th>{k}:</th><td>{v}</td></tr>" for k, v in head)
    facts = "".join(f"<p>{k}: <b>{v}</b></p>" for k, v in _rows(view))
    return (
        f"<table class=none>{top}</table><hr><p style='padding:14px 0'>{view.t('dear')}</p>"
        f"<p>{view.t('serves')}</p><div style='padding:12px 18px'>{facts}</div>{_code(view, 0.1)}"
        f"{_history(view, 0.2)}<p style='padding-top:14px'>{view.mark()}</p>{_foot(view)}"
    )


def _table(view: View) -> str:
    """A report of a seller's software: one row under a row of headings, then the rest."""
    rows = _rows(view)
    half = (len(rows) + 1) // 2
    tables = ""
    for part in (rows[:half], rows[half:]):
        heads = "".join(f"<th>{k}</th>" for k, _ in part)
        values = "".join(f"<td>{v}</td>" for _, v in part)
        tables += f"<table><tr>{heads}</tr><tr>{values}</tr></table>"
    return (
        f"<h2>{view.t('letter')}</h2><p>{view.t('carrier')}: {view.mark()}</p>{tables}"
        f"{_code(view, 0.25)}{_history(view, 0.4)}{_foot(view)}"
    )


def _receipt(view: View) -> str:
    """What a driver's printer gives out: narrow, centred, dashed."""
    lines = "".join(f"<div style='padding:3px 0'>{k}<br><b>{v}</b></div>" for k, v in _rows(view))
    rule = "<div style='border-top:1px dashed #000;margin:8px 0'></div>"
    return (
        f"<div style='width:330px;margin:0 auto;text-align:center'><h2>{view.mark()}</h2>"
        f"{view.t('letter')}{rule}<div style='text-align:left'>{lines}</div>{rule}{_code(view, 0.5)}"
        f"<div style='text-align:left'>{_history(view, 0.15)}</div>{_foot(view)}</div>"
    )


def _logbook(view: View) -> str:
    """A print of an ERP: one type face of one width, dots from label to value."""
    lines = "".join(
        f"<div class=leader><span>{k}</span><i></i><span>{v}</span></div>" for k, v in _rows(view)
    )
    return (
        f"<p>{view.t('letter').upper()}</p><p>{view.t('carrier')} .. {view.mark()}</p><br>{lines}<br>"
        f"{_code(view, 0.2)}{_history(view, 0.5)}{_foot(view)}"
    )


def _certificate(view: View) -> str:
    """A sentence in the middle of a framed sheet, the rest beneath."""
    rows = _rows(view)
    lines = "".join(
        f"<tr><th style='width:38%'>{k}</th><td>{v}</td></tr>" for k, v in reversed(rows)
    )
    return (
        f"<div style='border:3px double #555;padding:26px'><h2 style='text-align:center'>"
        f"{view.t('letter')}</h2><p style='text-align:center'>{view.mark()}</p><p style='padding:14px 0'>"
        f"{view.t('dear')} {view.t('serves')}</p><table class=none>{lines}</table>{_code(view, 0.3)}"
        f"{_history(view, 0.2)}{_foot(view)}</div>"
    )
