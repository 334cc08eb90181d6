"""The calls about cases; `Client` has them all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, cast
from urllib.parse import quote, urlencode

from service.client import shapes as s


def one(id: str) -> str:
    """An id as one part of a path, whatever is in it: it must not lead to another call."""
    return quote(id, safe="")


class _Asking(Protocol):
    async def _json(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any: ...

    async def _uploaded(self, path: str, data: bytes, kind: str) -> Any: ...

    async def _bytes(self, path: str, *, headers: Mapping[str, str] | None = None) -> bytes: ...


class CaseCalls:
    async def open_case(self: _Asking, request: s.CaseRequest) -> s.Case:
        return cast(s.Case, await self._json("POST", "/v1/cases", request))

    async def list_cases(self: _Asking, *, page: int = 50) -> AsyncIterator[s.CaseLine]:
        """Newest first, asked for page by page."""
        path: str | None = f"/v1/cases?limit={page}"
        while path is not None:
            found = await self._json("GET", path)
            for case in found["cases"]:
                yield cast(s.CaseLine, case)
            following = found["next"]
            path = f"/v1/cases?limit={page}&before={following}" if following else None

    async def get_case(self: _Asking, id: str) -> s.Case:
        return cast(s.Case, await self._json("GET", f"/v1/cases/{one(id)}"))

    async def take_step(self: _Asking, id: str, request: s.CaseStep) -> s.Case:
        return cast(s.Case, await self._json("POST", f"/v1/cases/{one(id)}/steps", request))

    async def upload_paper(
        self: _Asking, id: str, file: bytes, media_type: str, **more: str
    ) -> s.Case:
        """A file as it is; `step`, `name`, `hints` and the others as in the contract."""
        path = f"/v1/cases/{one(id)}/papers?{urlencode(more)}"
        return cast(s.Case, await self._uploaded(path, file, media_type))

    async def check_for_case(self: _Asking, id: str, request: s.CaseCheck) -> s.CaseReport:
        return cast(s.CaseReport, await self._json("POST", f"/v1/cases/{one(id)}/checks", request))

    async def get_case_report(self: _Asking, id: str, report: str) -> s.CaseReport:
        path = f"/v1/cases/{one(id)}/reports/{one(report)}"
        return cast(s.CaseReport, await self._json("GET", path))

    async def get_paper(self: _Asking, id: str, sha256: str) -> bytes:
        return await self._bytes(f"/v1/cases/{one(id)}/papers/{one(sha256)}")

    async def seal_case(self: _Asking, id: str) -> s.Case:
        return cast(s.Case, await self._json("POST", f"/v1/cases/{one(id)}/seal", {}))

    async def get_case_bundle(self: _Asking, id: str) -> bytes:
        return await self._bytes(f"/v1/cases/{one(id)}/bundle")

    async def erase_case(self: _Asking, id: str, reason: s.ErasureReason) -> s.Erasure:
        path = f"/v1/cases/{one(id)}/erasure"
        return cast(s.Erasure, await self._json("POST", path, {"reason": reason}))
