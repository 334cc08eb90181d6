"""The reading process: `python -m service.reading.child MEMORY_BYTES CPU_SECONDS`.

What is started so is a nursery (`nursery.py`), whose standard input is its parent's socket.
Each process that it forks takes one item after another on a socket of its own and answers there
(`reading.py` says how). It sets its own limits before it reads the first byte.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import importlib
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, BinaryIO

from collectors.bodies import unpacked
from collectors.exchanges import body_in, read_exchange
from collectors.registry import collector_named
from evidence.canonical import digest, parse_json, to_base64
from evidence.errors import EvidenceError, FormatError, RequestError
from evidence.facts import Fact
from evidence.items import InMemory, Item, Provenance, Role
from evidence.locators import WHOLE, Locator, resolve_pointer
from evidence.mail import parse_mail
from evidence.xmlpages import parse_xml, written_at
from service.derivatives import transforms
from service.reading import previews
from service.reading.nursery import PICTURES, serve_nursery
from service.report.previews import preview_of
from service.zones import use_sealed_zones
from verifiers.readers import ocr, registry
from verifiers.readers.traces.registry import traces_of

# A locator of these kinds points at bytes inside the item: the collector could read it itself.
_INSIDE = frozenset({"json", "xml", "header", "cell", "line", "page", "pixel"})
MAX_FACTS = 50_000
# New objects before Python looks for garbage: its own 700 are not half of a small answer.
GARBAGE_AFTER = 10_000
# What a part may unfold to: four times what is read of an item.
MAX_UNPACKED = 256 << 20
# The source of a file that no collector brought: `orderproof inspect` reads it on its own.
ALONE = "inspect"
# The source of a webhook's notice (service/webhooks/intake.py).
NOTICE = "webhook"


def facts_of(item: Item) -> list[Fact]:
    """The collector's own reading, and a document reader's where the collector has none."""
    if item.role is Role.EXCHANGE:
        return read_exchange(item)
    facts: list[Fact] = []
    if item.source == NOTICE:
        pass  # what it says of the order led to the collection; nothing is claimed of it
    elif item.source == ALONE:
        facts = [_failed(item, f"no reader knows what it is ({item.media_type})")]
    else:
        try:
            facts = list(collector_named(item.source).read(item))
        except EvidenceError as problem:
            facts = [_failed(item, str(problem))]
    if not any(fact.locator.kind in _INSIDE for fact in facts):
        try:
            read = registry.read(item)
        except EvidenceError as problem:
            read = [_failed(item, str(problem))]
        if read is not None:
            facts = [fact for fact in facts if fact.name != "reading.failed"] + read
    return facts[:MAX_FACTS]


def text_of(item: Item) -> str:
    reader = registry.reader_of(item)
    return "" if reader is None else reader.text_of(item)


def part_of(item: Item, locator: Locator, encoding: str) -> bytes:
    """The part at `locator`, taken out of the item's bytes again, as its collector took it.

    Raises FormatError if there is none, or none in this encoding.
    """
    data = item.content.read(item.content.size)
    if locator.kind == "part":
        mail = parse_mail(data)
        for part in mail.parts:
            if part.number == locator.place:
                taken, found = mail.body_of(part)
                if found == encoding:
                    return taken
    elif locator.kind in ("json", "xml") and encoding in _INSIDE_TEXT:
        if locator.kind == "json":
            value = resolve_pointer(parse_json(data), locator.place)
        else:
            value = written_at(parse_xml(data), locator.place)
        if isinstance(value, str):
            with contextlib.suppress(ValueError):  # what is in no such encoding
                return _INSIDE_TEXT[encoding](value)
    elif locator == WHOLE:
        packed = body_in(item) if item.role is Role.EXCHANGE else data
        return unpacked(packed, encoding, source=item.source, limit=MAX_UNPACKED)
    raise FormatError(what="the item", why="it has no part there in that encoding")


def _from_base64(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


# How bytes stand in a text, by the name that `Item.part` was given.
_INSIDE_TEXT: dict[str, Callable[[str], bytes]] = {"base64": _from_base64, "text": str.encode}


def _failed(item: Item, why: str) -> Fact:
    return Fact(
        name="reading.failed", value=why, locator=WHOLE, item=item.sha256, origin=item.origin
    )


def _item(head: Mapping[str, Any], data: bytes) -> Item:
    return Item(
        role=Role(head["role"]),
        key=head["key"],
        content=InMemory.known(data, head["sha256"]),  # whoever sends it compares them
        media_type=head["media_type"],
        collector=head["collector"],
        origin=head["origin"],
        provenance=Provenance(head["provenance"]),
        collected_at=datetime.fromisoformat(head["collected_at"]),
        name=head["name"],
        about=head["about"],
        hints=head["hints"],
    )


def _part(item: Item, head: Mapping[str, Any]) -> dict[str, Any]:
    try:
        taken = part_of(item, Locator.parse(head["locator"]), head["encoding"])
    except EvidenceError as problem:
        return {"why": str(problem)}
    except Exception as problem:  # as for facts
        return {"why": f"The reader gave up on it ({type(problem).__name__})."}
    return {"sha256": digest(taken), "size": len(taken)}


def _transformed(item: Item, head: Mapping[str, Any]) -> dict[str, Any]:
    try:
        data = item.content.read(item.content.size)
        made = transforms.apply(head["transform"], json.loads(head["parameters"]), data)
    except RequestError as problem:
        return {"what": problem.what, "why": problem.why}
    return {"data": to_base64(made.data), "media_type": made.media_type}


def _pictured(item: Item, head: Mapping[str, Any]) -> dict[str, Any]:
    try:
        made = previews.picture(item, int(head["page"]))
    except RequestError as problem:
        return {"what": problem.what, "why": problem.why}
    except Exception as problem:
        return {"what": "The picture", "why": f"it cannot be drawn ({type(problem).__name__})"}
    return {"data": to_base64(made.data), "media_type": made.media_type}


def _answer(task: str, item: Item, head: Mapping[str, Any]) -> dict[str, Any]:
    if task == "part":
        return _part(item, head)
    if task == "transform":
        return _transformed(item, head)
    if task == "shown":
        return previews.told(item)
    if task == "picture":
        return _pictured(item, head)
    if task == "preview":
        made = preview_of(item.content.read(item.content.size), item.media_type)
        return {"data": to_base64(made.data), "why": made.why, "pages": made.pages}
    try:
        if task == "text":
            return {"text": text_of(item)}
        if task == "traces":
            return {"facts": [fact.to_json() for fact in traces_of(item)[:MAX_FACTS]]}
        return {"facts": [fact.to_json() for fact in facts_of(item)]}
    except EvidenceError as problem:
        return {"facts": [_failed(item, str(problem)).to_json()], "text": ""}
    except RecursionError:
        why = "It is nested too deeply to be read."
        return {"facts": [_failed(item, why).to_json()], "text": ""}
    except MemoryError:
        why = "It needs more memory than a reading may take."
        return {"facts": [_failed(item, why).to_json()], "text": ""}
    except Exception as problem:  # a parser's own mistake is that item's trouble, not the order's
        why = f"The reader gave up on it ({type(problem).__name__})."
        return {"facts": [_failed(item, why).to_json()], "text": ""}


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _more_cpu(seconds: float) -> None:
    """Let the process use `seconds` more than it has used; beyond, the kernel ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 1, hard))


def serve(stdin: BinaryIO, stdout: BinaryIO, cpu_s: float) -> None:
    """Answer until the parent closes the pipe."""
    while prefix := stdin.read(8):
        (length,) = struct.unpack(">Q", prefix)
        head = json.loads(stdin.read(length))
        # Each of several has its own bounds, as if it came alone.
        answers = []
        for each in head["each"]:
            data = stdin.read(each["size"])
            _more_cpu(cpu_s)
            answers.append(_answer(head["task"], _item(each, data), each))
        answer = json.dumps(answers).encode()
        for part in (struct.pack(">Q", len(answer)), answer):
            stdout.write(part)
        stdout.flush()


def _settle() -> None:
    gc.collect()
    gc.freeze()  # or the first collection would copy every page that is shared
    gc.set_threshold(GARBAGE_AFTER)


def _know(what: str) -> None:
    """Load what reads a source's items, if that is one of ours, or what reads pictures."""
    if what == PICTURES:
        with contextlib.suppress(Exception):  # whoever reads one meets the same, and says so
            ocr.load()
            importlib.import_module("verifiers.readers.traces.pixels")
            _settle()
        return
    with contextlib.suppress(EvidenceError):
        collector_named(what)
        _settle()


def main(arguments: Iterable[str] = ()) -> None:
    memory, cpu_s = arguments or sys.argv[1:]
    use_sealed_zones()
    _settle()
    ours = serve_nursery(socket.socket(fileno=os.dup(0)), know=_know)
    if ours is None:
        return
    os.close(0)
    _limit(int(memory))
    with ours, ours.makefile("rb") as told, ours.makefile("wb") as said:
        serve(told, said, float(cpu_s))
    os._exit(0)  # nothing of the nursery's is this one's to tidy up


if __name__ == "__main__":
    main()
