"""Is it the same buyer? Compared by a keyed hash, so that no answer says who that is.

The key is made of the items' salts: they are random, lie in the manifest alone, and are destroyed
when the order is erased, so that nobody who sees a hash can try addresses against it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.orders import Platform

_PREFIX = b"orderproof-buyer-v1"
# Ids of one kind are compared with each other; a platform's number of a buyer is nobody else's.
_KINDS = {
    "order.buyer.email": "mail",
    "payment.email": "mail",
    "order.buyer.id": "id",
    "payment.customer": "id",
}
# Addresses behind which platforms keep the buyer's own. Amazon's: its mails to sellers; eBay's and
# Walmart's: common knowledge, not found in a stored source.
_RELAYS = {
    Platform.AMAZON: re.compile(r"@marketplace\.amazon\.[a-z]{2,3}(\.[a-z]{2})?"),
    Platform.EBAY: re.compile(r"@members\.ebay\.[a-z]{2,3}(\.[a-z]{2})?"),
    Platform.WALMART: re.compile(r"@relay\.walmart\.com"),
}


class Marks:
    """Keyed hashes of buyers' ids and addresses, the same for the same within one order."""

    def __init__(self, items: Sequence[SealedItem]) -> None:
        salts = sorted({item.salt for item in items})
        self._key = hashlib.sha256(_PREFIX + b"".join(salts)).digest()

    def of(self, facts: Facts) -> Iterator[tuple[Fact, str]]:
        """Each fact that names a buyer, with its mark: 64 hex digits."""
        for fact in facts.named(*_KINDS):
            if plain := "".join(fact.text.split()).casefold():
                said = f"{_KINDS[fact.name]}\0{plain}".encode("utf-8", "surrogatepass")
                yield fact, hmac.new(self._key, said, hashlib.sha256).hexdigest()


def relay_of(fact: Fact) -> Platform | None:
    """The platform whose relay the address is; None for any other address."""
    if _KINDS.get(fact.name) != "mail":
        return None
    address = fact.text.strip().casefold()
    at = address[address.rfind("@") :] if "@" in address else ""
    return next((who for who, relay in _RELAYS.items() if relay.fullmatch(at)), None)
