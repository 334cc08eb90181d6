"""Has papers set, a few at a time in this process: each takes a process of its own, and memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.profiles import paper
from service.profiles.paper import Paper
from service.typeset.fonts import Fonts, find_fonts

if TYPE_CHECKING:
    from service.runtime import Runtime


class Press:
    """With the fonts of the configuration, or of the machine. Raises as `paper.as_pdf`.

    It stands in one line with reports; ConfigError if there are no fonts.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def available(self) -> bool:
        return paper.available(self._runtime.settings.report.fonts)

    async def pdf(self, laid: Paper) -> bytes:
        fonts = await self._fonts()
        async with self._runtime.rendering:
            return await asyncio.to_thread(paper.as_pdf, laid, fonts)

    async def pictures(self, laid: Paper, *, longest: int, quality: int) -> list[bytes]:
        fonts = await self._fonts()
        async with self._runtime.rendering:
            return await asyncio.to_thread(
                paper.as_pictures, laid, fonts, longest=longest, quality=quality
            )

    async def _fonts(self) -> Fonts:
        return await asyncio.to_thread(find_fonts, self._runtime.settings.report.fonts)
