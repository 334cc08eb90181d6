"""The evidence report: order, timeline, contradictions, answers, coverage, items, how to verify."""

from __future__ import annotations

from collections.abc import Mapping

from service.report.answers import answer_blocks, coverage_blocks
from service.report.blocks import Block
from service.report.cards import item_blocks
from service.report.happened import contradiction_blocks, timeline_blocks
from service.report.order import order_blocks
from service.report.previews import Preview
from service.report.proofs import source_blocks, verifying_blocks
from service.report.sealing import Sealing
from service.report.wanted import Wanted


def blocks_of(
    sealing: Sealing, wanted: Wanted, previews: Mapping[str, Preview]
) -> tuple[Block, ...]:
    """The report's blocks after its cover. `previews` are by the items' SHA-256."""
    return (
        *order_blocks(sealing, wanted),
        *timeline_blocks(sealing, wanted),
        *contradiction_blocks(sealing, wanted),
        *answer_blocks(sealing, wanted),
        *coverage_blocks(sealing, wanted),
        *item_blocks(sealing, wanted, previews),
        *source_blocks(sealing),
        *verifying_blocks(sealing, wanted),
    )
