"""What a picture's metadata tells of editing."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from evidence.facts import Fact, Facts
from evidence.verdicts import Verdict
from tests.verifiers.documents import picture, received
from verifiers.authenticity.tamper import tamper_of
from verifiers.readers.traces.registry import traces_of

# IPTC's term for a picture that a camera took.
CAPTURED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def traces(data: bytes) -> dict[str, Fact]:
    return {fact.name: fact for fact in traces_of(received(data, media_type="image/jpeg"))}


def with_xmp(packet: str, kind: str = "JPEG") -> bytes:
    image, out = Image.new("RGB", (64, 48), (128, 128, 128)), io.BytesIO()
    whole = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{packet}</rdf:RDF></x:xmpmeta>'
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", whole)
        image.save(out, kind, pnginfo=info)
    else:
        image.save(out, kind, xmp=whole.encode())
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_text_that_an_editor_set_in_a_layer_is_read(kind: str) -> None:
    layer = '<rdf:li photoshop:LayerName="date" photoshop:LayerText="Delivered Nov 3"/>'
    found = traces(with_xmp(f"<photoshop:TextLayers>{layer}</photoshop:TextLayers>", kind))
    assert "Delivered Nov 3" in found["trace.picture.text_layer"].text


def test_a_history_of_changes_is_told_with_its_program() -> None:
    steps = "".join(
        f'<rdf:li stEvt:action="{action}" stEvt:softwareAgent="Adobe Photoshop 26.0"/>'
        for action in ("created", "edited", "saved")
    )
    found = traces(with_xmp(f"<xmpMM:History>{steps}</xmpMM:History>"))
    assert "Adobe Photoshop 26.0" in found["trace.picture.history"].text


def history(actions: tuple[str, ...], log: str = "") -> bytes:
    steps = "".join(
        f'<rdf:li stEvt:action="{action}" stEvt:softwareAgent="Adobe Photoshop 26.0"/>'
        for action in actions
    )
    logged = f"<photoshop:History>{log}</photoshop:History>" if log else ""
    return with_xmp(f"<xmpMM:History>{steps}</xmpMM:History>{logged}")


def with_layer(text: str) -> bytes:
    """Saved twice by an editor, with a text of its own."""
    saves = "".join(f'<rdf:li stEvt:action="{act}"/>' for act in ("converted", "saved"))
    layer = f'<rdf:li photoshop:LayerText="{text}"/>'
    return with_xmp(f"<xmpMM:History>{saves}</xmpMM:History>{layer}")


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (picture(exif={0x131: "Adobe Photoshop 26.0"}), Verdict.INCONCLUSIVE),
        (history(("converted", "saved", "saved")), Verdict.INCONCLUSIVE),
        (history(("saved", "saved"), "Open&#xA;Crop&#xA;Save As"), Verdict.PASS),
        (history(("saved", "saved"), "Open&#xA;Clone Stamp&#xA;Save As"), Verdict.FAIL),
        (with_xmp('<rdf:li photoshop:LayerText="see here"/>'), Verdict.INCONCLUSIVE),
        (with_layer("Exhibit 4"), Verdict.INCONCLUSIVE),
        (with_layer("Nov 3"), Verdict.FAIL),
        (with_layer("14:32"), Verdict.FAIL),
        (with_xmp('<rdf:li photoshop:LayerText="2026-11-03 14:32"/>'), Verdict.FAIL),
    ],
    ids=[
        "program alone",
        "saves alone",
        "a crop",
        "a clone stamp",
        "a note",
        "a note with saves",
        "a day",
        "a clock",
        "a date set in",
    ],
)
def test_an_editor_decides_only_by_what_it_says_it_did(data: bytes, verdict: Verdict) -> None:
    facts = traces_of(received(data, media_type="image/jpeg"))
    assert tamper_of(Facts(facts)).verdict is verdict


def test_a_camera_and_a_screenshot_tool_are_no_editors() -> None:
    for program in (
        "iPhone 17",
        "Windows Photo Viewer",
        "Greenshot",
    ):
        assert traces(picture(exif={0x131: program})) == {}
    assert "trace.file.editor" in traces(picture(exif={0x131: "Adobe Photoshop 26.0"}))


def test_a_program_that_develops_photographs_is_an_editor_of_a_screen_alone() -> None:
    lightroom = "Adobe Photoshop Lightroom 14"
    assert traces(picture(exif={0x110: "iPhone 17", 0x131: lightroom})) == {}
    assert "trace.file.editor" in traces(picture(exif={0x131: lightroom}))


def signed_picture() -> tuple[Any, bytes]:
    c2pa = pytest.importorskip("c2pa")
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def named(name: str) -> x509.Name:
        return x509.Name([
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
        ])  # fmt: skip

    root, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    begin, end = datetime.datetime(2026, 1, 1), datetime.datetime(2036, 1, 1)

    def certificate(subject: str, public: Any, *, authority: bool) -> x509.Certificate:
        usage = x509.KeyUsage(
            not authority, False, False, False, False, authority, authority, False, False
        )
        built = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("Invented Root"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()),
                critical=False,
            )
        )
        if not authority:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            built = built.add_extension(purpose, critical=False)
        return built.sign(root, hashes.SHA256())

    leaf = certificate("Invented Camera", key.public_key(), authority=False)
    top = certificate("Invented Root", root.public_key(), authority=True)
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (leaf, top))

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    manifest = {
        "claim_generator_info": [{"name": "test", "version": "1"}],
        "title": "photo",
        "format": "image/jpeg",
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": CAPTURED}]},
            }
        ],
    }
    out = io.BytesIO()
    with (
        c2pa.Signer.from_callback(sign, c2pa.C2paSigningAlg.ES256, chain.decode()) as signer,
        c2pa.Builder(manifest) as builder,
    ):
        builder.sign(signer, "image/jpeg", io.BytesIO(picture(size=(320, 240))), out)
    return c2pa, out.getvalue()


def test_content_credentials_hold_until_a_byte_of_the_picture_changes() -> None:
    _, data = signed_picture()
    assert "trace.credential.holds" in traces(data)
    changed = bytearray(data)
    changed[-40] ^= 1
    assert "trace.credential.broken" in traces(bytes(changed))


@pytest.mark.parametrize("cut", [10, 200, 600])
def test_a_picture_cut_short_costs_a_sentence(cut: int) -> None:
    found = traces(picture(size=(320, 240))[:cut])
    assert set(found) == {"trace.unchecked"}
