"""Questions asked of what is kept: every verifier, then coverage, under one policy and one `at`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evidence.facts import Facts
from evidence.manifest import Coverage, SealedItem
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.verdicts import Judgement
from verifiers.coverage import cover
from verifiers.registry import VERIFIERS


def judge(
    *,
    order: OrderRef,
    items: Sequence[SealedItem],
    facts: Facts,
    policy: Policy,
    at: datetime,
) -> tuple[tuple[Judgement, ...], tuple[Coverage, ...]]:
    """The judgements in the registry's order, and the policy's coverage. Pure."""
    judgements = tuple(
        verifier.judge(order=order, items=items, facts=facts, policy=policy, at=at)
        for verifier in VERIFIERS
    )
    return judgements, cover(items, facts, policy, at, order)
