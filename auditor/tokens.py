"""When, by somebody else's clock? RFC 3161 tokens over the two checkpoints.

A token counts only if it comes from an authority whose own certificate was pinned: roots alone
let a self-signed authority through in rfc3161-client before 1.0.9. Its time has whole seconds
here, and nothing shorter is concluded from it.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from datetime import UTC, datetime

from auditor.bag import Bag
from auditor.keys import Authority, Keys
from auditor.seal import Seal
from evidence.bundle import BEFORE_READ, SEALED
from evidence.times import rfc3339

MAX_TOKEN_BYTES = 1 << 20


def check_tokens(bag: Bag, seal: Seal, *, pinned: Keys | None) -> None:
    """Verify the tokens that are here, and say which are not."""
    none = seal.statement is not None and seal.statement.trusted_time.startswith("none")
    for folder in (BEFORE_READ, SEALED):
        token, query = f"{folder}/token.tsr", f"{folder}/query.tsq"
        if token in bag.found:
            _check(bag, folder, pinned.authorities if pinned else ())
        elif query in bag.found:
            bag.checks.failed("time", f"{query} is there, its token is not.", token)
        elif none:
            what = f"No time authority was configured, the statement says; {folder} has no token."
            bag.checks.unsure("time", what, token)
        else:
            bag.checks.unsure("time", f"There is no time token over {folder}/checkpoint.", token)


def _check(bag: Bag, folder: str, authorities: Iterable[Authority]) -> None:
    checks = bag.checks
    where = f"{folder}/token.tsr"
    token = bag.read(where, "time")
    query = bag.read(f"{folder}/query.tsq", "time")
    message = bag.read(f"{folder}/checkpoint", "time")
    if token is None or query is None or message is None:
        return
    if importlib.util.find_spec("rfc3161_client") is None:
        what = f"{where} was not checked: install orderproof[proof] (rfc3161-client)."
        checks.unsure("time", what, where)
        return
    pinned = list(authorities)
    if not pinned:
        what = f"{where} was not checked: pin the authority's certificate in the key file."
        checks.unsure("time", what, where)
        return
    said: list[str] = []
    for authority in pinned:
        answer = _verified(token, query, message, authority)
        if isinstance(answer, datetime):
            at = rfc3339(answer.astimezone(UTC), unit_s=1.0)
            what = f"{folder}/checkpoint existed at {at}, says a pinned time authority."
            checks.passed("time", what, where)
            return
        said.append(answer)
    checks.failed("time", f"{where} is no token of a pinned authority: {said[0]}.", where)


def _verified(token: bytes, query: bytes, message: bytes, pinned: Authority) -> datetime | str:
    """The authority's time, or why it cannot be had."""
    from rfc3161_client import VerifierBuilder, decode_timestamp_response
    from rfc3161_client._rust import parse_timestamp_request  # the only reader of queries it has
    from rfc3161_client.errors import VerificationError

    if len(token) > MAX_TOKEN_BYTES or len(query) > MAX_TOKEN_BYTES:
        return "it is larger than any token"
    try:
        asked = parse_timestamp_request(query)
        if asked.as_bytes() != query:
            return "the query beside it is not written in DER"
        if bytes(asked.message_imprint.message) != hashlib.sha256(message).digest():
            return "the query beside it asks about other bytes than the checkpoint's"
        response = decode_timestamp_response(token)
        if response.as_bytes() != token:
            return "it is not written in DER"
        VerifierBuilder(
            policy_id=asked.policy,
            nonce=asked.nonce,
            tsa_certificate=pinned.certificate,
            roots=list(pinned.roots),
        ).build().verify_message(response, message)
        return response.tst_info.gen_time
    except (VerificationError, ValueError, TypeError) as error:
        return " ".join(str(error).split())[:200] or type(error).__name__
