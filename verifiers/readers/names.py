"""Names that programs give to values, as a person would write them."""

import re


def words_of_name(name: str) -> str:
    """A name as a person would write it: `trackingNumber` and `tracking_number` are labels."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:80])
    return " ".join(parted.replace("_", " ").replace("-", " ").split())
