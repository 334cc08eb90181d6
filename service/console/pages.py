"""Every page of the console, with who may open it: as the API has it for the same things."""

from __future__ import annotations

from service.access.callers import Role
from service.access.pages import Page
from service.console import audit, cases, defects, item, operate, order, sign_in, worklist
from service.console.routes import Handler

_READERS = frozenset({Role.APPEAL_TOOL, Role.OPERATOR, Role.ADMIN})
_AUDITORS = frozenset({Role.AUDITOR, Role.OPERATOR, Role.ADMIN})
_OPERATORS = frozenset({Role.OPERATOR, Role.ADMIN})
_ALL = frozenset(Role)
_ORDER = "/console/orders/{platform}/{order_id}"
_PARKED = "/console/operate/parked/{collection_id}"
_CASE = "/console/cases/{case_id:[0-9a-f]{32}}"
_ITEM = _ORDER + "/items/{sha256:[0-9a-f]{64}}"


def _get(path: str, roles: frozenset[Role], *tags: str, house: bool = False) -> Page:
    return Page(method="GET", path=path, roles=roles, tags=tags, of_the_house=house)


def _post(path: str, roles: frozenset[Role], *tags: str, house: bool = False) -> Page:
    return Page(method="POST", path=path, roles=roles, tags=tags, of_the_house=house)


def _open(method: str, path: str) -> Page:
    return Page(method=method, path=path, public=True)


PAGES: dict[Page, Handler] = {
    _open("GET", "/console/sign-in"): sign_in.ask,
    _open("POST", "/console/sign-in"): sign_in.by_token,
    _open("POST", "/console/sign-out"): sign_in.out,
    _open("GET", "/console/oidc"): sign_in.to_provider,
    _open("GET", "/console/oidc/back"): sign_in.from_provider,
    _get("/console", _ALL, "access"): worklist.home,
    _get("/console/orders", _READERS, "evidence", "collections"): worklist.show,
    _post("/console/orders", _READERS, "collections"): worklist.start,
    _get(_ORDER, _READERS, "evidence"): order.show,
    _post(_ORDER + "/collections", _READERS, "collections"): order.collect,
    _get(_ORDER + "/bundle", _ALL, "evidence"): order.bundle,
    _post(_ORDER + "/shares", _OPERATORS, "shares"): order.share,
    _post(_ORDER + "/shares/{share_id}/end", _OPERATORS, "shares"): order.unshare,
    _get("/console/collections/{collection_id}/events", _READERS, "collections"): order.events,
    _get(_ITEM, _READERS, "evidence"): item.show,
    _get(_ITEM + "/pictures/{page:[1-9][0-9]{0,3}}", _READERS, "evidence"): item.picture,
    _get(_ITEM + "/content", _READERS, "evidence"): item.content,
    _post("/console/defects", _READERS, "defects"): defects.upload,
    _get("/console/cases", _READERS, "cases"): cases.show_all,
    _post(_ORDER + "/cases", _READERS, "cases"): cases.open_case,
    _get(_CASE, _READERS, "cases"): cases.show,
    _post(_CASE + "/steps", _READERS, "cases"): cases.record,
    _post(_CASE + "/seal", _READERS, "cases"): cases.seal,
    _get(_CASE + "/bundle", _READERS, "cases"): cases.bundle,
    _get(_CASE + "/papers/{sha256:[0-9a-f]{64}}", _READERS, "cases"): cases.paper,
    _get("/console/audit", _AUDITORS, "custody", "log"): audit.show,
    _get("/console/audit/order", _AUDITORS, "custody"): audit.find,
    _get(_ORDER + "/custody", _AUDITORS, "custody"): audit.of_order,
    _get(_ORDER + "/custody.json", _AUDITORS, "custody"): audit.export,
    _get("/console/log/{path:.+}", _ALL, "log"): audit.log_file,
    _get("/console/operate", _OPERATORS, "service", house=True): operate.show,
    _post(_PARKED + "/retry", _OPERATORS, "collections", house=True): operate.retry,
    _post(_PARKED + "/drop", _OPERATORS, "collections", house=True): operate.drop,
}
