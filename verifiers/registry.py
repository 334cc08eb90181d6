"""Every question, in the order in which the answers are shown."""

from __future__ import annotations

from verifiers import coverage, strength, threads
from verifiers.authenticity import items as authenticity
from verifiers.marks import carrier, freshness, origin
from verifiers.matching import asked, channel, shipments
from verifiers.matching import order as matching
from verifiers.terms import deadlines, form
from verifiers.timestamps import clock, history
from verifiers.timestamps import order as timestamps
from verifiers.verifier import Verifier

VERIFIERS: tuple[Verifier, ...] = (
    Verifier("matching.order", 4, "Do all items speak of the same order?", matching.verify),
    Verifier(
        "matching.asked",
        5,
        "Does each item speak of the order, parcel and site it was asked for?",
        asked.verify,
    ),
    Verifier(
        "matching.channel",
        1,
        "Is the order one of the platform that holds a defect against it?",
        channel.verify,
    ),
    Verifier(
        "matching.shipments",
        1,
        "Is each line of the order in a parcel that was delivered?",
        shipments.verify,
    ),
    Verifier(
        "marks.carrier",
        6,
        "Does each item bear the mark of the carrier whose number it shows?",
        carrier.verify,
    ),
    Verifier("marks.freshness", 1, "Is each capture dated, and young enough?", freshness.verify),
    Verifier("marks.origin", 5, "Is each item an original, or what kind of copy?", origin.verify),
    Verifier("timestamps.order", 5, "Can all stated times be true together?", timestamps.verify),
    Verifier(
        "timestamps.history", 2, "Did the carrier's history stay what it was?", history.verify
    ),
    Verifier("timestamps.clock", 1, "Was our own clock right?", clock.verify),
    Verifier(
        "authenticity.items", 36, "Does any item show that it was altered?", authenticity.verify
    ),
    Verifier("strength.witnesses", 2, "How much weight does the evidence bear?", strength.verify),
    Verifier("coverage.threads", 1, "Is every conversation whole?", threads.verify),
    Verifier("coverage.policy", 3, "Is everything the policy asks for there?", coverage.verify),
    Verifier(
        "coverage.form", 1, "Can it be sent in the form that the platform takes?", form.verify
    ),
    Verifier("coverage.deadlines", 2, "Is there still time to answer?", deadlines.verify),
)
