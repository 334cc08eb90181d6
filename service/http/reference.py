"""The reference of the API, written out of openapi.yaml: a page without scripts, and docs/api.md.

python -m service.http.reference docs/api.md    writes the latter; a test holds it to the contract
"""

from __future__ import annotations

import html
import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from service.http.contract import METHODS, Contract

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
body{color:#1a1a1a;background:#fff}
h2{margin-top:3rem;border-bottom:1px solid #bbb}h3{margin-top:2.2rem}nav li{list-style:none}
code,pre{font:13px/1.45 ui-monospace,monospace;background:#f3f3f0}pre{padding:.7rem;overflow:auto}
code{padding:.1rem .25rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;border-bottom:1px solid #ddd;padding:.3rem .8rem .3rem 0}
.m{display:inline-block;min-width:4.2rem;font-weight:600}
@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}code,pre{background:#252525}}
"""

# What a command sends that has no example as JSON.
_FILES = {"text/csv": "export.csv"}


class Reference:
    """openapi.yaml, operation by operation."""

    def __init__(self, contract: Contract) -> None:
        self.document: dict[str, Any] = yaml.load(contract.raw, yaml.CSafeLoader)

    def operations(self, tag: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and operation, in the file's order; path parameters are the operation's."""
        for path, methods in self.document["paths"].items():
            shared = methods.get("parameters", [])
            for method in METHODS:
                if method in methods and tag in methods[method]["tags"]:
                    said = methods[method]
                    parameters = [self.resolved(p) for p in (*shared, *said.get("parameters", ()))]
                    yield method.upper(), path, {**said, "parameters": parameters}

    def resolved(self, said: Mapping[str, Any]) -> dict[str, Any]:
        found: Any = said
        while "$ref" in found:
            reference, found = found["$ref"], self.document
            for part in reference.removeprefix("#/").split("/"):
                found = found[part]
        return dict(found)

    def curl(self, method: str, path: str, operation: Mapping[str, Any]) -> str:
        """A command that can be run as it stands, with $ORDERPROOF and $TOKEN set."""
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
            elif parameter.get("required"):
                path += f"?{parameter['name']}={parameter['example']}"
        words = ["curl -sS"]
        if method != "GET":
            words.append(f"-X {method}")
        if operation.get("security") != []:
            words.append('-H "Authorization: Bearer $TOKEN"')
        for header in operation.get("x-curl", ()):
            words.append(f"-H {shlex.quote(header)}")
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            if media_type == "application/json":
                said = json.dumps(content["example"], ensure_ascii=False)
                words.append(f"--json {shlex.quote(said)}")
            else:
                file = _FILES.get(media_type, "bundle.zip")
                words.append(f"-H 'Content-Type: {media_type}' --data-binary @{file}")
            break
        answers = self.resolved(operation["responses"].get("200", {})).get("content", {})
        if {"application/zip", "*/*"} & set(answers):
            words.append("-OJ")
        if "text/event-stream" in answers:
            words.append("-N")
        return " ".join([*words, f'"$ORDERPROOF{path}"'])


def page(contract: Contract) -> bytes:
    """All of it as one HTML page, which asks nobody for anything."""
    reference = Reference(contract)
    document = reference.document
    said = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>orderproof API</title>",
        f"<style>{_STYLE}</style><h1>{_text(document['info']['title'])} API</h1>",
        _paragraphs(document["info"]["description"]),
        '<p>Version 1, as <a href="/openapi.yaml">openapi.yaml</a>.</p>',
    ]
    said.append("<nav><ul>")
    for tag in document["tags"]:
        said.append(f'<li><a href="#{tag["name"]}">{_text(tag["name"])}</a>: ')
        said.append(f"{_text(tag['description'])}</li>")
    said.append("</ul></nav>")
    for tag in document["tags"]:
        said.append(f'<h2 id="{tag["name"]}">{_text(tag["name"])}</h2>')
        for method, path, operation in reference.operations(tag["name"]):
            said += _operation(reference, method, path, operation)
    said.append('<h2 id="schemas">schemas</h2>')
    for name, schema in document["components"]["schemas"].items():
        shown = yaml.safe_dump(schema, sort_keys=False, allow_unicode=True, width=90)
        said.append(f'<h3 id="schema-{name}">{name}</h3><pre>{_linked(shown)}</pre>')
    return "\n".join(said).encode()


def _operation(
    reference: Reference, method: str, path: str, operation: Mapping[str, Any]
) -> Iterator[str]:
    yield f'<h3 id="{operation["operationId"]}">'
    yield f"<span class=m>{method}</span> <code>{path}</code></h3>"
    yield f"<p><b>{_text(operation['summary'])}</b></p>"
    yield _paragraphs(operation.get("description", ""))
    roles = operation.get("x-roles")
    yield f"<p>For {', '.join(roles) if roles else 'everybody; no token is needed'}.</p>"
    if operation["parameters"]:
        yield "<table><tr><th>parameter<th>in<th>schema<th></tr>"
        for parameter in operation["parameters"]:
            needed = " (required)" if parameter.get("required") else ""
            schema = json.dumps(parameter["schema"], ensure_ascii=False)
            yield f"<tr><td><code>{parameter['name']}</code>{needed}<td>{parameter['in']}"
            yield f"<td><code>{_linked(schema)}</code>"
            yield f"<td>{_inline(parameter.get('description', ''))}"
        yield "</table>"
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = _linked(json.dumps(content["schema"]))
        yield f"<p>Body <code>{media_type}</code>: <code>{schema}</code></p>"
    yield "<table><tr><th>answer<th><th></tr>"
    for status, answer in operation["responses"].items():
        answer = reference.resolved(answer)
        bodies = ", ".join(
            f"{media_type} {_linked(json.dumps(content['schema']))}"
            for media_type, content in answer.get("content", {}).items()
        )
        yield f"<tr><td>{status}<td>{_inline(answer['description'])}<td><code>{bodies}</code>"
    yield f"</table><pre>{_text(reference.curl(method, path, operation))}</pre>"


def _text(said: str) -> str:
    return html.escape(said.strip())


def _inline(said: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(said))


def _paragraphs(said: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in said.strip().split("\n\n") if part)


def _linked(said: str) -> str:
    escaped = html.escape(said, quote=False)
    return re.sub(
        r"#/components/schemas/(\w+)", r'<a href="#schema-\1">#/components/schemas/\1</a>', escaped
    )


def markdown(contract: Contract) -> str:
    """docs/api.md: what each call is for, who may, and a command that makes it."""
    reference = Reference(contract)
    lines = [
        "# The API, call by call",
        "",
        "Written by `python -m service.http.reference docs/api.md` out of openapi.yaml, which says",
        "the rest: schemas, answers, conventions. A running service shows it all at `/docs`, and",
        "asks nobody else for it. `service.client` has a method for each call.",
        "",
        "```sh",
        "# on the machine itself no token is needed",
        "export ORDERPROOF=http://127.0.0.1:8321 TOKEN=opt_...",
        "```",
    ]
    for tag in reference.document["tags"]:
        lines += ["", f"## {tag['name']}", "", tag["description"]]
        for method, path, operation in reference.operations(tag["name"]):
            roles = operation.get("x-roles")
            lines += ["", f"### {operation['operationId']}", "", f"`{method} {path}`", ""]
            lines += [
                operation["summary"],
                f"For {', '.join(roles)}." if roles else "For everybody.",
            ]
            lines += ["", "```sh", reference.curl(method, path, operation), "```"]
    lines += [
        "",
        "## Problems",
        "",
        "The `type` of a problem, each `urn:orderproof:problem:` and:",
        "",
    ]
    for type in reference.document["components"]["schemas"]["ProblemType"]["enum"]:
        lines.append(f"- `{type.rpartition(':')[2]}`")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(Contract.load()), encoding="utf-8")
