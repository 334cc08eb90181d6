"""What the domain name system answered on a TXT record, read from the bytes as they came.

The bytes are a DNS message (RFC 1035, section 4). That a resolver said so at a time is all they
prove, unless its AD flag (RFC 4035, 3.2.3) says that it checked signatures of the zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.errors import EvidenceError, ShapeError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import WHOLE

MEDIA_TYPE = "application/dns-message"
MAX_ANSWER = 64 << 10
MAX_RECORDS = 20


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """What was said of a name.

    texts    its TXT records, each with its strings joined (RFC 6376, 3.6.2.2)
    said     the response code: NOERROR, NXDOMAIN, SERVFAIL
    checked  the resolver says that the zone's signatures hold
    """

    name: str
    texts: tuple[bytes, ...] = ()
    said: str = "NOERROR"
    checked: bool = False


def answer_of(data: bytes) -> KeyAnswer:
    """Read a DNS message; ShapeError where it is not an answer to one question on TXT."""
    # Imported here: it takes as long as all else of ours, and few readings need it.
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.rdatatype

    try:
        message = dns.message.from_wire(data[:MAX_ANSWER])
        if not isinstance(message, dns.message.QueryMessage):
            raise _misshapen("another kind of message")
        question = message.question[0]
        found = message.resolve_chaining().answer if message.rcode() == 0 else None
        if question.rdtype != dns.rdatatype.TXT:
            raise _misshapen("another question")
    except EvidenceError:
        raise
    except Exception:  # hostile bytes reach every corner of the parser
        raise _misshapen("other bytes") from None
    records = [] if found is None else list(found)[:MAX_RECORDS]
    return KeyAnswer(
        name=question.name.to_text(omit_final_dot=True).lower(),
        texts=tuple(b"".join(record.strings) for record in records),
        said=dns.rcode.to_text(message.rcode()),
        checked=bool(message.flags & dns.flags.AD),
    )


def read_answer(item: Item) -> list[Fact]:
    """The name that was asked for, the response code, and each TXT record."""
    return list(_facts(item, answer_of(item.content.read(MAX_ANSWER))))


def _facts(item: Item, answer: KeyAnswer) -> Iterator[Fact]:
    def fact(name: str, value: str) -> Fact:
        return Fact(
            name=name,
            value=value,
            locator=WHOLE,
            item=item.sha256,
            origin=item.origin,
            group=f"dns/{answer.name}",
        )

    yield fact("dns.name", answer.name)
    yield fact("dns.said", answer.said)
    yield fact("dns.checked", "yes" if answer.checked else "no")
    for text in answer.texts:
        yield fact("dns.text", text.decode("ascii", "backslashreplace"))


def _misshapen(got: str) -> ShapeError:
    return ShapeError(
        source="the DNS", pointer="item:", expected="an answer on a TXT record", got=got
    )
