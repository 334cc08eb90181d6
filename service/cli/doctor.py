"""`orderproof doctor`: the health of every configured part, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.health import Health
    from service.settings import Settings

# What an extra brings, and the module that shows that it is there.
EXTRAS = {
    "ocr": ("rapidocr", "text and codes in pictures and scans"),
    "forensics": ("pyhanko", "traces of editing in PDF files and pictures"),
    "s3": ("boto3", "objects and log in S3, signing key in AWS KMS, drops in S3"),
    "scaled": ("asyncpg", "the ledger on PostgreSQL"),
    "sftp": ("paramiko", "drops over SFTP"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0: every part is well. 1: one is not. An extra that is absent is no fault."""
    from service.cli.logs import set_up
    from service.cli.terminal import say, say_json
    from service.health import Health
    from service.report.ready import ready
    from service.report.settings import ReportSettings
    from service.secrets import lacking
    from service.settings import load_settings

    set_up(level=logging.CRITICAL)
    settings = load_settings(arguments.config)
    parts = asyncio.run(_parts(settings))
    for problem in lacking(settings):
        do = "Set it for the process that collects; a command that does not need it does without."
        parts.append(Health("secret", False, f"{problem.why}.", do))
    absent = [
        (name, what)
        for name, (module, what) in EXTRAS.items()
        if importlib.util.find_spec(module) is None
    ]
    reports = ready(settings.report)
    if reports.ok or settings.report != ReportSettings():
        parts.append(Health("reports", reports.ok, reports.detail, reports.do))
    well = all(part.ok for part in parts)
    if arguments.json:
        say_json(
            {
                "ok": well,
                "parts": [
                    {"part": p.part, "ok": p.ok, "detail": p.detail, "do": p.do} for p in parts
                ],
                "absent_extras": [name for name, _ in absent],
                "reports": {"can": reports.ok, "detail": reports.detail, "do": reports.do},
            }
        )
        return 0 if well else 1
    for part in parts:
        say(f"{'well' if part.ok else 'ILL':<5} {part.part:<12} {part.detail}")
        if part.do:
            say(f"{'':<18} -> {part.do}")
    for name, what in absent:
        say(f"{'-':<5} {name:<12} Not installed. For {what}: pip install 'orderproof[{name}]'")
    if not reports.ok and settings.report == ReportSettings():
        say(f"{'-':<5} {'reports':<12} No PDF can be made. {reports.detail}")
        say(f"{'':<18} -> {reports.do}")
    return 0 if well else 1


def _unstarted() -> list[Health]:
    """OpenCV is there and does not start: its usual build wants the libraries of a screen."""
    from service.health import Health

    if importlib.util.find_spec("cv2") is None:
        return []
    try:
        importlib.import_module("cv2")
    except ImportError as problem:
        do = "pip install --force-reinstall --no-deps opencv-python-headless"
        return [Health("opencv", False, f"Pictures cannot be read: {problem}.", do)]
    return []


async def _parts(settings: Settings) -> list[Health]:
    from evidence.errors import EvidenceError
    from service.access.door import refuse_exposure
    from service.health import Health, health_of, try_bucket
    from service.runtime import Runtime

    parts = _unstarted()
    try:
        refuse_exposure(settings)
        guard = "this machine only, without a token" if settings.is_open else "with a token"
        parts.append(Health("listen", True, f"{settings.host}:{settings.port}, {guard}."))
    except EvidenceError as error:
        parts.append(
            Health("listen", False, str(error), "Set ORDERPROOF_API_TOKEN or listen on 127.0.0.1.")
        )
    try:
        async with await Runtime.open(settings, with_queue=True) as runtime:
            parts.extend(await health_of(runtime))
            tried = await try_bucket(runtime)
            if tried:
                parts = [part for part in parts if part.part != "bucket"] + tried
    except EvidenceError as error:
        parts.append(Health("service", False, str(error), "Mend this first; the rest needs it."))
    except OSError as error:
        where = error.filename or settings.data
        detail = f"{where}: {error.strerror or 'it cannot be used'}."
        parts.append(Health("service", False, detail, "Check the path and its permissions."))
    return parts
