"""A vendor's OpenAPI description as a judge: of our requests, and of the sandbox's answers."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from service.sandbox.app import Asked

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


class Contract:
    """One description, OpenAPI 3 or Swagger 2, JSON or YAML.

    prefix   what the sandbox and the base URL put before the description's paths, "/ups/api"
    """

    def __init__(self, path: Path, *, prefix: str) -> None:
        text = path.read_text("utf-8")
        self.document: Any = (
            json.loads(text) if path.suffix == ".json" else yaml.safe_load(text.replace("\t", " "))
        )
        self._prefix = prefix

    def assert_request(self, asked: Asked) -> None:
        """Method, path, query, required headers and body are documented ones."""
        template, operation = self._operation(asked)
        parameters = [
            *self.document["paths"][template].get("parameters", []),
            *operation.get("parameters", []),
        ]
        parameters = [self._resolved(one) for one in parameters]
        known = {one["name"] for one in parameters if one["in"] == "query"}
        assert set(asked.query) <= known, set(asked.query) - known
        headers = {name.lower() for name in asked.headers}
        for one in parameters:
            if not one.get("required"):
                continue
            if one["in"] == "query":
                assert one["name"] in asked.query, one["name"]
            if one["in"] == "header" and one["name"].lower() != "authorization":
                assert one["name"].lower() in headers, one["name"]
        for one in parameters:
            if one["in"] == "query" and one["name"] in asked.query:
                allowed = self._resolved(one.get("schema", one)).get("enum")
                assert allowed is None or asked.query[one["name"]] in map(str, allowed), one["name"]
        if asked.body:
            schema = self._body_schema(operation)
            assert schema is not None, f"{template} takes no body"
            departed = list(self.departures(schema, json.loads(asked.body)))
            assert departed == [], departed[:10]

    def assert_answer(self, asked: Asked, status: int, body: Any) -> None:
        """The body has the documented fields of that answer, each of its documented type."""
        template, operation = self._operation(asked)
        response = self._resolved(operation["responses"][str(status)])
        schema = response.get("schema") or _json_schema(response.get("content", {}))
        assert schema is not None, f"{template} has no JSON answer {status}"
        departed = list(self.departures(schema, body))
        assert departed == [], departed[:10]

    def departures(self, schema: Mapping[str, Any], value: Any, at: str = "") -> Iterator[str]:
        """Fields of `value` that the schema does not have, lacks, or has of another type."""
        schema = self._resolved(schema)
        if value is None:  # vendors send null where their description has no word of it
            return
        for one in schema.get("allOf", ()):
            schema = {**schema, **_merged(schema, self._resolved(one))}
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                tried = [list(self.departures(one, value, at)) for one in schema[choice]]
                if all(tried):
                    yield from tried[0]
                return
        kind = schema.get("type") or ("object" if schema.get("properties") else None)
        if kind == "object":
            yield from self._object_departures(schema, value, at)
        elif kind == "array":
            if not isinstance(value, list):
                yield f"{at} is no list"
                return
            for index, child in enumerate(value):
                yield from self.departures(schema.get("items", {}), child, f"{at}/{index}")
        elif kind in _TYPES:
            wrong = isinstance(value, bool) != (kind == "boolean")
            if wrong or not isinstance(value, _TYPES[kind]):
                yield f"{at} is no {kind}"

    def _object_departures(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at} is no object"
            return
        properties = schema.get("properties")
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{at}/{name} is missing"
        for key, child in value.items():
            if properties is not None and key in properties:
                yield from self.departures(properties[key], child, f"{at}/{key}")
            elif properties is not None and not schema.get("additionalProperties"):
                yield f"{at}/{key} is not documented"

    def _operation(self, asked: Asked) -> tuple[str, dict[str, Any]]:
        assert asked.path.startswith(self._prefix), asked.path
        path = asked.path.removeprefix(self._prefix)
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, unquote(path)) and asked.method.lower() in operations:
                return template, operations[asked.method.lower()]
        raise AssertionError(f"{asked.method} {path} is not documented")

    def _body_schema(self, operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if "requestBody" in operation:
            return _json_schema(self._resolved(operation["requestBody"]).get("content", {}))
        for one in operation.get("parameters", ()):
            resolved = self._resolved(one)
            if resolved["in"] == "body":
                return dict(resolved["schema"])
        return None

    def _resolved(self, node: Mapping[str, Any]) -> dict[str, Any]:
        seen = 0
        while "$ref" in node and seen < 20:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node, seen = target, seen + 1
        return dict(node)


def _json_schema(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for media_type, said in content.items():
        if "json" in media_type:
            return dict(said.get("schema", {}))
    return None


def _merged(schema: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": schema.get("type") or other.get("type"),
        "properties": {**schema.get("properties", {}), **other.get("properties", {})},
        "required": [*schema.get("required", ()), *other.get("required", ())],
    }
