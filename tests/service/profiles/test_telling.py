"""What a profile tells of an order: each thing once, and each message with its time."""

from evidence.items import Role
from service.profiles.telling import Telling, words
from tests.service.profiles.scenarios import INBOX
from tests.service.report.accounts import RECORD, TRACKING, account, story
from tests.verifiers.evidence_of import said

NAMES = ("message.sent.at", "message.body")


def test_messages_stand_one_after_the_other_also_where_two_say_the_same() -> None:
    facts = [
        said(name, text, by="buyer", item="inbox", group=f"m/{n}")
        for n, (at, body) in enumerate(
            [("2026-11-05T18:12:09Z", "Hello?"), ("2026-11-05T20:40:00Z", "Hello?")]
        )
        for name, text in zip(NAMES, (at, body), strict=True)
    ]
    telling = Telling(account([*story(), *facts], (RECORD, TRACKING, INBOX)))
    told = telling.facts(NAMES, (Role.MESSAGE_THREAD,))
    assert [(fact.group, fact.name) for fact in told] == [
        (group, name) for group in ("m/0", "m/1") for name in NAMES
    ]


def test_what_is_no_message_is_told_once_by_name() -> None:
    telling = Telling(account())
    told = telling.facts(("order.placed.at", "order.id"), (Role.ORDER_RECORD,))
    assert [fact.name for fact in told] == sorted((fact.name for fact in told), reverse=True)
    assert len({(fact.name, words(fact)) for fact in told}) == len(told)
