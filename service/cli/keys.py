"""`orderproof keys`: the public keys, for whoever wants to pin them before they verify.

orderproof keys > keys.json          give it to the reader by a way they trust
orderproof verify bundle.zip --key keys.json
"""

from __future__ import annotations

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as it is anyway")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints what `proof/keys.json` of a bundle holds: public keys only, made if there are none."""
    from service.cli.terminal import say_json
    from service.settings import load_settings
    from storage.vault.vault import Vault

    settings = load_settings(arguments.config)
    vault = Vault.open(settings.keys)
    say_json(vault.public_keys(settings.tenant, settings.origin_of(settings.tenant)))
    return 0
