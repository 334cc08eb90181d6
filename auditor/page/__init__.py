"""`verify.html`: one page that checks a bundle in the reader's own browser, offline.

The page is put together here from plain files and from nothing else, so the same version gives
the same bytes. Its own policy lets it run exactly the script and style that are in it: it cannot
load, send or embed anything, and nothing that a bundle says can become code.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files

from evidence.bundle import EXTENSIONS
from evidence.cases import State, Step, after, allowed
from evidence.items import OWN_ROLES, Provenance, Role
from evidence.orders import Platform
from evidence.verdicts import Verdict

# In the order in which they build on each other; all but the last two are the check itself.
SCRIPTS = (
    "bytes", "words", "json", "fields", "report", "zip", "keys", "dsse", "notes", "merkle",
    "receipts", "manifest", "bag", "seal", "payload", "logs", "derived", "standing", "oms",
    "case", "verify", "chinese", "view",
)  # fmt: skip

_FACE = ("chinese", "view")


@cache
def page() -> bytes:
    """The whole of `verify.html`."""
    script = _script(SCRIPTS)
    style = _text("page.css")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
            # Chromium then refuses to take any text at all for markup or code.
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    html = _text("template.html")
    for gap, text in (("policy", policy), ("style", style), ("script", script)):
        before, _, after = html.partition(f"{{{{{gap}}}}}")
        html = before + text + after
    return html.encode("utf-8")


@cache
def verification_script() -> str:
    """The check without its face: it defines `orderproof.verify`, which gives a report.

    For other pages of ours that check a bundle in the browser; see verify.js for its arguments.
    """
    return _script(tuple(name for name in SCRIPTS if name not in _FACE))


@cache
def face_script() -> str:
    """The check with its face, for a page of ours that has the face's elements (view.js)."""
    return _script(SCRIPTS)


def _script(names: tuple[str, ...]) -> str:
    lists = {
        "ROLES": list(Role),
        "OWN_ROLES": sorted(OWN_ROLES),
        "PLATFORMS": list(Platform),
        "PROVENANCES": list(Provenance),
        "VERDICTS": list(Verdict),
        "EXTENSIONS": dict(EXTENSIONS),
        "CASE_STEPS": list(Step),
        "CASE_STATES": list(State),
        "CASE_MAY": {state: {s: after(state, s) for s in allowed(state)} for state in State},
    }
    known = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in lists.items())
    parts = "\n".join(_text(f"{name}.js") for name in names)
    # Every bundle carries it: the comments stay in the source, and a tab does for two spaces.
    parts = re.sub(r"^ *//.*\n", "", parts, flags=re.MULTILINE)
    parts = re.sub(
        r"^(?:  )+", lambda found: "\t" * (len(found[0]) // 2), parts, flags=re.MULTILINE
    )
    faces = "verify, openCheckpoint, checkConsistency, hashNode, NoteVerifier, Problem, why"
    call = f"globalThis.orderproof = Object.freeze({{ {faces} }});"
    return f'\n"use strict";\n(() => {{\n{known}{parts}\n{call}\n}})();\n'


def _text(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
