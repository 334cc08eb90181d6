"""What can be asked of cases, for the API and the command line alike: JSON in, JSON out.

Every name takes `whose` and `by`: nobody sees the cases of another tenant or of a store that is not
theirs, and who looked is in the custody log before anything is handed out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.cases import State, Step
from evidence.custody import Act
from evidence.erasure import ErasureReason
from evidence.errors import EvidenceError, NotFoundError, RequestError
from evidence.items import Role
from evidence.orders import OrderRef
from evidence.sealed import SealedItem
from service.access.callers import Whose
from service.cases import account
from service.cases.checks import check, draft_checked
from service.cases.denials import gaps_of
from service.cases.desk import Desk, Held, Paper
from service.cases.evidenced import ref_of
from service.cases.freeze import frozen
from service.cases.given import papers_of, text_of
from service.cases.named import number_of
from service.cases.opening import opening
from service.cases.ref import ref_of_case
from service.cases.reports import REPORTS, Asking
from service.cases.steps import Asked, taken
from service.cases.view import row_of, view_of
from service.custody import By
from service.retention import erasure
from service.steps.publish import BAGIT

if TYPE_CHECKING:
    from service.runtime import Runtime

_MOST_PAPER = 64 << 20


class CaseWork:
    """Cases of a Runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._desk = Desk(runtime)

    async def open(
        self, whose: Whose, body: Mapping[str, Any], by: By
    ) -> tuple[dict[str, Any], bool]:
        """The case, and whether it is new: an open one about the same is found, not made twice."""
        runtime = self._runtime
        only = sorted(whose.stores or ())
        store = text_of(body, "store", most=63) or (only[0] if len(only) == 1 else "default")
        begun = opening(
            body,
            store=store,
            now=runtime.clock(),
            among=runtime.policies,
            book_of=runtime.playbook,
        )
        papers = papers_of(body, usual="notice")
        for linked in begun.said["links"]:
            await self._desk.find(whose, linked)
        held, new = await self._desk.open(
            whose,
            store=store,
            about=begun.about,
            number=begun.number,
            named=begun.named,
            said=begun.said,
            papers=papers,
            by=by,
        )
        if new and body.get("freeze", begun.said["account"]) is True:
            # First of all: what the last days were, before anybody changes anything.
            return await self.step(whose, held.case.id, {"step": "freeze"}, by), new
        return view_of(held), new

    async def listed(
        self, whose: Whose, *, before: int | None, limit: int, due: datetime | None
    ) -> tuple[list[dict[str, Any]], int | None]:
        """A page, newest first, and where the next one begins."""
        rows, after = await self._desk.listed(whose, before=before, limit=limit, due=due)
        return [row_of(row) for row in rows], after

    async def naming(self, whose: Whose, ref: OrderRef) -> list[dict[str, Any]]:
        """Lines of the cases that name an order, of the stores that may be seen; newest first."""
        rows = await self._runtime.ledger.cases_naming(whose.tenant, [ref])
        return [row_of(row) for row in rows[::-1] if row.summary and whose.covers(row.store)]

    async def glance(self, whose: Whose, id: str, by: By, *, most_orders: int) -> dict[str, Any]:
        """The case, its reports `gaps` and `measures`, and the playbook's channels: one look.

        `gaps` is None where it has more orders than `most_orders`, as each is an account to read.
        """
        held = await self._shown(whose, id, by)
        asking = Asking(runtime=self._runtime, whose=whose, held=held)
        few = len(held.case.orders) <= most_orders
        return {
            "case": view_of(held),
            "gaps": await REPORTS["gaps"](asking) if few else None,
            "measures": (await REPORTS["measures"](asking))["measures"],
            "channels": list(dict.fromkeys(each.id for each in asking.book.channels)),
            "sealed": any(line.role is Role.MANIFEST for line in held.lines),
        }

    async def view(self, whose: Whose, id: str, by: By) -> dict[str, Any]:
        held = await self._shown(whose, id, by)
        return view_of(held)

    async def step(self, whose: Whose, id: str, body: Mapping[str, Any], by: By) -> dict[str, Any]:
        """Take a step that the body names."""
        held = await self._desk.find(whose, id)
        try:
            step = Step(str(body.get("step")))
        except ValueError:
            raise RequestError(what="`step`", why="there is no such step") from None
        if step is Step.OPEN:
            raise RequestError(what="`step`", why="a case is opened once, by its own request")
        asked = Asked(
            case=held.case,
            step=step,
            body=body,
            book=self._runtime.playbook(held.case.platform),
            now=self._runtime.clock(),
        )
        held.case.next(step, at=asked.now, by=by.who)  # refused before anything else is looked at
        if step is Step.DENY:
            asked = await self._reread(whose, held, asked)
        if step is Step.FREEZE:
            asked = replace(asked, frozen=await self._frozen(held, asked))
        if step is Step.DRAFT:
            asking = self._asking(whose, held)
            texts = [await self._text(held, p) for p in asked.papers if p.role is Role.CASE_DRAFT]
            asked = replace(asked, draft=await draft_checked(asking, "\n".join(texts)))
        done = taken(asked)
        held = await self._desk.step(whose, held, step, said=done.said, papers=done.papers, by=by)
        return view_of(held)

    async def paper(self, whose: Whose, id: str, sha256: str, by: By) -> tuple[str, bytes]:
        """Media type and bytes of something that came with a step, or of an event."""
        held = await self._desk.find(whose, id)
        line = held.line(sha256)
        if line is None:
            raise NotFoundError(what="The paper", why="the case has none with this digest")
        await self._desk.note(held, Act.CASE, by, sha256=sha256)
        return line.media_type, await self._desk.content(held, line, limit=_MOST_PAPER)

    async def seal(self, whose: Whose, id: str, by: By) -> dict[str, Any]:
        """Everything that the case has goes under one manifest and one statement.

        A case of an account says in an index of its own which seals of its orders it stands on.
        """
        held = await self._desk.find(whose, id)
        if held.case.account and held.case.state is not State.CLOSED:
            held = await self._indexed(whose, held, by)
        held = await self._desk.seal(whose, held)
        await self._desk.note(held, Act.CASE, by)
        return view_of(held)

    async def _indexed(self, whose: Whose, held: Held, by: By) -> Held:
        """The index is kept unless the newest one says the same."""
        found = account.papers(await account.account(self._asking(whose, held)))
        there = {line.sha256 for line in held.lines}
        if all(paper.enclosed.sha256 in there for paper in found):
            return held
        said = {"note": "Index of the account's orders, promises and text."}
        return await self._desk.step(whose, held, Step.DOCUMENT, said=said, papers=found, by=by)

    async def bundle(self, whose: Whose, id: str, *, to: Path) -> Sequence[SealedItem]:
        """The newest seal as a file that anybody can check offline."""
        held = await self._desk.find(whose, id)
        return await self._runtime.bundle(
            whose.tenant, ref_of_case(held.case.id), profile=BAGIT, to=to
        )

    async def note(self, whose: Whose, id: str, act: Act, by: By, **what: object) -> None:
        await self._desk.note(await self._desk.find(whose, id), act, by, **what)

    async def erase(
        self, whose: Whose, id: str, *, reason: ErasureReason, by: By
    ) -> erasure.Erased:
        """HeldError while its retention lasts or a hold is on it."""
        held = await self._desk.find(whose, id)
        ref = ref_of_case(held.case.id)
        return await erasure.erase(self._runtime, whose.tenant, ref, reason=reason, by=by)

    async def _frozen(self, held: Held, asked: Asked) -> tuple[dict[str, Any], list[Paper]]:
        days = asked.book.term("freeze.days")
        return await frozen(self._runtime, held, until=asked.now, days=days)

    async def _reread(self, whose: Whose, held: Held, asked: Asked) -> Asked:
        """What a refusal says, and a collection for each order of the case that it names."""
        text = "\n".join([await self._text(held, paper) for paper in asked.papers])
        text = text or text_of(asked.body, "note", most=5_000)
        named = gaps_of(text, case=held.case, book=asked.book)
        begun = [
            await self._collect_again(whose, held, gap["named"])
            for gap in named
            if gap["kind"] == "order"
        ]
        return replace(asked, text=text, collections=begun)

    async def _collect_again(self, whose: Whose, held: Held, number: str) -> dict[str, str]:
        """The same refusal recorded again finds the collection that it started."""
        case = held.case
        ref = next(ref_of(o) for o in case.orders if number_of(o) == number)
        try:
            made, _ = await self._runtime.request_collection(
                ref,
                tenant=whose.tenant,
                store=held.row.store,
                policy=case.rules or None,
                defect={"kind": case.kind, "case_id": case.id},
                idempotency_key=f"{ref_of_case(case.id).id}/{case.version}/{number}",
            )
        except EvidenceError as problem:
            return {"order": number, "collection": "", "why": str(problem)}
        return {"order": number, "collection": made.id, "why": ""}

    async def _text(self, held: Held, paper: Paper) -> str:
        if paper.media_type.startswith("text/"):
            return paper.data.decode("utf-8", "replace")
        return await self._runtime.reading.text_of(paper.item(at=self._runtime.clock()))

    async def check(self, whose: Whose, id: str, body: Mapping[str, Any], by: By) -> dict[str, Any]:
        """Advice on a draft, or whether quotations stand as they are quoted."""
        held = await self._shown(whose, id, by)
        found = await check(self._asking(whose, held), body)
        name = str(body["check"])
        return {"case": id, "version": held.case.version, "report": name, "said": found}

    async def report(
        self, whose: Whose, id: str, name: str, by: By, asked: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """One of `service.cases.reports.REPORTS`, of the case as it stands."""
        report = REPORTS.get(name)
        if report is None:
            why = f"it is none of {', '.join(REPORTS)}"
            raise RequestError(what="The report", why=why)
        held = await self._shown(whose, id, by)
        asking = Asking(runtime=self._runtime, whose=whose, held=held, asked=asked or {})
        return {
            "case": id,
            "version": held.case.version,
            "report": name,
            "said": await report(asking),
        }

    def _asking(self, whose: Whose, held: Held) -> Asking:
        return Asking(runtime=self._runtime, whose=whose, held=held)

    async def _shown(self, whose: Whose, id: str, by: By) -> Held:
        held = await self._desk.find(whose, id)
        await self._desk.note(held, Act.CASE, by)
        return held
