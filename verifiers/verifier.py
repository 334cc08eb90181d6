"""The shape that every verifier has: a question, and a pure function that answers it.

A verifier sees what the manifest seals, never bytes, a clock or the network, so the same items,
facts, policy and `at` give the same answer in ten years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.facts import Facts
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.verdicts import Answer, Judgement


class Verify(Protocol):
    def __call__(
        self,
        *,
        order: OrderRef,
        items: Sequence[SealedItem],
        facts: Facts,
        policy: Policy,
        at: datetime,
    ) -> Answer:
        """Never raises for bad evidence: bad evidence is an answer."""
        ...


@dataclass(frozen=True, slots=True)
class Verifier:
    """A question with its answerer; `version` is raised when an answer could change."""

    name: str
    version: int
    question: str
    verify: Verify

    def judge(
        self,
        *,
        order: OrderRef,
        items: Sequence[SealedItem],
        facts: Facts,
        policy: Policy,
        at: datetime,
    ) -> Judgement:
        verdict, findings = self.verify(order=order, items=items, facts=facts, policy=policy, at=at)
        return Judgement(self.name, self.version, self.question, verdict, tuple(findings))
