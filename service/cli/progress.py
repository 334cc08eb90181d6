"""Progress of what takes longer than a second: a bar for a person, plain lines for a file."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from service.cli.terminal import plain

# Reading, judging and sealing, which come after the sources.
AFTER = ("read", "verify", "seal")
ASKING = "asking"


class Progress:
    """Follows the walk of one collection. `watch` is what `Runtime.walk` calls.

    total  number of sources that are asked
    """

    def __init__(self, console: Console, *, total: int) -> None:
        self._console = console
        self._total = total + len(AFTER)
        self._begun = time.monotonic()
        self._asked: dict[str, None] = {}
        self._done: set[str] = set()
        self._bar: Bar | None = None

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:.0f}/{task.total:.0f}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bar.add_task("starting", total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    async def watch(self, step: str, words: str) -> None:
        """A step has begun (`asking`) or come to something."""
        if words == ASKING:
            self._asked[step] = None
        elif step not in AFTER:
            self._done.add(step)
        elif step == "seal" and words.startswith("sealed"):
            self._done |= set(AFTER)
        else:
            # A later step begins when the one before it has ended.
            self._done |= set(AFTER[: AFTER.index(step)])
        text = plain(f"{step}: {words}")
        if self._bar is None:
            elapsed = time.monotonic() - self._begun
            line = f"{elapsed:6.1f} s  {text}"
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)
            return
        open_now = [name for name in self._asked if name not in self._done]
        shown = f"asking {', '.join(open_now)}" if open_now else text
        task = self._bar.task_ids[0]
        self._bar.update(task, completed=len(self._done), description=escape(plain(shown)[:60]))
