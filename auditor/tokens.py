"""When, by somebody else's clock? RFC 3161 tokens over the two checkpoints.

A token counts only if it comes from an authority whose own certificate was pinned: roots alone
let a self-signed authority through in rfc3161-client before 1.0.9. Its time has whole seconds
here, and nothing shorter is concluded from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from auditor.bag import Bag
from auditor.certificates import unfit
from auditor.keys import Authority, Keys
from auditor.seal import Seal
from evidence.bundle import BEFORE_READ, SEALED
from evidence.canonical import digest
from evidence.items import OWN_ROLES
from evidence.times import rfc3339
from evidence.trusted_time import CLOCK_SKEW_S, Stamped, is_none, stamped_in

MAX_TOKEN_BYTES = 1 << 20
SHA256 = "2.16.840.1.101.3.4.2.1"

_SKEW = timedelta(seconds=CLOCK_SKEW_S)


def check_tokens(bag: Bag, seal: Seal, *, pinned: Keys | None) -> dict[str, datetime]:
    """Verify the tokens that are here, and say which are not; the verified times by folder."""
    times: dict[str, datetime] = {}
    said = seal.statement.trusted_time if seal.statement is not None else ""
    told = stamped_in(said)
    authorities = pinned.authorities if pinned else ()
    for folder in (BEFORE_READ, SEALED):
        token, query = f"{folder}/token.tsr", f"{folder}/query.tsq"
        named = told if folder == BEFORE_READ else None
        if token in bag.found:
            at = _check(bag, folder, authorities, named)
            if at is not None:
                times[folder] = at
                _check_clock(bag, seal, folder, at, named)
        elif query in bag.found:
            bag.checks.failed("time", f"{query} is there, its token is not.", token)
        elif named is not None:
            what = f"The statement names a token of {named.authority} over {folder}; it is gone."
            bag.checks.failed("time", what, token)
        elif is_none(said):
            what = f"No time authority was configured, the statement says; {folder} has no token."
            bag.checks.unsure("time", what, token)
        else:
            bag.checks.unsure("time", f"There is no time token over {folder}/checkpoint.", token)
    return times


def _check(
    bag: Bag, folder: str, authorities: Iterable[Authority], named: Stamped | None
) -> datetime | None:
    """The time that a pinned authority put on the folder's checkpoint, if one did."""
    checks = bag.checks
    where = f"{folder}/token.tsr"
    token = bag.read(where, "time")
    query = bag.read(f"{folder}/query.tsq", "time")
    message = bag.read(f"{folder}/checkpoint", "time")
    if token is None or query is None or message is None:
        return None
    if named is not None and digest(token) != named.token:
        checks.failed("time", f"{where} is not the token that the statement names.", where)
        return None
    pinned = list(authorities)
    if not pinned:
        what = f"{where} was not checked: pin the authority's certificate in the key file."
        checks.unsure("time", what, where)
        return None
    said: list[str] = []
    for authority in pinned:
        answer = time_of(token, query=query, message=message, pinned=authority)
        if isinstance(answer, datetime):
            if named is not None and answer != named.at:
                checks.failed("time", f"{where} has another time than the statement says.", where)
                return None
            what = (
                f"{folder}/checkpoint existed at {_written(answer)}, says a pinned time authority."
            )
            checks.passed("time", what, where)
            return answer
        said.append(answer)
    checks.failed("time", f"{where} is no token of a pinned authority: {said[0]}.", where)
    return None


def _check_clock(bag: Bag, seal: Seal, folder: str, at: datetime, named: Stamped | None) -> None:
    """Whether the sealer's own times fit the authority's; a wrong clock is no forgery, and told."""
    where = f"{folder}/token.tsr"
    if named is not None and not -_SKEW <= named.ours - at <= _SKEW:
        what = (
            f"The sealer's clock read {_written(named.ours)} when the token of {_written(at)} came:"
            " its times are off by as much."
        )
        bag.checks.unsure("time", what, where)
    covered = [r for r in seal.chain if folder == SEALED or r.role not in OWN_ROLES]
    late = [r.seq for r in covered if r.collected_at > at + _SKEW]
    if late:
        what = (
            f"Receipt {late[0]} claims a time after {_written(at)}, when an authority had stamped"
            f" it already ({len(late)} of {len(covered)} do): the sealer's clock was ahead."
        )
        bag.checks.unsure("time", what, f"receipt {late[0]}")


def _written(at: datetime) -> str:
    return rfc3339(at.astimezone(UTC), unit_s=1.0)


def time_of(token: bytes, *, query: bytes, message: bytes, pinned: Authority) -> datetime | str:
    """The authority's time on `message`, UTC; or why the token is not believed, as a phrase.

    token     TimeStampResp, DER: status granted, one signer, the pinned certificate, which was fit
              to stamp at that time (certificates.py); over SHA-256 (or longer) of `message`
    query     TimeStampReq, DER: over the same bytes, and with the token's nonce and policy
    """
    from rfc3161_client import VerifierBuilder, decode_timestamp_response
    from rfc3161_client._rust import parse_timestamp_request  # the only reader of queries it has

    if len(token) > MAX_TOKEN_BYTES or len(query) > MAX_TOKEN_BYTES:
        return "it is larger than any token"
    try:
        asked = parse_timestamp_request(query)
        if asked.as_bytes() != query:
            return "the query beside it is not written in DER"
        imprint = asked.message_imprint
        if asked.version != 1 or imprint.hash_algorithm.dotted_string != SHA256:
            return "the query beside it is not one of version 1 about a SHA-256"
        if bytes(imprint.message) != hashlib.sha256(message).digest():
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
        at: datetime = response.tst_info.gen_time
        at = at.astimezone(UTC)
        return unfit(pinned, at) or at
    except Exception as error:
        # Certificates in it are read by another library, whose errors have no common ancestor; all
        # of them mean that this token is not believed.
        return " ".join(str(error).split())[:200] or type(error).__name__
