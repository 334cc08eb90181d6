"""The linter names each rule that a bundle breaks, and none that it keeps."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from evidence.errors import FormatError
from tests.verifiers.forms.by_hand import (
    ORDER,
    ZIP,
    amazon,
    archive,
    broken,
    bundle,
    fields,
    linted,
    order,
    pdf,
    picture,
    tiktok,
)
from verifiers.forms.lint import lint
from verifiers.profilebook import profile_named

SAID = "Delivered."


def stripe(files: dict[str, bytes], said: str = SAID, named: dict[str, str] | None = None) -> bytes:
    return fields("stripe", files, {"uncategorized_text": said}, named)


def shopify(files: dict[str, bytes]) -> bytes:
    return fields("shopify", files, {"uncategorizedText": SAID})


def paypal(files: dict[str, bytes], **texts: str) -> bytes:
    return fields("paypal", files, {"notes": SAID} | texts)


def ebay(files: dict[str, bytes], **texts: str) -> bytes:
    return fields("ebay", files, {"note": SAID, "tracking": "1Z1"} | texts)


def bank(files: dict[str, bytes]) -> bytes:
    return fields("bank", files, {"statement": SAID})


KEPT: dict[str, Callable[[], bytes]] = {
    "amazon": lambda: amazon(),
    "tiktok": lambda: tiktok(),
    "stripe, at the page limit": lambda: stripe({"receipt.pdf": pdf(49)}),
    "stripe, at the size limit": lambda: stripe({"receipt.pdf": exactly(4_500_000)}),
    "stripe, the longest text": lambda: stripe({}, "x" * 20_000),
    "shopify": lambda: shopify({"shippingDocumentationFile.pdf": pdf(standard="PDF/A-2b")}),
    "paypal": lambda: paypal({"proof one.pdf": pdf(), "b.gif": b"GIF89a" + b"\1\0" * 4}),
    "ebay": lambda: ebay({f"{n}.jpg": picture() for n in range(5)}),
    "ebay, the longest note": lambda: ebay({}, note="x" * 1000),
    "bank": lambda: bank({"delivery.pdf": pdf(19)}),
}


def exactly(size: int) -> bytes:
    bare = pdf()
    return bare + b"%" + b"p" * (size - len(bare) - 1)


@pytest.mark.parametrize("made", KEPT.values(), ids=KEPT)
def test_what_keeps_every_rule_is_taken(made: Callable[[], bytes]) -> None:
    found = linted(made())
    assert found.ok, found.breaches
    assert found.orders == 1


BROKEN: dict[str, tuple[str, Callable[[], bytes]]] = {
    "zip over 10 MB": ("archive.bytes", lambda: amazon({"A1B2C3D4_1.pdf": exactly(10_000_000)})),
    "zip without store": ("archive.name_has", lambda: amazon(name="files/2026-11-20.zip")),
    "zip without date": ("archive.name_has", lambda: amazon(name="files/BrightLeaf.zip")),
    "inner name without seller": ("files.name_has", lambda: amazon({"1.pdf": pdf()})),
    "a record in the zip": ("files.types", lambda: amazon({"A1B2C3D4.json": b"{}"})),
    "text without the order": ("orders.listed", lambda: amazon(text="All were delivered.")),
    "text with a near match": (
        "orders.listed",
        lambda: amazon(text=f"Order {ORDER}9: delivered."),
    ),
    "an order left out of the count": (
        "orders.listed",
        lambda: bundle(profile_named("tiktok"), [], {}, count=3),
    ),
    "an order there twice": (
        "orders.listed",
        lambda: bundle(profile_named("stripe"), [order("7"), order("7")], {}),
    ),
    "two archives": (
        "bundle",
        lambda: bundle(
            profile_named("amazon"),
            [order(ORDER, texts={"statement": SAID})],
            {ZIP: archive({}), "files/BrightLeaf_2026-11-20_b.zip": archive({})},
            text=ORDER,
        ),
    ),
    "201 characters": ("text.characters", lambda: tiktok(texts={"explanation": "x" * 201})),
    "201 characters that are not ASCII": (
        "text.characters",
        lambda: tiktok(texts={"explanation": "配" * 201}),
    ),
    "a root cause the form has not": ("field", lambda: tiktok(texts={"root_cause": "Weather"})),
    "no explanation": ("field", lambda: tiktok(texts={"explanation": " "})),
    "a field the form has not": ("field", lambda: tiktok(texts={"mood": "fine"})),
    "attachments instead of a link": (
        "files.count",
        lambda: tiktok(files={"files/a.pdf": pdf()}),
    ),
    "a refused host": (
        "links.refused",
        lambda: tiktok(
            link={"url": "https://pan.baidu.com/s/1", "expires_at": "2026-12-01T00:00:00.000000Z"}
        ),
    ),
    "a link for ever": ("links.expire", lambda: tiktok(link={"url": "https://drive.google.com/x"})),
    "a link nobody can open": (
        "links.hosts",
        lambda: tiktok(
            link={"url": "file:///etc/x", "expires_at": "2026-12-01T00:00:00.000000Z"}
        ),
    ),
    "six pictures": ("files.count", lambda: ebay({f"{n}.jpg": picture() for n in range(6)})),
    "a PDF for eBay": ("files.types", lambda: ebay({"1.pdf": pdf()})),
    "too many bytes of pictures": (
        "files.total_bytes",
        lambda: ebay({"1.jpg": picture() + b"\xff\xd9" * 900_000}),
    ),
    "1001 characters": ("text.characters", lambda: ebay({}, note="x" * 1001)),
    "50 pages": ("pdf.pages", lambda: stripe({"receipt.pdf": pdf(50)})),
    "4.5 MB and a byte": (
        "files.total_bytes",
        lambda: stripe({"receipt.pdf": exactly(4_500_001)}),
    ),
    "a file over 5 MB": ("files.each_bytes", lambda: stripe({"receipt.pdf": exactly(5_000_001)})),
    "two files in a field": (
        "files.per_field",
        lambda: stripe(
            {"a.pdf": pdf(), "b.pdf": pdf()}, named={"a.pdf": "receipt", "b.pdf": "receipt"}
        ),
    ),
    "20001 characters": ("text.characters", lambda: stripe({}, "x" * 20_001)),
    "150001 characters": (
        "text.total_characters",
        lambda: fields(
            "stripe",
            {},
            {
                text.field: "x" * 19_000
                for text in profile_named("stripe").texts
            },
        ),
    ),
    "no PDF/A": ("pdf.standard", lambda: shopify({"a.pdf": pdf()})),
    "2 MB": ("files.each_bytes", lambda: shopify({"a.pdf": exactly(2_000_000)})),
    "a name with a bracket": ("files.name_allows", lambda: paypal({"a(1).pdf": pdf()})),
    "a name with two dots": ("files.name_dots", lambda: paypal({"a.b.pdf": pdf()})),
    "eleven parcels": (
        "tracking.entries",
        lambda: paypal({}, tracking_number=", ".join(f"1Z{n}" for n in range(11))),
    ),
    "a name of 17": ("files.name_characters", lambda: bank({"abcdefghijklm.pdf": pdf()})),
    "a name with a dash": ("files.name_allows", lambda: bank({"a-b.pdf": pdf()})),
    "20 pages": ("pdf.pages", lambda: bank({"a.pdf": pdf(20)})),
    "a PDF over 2 MB": ("files.each_pdf_bytes", lambda: bank({"a.pdf": exactly(2_000_001)})),
    "a PNG for a bank": ("files.types", lambda: bank({"a.png": picture("png")})),
    "600 dpi": ("pictures.dpi", lambda: bank({"a.jpg": picture(dpi=600)})),
    "30 megapixels": ("pictures.pixels", lambda: bank({"a.jpg": picture(size=(6000, 5000))})),
    "a locked PDF": ("files.types", lambda: stripe({"receipt.pdf": pdf(password="x")})),
    "half a PDF": ("files.types", lambda: stripe({"receipt.pdf": b"%PDF-1.7\n%%EOF"})),
    "half a JPEG": ("files.types", lambda: ebay({"1.jpg": picture(size=(900, 900))[:200]})),
    "half a PNG": ("files.types", lambda: ebay({"1.png": picture("png")[:-5]})),
    "a PNG called JPEG": ("files.types", lambda: ebay({"1.jpg": picture("png")})),
    "a program": ("files.types", lambda: stripe({"receipt.pdf": b"MZ\x90\0" * 40})),
    "a file of no order": (
        "bundle",
        lambda: bundle(
            profile_named("stripe"),
            [order("7", texts={"uncategorized_text": SAID})],
            {"files/9/receipt.pdf": pdf()},
        ),
    ),
    "a file that is not there": (
        "bundle",
        lambda: bundle(
            profile_named("stripe"),
            [order("7", files={"files/1/receipt.pdf": "receipt"})],
            {},
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("key", "made"), BROKEN.values(), ids=BROKEN)
def test_a_rule_that_is_broken_is_named(key: str, made: Callable[[], bytes]) -> None:
    data = made()
    assert key in broken(data)
    assert all(breach.says.endswith(".") for breach in linted(data).breaches)


def test_each_limit_that_something_can_break_is_broken_here() -> None:
    tried = {key for key, _ in BROKEN.values()}
    told = {"channel", "clock", "attempts", "captures.age", "text.pages", "signature", "networks"}
    limits = {
        limit.key.removeprefix("advised.")
        for name in ("amazon", "tiktok", "ebay", "stripe", "shopify", "paypal", "bank")
        for limit in profile_named(name).limits
    }
    # A language is only ever advised on: the words are quoted.
    assert limits - told - tried == {"text.language"}


def test_a_host_that_no_source_names_is_advice_and_refuses_nothing() -> None:
    ours = {"url": "https://proof.example/v1/shared/x", "expires_at": "2026-12-01T00:00:00.000000Z"}
    found = linted(tiktok(link=ours))
    assert found.ok
    assert ["links.hosts"] == [breach.key for breach in found.breaches if breach.advised]
    assert "seed" in found.breaches[0].says


def test_words_of_another_language_are_told_of() -> None:
    texts = {"statement": "Received by: 张三."}
    found = linted(fields("bank", {}, texts))
    assert found.ok and [breach.key for breach in found.breaches] == ["text.language"]


def test_a_refusal_says_what_which_limit_and_what_to_do() -> None:
    (breach,) = linted(stripe({"receipt.pdf": exactly(4_500_001)})).breaches
    assert "4500001" in breach.says and "4500000" in breach.says
    assert "STR-FILE-01" in breach.says and "documented-3p" in breach.says
    assert "5000000" in breach.says, "the other reading"
    assert "shrink or leave out" in breach.says


def says(data: bytes) -> str:
    return " ".join(breach.says for breach in linted(data).breaches if breach.key == "bundle")


def test_what_lies_elsewhere_than_the_lines_say_is_named() -> None:
    bare = profile_named("stripe")
    gone = bundle(bare, [order("7", files={"files/7/a.pdf": "receipt"})], {})
    assert says(gone) == "files/7/a.pdf is named and not there."
    nobodys = bundle(bare, [order("7")], {"files/8/a.pdf": pdf()})
    assert says(nobodys) == "files/8/a.pdf belongs to no order: leave it out."
    amazons = profile_named("amazon")
    line = order(ORDER, files={"A1B2C3D4_1.pdf": "delivery"}, texts={"statement": SAID})
    beside = bundle(amazons, [line], {ZIP: archive({}), "files/a.pdf": pdf()}, text=ORDER)
    assert "files/a.pdf lies beside the archive: put it in." in says(beside)
    assert "A1B2C3D4_1.pdf is named and not in the archive." in says(beside)
    none = bundle(amazons, [line], {ZIP: b"PK but no more"}, text=ORDER)
    assert f"{ZIP} is no ZIP" in says(none) and "make it again" in says(none)
    assert "There are 0 archives" in says(bundle(amazons, [line], {}, text=ORDER))


def test_two_files_of_one_name_and_a_line_without_end_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stripes = profile_named("stripe")
    with pytest.raises(FormatError, match="two of its files have one name"):
        lint(io.BytesIO(bundle(stripes, [], {"FILES/a": b"", "files/A": b""})))
    long = bundle(stripes, [order("7", texts={"a": "x" * 20_000})], {})
    assert linted(long).orders == 1
    monkeypatch.setattr("verifiers.forms.lint.MAX_LINE", 20_000)
    with pytest.raises(FormatError, match=r"orders\.jsonl.* a line has more than 20000 bytes"):
        lint(io.BytesIO(long))
    monkeypatch.setattr("verifiers.forms.lint.MAX_FILES", 4)
    with pytest.raises(FormatError, match="it has more than 4 files"):
        lint(io.BytesIO(long))


def test_a_file_that_no_platform_takes_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifiers.forms.lint.MAX_UPLOAD", 500)
    told = " ".join(one.says for one in linted(stripe({"receipt.pdf": exactly(999)})).breaches)
    assert "it has more than 500 bytes" in told


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip at all",
        archive({"a.txt": b""}),
        archive(
            {"index.json": b"[", "orders.jsonl": b"", "proof.jsonl": b"", "profile.toml": b"x"}
        ),
        amazon()[:-40],
    ],
    ids=["empty", "text", "another zip", "not our tables", "cut short"],
)
def test_what_is_no_bundle_of_a_profile_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(FormatError):
        lint(io.BytesIO(data))


@pytest.mark.parametrize(
    "line", [b"[]\n", b"{}\n", b'{"order":{"id":"1"},"files":[]}\n', b"\xff\n"]
)
def test_a_line_of_another_shape_is_no_line_of_ours(line: bytes) -> None:
    files = {
        "index.json": b'{"orders": 1}',
        "orders.jsonl": line,
        "proof.jsonl": b"",
        "profile.toml": profile_named("stripe").raw,
    }
    with pytest.raises(FormatError):
        lint(io.BytesIO(archive(files)))
