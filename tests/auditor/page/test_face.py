"""The page in a person's hands: picking, dropping, keys, keyboard, languages, hostile names."""

from pathlib import Path
from typing import Any

import pytest

from evidence.archive import Entry
from evidence.bundle import STATEMENT
from evidence.canonical import canonical, parse_json
from evidence.derivatives import Change
from evidence.dsse import EcdsaSigner, Envelope, sign
from evidence.items import InMemory
from tests.auditor.bundles import House, files_of, make, with_copies, zip_of, zipped
from tests.auditor.page.browser import Tab, open_tab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>globalThis.pwned=1</script>",
    '"><svg onload=globalThis.pwned=1>',
    "javascript:alert(1)",
    "</script><script>globalThis.pwned=1</script>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "{{script}} ${globalThis.pwned=1} {0}{1}",
    "a\u202egnp.exe",
    "<a href=https://example.invalid>",
    "__proto__",
    "constructor",
)


async def answer(tab: Tab) -> str:
    await tab.until("!document.getElementById('result').hidden")
    return str(await tab.run("document.getElementById('result').innerText"))


async def show(tab: Tab, file: Path) -> str:
    await tab.run("document.getElementById('result').hidden = true")
    await tab.pick("#zip", file)
    return await answer(tab)


async def fresh(tab: Tab) -> None:
    """The page as it is when it was just opened."""
    await tab.open(await tab.run("location.href"))


async def test_a_bundle_is_picked_and_what_it_proves_is_said_in_plain_words(
    tab: Tab, tmp_path: Path
) -> None:
    await fresh(tab)
    made = make(3)
    (tmp_path / "bundle.zip").write_bytes(made.zip())
    said = await show(tab, tmp_path / "bundle.zip")
    assert "It agrees with itself; who sealed it is not shown" in said
    assert "trust: bundle" in said
    assert "inclusion" in said
    await tab.run(f"document.getElementById('key').value = {made.house.pem!r}")
    await tab.run("document.getElementById('again').click()")
    assert "trust: pinned" in await answer(tab)
    await tab.run(f"document.getElementById('key').value = {House().pem!r}")
    await tab.run("document.getElementById('again').click()")
    said = await answer(tab)
    assert "It does not hold" in said
    assert "does not bear a signature by the pinned key" in said


async def test_an_altered_file_is_named_first(tab: Tab, tmp_path: Path) -> None:
    await fresh(tab)
    files = files_of(make(3))
    path = next(path for path in files if path.startswith("data/0001"))
    (tmp_path / "bent.zip").write_bytes(zipped(files | {path: files[path] + b"!"}))
    said = await show(tab, tmp_path / "bent.zip")
    assert said.index("What is wrong") < said.index(path) < said.index("What holds")


async def test_a_folder_and_a_drop_are_read_as_well(tab: Tab, tmp_path: Path) -> None:
    await fresh(tab)
    made = make(2)
    for entry in made.entries():
        file = tmp_path / "unpacked" / entry.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(entry.content.read(1 << 20))
    await tab.pick("#folder", tmp_path / "unpacked")
    assert "agrees with itself" in await answer(tab)
    (tmp_path / "bundle.zip").write_bytes(made.zip())
    (tmp_path / "trust.json").write_bytes(canonical(made.house.keys_json))
    for dropped in (["unpacked"], ["bundle.zip"], ["trust.json"]):
        await tab.run("document.getElementById('result').hidden = true")
        await tab.drop(*(tmp_path / name for name in dropped))
        said = await answer(tab)
        right = {"unpacked": "choose it with the button", "bundle.zip": "It agrees with itself"}
        assert right.get(dropped[0], "Nothing is wrong with it") in said, said


async def test_what_is_no_bundle_is_told_in_a_sentence(tab: Tab, tmp_path: Path) -> None:
    await fresh(tab)
    (tmp_path / "letter.zip").write_bytes(b"Dear Sir or Madam")
    said = await show(tab, tmp_path / "letter.zip")
    assert "It could not be checked" in said
    assert "This file: it is not a ZIP." in said
    (tmp_path / "bundle.zip").write_bytes(make(1).zip())
    await tab.run("document.getElementById('key').value = 'no key at all'")
    assert "The verifier key" in await show(tab, tmp_path / "bundle.zip")


async def test_all_of_it_can_be_read_in_chinese(tab: Tab, tmp_path: Path) -> None:
    await fresh(tab)
    files = files_of(make(3)) | {"proof/inclusion/0001.tlog-proof": b"?"}
    (tmp_path / "bent.zip").write_bytes(zipped(files))
    await show(tab, tmp_path / "bent.zip")
    await tab.run("document.getElementById('to-zh').click()")
    assert await tab.run("document.documentElement.lang") == "zh"
    said = await tab.run("document.body.innerText")
    assert "核验不通过" in said
    assert "日志证明" in said
    rows = await tab.run("[...document.querySelectorAll('.said')].map((e) => e.innerText)")
    assert rows
    assert all(any("\u4e00" <= c <= "\u9fff" for c in row) for row in rows), rows
    await tab.run("document.getElementById('to-en').click()")
    assert "核验不通过" not in await tab.run("document.body.innerText")


async def test_the_keyboard_reaches_everything(tab: Tab) -> None:
    await fresh(tab)
    reached = []
    for _ in range(7):
        await tab.press("Tab", 9)
        reached.append(await tab.run("document.activeElement.id || document.activeElement.tagName"))
    assert reached[:5] == ["to-en", "to-zh", "zip", "folder", "SUMMARY"]
    await fresh(tab)
    await tab.press("Tab", 9)
    await tab.press("Tab", 9)
    await tab.press("Enter", 13)
    assert await tab.run("document.documentElement.dataset.words") == "zh"


async def test_every_control_has_a_name_for_who_cannot_see_it(tab: Tab, tmp_path: Path) -> None:
    await fresh(tab)
    (tmp_path / "bundle.zip").write_bytes(make(1).zip())
    await show(tab, tmp_path / "bundle.zip")
    await tab.run("document.getElementById('pin').open = true")
    assert await tab.run("document.activeElement.id") == "result"
    nodes = (await tab.send("Accessibility.getFullAXTree"))["nodes"]
    controls = [
        node
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in {"button", "textbox", "link", "status"}
    ]
    assert len(controls) >= 6
    for node in controls:
        if node["role"]["value"] != "status":
            assert node["name"]["value"].strip(), node


def _named(text: str, made: Any) -> dict[str, bytes]:
    """A bundle in which `text` stands wherever a sealer or forger can put a name."""
    files = files_of(made)
    payload = parse_json(Envelope.from_json(files["proof/manifest.dsse.json"]).payload)
    for item in payload["predicate"]["items"]:
        item["name"] = item["key"] = item["media_type"] = text
    for fact in payload["predicate"]["facts"]:
        fact["name"], fact["item"] = text, "0" * 64
    payload["predicate"]["coverage"][0] |= {"requirement": text, "items": ["0" * 64]}
    payload["predicate"]["verdicts"][0]["verifier"] = f"{text.replace('/', '')[:90]}/1"
    files["proof/manifest.dsse.json"] = made.house.envelope(payload)
    return files


async def test_hostile_names_are_shown_as_text_and_never_run(tab: Tab, tmp_path: Path) -> None:
    await fresh(tab)
    made = make(3)
    for number, text in enumerate(HOSTILE):
        files = _named(text, made)
        plain = [Entry(f"f/{path}", InMemory(raw)) for path, raw in sorted(files.items())]
        data = zip_of(plain).replace(b"bagit.txt", text.encode("utf-8")[:9].ljust(9, b"<"))
        signer = EcdsaSigner(made.house.envelope_key)
        typed = sign(b"{}", text, [signer]).to_json()
        for each in (data, zipped(files), zipped(files_of(made) | {STATEMENT: typed})):
            file = tmp_path / f"{number}<img src=x onerror=alert(1)>.zip"
            file.write_bytes(each)
            said = await show(tab, file)
            assert "It does not hold" in said
            assert "<img src=x onerror=alert(1)>" in said
            inside = "[...document.querySelectorAll('#result *')].map((e) => e.localName)"
            assert set(await tab.run(inside)) <= {"div", "h2", "h3", "p", "span", "ol", "li", "a"}
    assert await tab.run("globalThis.pwned === undefined")
    folder = "new Blob(['x'])"
    names = "['bagit.txt', '<img src=x onerror=alert(1)>', '__proto__']"
    done = await tab.run(
        f"orderproof.verify({{ files: {names}.map((path) => ({{ path, blob: {folder} }})) }})"
        ".then((report) => report.answer)"
    )
    assert done == "not ok"


async def test_markup_is_refused_by_the_page_itself(tab: Tab) -> None:
    await fresh(tab)
    refused = (
        "(() => { try { document.body.innerHTML = '<b>x</b>'; return false } "
        "catch (error) { return error.name === 'TypeError' } })()"
    )
    assert await tab.run(refused)
    assert await tab.run("fetch('https://example.invalid/').then(() => false, () => true)"), (
        "the page can reach the network"
    )
    tab.errors.clear()  # the two refusals were asked for


async def test_without_ed25519_the_log_is_inconclusive_not_passed(
    tmp_path: Path, page_file: Path
) -> None:
    (tmp_path / "bundle.zip").write_bytes(make(2).zip())
    async with open_tab(tmp_path) as old:
        await old.send("Page.enable")
        await old.send(
            "Page.addScriptToEvaluateOnNewDocument",
            source="""
                const real = crypto.subtle.importKey.bind(crypto.subtle);
                SubtleCrypto.prototype.importKey = (format, data, kind, ...more) =>
                  kind === "Ed25519"
                    ? Promise.reject(new DOMException("no", "NotSupportedError"))
                    : real(format, data, kind, ...more);
            """,
        )
        await old.open(page_file.as_uri())
        await old.pick("#zip", tmp_path / "bundle.zip")
        await answer(old)
        rows = await old.run(
            "[...document.querySelectorAll('ol li')].map((e) => "
            "[e.querySelector('.name .en').innerText, e.querySelector('.state').className])"
        )
        states = {name: state.rpartition(" ")[2] for name, state in rows}
        for name in ("checkpoints", "before-read", "inclusion", "read-after-stored"):
            assert states[name] == "inconclusive"
        assert states["statement"] == "pass"


async def test_a_report_that_is_dropped_with_its_bundle_is_checked(
    tab: Tab, tmp_path: Path
) -> None:
    await fresh(tab)
    pdf = b"%PDF-1.4 a report " * 40
    made = with_copies(make(5), (5, pdf), change=Change.RENDERED)
    (tmp_path / "bundle.zip").write_bytes(made.zip())
    (tmp_path / "report.pdf").write_bytes(pdf)
    (tmp_path / "bent.pdf").write_bytes(pdf + b"!")

    async def dropped(*names: str) -> str:
        await tab.run("document.getElementById('result').hidden = true")
        await tab.drop(*(tmp_path / name for name in names))
        return await answer(tab)

    assert "drop the order's bundle as well" in await dropped("report.pdf")
    said = await dropped("bundle.zip", "report.pdf")
    assert "The report is ours and unaltered" in said
    assert "It is of the newest account in the bundle." in said
    await tab.run("document.getElementById('result').hidden = true")
    await tab.pick("#zip", tmp_path / "bundle.zip", tmp_path / "report.pdf")  # by keyboard too
    assert "The report is ours and unaltered" in await answer(tab)
    said = await dropped("bent.pdf")
    assert "It does not hold" in said and "it was altered, or made elsewhere" in said
