"""Who wrote a mail, by the rules of Amazon's relay, as far as a mail without proof can tell.

Anyone can write any From line. What is decided here is whose claim the mail is if it is genuine;
how far to believe that is the provenance's matter. A mail that its receiving server saw fail DMARC
or DKIM for its sender is nobody's claim but "mail": bad news needs no proof.

Source: addresses and header values as public parsers of such mails expect them; Amazon publishes no
description.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from email.utils import getaddresses

from evidence.mail import Part

_SITES = (
    r"(?:com|ca|com\.mx|com\.br|co\.uk|de|fr|it|es|nl|se|pl|com\.be|ie|com\.tr|ae|sa|eg|in|"
    r"co\.jp|sg|com\.au)"
)
_RELAY = re.compile(rf"[a-z0-9]{{8,32}}(?:\+[0-9a-f-]{{8,36}})?@marketplace\.amazon\.{_SITES}")
_AMAZON = re.compile(rf"[^@\s]+@(?:[a-z0-9-]+\.)*amazon\.{_SITES}")
_FAILED = re.compile(r"\b(?:dmarc|dkim)\s*=\s*(?:fail|permerror)\b")
_SELLERS_COPY = "BBC_MESSAGE_CONFIRMATION_TO_MERCHANT"


def addresses(part: Part, *names: str) -> list[str]:
    """The addresses in these headers, in lower case, at most 50."""
    values = [value for name in names for value in part.raw_headers(name)[:5]]
    try:
        found = getaddresses(values)
    except Exception:  # it raises on some malformed lists
        return []
    return [address.lower() for _, address in found if address][:50]


def is_relay(address: str) -> bool:
    return _RELAY.fullmatch(address) is not None


def failed_checks(head: Part) -> bool:
    """Whether a server on the way wrote that the sender's proof failed."""
    said = head.raw_headers("Authentication-Results")[:10]
    return any(_FAILED.search(value.lower()) for value in said)


def relay_addresses(head: Part) -> list[str]:
    """The buyer's aliases in From, Reply-To and To; none from a mail whose proof failed.

    An alias stands for a buyer, with a `+case` for one conversation. Whoever forges one must not be
    able to draw that buyer's mails into another order, nor may a mail to many buyers tie them up.
    """
    if failed_checks(head):
        return []
    found = {a for a in addresses(head, "From", "Reply-To", "To") if is_relay(a)}
    buyers = {re.sub(r"\+[^@]*", "", address) for address in found}
    return sorted(found) if len(buyers) == 1 else []


def origin_of(head: Part, *, own: Collection[str] = ()) -> str:
    """ "buyer", "seller" or "amazon" by the relay's rules, else "mail".

    own  the seller's own addresses, in lower case
    """
    senders = addresses(head, "From")
    if failed_checks(head) or len(senders) != 1:
        return "mail"
    (sender,) = senders
    kind = head.header("X-Space-Notification-Type")
    if is_relay(sender):
        return "buyer"
    if _AMAZON.fullmatch(sender):
        return "seller" if kind == _SELLERS_COPY else "amazon"
    to_buyer = any(is_relay(address) for address in addresses(head, "To", "Cc"))
    return "seller" if sender in own or to_buyer else "mail"
