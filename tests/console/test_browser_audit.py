"""The auditor's stories in a real browser: nothing is believed, all is checked on the spot."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from auditor.page import face_script, page
from evidence.derivatives import Change
from service.access.callers import Role, Whose
from service.api.opened import open_runtime
from service.demo import story
from tests.auditor.bundles import make, with_copies
from tests.auditor.page.browser import Tab
from tests.auditor.page.judging import HELPERS, disagreement, judged_flips, ours
from tests.console.browsing import go, sign_in, text
from tests.console.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="package")]

FEW, MANY = 20, 200


async def test_an_auditor_checks_a_bundle_and_the_log_without_believing_anyone(
    tab: Tab, here: Stage, tmp_path: Path
) -> None:
    await sign_in(tab, here, Role.AUDITOR)
    bundle = tmp_path / "bundle.zip"
    async with open_runtime(here.settings, worker=False) as evidence:
        whose = Whose(here.settings.tenant)
        await evidence.bundle(whose, story.ORDER, profile="bagit", to=bundle, show=(), copies=())
    await tab.pick("#zip", bundle)
    await tab.until("!document.getElementById('result').hidden", seconds=100)
    said = await text(tab)
    assert "It agrees with itself; who sealed it is not shown" in said
    states = (
        "[...document.querySelectorAll('#result li')].filter((li) => "
        "li.querySelector('.name .en').textContent === 'time')"
        ".map((li) => li.querySelector('.state').className)"
    )
    assert set(await tab.run(states)) == {"state inconclusive"}  # tokens are never passed here
    bent = bytearray(bundle.read_bytes())
    bent[len(bent) // 2] ^= 1
    bundle.write_bytes(bent)
    await tab.run("document.getElementById('result').hidden = true")
    await tab.pick("#zip", bundle)
    await tab.until("!document.getElementById('result').hidden", seconds=100)
    assert "It does not hold" in await text(tab)

    for words, proven in (("en", "Proven: the log over"), ("zh", "已证明")):
        await go(tab, here, "/console/audit", words=words)
        olds = await tab.run("[...document.getElementById('old').options].map((o) => o.value)")
        for old in olds:
            await tab.run(f"document.getElementById('old').value = {old!r}")
            await tab.run("document.querySelector('#consistency button').click()")
            await tab.until("['holds', 'broken', 'unsure'].includes(proof.dataset.state)")
            assert proven in await tab.run("proof.textContent"), old
            await tab.run("proof.dataset.state = ''")
    assert tab.errors == []


async def test_a_bundle_and_a_report_are_dropped_on_the_auditors_page(
    tab: Tab, here: Stage, tmp_path: Path
) -> None:
    pdf = b"%PDF-1.4 a report " * 40
    made = with_copies(make(5), (5, pdf), change=Change.RENDERED)
    (tmp_path / "bundle.zip").write_bytes(made.zip())
    (tmp_path / "report.pdf").write_bytes(pdf)
    (tmp_path / "bent.pdf").write_bytes(pdf + b"!")
    await sign_in(tab, here, Role.AUDITOR)

    async def seen() -> str:
        await tab.until("!document.getElementById('result').hidden", seconds=100)
        said = await tab.run("document.getElementById('result').innerText")
        await tab.run("document.getElementById('result').hidden = true")
        return str(said)

    await tab.drop(tmp_path / "report.pdf")
    assert "drop the order's bundle as well" in await seen()
    await tab.drop(tmp_path / "bundle.zip", tmp_path / "report.pdf")
    assert "The report is ours and unaltered" in await seen()
    await tab.pick("#zip", tmp_path / "bundle.zip", tmp_path / "bent.pdf")
    said = await seen()
    assert "It does not hold" in said
    assert "it was altered, or made elsewhere" in said
    assert tab.errors == []


@pytest.mark.slow
async def test_a_bundle_of_200_mb_is_checked_and_one_bit_in_it_is_found(
    tab: Tab, here: Stage, tmp_path: Path
) -> None:
    dice = random.Random(12)
    file = tmp_path / "bundle.zip"
    file.write_bytes(make([dice.randbytes(50_000_000) for _ in range(4)]).zip())
    assert file.stat().st_size > 200_000_000
    await sign_in(tab, here, Role.AUDITOR)
    at = dice.randrange(file.stat().st_size)
    rows = (
        "[...document.querySelectorAll('#result ol li')].map((li) => "
        "[li.querySelector('.name .en').textContent, li.querySelector('.state').classList[1]])"
    )
    for bent in (False, True):
        if bent:
            with file.open("r+b") as out:
                out.seek(at)
                (byte,) = out.read(1)
                out.seek(at)
                out.write(bytes([byte ^ 4]))
        await (tab.drop(file) if bent else tab.pick("#zip", file))
        await tab.until("!document.getElementById('result').hidden", seconds=200)
        right = ours(file)
        told = Counter((check["name"], check["state"]) for check in right["checks"])
        shown = Counter((name, state) for name, state in await tab.run(rows))
        unreadable = ("readings", "inconclusive")  # which a browser alone has to admit
        assert shown - Counter([unreadable]) == told
        assert right["answer"] == ("not ok" if bent else "ok")
        assert ("It does not hold" in await text(tab)) == bent
        await tab.run("document.getElementById('result').hidden = true")


async def test_a_log_that_was_rewritten_is_seen_by_whoever_kept_a_head(
    tab: Tab, here: Stage, tmp_path: Path
) -> None:
    await sign_in(tab, here, Role.AUDITOR)
    own = await tab.run("fetch('/console/log/checkpoint').then((r) => r.text())")
    kept = tmp_path / "kept.txt"
    kept.write_text(own, "utf-8")
    await tab.pick("#kept", kept)
    await tab.until("proof.dataset.state === 'holds'")
    lines = own.splitlines()
    for number, other in ((1, str(int(lines[1]) - 1)), (2, "A" * 43 + "=")):
        forged = [*lines]
        forged[number] = other
        kept.write_text("\n".join(forged) + "\n", "utf-8")
        await tab.run("proof.dataset.state = ''")
        await tab.pick("#kept", kept)
        await tab.until("['holds', 'broken', 'unsure'].includes(proof.dataset.state)")
        assert await tab.run("proof.dataset.state") == "broken"
    tab.errors.clear()


async def test_the_consoles_check_answers_as_the_command_does(
    tab: Tab, here: Stage, tmp_path: Path
) -> None:
    await _flipped(tab, here, tmp_path, FEW)


@pytest.mark.slow
async def test_the_consoles_check_answers_as_the_command_does_two_hundred_times(
    tab: Tab, here: Stage, tmp_path: Path
) -> None:
    await _flipped(tab, here, tmp_path, MANY)


async def _flipped(tab: Tab, here: Stage, tmp_path: Path, count: int) -> None:
    assert face_script().encode() in page()  # it is the very script of verify.html
    await sign_in(tab, here, Role.AUDITOR)
    served = await tab.run("fetch('/console/static/verify.js').then((r) => r.text())")
    assert served == face_script()
    await tab.run(f"{HELPERS}; 0")
    data, dice = make(3).zip(), random.Random(11)
    flips = [(at, 1 << dice.randrange(8)) for at in dice.sample(range(len(data)), count)]
    file = tmp_path / "bundle.zip"
    for (at, bit), said in zip(flips, await judged_flips(tab, data, flips), strict=True):
        bent = bytearray(data)
        bent[at] ^= bit
        file.write_bytes(bent)
        assert said.get("answer") != "ok", at
        assert disagreement(said, ours(file)) == "", (at, bit)
