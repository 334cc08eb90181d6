"""The gap report and the channel report: neutral words, facts with their places, no buyer."""

from __future__ import annotations

import re

import pytest

from evidence.canonical import digest
from evidence.items import Role
from evidence.wording import slips
from service.report import cards, causes, channel, gaps, order
from service.report.blocks import Block, Note, Table, Text, claims_of
from service.report.findings import phrases
from service.report.meanings import meaning_of
from service.report.wanted import Kind, Wanted
from tests.service.report.accounts import RECORD, TRACKING, account, scan, sealing, story
from tests.verifiers.evidence_of import item, said
from verifiers.rulebook import policies

GAPS, CHANNEL = Wanted(kind=Kind.GAPS), Wanted(kind=Kind.CHANNEL)


def hashed(kind: str, value: str) -> str:
    return digest(f"{kind} {value}".encode())


def told(blocks: tuple[Block, ...]) -> str:
    return "\n".join(claim.said.en for claim in claims_of(blocks))


def test_what_is_missing_is_named_with_where_to_get_it() -> None:
    text = told(gaps.blocks_of(sealing(), GAPS))
    assert "Proof of delivery provided by the carrier" in text
    assert "missing, required" in text
    assert re.search(r"\d of \d required things are lacking", text)


def test_until_when_is_the_strictest_reading_of_the_next_step() -> None:
    notice = said("defect.noticed.at", "2026-11-19T12:00:00Z", by="amazon", item="notice")
    page = item("notice", Role.DEFECT_NOTICE, origin="amazon")
    of = sealing(account([*story(), notice], (RECORD, TRACKING, page)))
    text = told(gaps.blocks_of(of, GAPS))
    assert "reply · 2026-11-21 12:00:00 UTC" in text


def test_without_a_notice_it_counts_from_what_the_request_says() -> None:
    text = told(gaps.blocks_of(sealing(), GAPS))
    assert "reply · 2026-11-20 17:20:00 UTC, counted from the request" in text


def test_without_a_start_no_date_is_told() -> None:
    text = told(gaps.blocks_of(sealing(account(defect={"kind": "a-to-z"})), GAPS))
    assert "so no date can be told" in text
    assert "not known" in text


def test_how_long_a_stretch_took_is_told_as_wide_as_the_times_are() -> None:
    text = told(gaps.blocks_of(sealing(), GAPS))
    # From 2026-10-29T02:02:10Z to 2026-11-03T22:31:07Z.
    assert "Carrier to delivery · 140.5 hours" in text


@pytest.mark.parametrize(
    ("limit", "answer"),
    [
        ("2026-11-30T00:00:00Z", "yes ("),
        ("2026-11-01T00:00:00Z", "no ("),
        ("2026-11-03", "cannot be known"),
    ],
    ids=["kept", "broken", "a day without a zone"],
)
def test_a_promise_is_compared_and_never_guessed(limit: str, answer: str) -> None:
    promise = said("order.deliver_by.at", limit, by="erp", item="record", group="row/1")
    text = told(gaps.blocks_of(sealing(account([*story(), promise])), GAPS))
    assert f"Delivered by the promised time · {answer}" in text


def test_of_several_parcels_no_stretch_is_told() -> None:
    other = said(
        "shipment.tracking_number", "1Z999AA10123456784", by="erp", item="record", group="row/1"
    )
    assert "Carrier to delivery" not in told(
        gaps.blocks_of(sealing(account([*story(), other])), GAPS)
    )


def test_our_own_words_use_none_that_a_policy_does_not_want() -> None:
    for policy in policies().values():
        if not policy.phrases:
            continue
        blocks = gaps.blocks_of(sealing(account(policy=policy.id)), GAPS)
        ours = "\n".join(
            f"{block.said.en}\n{block.said.zh}" for block in blocks if isinstance(block, Note)
        )
        ours += "\n".join(f"{p.meaning}\n{p.do}" for p in phrases().values())
        assert not slips(policy, ours)


def test_nothing_is_predicted() -> None:
    for blocks in (gaps.blocks_of(sealing(), GAPS), channel.blocks_of(sealing(), CHANNEL, hashed)):
        text = "\n".join(b.said.en for b in blocks if isinstance(b, Note | Text)).lower()
        for word in ("will win", "will be accepted", "success", "likely", "guarantee"):
            assert word not in text


def test_unwanted_words_are_listed_with_their_reason() -> None:
    with_phrases = next(p for p in policies().values() if p.phrases)
    text = told(gaps.blocks_of(sealing(account(policy=with_phrases.id)), GAPS))
    assert with_phrases.phrases[0].words[0] in text


BUYER = [
    said("order.buyer", "Jane Doe", by="erp", item="record", group="row/1"),
    said("order.buyer.email", "Jane@Example.com ", by="erp", item="record", group="row/1"),
    said("order.buyer.email", "jane@example.com", by="ups", item="tracking", group="parcel"),
    said("shipment.recipient.name", "Jane Doe", by="erp", item="record", group="row/1"),
]


def test_a_buyer_is_compared_by_hash_and_never_shown() -> None:
    blocks = channel.blocks_of(sealing(account([*story(), *BUYER])), CHANNEL, hashed)
    text = told(blocks)
    assert "jane" not in text.lower()
    digits = {
        row.cells[1].en
        for block in blocks
        if isinstance(block, Table)
        for row in block.rows
        if "address" in row.cells[0].en
    }
    assert len(digits) == 1


def test_the_chain_leads_from_the_order_to_the_carrier() -> None:
    text = told(channel.blocks_of(sealing(), CHANNEL, hashed))
    assert "the platform's order number" in text or "order number" in text
    assert text.count("1Z5R89390357567127") >= 2
    assert "No item states an id of the buyer." in text


def test_the_channel_report_begins_with_whose_order_it_is() -> None:
    text = told(channel.blocks_of(sealing(), CHANNEL, hashed))
    answer = text.index("is an order of amazon: its number has the platform's form")
    assert answer < text.index("1Z5R89390357567127")


def test_a_link_that_nobody_states_is_told() -> None:
    orphan = [scan("delivered", "2026-11-03T14:31:07-08:00", "parcel/1")]
    text = told(channel.blocks_of(sealing(account(orphan, (TRACKING,))), CHANNEL, hashed))
    assert "No item states anything of this link." in text
    assert "Nothing came over an interface." in text


def test_each_fact_that_reports_tell_of_has_its_name_in_chinese() -> None:
    names = [
        *order.OF_THE_ORDER, *cards.OF_AN_ITEM, *channel.CHANNEL, *channel.SHIPMENT,
        *channel.CARRIER, *channel.BUYER, *causes.TROUBLE, *causes.DONE,
    ]  # fmt: skip
    assert not [name for name in names if not re.search(r"[\u4e00-\u9fff]", meaning_of(name).zh)]
