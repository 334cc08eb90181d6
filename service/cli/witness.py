"""`orderproof witness`: cosign the heads of logs that you name, each only if it contains the last.

orderproof witness --state DIR --name w.example --log "$(cat log.vkey)" --listen 127.0.0.1:8322

Run it on another machine than the log, under another operator: it is worth as much as it is
independent. Its key is made on first use and printed; give it to whoever verifies.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.witness.server import Witness


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:8322")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", required=True, help="its key, and what it cosigned"
    )
    parser.add_argument(
        "--log",
        metavar="VKEY",
        action="append",
        required=True,
        help="key of a log to cosign for, or a file of keys; may be given again",
    )
    parser.add_argument("--name", default="witness.local", help="its name in cosignatures")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from service.cli.vkeys import vkeys_in
    from service.clock import machine
    from service.settings import address
    from service.witness.server import Witness

    host, port = address(arguments.listen)
    logs = [key for word in arguments.log for key in vkeys_in(word)]
    witness = Witness(
        arguments.state, name=arguments.name, logs=logs, clock=lambda: machine().timestamp()
    )
    return asyncio.run(_serve(witness, host, port))


async def _serve(witness: Witness, host: str, port: int) -> int:
    """Listen until SIGTERM or SIGINT."""
    from service.cli.serving import told_to_stop
    from service.cli.terminal import note, say
    from service.http.listening import listening
    from service.http.runner import Runner
    from service.witness.server import make_witness_app

    runner = Runner(make_witness_app(witness), shutdown_timeout=5.0)
    async with listening(runner, host, port, option="--listen") as url:
        say(witness.verifier.vkey)
        sys.stdout.flush()  # whoever started it waits for the key
        note(f"witnessing on {url}")
        told = await told_to_stop()
        note(f"{told}: stopping")
    return 0
