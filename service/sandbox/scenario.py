"""What a sandbox knows of one story, written as TOML; every stand-in tells its part of it.

[account.ups]                       one table a vendor; all of it may be left out
client_id = "demo-client"
client_secret = "demo-secret"       also the key, where a vendor has only one
unknown = "404"                     or "empty": 200 and nothing in it, as vendors do at times
token_lasts_s = 14399

[order]                             what platforms, shops and ERPs tell
id = "112-..."
placed_at = "2026-10-27T12:12:44-07:00"     and paid_at; every time has an offset
buyer = "Jane Doe"
total = "48.90"
currency = "USD"

[order.numbers]                     what other platforms call it: shopify, tiktok, ebay, magento
ebay = "04-..."

[[order.line]]
sku = "LAMP-OAK-02"
title = "Oak lamp"

[[parcel]]                          what the carrier of this name tells
carrier = "ups"
hauled_by = ""                      who carries it, where `carrier` only passes on what others say
tracking_number = "1Z..."
references = ["112-..."]
received_by = "DOE"
left_at = "Front Door"
recipient_city = "PORTLAND"         and _name, _street, _state, _postal_code, _country
pod_letter = true                   or the letter's own text
signature = true                    or the text that is drawn
photo = false

[[parcel.event]]                    in any order
at = "2026-11-03T14:31:07-08:00"
kind = "delivered"                  label, accepted, transit, out_for_delivery, delivered,
                                    exception or other
code = "011"                        the vendor's own; empty: what it would send for this kind
description = "DELIVERED"
city = "PORTLAND"                   and state, postal_code, country
gmt = true                          false: without its offset, where a vendor leaves it out at times

[[message]]                         what a mailbox or a help desk holds
at = "2026-11-05T10:12:09-08:00"
sender = "buyer"                    seller, or system
text = "..."

[[payment]]                         what a payment processor tells; [[refund]] and [[dispute]] too
processor = "stripe"                which one; ids are shaped as its own
prior = true                        an earlier payment by the same payer, for another order
id = "ch_..."
at = "..."
amount = "48.90"
currency = "USD"

[[return]]                          what a buyer asked back; `reason`, `status` in its words
platform = "tiktok"
id = "..."
at = "..."

[[fault]]                           see faults.py
kind = "status"
status = 500
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from evidence.errors import RequestError
from service.sandbox.faults import Fault, parse_fault
from service.sandbox.tables import built, refused, table_of, tables_of

KINDS = (
    "label",
    "accepted",
    "transit",
    "out_for_delivery",
    "delivered",
    "exception",
    "other",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The credentials that a stand-in accepts, and how it behaves."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    unknown: str = "404"
    token_lasts_s: int = 14399

    def __post_init__(self) -> None:
        if self.unknown not in ("404", "empty"):
            raise refused("account.unknown", "it is neither 404 nor empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A scan; `at` is aware, in the scan place's offset."""

    at: datetime
    kind: str = "transit"
    code: str = ""
    type: str = ""
    description: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = "US"
    gmt: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise refused("parcel", f"the kind of an event is not one of {', '.join(KINDS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    tracking_number: str
    carrier: str = "ups"
    hauled_by: str = ""
    references: tuple[str, ...] = ()
    service: str = "Ground"
    weight: str = ""
    weight_unit: str = "LBS"
    received_by: str = ""
    left_at: str = ""
    recipient_name: str = ""
    recipient_street: str = ""
    recipient_city: str = ""
    recipient_state: str = ""
    recipient_postal_code: str = ""
    recipient_country: str = "US"
    origin_country: str = "US"
    pod_letter: bool | str = False
    signature: bool | str = False
    photo: bool = False
    events: tuple[Event, ...] = ()

    @property
    def newest_first(self) -> list[Event]:
        return sorted(self.events, key=lambda event: event.at, reverse=True)

    @property
    def delivered(self) -> Event | None:
        """The newest scan that says delivered."""
        return next((event for event in self.newest_first if event.kind == "delivered"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    sku: str
    title: str = ""
    quantity: int = 1
    price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What the order is called on platforms other than its own."""

    amazon: str = ""
    shopify: str = ""
    tiktok: str = ""
    ebay: str = ""
    magento: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order as the platform, the shop or the ERP has it."""

    id: str
    platform: str = "amazon"
    site: str = "US"
    store: str = ""
    status: str = ""
    buyer: str = ""
    buyer_email: str = ""
    placed_at: datetime | None = None
    paid_at: datetime | None = None
    total: str = ""
    currency: str = "USD"
    aliases: tuple[str, ...] = ()
    numbers: Numbers = field(default_factory=Numbers)
    lines: tuple[Line, ...] = ()

    def number_on(self, platform: str) -> str:
        """The order's number there; empty where it has none."""
        return self.id if platform == self.platform else str(getattr(self.numbers, platform, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`sender` is buyer, seller or system; `automatic` marks an answer that nobody wrote."""

    at: datetime
    text: str
    sender: str = "buyer"
    id: str = ""
    subject: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    id: str
    at: datetime
    processor: str = ""
    amount: str
    currency: str = "USD"
    status: str = "succeeded"
    prior: bool = False
    fingerprint: str = ""
    email: str = ""
    card_last4: str = ""
    avs: str = ""
    cvv: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    id: str
    at: datetime
    processor: str = ""
    amount: str
    currency: str = "USD"
    payment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    id: str
    at: datetime
    processor: str = ""
    amount: str
    currency: str = "USD"
    reason: str = ""
    status: str = ""
    payment: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What a buyer asked back through a platform; `kind` is return, inquiry or case."""

    id: str
    at: datetime
    platform: str = ""
    kind: str = "return"
    amount: str = ""
    currency: str = "USD"
    reason: str = ""
    status: str = ""
    note: str = ""
    tracking_number: str = ""
    carrier: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    accounts: Mapping[str, Account] = field(default_factory=dict)
    order: Order | None = None
    parcels: tuple[Parcel, ...] = ()
    messages: tuple[Message, ...] = ()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    returns: tuple[Return, ...] = ()
    faults: tuple[Fault, ...] = ()

    def account(self, vendor: str) -> Account:
        return self.accounts.get(vendor, Account())

    def parcels_of(self, carrier: str) -> dict[str, Parcel]:
        """The carrier's parcels, by number."""
        return {one.tracking_number: one for one in self.parcels if one.carrier == carrier}


def parse_scenario(data: bytes) -> Scenario:
    """Read a scenario. RequestError naming the table and what is wrong with it."""
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise refused("it", f"it is not TOML ({problem})") from problem
    accounts = table_of(table.pop("account", {}), "account")
    faults = tables_of(table.pop("fault", []), "fault")
    made = built(Scenario, table, "")
    return Scenario(
        accounts={
            name: built(Account, table_of(one, f"account.{name}"), f"account.{name}")
            for name, one in accounts.items()
        },
        order=made.order,
        parcels=made.parcels,
        messages=made.messages,
        payments=made.payments,
        refunds=made.refunds,
        disputes=made.disputes,
        returns=made.returns,
        faults=tuple(parse_fault(one) for one in faults),
    )


def load_scenario(path: Path) -> Scenario:
    """Read a scenario's file; RequestError if it cannot be."""
    try:
        return parse_scenario(path.read_bytes())
    except OSError as problem:
        raise RequestError(
            what=f"the sandbox's scenario ({path})", why="it cannot be read"
        ) from problem


def everyone() -> Scenario:
    """The story in which every stand-in has something to tell (everyone.toml)."""
    return load_scenario(Path(__file__).with_name("everyone.toml"))
