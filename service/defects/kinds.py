"""Kinds of defects: told apart in the words of exports, dashboards, mails and webhooks; and whose
policy answers them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from evidence.policy import Policy
from verifiers.rulebook import GENERIC, policy_for


class Kind(StrEnum):
    """Kinds that platforms keep apart, as policies name them."""

    A_TO_Z = "a-to-z"
    CHARGEBACK = "chargeback"
    FEEDBACK = "feedback"
    SERVICE_RATING = "service rating"
    RETURN = "return"
    LATE_SHIPMENT = "late shipment"
    INVALID_TRACKING = "valid tracking"
    NOT_RECEIVED = "not received"
    NOT_AS_DESCRIBED = "not as described"
    CANCELLATION = "cancellation"
    UNRESOLVED = "unresolved case"
    OTHER = "other"


# The first that is found in what is said.
_KINDS: Sequence[tuple[str, Kind]] = (
    (r"a[\s-]*(?:to|2)[\s-]*z|guarantee claim|索赔", Kind.A_TO_Z),
    (
        r"charge\s*-?backs?|payment dispute|fraudulent|unauthori[sz]ed|unrecogni[sz]ed|duplicate"
        r"|credit not processed|^(?:stripe|shopify|visa) |拒付",
        Kind.CHARGEBACK,
    ),
    (r"without[\s_-]*seller[\s_-]*resolution|unresolved case", Kind.UNRESOLVED),
    (r"late[\s_-]*(?:shipment|dispatch|ship)|延迟发货|迟发", Kind.LATE_SHIPMENT),
    (r"(?:in)?valid[\s_-]*tracking|tracking[\s_-]*(?:is )?invalid|追踪率", Kind.INVALID_TRACKING),
    (r"not[\s_-]*received|never arrived|inr\b|未收到", Kind.NOT_RECEIVED),
    (r"not[\s_-]*as[\s_-]*described|s?nad\b|inad\b|描述不符", Kind.NOT_AS_DESCRIBED),
    (
        r"seller[\s_-]*(?:fault[\s_-]*)?cancel|cancell?(?:ed by|ation by)[\s_-]*seller"
        r"|out of stock|auto[\s_-]*cancel|卖家取消",
        Kind.CANCELLATION,
    ),
    (r"service[\s_-]*rating|service[\s_-]*score|服务评分", Kind.SERVICE_RATING),
    (r"return|refund|after[\s_-]*sales?|退货|退款|售后", Kind.RETURN),
    (r"feedback|review|rating|[12][\s_-]*star|stars?\b|差评", Kind.FEEDBACK),
)
# What else policies call a kind.
_NAMES: Mapping[Kind, Sequence[str]] = {
    Kind.FEEDBACK: ("negative-review", "negative feedback"),
    Kind.LATE_SHIPMENT: ("late dispatch", "late-delivery"),
    Kind.NOT_RECEIVED: ("inr",),
    Kind.NOT_AS_DESCRIBED: ("inad", "product unacceptable"),
    Kind.SERVICE_RATING: ("order-defect",),
    Kind.RETURN: ("ebay return",),
}
_WORDS = re.compile(r"[\s_.-]+")


def kind_of(said: str) -> Kind:
    """What a platform's words mean; OTHER for what nobody knows."""
    return next((kind for form, kind in _KINDS if re.search(form, said, re.I)), Kind.OTHER)


def policy_of(
    platform: str,
    said: str,
    *,
    on: date | None = None,
    among: Mapping[str, Policy] | None = None,
) -> Policy:
    """The policy that answers what was said, or its kind; else the platform's own by default."""
    kind = kind_of(said)
    for name in (_WORDS.sub(" ", said).strip(), str(kind), *_NAMES.get(kind, ())):
        found = policy_for(platform, name, on=on, among=among)
        if found.id != GENERIC or found.answers(name):
            return found
    return policy_for(platform, None, on=on, among=among)
