"""What can be asked about a case as it stands: each report is read out of what is kept, and changes
nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidence.cases import Case
from evidence.playbook import Playbook
from evidence.policy import Policy
from service.access.callers import Whose
from service.cases.coverage import coverage
from service.cases.desk import Held
from service.cases.evidenced import notice_of, sealed_of
from service.cases.gaps import gaps
from verifiers.playbook import playbook_for

if TYPE_CHECKING:
    from service.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    runtime: Runtime
    whose: Whose
    held: Held

    @property
    def case(self) -> Case:
        return self.held.case

    @property
    def book(self) -> Playbook:
        return playbook_for(self.case.platform)

    @property
    def policy(self) -> Policy | None:
        """The policy of the case's kind, as it is here now; None where no policy answers it."""
        return self.runtime.policies.get(self.case.rules)


async def _coverage(asking: Asking) -> dict[str, Any]:
    notice = await notice_of(asking.runtime, asking.held)
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    case = asking.case
    return coverage(
        notice, [each.evidenced for each in sealed], platform=case.platform, site=case.site
    )


async def _gaps(asking: Asking) -> dict[str, Any]:
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    return gaps(asking.case, sealed, policy=asking.policy, book=asking.book)


Report = Callable[[Asking], Awaitable[dict[str, Any]]]
REPORTS: Mapping[str, Report] = {"coverage": _coverage, "gaps": _gaps}
