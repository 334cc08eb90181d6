"""A marketplace's order page, and a page that follows parcels of many carriers."""

from __future__ import annotations

from datetime import timedelta

from bench.eval.carriers import AGGREGATORS, PLATFORMS, portal_host
from bench.eval.pages.view import View

SEEN = ("panel", "sheet")
UNSEEN = ("columns", "feed")


def order_page(view: View) -> tuple[str, str]:
    """The seller's page of an order: (body, host)."""
    story = view.story
    _, name, (back, front) = next(one for one in PLATFORMS if one[0] == story.platform)
    host = portal_host(story.platform, story.site)
    layout = view.pick(SEEN, UNSEEN)
    ordered = story.event("label").at - timedelta(hours=view.dice.randint(3, 40))
    state = view.t("delivered") if story.delivered else view.t("way")
    rows = [
        (view.t("order"), view.order()),
        (view.t("ordered"), view.date_of("ordered", ordered)),
        (view.t("buyer"), f"{view.buyer()}, {view.address()}"),
        (view.t("items"), view.text(story.goods)),
        (view.t("quantity"), str(view.dice.randint(1, 3))),
        (view.t("carrier"), view.mark()),
        (view.t("tracking"), view.number()),
        (view.t("shipped"), view.date_of("shipped", story.event("accepted").at)),
        (view.t("activity"), f"<b>{state}</b>"),
    ]
    if story.delivered:
        rows.append((view.t("delivered_on"), view.head_date()))
    head = (
        f"<div style='background:{back};color:{front};padding:12px 22px;font-weight:700;font-size:19px;"
        f"border-bottom:1px solid #ddd'>{name}</div>"
    )
    match layout:
        case "panel":
            lines = "".join(f"<p><span class=small>{k}</span><br>{v}</p>" for k, v in rows)
            body = f"<div class=card style='columns:2'>{lines}</div>"
        case "sheet":
            lines = "".join(f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in rows)
            body = f"<table>{lines}</table>"
        case "columns":
            half = (len(rows) + 1) // 2
            parts = [
                "".join(f"<dt class=small>{k}</dt><dd>{v}</dd>" for k, v in part)
                for part in (rows[:half], rows[half:])
            ]
            body = "".join(f"<dl class=card style='flex:1'>{part}</dl>" for part in parts)
            body = f"<div class=row>{body}</div>"
        case _:
            body = "".join(
                f"<div class=row style='border-bottom:1px solid #eee;padding:7px 0'>"
                f"<div style='width:200px'>{k}</div><div>{v}</div></div>"
                for k, v in rows
            )
    return (
        f"{head}<main>{body}<div class=small>{view.contact()} {view.stamp()}</div></main>",
        host + story.order,
    )


def aggregator(view: View) -> tuple[str, str]:
    """A page of a service that follows parcels: its own mark stands beside the carrier's."""
    code, name, (back, front), host = view.dice.choice(AGGREGATORS)
    view.marks.add(code)
    view.layout = "list"
    story = view.story
    rows = "".join(
        f"<div class=dot>{view.row_date(event)} &nbsp; {view.text(event.place)}, "
        f"{view.event_text(event)}</div>"
        for event in story.shown
    )
    state = view.t("delivered") if story.delivered else view.t("way")
    head = (
        f"<div style='background:{back};color:{front};padding:14px 24px;font-size:22px;"
        f"font-weight:800'>{name}</div>"
    )
    return (
        f"{head}<main><div class=row><b>{view.number()}</b><span class='ok'>{state}</span></div>"
        f"<p class=small>{view.t('carrier')}: <b>{view.mark()}</b> &nbsp; {view.place()}"
        f"</p>{rows}<p class=small>{view.stamp()}</p></main>",
        host + story.number,
    )
