"""Whose tracking number a text can be.

`identify` names every carrier it can belong to; `likeness` asks about one, and `carrier_named`
knows which one a text means. Ambiguity stays: a run of digits is many carriers', and none of them
is chosen here. One file a family has the rules, as data; docs/tracking-numbers.md shows them all.
"""

from evidence.tracking_numbers.answers import CARRIERS, Identified, asked_as, identify, likeness
from evidence.tracking_numbers.kind import Candidate, Form, Likeness
from evidence.tracking_numbers.names import carrier_named
from evidence.tracking_numbers.normal import LONGEST, normalize

__all__ = [
    "CARRIERS",
    "LONGEST",
    "Candidate",
    "Form",
    "Identified",
    "Likeness",
    "asked_as",
    "carrier_named",
    "identify",
    "likeness",
    "normalize",
]
