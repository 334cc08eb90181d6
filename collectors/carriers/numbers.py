"""Which of an order's tracking numbers a carrier is asked about.

The tables are in evidence/tracking_numbers/: what a collector may ask for, a verifier may doubt.
"""

from evidence.tracking_numbers import Likeness, asked_as, likeness, normalize

__all__ = ["Likeness", "asked_as", "likeness", "normalize"]
