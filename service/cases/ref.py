"""A case's own order: whose chain its events are in, and the policy its seal is judged by."""

from __future__ import annotations

from evidence.orders import OrderRef, Platform
from evidence.policy import Policy, parse_policy

_PREFIX = "orderproof/case/"

# What a sealed case has to hold. Of the evidence it judges nothing: the orders' own accounts do.
POLICY: Policy = parse_policy(
    b"""
id = "orderproof.case"
version = "1"
platform = "other"
defect_kinds = ["orderproof case"]
title = "A case: every step that was taken, and what was sent and received"

[[requirement]]
id = "events"
text = "Every step of the case, in its order"
any_of = ["case.event"]
level = "required"
where = "the case"
source = "orderproof"
source_date = "n.d."
confidence = "documented"
""",
    name="the policy of cases",
)


def ref_of_case(id: str) -> OrderRef:
    """No platform's order can be called this: order_ref lets no slash through."""
    return OrderRef(Platform.OTHER, _PREFIX + id, "ZZ")


def case_of(ref: OrderRef) -> str | None:
    """The id of the case that this order belongs to; None if it is a real order."""
    return ref.id.removeprefix(_PREFIX) if ref.id.startswith(_PREFIX) else None
