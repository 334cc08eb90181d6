"""Order numbers are checked before anything is asked of anyone."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import RequestError
from evidence.orders import OrderRef, Platform, order_ref, platform_of
from tests.evidence.strategies import order_refs

MARKETS = ("amazon", "ebay", "tiktok", "shopify")


@pytest.mark.parametrize("platform", MARKETS)
def test_the_contract_s_numbers_are_taken_and_its_wrong_ones_refused(
    shared: Path, platform: str
) -> None:
    table = json.loads((shared / "contracts/market/order-ids.json").read_bytes())[platform]
    assert table["valid"]
    for number in table["valid"]:
        assert order_ref(platform, number).platform == platform
    for number in table.get("invalid", ()):
        with pytest.raises(RequestError, match="the order id"):
            order_ref(platform, number)


def test_leading_zeros_stay_and_outer_space_goes() -> None:
    ref = order_ref(" Amazon ", " 028-1234567-8901234\n", "us")
    assert ref == OrderRef(Platform.AMAZON, "028-1234567-8901234", "US")
    assert str(ref) == "amazon:028-1234567-8901234 (US)"


def test_shopify_s_global_id_is_its_number() -> None:
    ref = order_ref("shopify", "gid://shopify/Order/450789469")
    assert ref == order_ref("shopify", "450789469")
    for wrong in ("gid://shopify/Order/", "gid://shopify/Order/../x", "gid://shopify/Refund/1"):
        with pytest.raises(RequestError):
            order_ref("shopify", wrong)
    with pytest.raises(RequestError):
        order_ref("other", "gid://shopify/Order/450789469")


@pytest.mark.parametrize(
    ("platform", "number"),
    [
        ("amazon", "１１４-9876543-1234560"),
        ("amazon", "114-9876543-123456٣"),
        ("amazon", "114-9876543-1234560\u200b"),
        ("amazon", "114–9876543–1234560"),
        ("tiktok", "٥٧٦٦٨٤٠١٩٦٠٣٣١١٣٦٥"),
        ("shopify", "#１００１"),
        ("shopify", ".."),
        ("shopify", "a/b"),
        ("other", ".."),
        ("other", "."),
        ("other", "../../etc/passwd"),
        ("other", "a\\b"),
        ("other", ""),
        ("other", "   "),
        ("other", "x" * 101),
        ("other", "a\nb"),
        ("other", "a\x00b"),
        ("other", "a\x85b"),
        ("other", "a\u202eb"),
        ("other", "a\u2066b"),
        ("other", "a\u200db"),
        ("other", "\ufeffa"),
        ("other", "a\u2028b"),
        ("other", "a\ud800"),
        ("other", "a\U000e0041"),
        ("other", "a\ue000"),
        ("other", "a\xa0b"),
        ("other", "a\u3000b"),
    ],
    ids=ascii,
)
def test_what_is_shaped_wrongly_or_cannot_be_seen_is_refused(platform: str, number: str) -> None:
    with pytest.raises(RequestError, match="the order id") as refused:
        order_ref(platform, number)
    assert len(refused.value.why) < 250
    assert number not in str(refused.value) or number.isprintable()


@pytest.mark.parametrize("site", ["", "U", "USA", "ß", "uſ", "ıt", "ＵＳ", "1A", "U S", "U\u200bS"])
def test_a_site_is_two_ascii_letters(site: str) -> None:
    with pytest.raises(RequestError, match="the site"):
        order_ref("amazon", "114-9876543-1234560", site)


def test_an_unknown_platform_is_told_the_known_ones() -> None:
    with pytest.raises(RequestError, match="not one of amazon, tiktok"):
        order_ref("allegro" * 100, "1")


@given(st.text(max_size=120))
def test_any_text_is_an_order_id_of_its_own_or_a_request_error(text: str) -> None:
    for platform in Platform:
        try:
            ref = order_ref(platform, text)
        except RequestError:
            continue
        assert ref.id in text
        assert "/" not in ref.id and ref.id not in {".", ".."} and ref.id.isprintable()
        assert order_ref(platform, ref.id) == ref
        ref.canonical()


@given(order_refs())
def test_an_order_that_passed_passes_again(ref: OrderRef) -> None:
    assert order_ref(ref.platform, ref.id, ref.site) == ref
    assert platform_of(ref.id) is Platform.AMAZON


def test_a_platform_is_only_told_from_an_unmistakable_number() -> None:
    assert platform_of(" 01-03955-36441 ") is Platform.EBAY
    assert platform_of("576684019603311365") is None
    assert platform_of("１１４-9876543-1234560") is None


def test_the_committed_bytes_are_canonical_json() -> None:
    ref = OrderRef(Platform.OTHER, "订单1", "DE")
    assert ref.canonical() == '{"id":"订单1","platform":"other","site":"DE"}'.encode()
