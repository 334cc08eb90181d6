"""Write the client's types out of openapi.yaml; a test holds the two together.

python -m service.client.generate
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from service.http.contract import Contract

TO = Path(__file__).with_name("shapes.py")
_PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
}


def shapes(contract: Contract) -> str:
    """The module: a TypedDict for each object, another name for everything else."""
    document = yaml.load(contract.raw, yaml.CSafeLoader)
    written: list[str] = []
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema:
            written += _object(name, schema)
        else:
            written.append(f"{name} = {_type(schema, name, written)}\n")
    body = "\n".join(written)
    used = [name for name in ("Any", "Literal", "NotRequired", "TypedDict") if name in body]
    return (
        '"""What openapi.yaml calls schemas; service.client.generate writes it."""\n\n'
        f"from typing import {', '.join(used)}\n\n{body}"
    )


def _object(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    before: list[str] = []
    required = set(schema.get("required", ()))
    lines = [f"class {name}(TypedDict):"]
    for field, said in schema["properties"].items():
        kind = _type(said, name + _camel(field), before)
        lines.append(f"    {field}: {kind if field in required else f'NotRequired[{kind}]'}")
    # A name that is required and nowhere described may still be there.
    yield from before
    yield "\n".join(lines) + "\n"


def _type(said: Mapping[str, Any], name: str, before: list[str]) -> str:
    if "$ref" in said:
        return f'"{said["$ref"].rpartition("/")[2]}"'
    if "const" in said:
        return f"Literal[{json.dumps(said['const']).replace('true', 'True')}]"
    if "enum" in said:
        return f"Literal[{', '.join(json.dumps(each) for each in said['enum'])}]"
    if "oneOf" in said:
        kinds = [_type(each, name, before) for each in said["oneOf"]]
        return _either(kinds)
    if "properties" in said:
        before += _object(name, said)
        return f'"{name}"'
    kinds = said.get("type", "object")
    if isinstance(kinds, str):
        kinds = [kinds]
    return _either([_of(kind, said, name, before) for kind in kinds])


def _of(kind: str, said: Mapping[str, Any], name: str, before: list[str]) -> str:
    if kind == "array":
        return f"list[{_type(said.get('items', {}), name + 'Entry', before)}]"
    if kind == "object" and isinstance(said.get("additionalProperties"), dict):
        return f"dict[str, {_type(said['additionalProperties'], name, before)}]"
    return _PLAIN[kind]


def _either(kinds: list[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    bare = [kind.strip('"') for kind in sorted(kinds, key=lambda kind: kind == "None")]
    return f'"{" | ".join(bare)}"'


def _camel(field: str) -> str:
    return "".join(part.capitalize() for part in field.split("_"))


if __name__ == "__main__":
    TO.write_text(shapes(Contract.load()), encoding="utf-8")
