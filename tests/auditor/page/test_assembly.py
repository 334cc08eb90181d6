"""What is in `verify.html`, read as text."""

import base64
import hashlib
import re
from pathlib import Path

import auditor.page
from auditor.page import SCRIPTS, page, verification_script

FOLDER = Path(auditor.page.__file__).parent
MAX_BYTES = 180_000


def _sources() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.js"))}


def _between(tag: str) -> str:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", page().decode(), flags=re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_page_is_small_and_always_the_same() -> None:
    assert len(page()) < MAX_BYTES
    page.cache_clear()
    assert page() == page()
    assert b"{{" not in page().replace(b"${{", b"")[:2_000]


def test_every_script_on_disk_is_in_it_once() -> None:
    assert sorted(SCRIPTS) == list(_sources())


def test_its_policy_lets_exactly_its_own_script_and_style_run() -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page().decode())
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for tag in ("script", "style"):
        digest = hashlib.sha256(_between(tag).encode()).digest()
        assert rules[f"{tag}-src"] == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert rules["default-src"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"


def test_nothing_in_it_loads_sends_or_takes_text_for_markup() -> None:
    text = page().decode()
    assert not re.findall(
        r"\s(?:src|on[a-z]+)\s*=", re.sub(r"<script>.*</script>", "", text, flags=re.DOTALL)
    )
    assert set(re.findall(r"https?://[^\s\"'`]+", text)) == {
        "https://in-toto.io/Statement/v1",
        "https://model_signing/signature/v1.0",
    }
    for word in (
        "innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(",
        "fetch(", "XMLHttp", "WebSocket", "EventSource", "sendBeacon", "import(", "localStorage",
        "cookie", "postMessage", "window.open", "setTimeout",
    ):  # fmt: skip
        assert word not in text, word


def test_every_sentence_is_there_in_chinese_with_the_same_gaps() -> None:
    sources = _sources()
    pairs = re.findall(r'\["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\]', sources.pop("chinese"))
    chinese = dict(pairs)
    said = {
        found
        for text in sources.values()
        for found in re.findall(r'say\(\s*"((?:[^"\\]|\\.)*)"', text)
        + re.findall(r'const (?:said|what) =\s*"((?:[^"\\]|\\.)*)"', text)
    }
    said -= {"{0}", "openings.json"}
    assert said - set(chinese) == set()
    gaps = re.compile(r"\{\d\}")
    for english, other in chinese.items():
        assert sorted(gaps.findall(english)) == sorted(gaps.findall(other)), english
    names = {
        found for text in sources.values() for found in re.findall(r'"([a-z-]+)",\s*say\(', text)
    }
    fields = {"at", "code", "findings", "said", "state", "verifier"}
    assert names - set(chinese) == fields


def test_the_check_alone_has_no_face() -> None:
    script = verification_script()
    assert not re.search(
        r"\bdocument\.[a-z]|innerText|textContent", script.replace('"document', "")
    )
    assert "async function verify(" in script
    assert len(script) < len(_between("script"))
