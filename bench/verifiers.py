"""How much CPU time the verifiers take for an order with very many facts.

    times       "Can all stated times be true together?" asked of 10,000 times in 50 tables
    one broken  the same, and one parcel is told to have come on two days

Seconds of CPU, the least of five rounds; the goal is 1 s. `python -m bench.verifiers [times]`
"""

from __future__ import annotations

import sys
import time

from evidence.facts import Facts
from tests.verifiers.evidence_of import NOW, ORDER
from tests.verifiers.many import EXPORTS, many_times
from verifiers.timestamps.order import verify

ROUNDS = 5


def cpu_s(facts: Facts) -> tuple[float, str]:
    """CPU seconds of one judgement, and its answer."""
    spent = []
    verdict = ""
    for _ in range(ROUNDS):
        begun = time.process_time()
        answer, _ = verify(order=ORDER, items=EXPORTS, facts=facts, at=NOW)
        spent.append(time.process_time() - begun)
        verdict = str(answer)
    return min(spent), verdict


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for name, broken in (("times", False), ("one broken", True)):
        spent, verdict = cpu_s(Facts(many_times(count, broken=broken)))
        print(f"{name:<12} {count:>7,} times  {spent:6.2f} s CPU  {verdict}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
