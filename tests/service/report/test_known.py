"""What a newer account says otherwise than the one a report is of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from evidence.items import Role
from service.report.known import Newer
from tests.service.report.accounts import RECORD, TRACKING, account, story
from tests.verifiers.evidence_of import item, said

NUMBERED = item("pod", Role.POD_DOCUMENT, origin="ups")
MORE = [
    said("shipment.tracking_number", "1Z5R89390357567127", by="ups", item="pod"),
    said("delivery.received_by", "J DOE", by="ups", item="pod"),
    said("delivery.city", "PORTLAND", by="ups", item="pod"),
]


def test_a_further_item_shows_with_what_it_changed() -> None:
    old = account()
    new = account([*story(), *MORE], (RECORD, TRACKING, NUMBERED))
    told = Newer.between(old, new, receipt=9).to_json()
    assert (told["manifest_receipt"], told["items"]) == (9, 1)
    assert told["coverage"]["AMZ-A2Z-05.pod"][0] == "missing"
    for was, now in (*told["verdicts"].values(), *told["coverage"].values()):
        assert was != now


def test_the_same_again_is_said_to_be_the_same() -> None:
    old = account()
    newer = Newer.between(old, replace(old, at=old.at + timedelta(days=1)), receipt=5)
    assert str(newer).endswith("0 further items; every answer is the same")
    assert newer.to_json()["verdicts"] == {} == newer.to_json()["coverage"]
