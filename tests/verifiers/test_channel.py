"""Is the order one of the platform that holds a defect against it? Proven, disproven, or open."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef, Platform, has_shape
from evidence.verdicts import Finding, Verdict
from tests.verifiers.evidence_of import NEIGHBOUR, ORDER, facts_of, item, said
from verifiers.matching.buyers import Marks, relay_of
from verifiers.matching.channel import verify
from verifiers.matching.channels import channel_in
from verifiers.rulebook import policies

SHOP_ORDER = OrderRef(Platform.SHOPIFY, "SO-1001", "US")
SHOP = item("shop", Role.ORDER_RECORD, origin="shopify")
ERP = item("erp", Role.ORDER_RECORD, origin="seller", provenance=Provenance.UPLOAD)
NOTICE = item("notice", Role.DEFECT_NOTICE, origin="amazon", provenance=Provenance.UPLOAD)
AMAZON = item("amazon", Role.ORDER_RECORD, origin="amazon", about={"order.id": SHOP_ORDER.id})
OF_AMAZON = item("amazon", Role.ORDER_RECORD, origin="amazon")


def shop(name: str, value: str) -> Fact:
    return said(name, value, by="shopify", item="shop")


def erp(name: str, value: str, group: str = "row/1") -> Fact:
    return said(name, value, by="seller", item="erp", group=group)


def notice(name: str, value: str) -> Fact:
    return said(name, value, by="amazon", item="notice")


def amazon(name: str, value: str) -> Fact:
    return said(name, value, by="amazon", item="amazon")


def judge(
    *facts: Fact,
    items: tuple[SealedItem, ...] = (SHOP,),
    order: OrderRef = SHOP_ORDER,
    policy: str = "amazon.feedback",
) -> tuple[Verdict, list[Finding]]:
    verdict, findings = verify(
        order=order, items=items, facts=facts_of(*facts), policy=policies()[policy]
    )
    return verdict, list(findings)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


WEB = (shop("order.id", SHOP_ORDER.id), shop("order.channel", "web"))
BUYER = "jane@example.com"


def test_a_shops_own_order_of_another_form_is_not_the_platforms() -> None:
    """S0-06."""
    verdict, findings = judge(*WEB)
    assert (verdict, codes(findings)) == (Verdict.PASS, {"order-not-of-platform"})
    sentence = findings[0].sentence
    assert "has not the form" in sentence and "shopify answers" in sentence and "web" in sentence
    assert findings[0].rests


def test_the_sellers_table_alone_never_settles_it() -> None:
    """Forgery: an export with an invented order number and channel."""
    facts = (erp("order.id", SHOP_ORDER.id), erp("order.platform", "独立站"))
    verdict, findings = judge(*facts, items=(ERP,))
    assert (verdict, codes(findings)) == (Verdict.INCONCLUSIVE, {"channel-open"})
    refused = amazon("order.unknown", "Invalid order number")
    verdict, findings = judge(*facts, refused, items=(ERP, AMAZON))
    assert (verdict, codes(findings)) == (Verdict.PASS, {"order-not-of-platform"})


def test_a_number_that_could_be_the_platforms_needs_the_platforms_answer() -> None:
    """TikTok's numbers are digits, and so are some shops'."""
    order = OrderRef(Platform.SHOPIFY, "5551234567", "US")
    facts = (shop("order.id", order.id), shop("order.channel", "web"))
    verdict, findings = judge(*facts, order=order, policy="tiktok.odr")
    assert (verdict, codes(findings)) == (Verdict.INCONCLUSIVE, {"channel-open"})
    assert "tiktok's answer is not there" in findings[0].sentence
    asked = item("tiktok", Role.ORDER_RECORD, origin="tiktok", about={"order.id": order.id})
    unknown = said("order.unknown", "lists no such order", by="tiktok", item="tiktok")
    verdict, _ = judge(*facts, unknown, items=(SHOP, asked), order=order, policy="tiktok.odr")
    assert verdict is Verdict.PASS


@pytest.mark.parametrize(
    "fact",
    [
        shop("order.alias", ORDER.id),
        shop("order.buyer.email", "abc123@marketplace.amazon.com"),
    ],
    ids=["its number at the platform", "the platform's relay address"],
)
def test_an_imported_order_is_the_platforms_after_all(fact: Fact) -> None:
    """Forgery: an Amazon order that an app put into the shop is shown as the shop's own."""
    verdict, findings = judge(*WEB, fact)
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"order-is-the-platforms"})


def test_the_platforms_own_record_ends_it() -> None:
    verdict, findings = judge(
        *WEB, shop("order.alias", ORDER.id), amazon("order.id", ORDER.id), items=(SHOP, OF_AMAZON)
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"order-is-the-platforms"})
    assert "own record" in findings[0].sentence


def test_the_same_buyer_at_both_turns_it_and_is_never_told() -> None:
    """S0-06: a matching buyer hash flips it."""
    known = (*WEB, shop("order.buyer.email", f" {BUYER.upper()}"), shop("order.buyer.id", "77"))
    verdict, findings = judge(
        *known, notice("order.id", SHOP_ORDER.id), notice("order.buyer.email", BUYER),
        items=(SHOP, NOTICE),
    )  # fmt: skip
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"buyer-is-the-platforms"})
    assert not any("jane" in finding.sentence.casefold() for finding in findings)
    verdict, findings = judge(
        *known, notice("order.id", SHOP_ORDER.id), notice("order.buyer.email", "bob@example.com"),
        items=(SHOP, NOTICE),
    )  # fmt: skip
    assert (verdict, codes(findings)) == (Verdict.PASS, {"order-not-of-platform"})
    assert "keyed hash" in findings[0].sentence and "example" not in findings[0].sentence


def test_a_notice_of_the_platforms_own_order_is_answered_for_that_one() -> None:
    """Forgery: a true order of the shop, which the claim was never about."""
    verdict, findings = judge(*WEB, notice("order.id", NEIGHBOUR), items=(SHOP, NOTICE))
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"notice-is-of-another-order"})


def test_a_notice_that_names_nothing_is_told() -> None:
    kind = notice("defect.kind", "negative feedback")
    verdict, findings = judge(*WEB, kind, items=(SHOP, NOTICE))
    assert verdict is Verdict.PASS
    assert codes(findings) == {"order-not-of-platform", "notice-not-tied"}


def test_the_sellers_own_record_that_names_the_platform_speaks_against_the_seller() -> None:
    verdict, findings = judge(
        *WEB, erp("order.id", SHOP_ORDER.id), erp("order.platform", "Amazon.com"),
        items=(SHOP, ERP),
    )  # fmt: skip
    assert verdict is Verdict.PASS  # the shop says web, the ERP Amazon: the shop's own answer holds
    assert codes(findings) == {"order-not-of-platform"}
    verdict, findings = judge(
        erp("order.id", SHOP_ORDER.id), erp("order.platform", "Amazon.com"), items=(ERP,)
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"order-is-the-platforms"})


def test_goods_from_the_platforms_warehouse_for_another_channel() -> None:
    """Amazon ships orders of other channels: its own record says NON_AMAZON."""
    facts = (amazon("order.id", ORDER.id), amazon("order.platform", "NON_AMAZON"))
    verdict, findings = judge(*facts, items=(OF_AMAZON,), order=ORDER)
    assert (verdict, codes(findings)) == (Verdict.PASS, {"order-not-of-platform"})


@pytest.mark.parametrize(
    ("facts", "verdict", "expected"),
    [
        ((amazon("order.id", ORDER.id), amazon("order.platform", "AMAZON")), Verdict.PASS,
         {"order-of-platform"}),
        ((amazon("order.id", ORDER.id), erp("order.id", ORDER.id),
          erp("order.platform", "Shopify")), Verdict.PASS,
         {"order-of-platform", "channel-told-otherwise"}),
        ((erp("order.id", ORDER.id),), Verdict.PASS, {"order-of-platform"}),
        ((erp("order.id", ORDER.id), erp("order.platform", "Shopify")), Verdict.INCONCLUSIVE,
         {"order-of-platform", "channel-told-otherwise"}),
        ((amazon("order.unknown", "not found"),), Verdict.INCONCLUSIVE,
         {"platform-knows-no-order"}),
        ((), Verdict.NOT_APPLICABLE, set()),
    ],
    ids=["its record", "an ERP that has it from a shop", "its number", "only an ERP", "unknown",
         "nothing"],
)  # fmt: skip
def test_an_honest_order_of_the_platform_is_not_flagged(
    facts: tuple[Fact, ...], verdict: Verdict, expected: set[str]
) -> None:
    answer, findings = judge(*facts, items=(OF_AMAZON, ERP), order=ORDER)
    assert (answer, codes(findings)) == (verdict, expected)


def test_a_neighbours_row_says_nothing_of_this_orders_channel() -> None:
    rows = (
        erp("order.id", SHOP_ORDER.id), erp("order.id", NEIGHBOUR, "row/2"),
        erp("order.platform", "Amazon", "row/2"), erp("order.buyer.email", BUYER, "row/2"),
    )  # fmt: skip
    verdict, findings = judge(
        *WEB, *rows, notice("order.buyer.email", BUYER), items=(SHOP, ERP, NOTICE)
    )
    assert (verdict, "buyer-is-the-platforms" in codes(findings)) == (Verdict.PASS, False)


def test_a_networks_rules_ask_the_orders_own_platform() -> None:
    other = OrderRef(Platform.OTHER, "A-1", "US")
    assert judge(order=other, items=(), policy="visa.ce3") == (Verdict.NOT_APPLICABLE, [])


@pytest.mark.parametrize(
    ("text", "platform", "denied"),
    [
        ("Amazon.com", Platform.AMAZON, False),
        ("AMAZON", Platform.AMAZON, False),
        ("NON_AMAZON", Platform.AMAZON, True),
        ("Non-Amazon US", Platform.AMAZON, True),
        ("FBA", Platform.AMAZON, False),
        ("TIKTOK_SHOP", Platform.TIKTOK, False),
        ("亚马逊", Platform.AMAZON, False),
        ("独立站", Platform.SHOPIFY, False),
        ("web", Platform.SHOPIFY, False),
        ("EBAY_US", Platform.EBAY, False),
        ("1234567", None, False),
        ("website of a friend", None, False),
        ("Amazon via Shopify", None, False),
        ("", None, False),
    ],
)
def test_words_for_channels(text: str, platform: Platform | None, *, denied: bool) -> None:
    found = channel_in(text)
    assert (found and found.platform, bool(found and found.denied)) == (platform, denied)


def test_a_forms_boundaries() -> None:
    assert has_shape(Platform.AMAZON, ORDER.id) and not has_shape(Platform.AMAZON, "SO-1001")
    assert has_shape(Platform.TIKTOK, "576461413038785752")
    assert not has_shape(Platform.TIKTOK, "#1001")
    assert has_shape(Platform.OTHER, "anything")


@given(st.text(max_size=40))
def test_marks_are_the_same_for_the_same_and_only_within_an_order(text: str) -> None:
    facts = facts_of(shop("order.buyer.email", text), shop("payment.email", f" {text.upper()} "))
    marks = [mark for _, mark in Marks((SHOP,)).of(facts)]
    if text.split() and text.upper().casefold() == text.casefold():
        assert len(marks) == 2 and len(set(marks)) == 1
    other = item("shop2", Role.ORDER_RECORD)
    salted = SealedItem(**{**{f: getattr(other, f) for f in other.__slots__}, "salt": b"1" * 32})
    assert not {mark for _, mark in Marks((salted,)).of(facts)} & set(marks)


def test_a_mark_can_be_made_again_by_who_has_the_salts() -> None:
    """From the manifest alone, in any language; another way of making it would be another mark."""
    salts = (bytes(32), b"1" * 32)
    items = [replace(SHOP, salt=salt) for salt in (*salts[::-1], salts[0])]
    ((_, mark),) = Marks(items).of(facts_of(shop("order.buyer.email", "A b@C.test")))
    key = hashlib.sha256(b"orderproof-buyer-v1" + b"".join(salts)).digest()
    assert mark == hmac.new(key, b"mail\0ab@c.test", hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("address", "platform"),
    [
        ("a@marketplace.amazon.co.uk", Platform.AMAZON),
        ("a@marketplace.amazon.com.evil.test", None),
        ("a@marketplace.amazon.com@evil.test", None),
        ('"a@b.test"@marketplace.amazon.com', Platform.AMAZON),
        ("b@members.ebay.com", Platform.EBAY),
        ("c@relay.walmart.com", Platform.WALMART),
        ("d@example.com", None),
        ("nothing", None),
    ],
)
def test_relay_addresses(address: str, platform: Platform | None) -> None:
    assert relay_of(shop("order.buyer.email", address)) is platform


# What is told, sentence by sentence.


def told(*facts: Fact, items: tuple[SealedItem, ...] = (SHOP,)) -> list[str]:
    _, findings = judge(*facts, items=items)
    return [finding.sentence for finding in findings]


def test_each_reason_is_told_with_whose_word_it_is() -> None:
    form = "its number has not the form of amazon's"
    knows = "shopify answers that the order is its own"
    web = "shopify names the channel “web”"
    unknown = amazon("order.unknown", "Invalid order number")
    head = f"{SHOP_ORDER.id} is no order of amazon: "
    assert told(*WEB) == [f"{head}{form}; {knows}; {web}."]
    assert told(*WEB, unknown, items=(SHOP, AMAZON)) == [
        f"{head}{form}; {knows}; amazon answers that it does not know it; {web}."
    ]


def test_what_is_open_says_what_is_lacking() -> None:
    row = (erp("order.id", SHOP_ORDER.id), erp("order.platform", "独立站"))
    assert told(*row, items=(ERP,)) == [
        f"Whether {SHOP_ORDER.id} is an order of amazon is open: its number has not the form of"
        " amazon's; seller names the channel “独立站”; the shop's own answer is not there."
    ]


def test_the_buyers_count_as_known_only_if_both_name_one() -> None:
    buyer = shop("order.buyer.email", BUYER)
    none = "no buyer that amazon names is this one's, by a keyed hash"
    assert none not in told(*WEB, buyer)[0]
    theirs = amazon("order.buyer.email", "somebody@example.net")
    assert none not in told(*WEB, theirs, items=(SHOP, AMAZON))[0]
    assert none in told(*WEB, buyer, theirs, items=(SHOP, AMAZON))[0]
