"""Which of an order's tracking numbers a carrier is asked about.

The tables are in evidence/tracking_numbers/: what a collector may ask for, a verifier may doubt.
"""

from evidence.tracking_numbers import CARRIERS, Likeness, asked_as, identify, likeness, normalize

__all__ = ["CARRIERS", "Likeness", "asked_as", "identify", "is_a", "likeness", "normalize"]


def is_a(number: str, carrier: str, *kinds: str) -> bool:
    """Whether `number` can be of one of the carrier's kinds, each named by how its name begins."""
    return any(
        one.carrier == carrier and one.kind.startswith(kinds) for one in identify(number).possible
    )
