"""What schemathesis is told of a house: ids of ours and of theirs, and what gives these away.

It runs in schemathesis's own process (SCHEMATHESIS_HOOKS); the environment says which ids.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import Any

import schemathesis

_SEEDED = json.loads(os.environ["ORDERPROOF_SEEDED"])


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> Any:
    """A third of the made-up names become ones of ours, a third ones of the other tenant."""
    if not path_parameters:
        return path_parameters
    which = zlib.crc32(repr(sorted(path_parameters.items())).encode()) % 3
    if which == 2:
        return path_parameters
    names = _SEEDED[("ours", "theirs")[which]]
    return {name: names.get(name, value) for name, value in path_parameters.items()}


@schemathesis.hook
def map_headers(context: Any, headers: Any) -> Any:
    """Nobody waits for collections that no worker drives here."""
    return {k: v for k, v in (headers or {}).items() if k.lower() != "prefer"}


@schemathesis.check
def nothing_of_another_tenant(context: Any, response: Any, case: Any) -> None:
    said = response.content.decode("utf-8", "replace") + repr(dict(response.headers))
    # An order's own number stands in what was asked and in links; it tells nothing.
    for trace in _SEEDED["traces"]:
        if trace in said and case.operation.definition.raw["operationId"] != "getShared":
            raise AssertionError("an answer tells of another tenant")
