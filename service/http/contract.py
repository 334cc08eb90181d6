"""The HTTP contract: openapi.yaml, held to on the way in, and by the tests on the way out.

Routes are bound by `operationId`, in both directions: an operation without a handler, or a handler
without an operation, keeps the service from starting. Requests are checked against the schemas
before a handler runs. What is wrong is told by the schema's words alone: the validator's own
messages quote the value they refuse, and that may be personal data.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from aiohttp import hdrs, web

from evidence.canonical import parse_json
from evidence.errors import EvidenceError
from service.access.callers import Role
from service.http.problems import BODY_TEXTS, MAX_ERRORS, Problem, Violation, invalid

MAX_BODY_BYTES = 1 << 20
BODY_S = 30.0

METHODS = ("get", "put", "post", "delete", "patch")
# HEAD makes sense for what has an end; a stream of events has none.
_NO_HEAD = frozenset({"watchCollection", "getBundle"})


@dataclass(frozen=True, slots=True)
class Given:
    """A request that fits the contract: parameters by name, typed and with their defaults.

    body  what the JSON said, None without a body or where the handler reads the bytes itself
    """

    path: Mapping[str, str]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    body: Any = None


Handler = Callable[[web.Request, Given], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    name: str
    place: str
    required: bool
    kind: str | None
    default: Any
    validator: jsonschema_rs.Draft202012Validator


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A documented answer: required header names, and a schema for each media type."""

    headers: tuple[str, ...]
    content: Mapping[str, jsonschema_rs.Draft202012Validator]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `public` needs no token.

    roles          who may, where it is not public
    tags           what a token's scopes are compared with
    of_the_house   about the service as a whole, so only for those who run it
    raw            the handler reads the body's bytes itself, whatever they are
    """

    id: str
    method: str
    path: str
    public: bool
    roles: frozenset[Role]
    tags: tuple[str, ...]
    of_the_house: bool
    raw: bool
    parameters: tuple[Parameter, ...]
    body_required: bool
    bodies: Mapping[str, jsonschema_rs.Draft202012Validator]
    answers: Mapping[str, Answer] = field(repr=False)

    @property
    def reads_json(self) -> bool:
        return "application/json" in self.bodies and not self.raw

    async def given(self, request: web.Request) -> Given:
        """Check a request. Raises Problem: 422 naming each wrong field, 400, 408, 413 or 415."""
        wrong: list[Violation] = []
        path = self._values("path", dict(request.match_info), wrong)
        headers = self._values(
            "header",
            {
                p.name: request.headers[p.name]
                for p in self.parameters
                if p.place == "header" and p.name in request.headers
            },
            wrong,
        )
        query = self._values("query", self._query(request, wrong), wrong)
        body = None
        if self.reads_json:
            body = await self._json(request, wrong)
        elif self.bodies and not self.raw:
            self._check_media_type(request)
        if wrong:
            raise invalid(*wrong)
        return Given(path, query, headers, body)

    def _query(self, request: web.Request, wrong: list[Violation]) -> dict[str, str]:
        known = [p.name for p in self.parameters if p.place == "query"]
        if set(request.query) - set(known):
            takes = f"this path takes {', '.join(known)}" if known else "this path takes none"
            wrong.append(Violation("/query", f"has a parameter that nobody reads; {takes}"))
        for name in known:
            if len(request.query.getall(name, ())) > 1:
                wrong.append(Violation(f"/query/{name}", "is given more than once"))
        return {name: request.query[name] for name in known if name in request.query}

    def _values(
        self, place: str, sent: Mapping[str, str], wrong: list[Violation]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for parameter in (p for p in self.parameters if p.place == place):
            if parameter.name not in sent:
                if parameter.required:
                    wrong.append(Violation(f"/{place}/{parameter.name}", "is missing"))
                elif parameter.default is not None:
                    found[parameter.name] = parameter.default
                continue
            value: Any = sent[parameter.name]
            if parameter.kind == "integer" and re.fullmatch(r"-?[0-9]{1,15}", value, re.ASCII):
                value = int(value)
            wrong.extend(_violations(parameter.validator, value, f"/{place}/{parameter.name}"))
            found[parameter.name] = value
        return found

    async def _json(self, request: web.Request, wrong: list[Violation]) -> Any:
        async with asyncio.timeout(BODY_S):
            raw = await request.read()
        if not raw:
            if self.body_required:
                wrong.append(Violation("/body", "is missing"))
            return {}
        self._check_media_type(request)
        try:
            body = parse_json(raw, limit=MAX_BODY_BYTES)
        except EvidenceError as problem:
            raise Problem(
                400,
                "invalid-request",
                "The body is not JSON that can be read: UTF-8, no name twice in an object, no "
                "numbers beyond what a double holds.",
            ) from problem
        request[BODY_TEXTS] = list(_texts(body))
        wrong.extend(_violations(self.bodies["application/json"], body, "/body"))
        return body

    def _check_media_type(self, request: web.Request) -> None:
        if hdrs.CONTENT_TYPE not in request.headers or request.content_type not in self.bodies:
            raise Problem(
                415,
                "unsupported-media-type",
                f"Send the body with Content-Type {' or '.join(self.bodies)}.",
                headers={"Accept": ", ".join(self.bodies)},
            )

    def check_answer(
        self, *, status: int, headers: Mapping[str, str], media_type: str, body: bytes
    ) -> list[Violation]:
        """What is wrong with an answer of ours; for the tests, which check every one."""
        answer = self.answers.get(str(status)) or self.answers.get("default")
        if answer is None or (str(status) not in self.answers and status < 400):
            return [Violation("/status", f"{status} is not documented")]
        wrong = [
            Violation(f"/header/{name}", "is missing")
            for name in answer.headers
            if name.lower() not in {sent.lower() for sent in headers}
        ]
        if not answer.content:
            return wrong + ([Violation("/body", "is not documented")] if body else [])
        schema = answer.content.get(media_type) or answer.content.get("*/*")
        if schema is None:
            return [*wrong, Violation("/header/Content-Type", f"{media_type} is not documented")]
        if media_type.endswith("json") and media_type in answer.content:
            wrong.extend(_violations(schema, json.loads(body), "/body"))
        return wrong


class Contract:
    """openapi.yaml as read."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._document: dict[str, Any] = yaml.load(raw, yaml.CSafeLoader)
        self.operations = {operation.id: operation for operation in self._read()}

    @classmethod
    @functools.cache
    def load(cls) -> Contract:
        """The file at the root of a checkout, or the copy that a wheel carries; read once."""
        carried = Path(__file__).parents[1] / "openapi.yaml"
        root = Path(__file__).parents[2] / "openapi.yaml"
        return cls((carried if carried.exists() else root).read_bytes())

    def bind(self, app: web.Application, handlers: Mapping[str, Handler]) -> None:
        """Add a route for each operation. Raises LookupError unless they pair up exactly."""
        if unpaired := set(self.operations) ^ set(handlers):
            raise LookupError(f"openapi.yaml and handlers differ in {sorted(unpaired)}")
        for operation in self.operations.values():
            # A log's file names hold slashes; OpenAPI has no way to say so in the template.
            path = operation.path.replace("{path}", "{path:.+}")
            # Else a name beside it, such as /v1/defects/rates, would be taken for an id as well.
            path = path.replace("{defect_id}", "{defect_id:[0-9a-f]{32}}")
            route = _checked(operation, handlers[operation.id])
            app.router.add_route(operation.method, path, route, name=operation.id)
            if operation.method == "GET" and operation.id not in _NO_HEAD:
                app.router.add_route("HEAD", path, route)

    def operation_of(self, request: web.Request) -> Operation | None:
        """None where no route was found."""
        handler = request.match_info.handler
        found = getattr(handler, "operation", None)
        return found if isinstance(found, Operation) else None

    def _read(self) -> Iterator[Operation]:
        for path, methods in self._document["paths"].items():
            shared = methods.get("parameters", [])
            for method in METHODS:
                if method in methods:
                    yield self._operation(path, method, methods[method], shared)

    def _operation(
        self, path: str, method: str, said: Mapping[str, Any], shared: list[Any]
    ) -> Operation:
        body = said.get("requestBody", {})
        public = said.get("security", self._document["security"]) == []
        if public == ("x-roles" in said):
            raise LookupError(f"{said['operationId']} says neither x-roles nor `security: []`")
        return Operation(
            id=said["operationId"],
            method=method.upper(),
            path=path,
            public=public,
            roles=frozenset(map(Role, said.get("x-roles", ()))),
            tags=tuple(said["tags"]),
            raw=said.get("x-raw", False),
            of_the_house=said.get("x-of-the-house", False),
            parameters=tuple(map(self._parameter, [*shared, *said.get("parameters", [])])),
            body_required=body.get("required", False),
            bodies=self._content(body),
            answers={status: self._answer(a) for status, a in said["responses"].items()},
        )

    def _parameter(self, said: Mapping[str, Any]) -> Parameter:
        said = self._resolve(said)
        schema = self._resolve(said["schema"])
        return Parameter(
            name=said["name"],
            place=said["in"],
            required=said.get("required", False),
            kind=schema.get("type"),
            default=schema.get("default"),
            validator=self._validator(schema),
        )

    def _answer(self, said: Mapping[str, Any]) -> Answer:
        said = self._resolve(said)
        headers = {name: self._resolve(h) for name, h in said.get("headers", {}).items()}
        return Answer(
            headers=tuple(name for name, header in headers.items() if header.get("required")),
            content=self._content(said),
        )

    def _content(self, said: Mapping[str, Any]) -> dict[str, jsonschema_rs.Draft202012Validator]:
        return {
            media_type: self._validator(content["schema"])
            for media_type, content in said.get("content", {}).items()
        }

    def _validator(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
        # References point into the document, so each schema takes its components along.
        whole = {**schema, "components": self._document["components"]}
        return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)

    def _resolve(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = said.get("$ref")
        if reference is None:
            return said
        found: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return self._resolve(found)


CONTRACT = web.AppKey("contract", Contract)


def _checked(
    operation: Operation, handler: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def checked(request: web.Request) -> web.StreamResponse:
        return await handler(request, await operation.given(request))

    checked.operation = operation  # type: ignore[attr-defined]
    return checked


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)


def _violations(
    validator: jsonschema_rs.Draft202012Validator, value: Any, pointer: str
) -> list[Violation]:
    try:
        errors = validator.iter_errors(value)
        found = []
        for error in errors:
            # Names come from the schema: every object of it refuses fields it does not name.
            place = "".join(f"/{part}" for part in error.instance_path)
            found.append(Violation(pointer + place, _said(error.kind)))
            if len(found) == MAX_ERRORS:
                break
        return found
    except ValueError:  # half a surrogate pair, which no UTF-8 text has
        return [Violation(pointer, "is not Unicode text")]


def _said(kind: Any) -> str:
    """What a keyword asks for, in words; from the schema's side of the error only."""
    match kind.name:
        case "required":
            return f"lacks the field {kind.property}"
        case "additionalProperties" | "unevaluatedProperties":
            return "has a field that nobody reads"
        case "type":
            return f"must be of type {_types(kind.types)}"
        case "enum":
            return f"must be one of {', '.join(map(str, kind.options))}"
        case "format":
            return f"must be a {kind.format}, such as {_EXAMPLES.get(kind.format, 'documented')}"
        case "pattern":
            return f"must match {kind.pattern}"
        case "minLength" | "minItems" if kind.limit == 1:
            return "must not be empty"
        case "minLength" | "maxLength":
            return f"must have {_bound(kind)} characters"
        case "minItems" | "maxItems":
            return f"must have {_bound(kind)} entries"
        case "minimum" | "maximum":
            return f"must be {_bound(kind)}"
        case "uniqueItems":
            return "has an entry twice"
        case _:
            return "is in none of the forms that openapi.yaml allows"


def _bound(kind: Any) -> str:
    return f"at {'least' if kind.name.startswith('min') else 'most'} {kind.limit}"


def _types(types: Any) -> str:
    return " or ".join([types] if isinstance(types, str) else map(str, types))


_EXAMPLES = {"date-time": "2026-11-22T08:15:00Z"}
