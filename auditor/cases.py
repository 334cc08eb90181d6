"""Do the events of a case follow one another, each a step that the machine allows?

Only bundles of a case have them. What was sent and received must be among the sealed items: an
event that names another paper speaks of something that is not here.
"""

from __future__ import annotations

from auditor.bag import Bag
from auditor.seal import Seal
from evidence.bundle import item_paths
from evidence.cases import Event, replay
from evidence.items import Role


def check_case(bag: Bag, seal: Seal) -> None:
    """Replay the case out of its sealed events; nothing is said of a bundle that has none."""
    if seal.manifest is None:
        return
    items = sorted(seal.manifest.items, key=lambda item: item.seq)
    lines = [item for item in items if item.role is Role.CASE_EVENT]
    if not lines:
        return
    paths = item_paths(items)
    events = []
    for line in lines:
        raw = bag.read(paths[line.sha256], "case")
        if raw is None:
            return
        event = Event.from_bytes(raw, what=f"item {line.seq}")
        if event.at != line.collected_at:
            bag.checks.failed("case", f"Item {line.seq} has another time than its receipt.")
        events.append(event)
    case = replay(events)
    sealed = {item.sha256 for item in items}
    for event in case.events:
        for paper in event.items:
            if paper.sha256 not in sealed:
                said = f"Event {event.seq} names a paper that is not sealed with it."
                bag.checks.failed("case", said, paths[lines[event.seq].sha256])
    said = f"{case.version} events lead to the state {case.state}, each by an allowed step."
    bag.checks.passed_unless_failed("case", said)
