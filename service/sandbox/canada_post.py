"""A stand-in of Canada Post: detail, signature and certificate, as XML by its track.xsd."""

from __future__ import annotations

from xml.etree import ElementTree

from aiohttp import web

from service.sandbox.papers import delivery_letter
from service.sandbox.scenario import Event, Parcel
from service.sandbox.standin import CarrierStandIn, base64_of, basic_of, signature_picture

_NAMESPACE = "http://www.canadapost.ca/ws/track"
_CODES = {
    "label": ("3000", "Electronic information submitted by shipper"),
    "accepted": ("0100", "Item processed at postal facility"),
    "transit": ("0100", "Item processed at postal facility"),
    "out_for_delivery": ("0174", "Item out for delivery"),
    "delivered": ("1496", "Item successfully delivered"),
    "exception": ("0173", "Customer addressing error found; attempting to correct"),
    "other": ("9999", "Something new"),
}


class CanadaPostSandbox(CarrierStandIn):
    name = "canada_post"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/vis/track/pin/{pin}/detail", self.detail),
            web.get("/vis/signatureimage/{pin}", self.signature),
            web.get("/vis/certificate/{pin}", self.certificate),
        ]

    async def detail(self, request: web.Request) -> web.Response:
        if (parcel := self._parcel(request)) is None:
            return self._refusal(request)
        return _xml(_detail(parcel))

    async def signature(self, request: web.Request) -> web.Response:
        parcel = self._parcel(request)
        if parcel is None or not parcel.signature:
            return self._refusal(request)
        picture = signature_picture(parcel.received_by, "PNG")
        return _xml(_paper("signature-image", "signature.png", picture, "image/png"))

    async def certificate(self, request: web.Request) -> web.Response:
        parcel = self._parcel(request)
        if parcel is None or not parcel.pod_letter:
            return self._refusal(request)
        printed = f"{self._clock():%Y-%m-%d}"
        paper = delivery_letter(parcel, carrier="Canada Post", printed=printed)
        root = "delivery-confirmation-certificate"
        return _xml(_paper(root, "certificate.pdf", paper, "application/pdf"))

    def _parcel(self, request: web.Request) -> Parcel | None:
        fits = basic_of(request) == (self._account.client_id, self._account.client_secret)
        return self._parcels.get(request.match_info["pin"]) if fits else None

    def _refusal(self, request: web.Request) -> web.Response:
        fits = basic_of(request) == (self._account.client_id, self._account.client_secret)
        code, words = ("004", "No Pin History") if fits else ("E002", "AAA Authentication Failure")
        messages = _element("messages")
        _texts(ElementTree.SubElement(messages, "message"), code=code, description=words)
        return _xml(messages, status=404 if fits else 401)


def _detail(parcel: Parcel) -> ElementTree.Element:
    root = _element("tracking-detail")
    _texts(
        root,
        pin=parcel.tracking_number,
        destination_postal_id=parcel.recipient_postal_code,
        service_name=parcel.service,
        signature_image_exists=str(bool(parcel.signature)).lower(),
        suppress_signature="false",
    )
    for number, reference in enumerate(parcel.references[:2], start=1):
        ElementTree.SubElement(root, f"customer-ref-{number}").text = reference
    events = ElementTree.SubElement(root, "significant-events")
    for event in parcel.newest_first:
        _event(ElementTree.SubElement(events, "occurrence"), event, parcel)
    return root


def _event(into: ElementTree.Element, event: Event, parcel: Parcel) -> None:
    code, words = _CODES[event.kind]
    _texts(
        into,
        event_identifier=event.code or code,
        event_date=f"{event.at:%Y-%m-%d}",
        event_time=f"{event.at:%H:%M:%S}",
        event_time_zone="EST" if event.gmt else "",
        event_description=words,
        signatory_name=parcel.received_by if event.kind == "delivered" else "",
        event_site=event.city,
        event_province=event.state,
        event_retail_location_id="",
        event_retail_name="",
    )


def _paper(root: str, filename: str, data: bytes, media_type: str) -> ElementTree.Element:
    made = _element(root)
    _texts(made, filename=filename, image=base64_of(data), mime_type=media_type)
    return made


def _element(name: str) -> ElementTree.Element:
    return ElementTree.Element(name, {"xmlns": _NAMESPACE})


def _texts(into: ElementTree.Element, **texts: str) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(into, name.replace("_", "-")).text = text


def _xml(root: ElementTree.Element, *, status: int = 200) -> web.Response:
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return web.Response(body=body, status=status, content_type="application/vnd.cpc.track-v2+xml")
