"""One order in the form of a profile: texts, files, link, and what each of them rests on."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evidence.archive import Entry
from evidence.canonical import digest
from evidence.custody import Act
from evidence.errors import NotFoundError, RequestError
from evidence.items import InMemory
from evidence.orders import OrderRef
from evidence.profile import Shape, Shown, Tabled
from evidence.times import rfc3339
from service import custody
from service.access.tokens import LINK, mint
from service.custody import By
from service.derivatives import derivatives
from service.profiles import ce3, reporting
from service.profiles.asked import Asked, Link, Minting
from service.profiles.files import About, Files
from service.profiles.fitting import PDF, Fitting, Page
from service.profiles.naming import file_name, order_folder, plain
from service.profiles.pieces import CopyKey, Piece, key_of, told_of
from service.profiles.press import Press
from service.profiles.received import Received
from service.profiles.refusal import NotTakenError, Why
from service.profiles.reporting import Reported
from service.profiles.shown import Material, Plan, material
from service.profiles.telling import Telling
from service.steps import publish
from service.steps.copies import Derivative
from storage.ledger.access import Store
from storage.ledger.records import KeptItem
from verifiers.forms.limits import Limits
from verifiers.forms.rules import Sent, Upload, of_inner_name, of_sent
from verifiers.forms.uploads import MAX_UPLOAD, told

if TYPE_CHECKING:
    from service.runtime import Account, Runtime


@dataclass(slots=True)
class Made:
    """An order that fits: its files by their paths, its line for orders.jsonl, its proof.

    proof  lines for proof.jsonl
    """

    ref: OrderRef
    files: list[tuple[str, Piece]]
    line: dict[str, Any]
    proof: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Makes the orders of one bundle, one after the other.

    stores  the tenant's, by name
    """

    runtime: Runtime
    tenant: str
    asked: Asked
    limits: Limits
    by: By
    stores: Mapping[str, Store]

    @property
    def press(self) -> Press:
        return Press(self.runtime)

    async def make(self, place: int, number: int, ref: OrderRef, budget: int | None) -> Made:
        """Raises NotTakenError with every reason that this order does not fit.

        place   where it stood in what was asked for
        number  where it stands in the bundle, from 1
        budget  bytes that its files may have, beside what the profile says
        """
        async with self.telling_reasons(place, ref):
            return await self._make(place, number, await self.account(ref), budget)

    @contextlib.asynccontextmanager
    async def telling_reasons(self, place: int, ref: OrderRef) -> AsyncIterator[None]:
        """What cannot be done as asked becomes a reason that this order does not fit."""
        try:
            yield
        except NotTakenError:
            raise
        except RequestError as problem:
            says = f"{ref.id}: {problem.what}: {problem.why}"
            raise NotTakenError(whys=[Why(order=place, says=says)]) from problem

    async def account(self, ref: OrderRef) -> Account:
        """The order's account. RequestError if the profile is not for it, or nothing is sealed."""
        profile = self.asked.profile
        if profile.platforms and ref.platform not in profile.platforms:
            why = f"{profile.id} is for orders of {', '.join(profile.platforms)}: leave it out"
            raise RequestError(what="the order", why=why)
        account = await self.runtime.account(self.tenant, ref)
        if account.manifest is None:
            raise NotFoundError(what="the order", why="nothing is sealed of it: collect it first")
        return account

    async def _make(self, place: int, number: int, account: Account, budget: int | None) -> Made:
        profile, ref = self.asked.profile, account.order.ref
        assert account.manifest and account.manifest_envelope  # `account` saw to it  # noqa: S101
        telling = Telling(account.manifest)
        lines = {each.receipt.seq: each for each in account.items if each.receipt is not None}
        leave_out = self.asked.leave_out.get(ref, frozenset())
        if strange := sorted(leave_out - {item.seq for item in account.manifest.items}):
            why = f"receipt {strange[0]} is not that of an item, and cannot be left out"
            raise RequestError(what="the order", why=why)
        linked = profile.shape is Shape.LINKS
        sorted_out = material(telling, profile.files, lines, leave_out=leave_out, linked=linked)
        whys = [
            Why(order=place, says=f"{ref.id}: {says}") for says in self._lacking(sorted_out.plans)
        ]
        texts, said = self._texts(telling)
        pieces: list[Piece] = []
        sha256 = digest(account.manifest_envelope)
        if not linked:
            about = About(
                order=f"Order {ref.id} of {ref.platform}, site {ref.site}",
                foot=f"Account sealed {rfc3339(account.manifest.at, unit_s=1.0)}, SHA-256 {sha256}",
                at=account.manifest.at,
            )
            pieces = await self._pieces(account, lines, sorted_out, about, budget)
        files = self._named(number, account, pieces)
        link = self.asked.links.get(ref)
        if link is None and self.asked.minting is not None and not whys:
            link = await self._minted(account, sorted_out.plans, self.asked.minting)
        whys += [
            Why(order=place, says=f"{ref.id}: {breach}")
            for breach in self._breaches(account, files, texts, link)
        ]
        if whys:
            raise NotTakenError(whys=whys)
        kept = await self._keep(account, lines, pieces)
        made = Made(ref, files, self._line(account, sha256, files, texts, link, sorted_out))
        made.line["against"] = list(telling.against())
        if any(each.table is Tabled.CE3 for each in profile.files):
            made.line["ce3"] = ce3.table(telling, self.runtime.policies)
        made.proof = [rest.to_json(ref, where, kept) for where, rest in self._rests(files, said)]
        await self._add_report(made, number, account, link, budget)
        made.text = texts.get("statement", "")
        return made

    async def _add_report(
        self, made: Made, number: int, account: Account, link: Link | None, budget: int | None
    ) -> None:
        """The order's report beside its files, if there is room for it; else why not."""
        wanted, path = self.asked.reported, ""
        report: Reported | str | None = None
        if wanted is not None and self.asked.profile.shape is not Shape.LINKS:
            report = await reporting.made_of(self.runtime, self.tenant, made.ref, wanted, self.by)
        if isinstance(report, Reported):
            folder, before = self._below(number, account)
            path = folder + file_name("report", 0, PDF, self.limits, before=before)
            field = self.asked.profile.report
            piece = Piece(field=field, media_type=PDF, content=report.content)
            if why := self._no_room(made, account, link, budget, path, piece):
                report = why
            else:
                made.files.append((path, piece))
                made.line["files"][path] = field
                manifest = made.line["manifest"]
                made.proof.append(report.proof(made.ref, path, manifest, account.items))
        made.line["report"] = reporting.told(report, path)

    def _no_room(
        self,
        made: Made,
        account: Account,
        link: Link | None,
        budget: int | None,
        path: str,
        piece: Piece,
    ) -> str:
        """Why the platform would not take this file as well, or ""."""
        left = None if budget is None else budget - sum(each.content.size for _, each in made.files)
        if left is not None and piece.content.size > left:
            return f"it has {piece.content.size} bytes, and {max(left, 0)} are left"
        files = [*made.files, (path, piece)]
        return next(self._breaches(account, files, made.line["texts"], link), "")

    async def _minted(self, account: Account, plans: Sequence[Plan], how: Minting) -> Link:
        """A link of our own to a reviewer's copy with what the profile wants to be shown."""
        until = self.runtime.clock() + how.lasts
        show = sorted({seq for plan in plans for seq in plan.seqs})
        copies = []
        if (wanted := self.asked.reported) is not None:
            ref = account.order.ref
            report = await reporting.made_of(self.runtime, self.tenant, ref, wanted, self.by)
            copies = [report.derivative.seq] if isinstance(report, Reported) else []
        made = mint(LINK)
        what = {"share": made.id, "profile": publish.REVIEWER, "until": rfc3339(until)}
        await custody.note(self.runtime, account.order, Act.SHARE, self.by, **what)
        await self.runtime.ledger.add_share(
            account.order,
            id=made.id,
            hash=made.hash,
            profile=publish.REVIEWER,
            show=show,
            copies=copies,
            expires_at=until,
        )
        return Link(f"{how.base.rstrip('/')}/v1/shared/{made.secret}", until)

    def _lacking(self, plans: Sequence[Plan]) -> Iterator[str]:
        for plan in plans:
            if plan.of.required and plan.empty:
                roles = ", ".join(plan.of.roles)
                title = plan.of.title
                yield f"{title} is asked for, and there is no {roles}: collect or add it"

    def _texts(self, telling: Telling) -> tuple[dict[str, str], dict[str, Any]]:
        """The texts by field, and what of them is said by facts."""
        texts: dict[str, str] = {}
        said = {}
        most = self.limits.number("text.characters")
        for each in self.asked.profile.texts:
            if each.field in self.asked.texts:
                texts[each.field] = self.asked.texts[each.field]
                continue
            made = telling.text(each, most)
            if made is not None:
                texts[each.field] = made.text
                said[each.field] = made
        return texts, said

    async def _pieces(
        self,
        account: Account,
        lines: Mapping[int, KeptItem],
        sorted_out: Material,
        about: About,
        budget: int | None,
    ) -> list[Piece]:
        order = account.order

        def stored(page: Page) -> Any:
            return self.runtime.stored(order, lines[page.item.seq])

        fitting = Fitting(self.runtime, order)
        files = Files(fitting, self.runtime.reading, self.limits, about, self.press)
        received = Received(files, fitting, self.limits, stored)
        total = self.limits.number("files.total_bytes")
        left = min((each for each in (total, budget) if each is not None), default=None)
        pieces: list[Piece] = []
        for kind in (Shown.DOCUMENT, Shown.PICTURES, Shown.RECEIVED):
            plans = [plan for plan in sorted_out.plans if plan.of.shown is kind]
            if not plans:
                continue
            how = {
                Shown.DOCUMENT: files.documents,
                Shown.PICTURES: files.pictures,
                Shown.RECEIVED: received.make,
            }[kind]
            made = await how(plans, left)
            pieces += made
            if left is not None:
                left -= sum(piece.content.size for piece in made)
        fields = [each.field for each in self.asked.profile.files]
        return sorted(pieces, key=lambda piece: fields.index(piece.field))

    def _named(
        self, number: int, account: Account, pieces: Sequence[Piece]
    ) -> list[tuple[str, Piece]]:
        """Each piece under the path that it has in the bundle, or in the archive that goes out."""
        folder, before = self._below(number, account)
        many = {piece.field: 0 for piece in pieces}
        for piece in pieces:
            many[piece.field] += 1
        seen: dict[str, int] = {}
        named = []
        for piece in pieces:
            seen[piece.field] = seen.get(piece.field, 0) + 1
            counted = seen[piece.field] if many[piece.field] > 1 else 0
            name = file_name(piece.field, counted, piece.media_type, self.limits, before=before)
            named.append((folder + name, piece))
        return named

    def _below(self, number: int, account: Account) -> tuple[str, str]:
        """The folder of an order's files, and how their names begin."""
        ref = account.order.ref
        if self.asked.profile.shape is not Shape.ARCHIVE:
            return f"files/{order_folder(number, ref)}/", ""
        store = self.stores.get(account.order.store)
        return "", f"{plain(store.seller) if store else ''}_{plain(ref.id)}"

    def _breaches(
        self,
        account: Account,
        files: Sequence[tuple[str, Piece]],
        texts: Mapping[str, str],
        link: Link | None,
    ) -> Iterator[str]:
        """What the platform would not take, by the same rules that `profile lint` holds to."""
        archive = self.asked.profile.shape is Shape.ARCHIVE
        uploads = [
            Upload(
                name=path,
                size=piece.content.size,
                told=told(piece.content.read(MAX_UPLOAD)),
                field=piece.field,
            )
            for path, piece in files
        ]
        sent = Sent(
            called="the order",
            uploads=uploads,
            texts=texts,
            link=None if link is None else (link.url, link.expires_at),
        )
        for breach in of_sent(sent, self.asked.profile, self.limits):
            if not breach.advised:
                yield breach.says.rstrip(".")
        if archive:
            store = self.stores.get(account.order.store)
            for path, _ in files:
                seller = plain(store.seller) if store else ""
                for breach in of_inner_name(path, self.limits, seller=seller):
                    yield breach.says.rstrip(".")
        if self.asked.profile.shape is Shape.LINKS and link is None:
            yield "there is no link to its evidence: name one"

    async def _keep(
        self, account: Account, lines: Mapping[int, KeptItem], pieces: Sequence[Piece]
    ) -> dict[CopyKey, Derivative]:
        """Every copy that is shown, kept and tied to its original by a signed record."""
        kept: dict[CopyKey, Derivative] = {}
        for piece in pieces:
            for rest in piece.rests:
                if rest.copy is None or (key := key_of(rest.copy)) in kept:
                    continue
                seq = rest.copy.page.item.seq
                name, how = rest.copy.made
                kept[key] = await derivatives.tie(
                    self.runtime,
                    account,
                    derivatives.original_in(account, seq),
                    transform=name,
                    parameters=how,
                    content=InMemory(rest.copy.data),
                    media_type=rest.copy.media_type,
                    by=self.by,
                )
        return kept

    def _line(
        self,
        account: Account,
        sha256: str,
        files: Sequence[tuple[str, Piece]],
        texts: Mapping[str, str],
        link: Link | None,
        sorted_out: Material,
    ) -> dict[str, Any]:
        manifest, ref = account.manifest, account.order.ref
        assert manifest is not None  # noqa: S101
        ends = None
        if link is not None and link.expires_at is not None:
            ends = rfc3339(link.expires_at)
        return {
            "order": {"platform": str(ref.platform), "id": ref.id, "site": ref.site},
            "manifest": sha256,
            "sealed_at": rfc3339(manifest.at),
            "policy": manifest.policy.id,
            "complete": manifest.complete,
            "files": {path: piece.field for path, piece in files},
            "texts": dict(texts),
            "by_hand": sorted(set(texts) & set(self.asked.texts)),
            "link": None if link is None else {"url": link.url, "expires_at": ends},
            "left_out": sorted_out.left_out,
        }

    def _rests(
        self, files: Sequence[tuple[str, Piece]], said: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, str], Any]]:
        for name, text in said.items():
            for claim in text.claims:
                rest = told_of(claim.fact, claim.item, claim.says, begin=claim.begin)
                yield {"field": name}, rest
        for path, piece in files:
            for rest in piece.rests:
                yield {"file": path}, rest


async def note_all(runtime: Runtime, tenant: str, asked: Asked, by: By, sha256: str) -> None:
    """Each order into the custody log, before the bundle is handed out."""
    what = {"sha256": sha256, "profile": asked.profile.id}
    for ref in asked.orders:
        await custody.note(runtime, await runtime.find(tenant, ref), Act.BUNDLE, by, **what)


def entries_of(made: Made) -> list[Entry]:
    return [Entry(path, piece.content) for path, piece in sorted(made.files, key=lambda f: f[0])]
