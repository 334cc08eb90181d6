"""Reports for people: the PDF of the newest sealed account, and whether one in hand is ours."""

from __future__ import annotations

from aiohttp import web

from evidence.custody import Act
from evidence.errors import FormatError
from service.api.asking import account_of, by_of, not_sealed, note, ref_of, refs_in, whose_of
from service.api.ports import EVIDENCE, SETTINGS
from service.api.sending import send_bytes, send_json
from service.http.contract import Given, Handler
from service.http.problems import Violation, invalid, not_found
from service.report.wanted import Form, Language, Wanted


async def get_report(request: web.Request, given: Given) -> web.StreamResponse:
    """Make it, or take the one that is kept; into the custody log before a byte goes out."""
    ref = ref_of(given)
    asked = given.query
    try:
        wanted = Wanted.of(
            kind=asked["about"],
            language=asked["language"],
            form=asked["form"],
            signed=asked["sign"] == "yes",
            zone=asked.get("zone") or request.app[SETTINGS].report.zone,
        )
    except FormatError as error:
        raise invalid(Violation("/query/zone", "is no zone such as Asia/Shanghai")) from error
    if (await account_of(request, ref)).manifest_envelope is None:
        raise not_sealed()
    sha256, pdf = await request.app[EVIDENCE].report(
        whose_of(request), ref, wanted, by=by_of(request)
    )
    await note(request, ref, Act.REPORT, sha256=sha256)
    return _pdf(request, sha256, pdf)


async def make_report(request: web.Request, given: Given) -> web.StreamResponse:
    """Of several orders; each is in the custody log before a byte goes out."""
    body = given.body
    refs = refs_in(body["orders"])
    try:
        wanted = Wanted.of(
            kind=body["about"],
            language=body.get("language", Language.EN),
            form=body.get("form", Form.A1),
            signed=body.get("sign", False),
            zone=body.get("zone") or request.app[SETTINGS].report.zone,
        )
    except FormatError as error:
        raise invalid(Violation("/body/zone", "is no zone such as Asia/Shanghai")) from error
    evidence, whose, by = request.app[EVIDENCE], whose_of(request), by_of(request)
    sha256, pdf = await evidence.report_of_several(whose, refs, wanted, by=by)
    for ref in refs:
        await evidence.note(whose, ref, Act.REPORT, by, {"sha256": sha256})
    return _pdf(request, sha256, pdf)


def _pdf(request: web.Request, sha256: str, pdf: bytes) -> web.StreamResponse:
    return send_bytes(
        request,
        pdf,
        etag=f'"{sha256}"',
        media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="report-{sha256[:12]}.pdf"'},
    )


async def check_report(request: web.Request, given: Given) -> web.StreamResponse:
    """By its digest: whoever has the file need not send it."""
    ref = ref_of(given)
    await account_of(request, ref)
    known = await request.app[EVIDENCE].known_report(whose_of(request), ref, given.path["sha256"])
    if known is None:
        raise not_found(
            "report",
            "No report that we made of this order has this digest: it is of another order, or was "
            "changed after we made it. GET the order's report for a new one.",
        )
    return send_json(known.to_json())


OPERATIONS: dict[str, Handler] = {
    "getReport": get_report,
    "makeReport": make_report,
    "checkReport": check_report,
}
