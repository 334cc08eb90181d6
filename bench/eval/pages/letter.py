"""Letters that prove a delivery, and slips from a warehouse: pages that get printed."""

from __future__ import annotations

from datetime import timedelta

from bench.eval.pages.view import View

SEEN = ("plain", "boxed")
UNSEEN = ("ruled", "columns")


def style(view: View) -> str:
    back, front = view.story.carrier.colours
    colour = min(back, front, key=_brightness)
    return f"""
* {{ box-sizing:border-box }}
body {{ margin:0; padding:0.7in 0.75in; font-family:{view.font}; font-size:{view.dice.choice((13, 14, 15))}px;
  color:#111; line-height:1.5; background:#fff }}
.mark {{ font-size:30px; font-weight:800; color:{colour};
  border-bottom:3px solid {colour}; padding-bottom:8px; margin-bottom:18px }}
h1 {{ font-size:21px }} table {{ border-collapse:collapse; width:100% }}
.boxed td, .boxed th {{ border:1px solid #888; padding:7px 9px; text-align:left }}
.ruled td, .ruled th {{ border-bottom:1px solid #bbb; padding:8px 4px; text-align:left }}
.plain td, .plain th {{ padding:4px 10px 4px 0; text-align:left; vertical-align:top }}
.small {{ font-size:11px; color:#444 }}
.sign {{ font-family:'DejaVu Serif',serif; font-style:italic; font-size:26px; margin:4px 0 }}
"""


def _brightness(colour: str) -> int:
    """Of "#rrggbb"; paper is white, and what is printed on it is dark."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 3 * red + 6 * green + blue


def proof(view: View) -> str:
    """A carrier's proof of delivery."""
    layout = view.pick(SEEN, UNSEEN)
    story = view.story
    delivered = story.event("delivered")
    rows = [
        (view.t("tracking"), view.number()),
        (view.t("service"), view.text(story.service)),
        (view.t("weight"), story.weight),
        (view.t("shipped"), view.date_of("shipped", story.event("accepted").at)),
        (view.t("delivered_on"), view.head_date()),
        (view.t("place"), view.address()),
        (view.t("signed"), view.text(story.signed)),
    ]
    if view.dice.random() < 0.5:
        rows.append((view.t("reference"), view.order()))
    if view.dice.random() < 0.4:
        rows.append((view.t("activity"), f"{view.t('delivered')} {view.row_date(delivered)}"))
    history = ""
    if not view.without_history and (view.dice.random() < 0.35 or view.with_history):
        lines = "".join(
            f"<tr><td>{view.row_date(event)}</td><td>{view.event_text(event)}</td>"
            f"<td>{view.text(event.place)}</td></tr>"
            for event in story.shown
        )
        history = f"<h3>{view.t('history')}</h3><table class=ruled>{lines}</table>"
    code = (
        f"<div style='margin:14px 0'>{view.barcode()}</div>"
        if view.dice.random() < 0.5 or view.with_barcode
        else ""
    )
    signature = f"<div class=sign>{view.text(story.signed.title())}</div>"
    if layout == "columns":
        table = "<div style='columns:2'>" + "".join(
            f"<p><b>{k}</b><br>{v}</p>" for k, v in rows
        ) + "</div>"  # fmt: skip
    else:
        lines = "".join(f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in rows)
        table = f"<table class={layout}>{lines}</table>"
    return (
        f"<div class=mark>{view.mark()}</div><h1>{view.t('letter')}</h1><p>{view.t('dear')}</p>"
        f"<p>{view.t('serves')}</p>{table}{signature}{code}{history}"
        f"<p>{view.text(story.carrier.slogan or story.carrier.wordmark)}</p>"
        f"<p class=small>{view.contact()} {view.stamp()}</p>"
    )


def slip(view: View) -> str:
    """A warehouse's slip: order, goods, and the parcel it went out with. It tells no delivery."""
    layout = view.pick(SEEN, UNSEEN)
    story = view.story
    packed = story.event("label").at + timedelta(hours=2)
    goods = (
        f"<table class={'boxed' if layout in ('boxed', 'columns') else 'ruled'}>"
        f"<tr><th>SKU</th><th>{view.t('items')}</th><th>{view.t('quantity')}</th></tr>"
        f"<tr><td>{view.dice.choice('ABKTX')}{view.dice.randint(100, 999)}-{view.dice.randint(1, 9)}</td>"
        f"<td>{view.text(story.goods)}</td><td>{view.dice.randint(1, 3)}</td></tr></table>"
    )
    return (
        f"<h1>{view.t('slip')}</h1><p>{view.t('order')}: <b>{view.order()}</b> &nbsp; "
        f"{view.date_of('packed', packed, timed=True)}</p>"
        f"<p>{view.t('buyer')}: {view.buyer()}<br>{view.address()}</p>{goods}"
        f"<p>{view.t('carrier')}: {view.mark()} {view.text(story.service)}</p>"
        f"<p>{view.t('tracking')}: {view.number()}</p>{view.barcode(height=70)}"
        f"<p class=small>{view.stamp()}</p>"
    )
