"""What the page says of a bundle beside what `auditor.verify` says of it."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.keys import Keys
from auditor.verify import verify_path
from evidence.errors import EvidenceError
from tests.auditor.page.browser import Tab

Line = tuple[str, str, str]
Said = dict[str, Any]

# Defined in the page by the tests: bundles come in as base64, reports go out as JSON.
HELPERS = """
globalThis.bytesFrom = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
globalThis.judge = async (input) => {
  try {
    const { checks, ...rest } = await orderproof.verify(input);
    const lines = checks.map(({ name, state, what, where }) => ({ name, state, what, where }));
    return { ...rest, checks: lines };
  } catch (error) {
    return { refused: error.why ? error.why.in(null) : `crashed: ${error.stack}` };
  }
};
globalThis.judgeFlips = async (flips, key) => {
  const reports = [];
  for (const [at, bit] of flips) {
    const bytes = good.slice();
    bytes[at] ^= bit;
    reports.push(await judge({ zip: new Blob([bytes]), key }));
  }
  return reports;
};
globalThis.judgeFolder = (files) => judge({
  files: Object.entries(files).map(([path, text]) => ({ path, blob: new Blob([bytesFrom(text)]) })),
});
"""


def _bytes(data: bytes) -> str:
    return f"bytesFrom({json.dumps(base64.b64encode(data).decode())})"


async def judged(tab: Tab, data: bytes, *, key: bytes | None = None) -> Said:
    """The page's report on a ZIP."""
    pin = "null" if key is None else _bytes(key)
    return dict(await tab.run(f"judge({{ zip: new Blob([{_bytes(data)}]), key: {pin} }})"))


async def judged_folder(tab: Tab, files: Mapping[str, bytes]) -> Said:
    texts = {path: base64.b64encode(raw).decode() for path, raw in files.items()}
    return dict(await tab.run(f"judgeFolder({json.dumps(texts)})"))


async def judged_flips(tab: Tab, data: bytes, flips: Sequence[tuple[int, int]]) -> list[Said]:
    """One report for each (place, bit) that is flipped."""
    await tab.run(f"globalThis.good = {_bytes(data)}, 0")
    return list(await tab.run(f"judgeFlips({json.dumps(flips)}, null)"))


def ours(path: Path, *, key: bytes | None = None) -> Said:
    """The auditor's report in the page's form."""
    try:
        return verify_path(path, key=None if key is None else Keys.parse(key)).to_json()
    except EvidenceError as error:
        return {"refused": str(error)}


def lines(said: Said) -> Counter[Line]:
    """(name, state, where) of every check, but for those that only one of the two can make."""
    return Counter(
        (check["name"], check["state"], check["where"])
        for check in said["checks"]
        if check["name"] != "readings"
        and (check["name"], check["state"]) not in {("folder", "pass"), ("folder", "inconclusive")}
    )


def sentences(said: Said, *, but: Iterable[str] = ("readings",)) -> list[str]:
    return [check["what"] for check in said["checks"] if check["name"] not in but]


def disagreement(theirs: Said, right: Said) -> str:
    """How the page's answer differs from the auditor's; empty if it does not."""
    if "refused" in right or "refused" in theirs:
        both = "refused" in right and "refused" in theirs
        return "" if both and "crashed" not in theirs["refused"] else f"{theirs} {right}"[:1_500]
    if (theirs["answer"], theirs["trust"], theirs["counts"]) != (
        right["answer"],
        right["trust"],
        right["counts"],
    ):
        return f"{theirs['answer']}, {theirs['counts']}, not {right['answer']}, {right['counts']}"
    more, less = lines(theirs) - lines(right), lines(right) - lines(theirs)
    return f"only the page: {dict(more)}; only the auditor: {dict(less)}" if more or less else ""
