"""The policies that come with the program, and which one answers a defect.

A policy is a TOML file in `policies/`; to add a platform's rules is to add a file.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from evidence.errors import FormatError
from evidence.orders import Platform
from evidence.policy import Policy, parse_policy

# Answers every defect that no policy of the platform knows.
GENERIC = "generic.delivery"


@lru_cache(maxsize=1)
def _read() -> dict[str, Policy]:
    found: dict[str, Policy] = {}
    folder = files("verifiers") / "policies"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        policy = parse_policy(file.read_bytes(), name=file.name)
        if f"{policy.id}.toml" != file.name or policy.id in found:
            raise FormatError(what=file.name, why=f"it holds the policy {policy.id}")
        found[policy.id] = policy
    return found


def policies() -> dict[str, Policy]:
    """Every policy by its id. FormatError names the file and the field that is wrong."""
    return dict(_read())


def policy_for(platform: Platform | str, defect_kind: str | None = None) -> Policy:
    """The policy of this platform for this kind of defect.

    Without a kind, or with one it does not know, the platform's first policy by id; for a platform
    without any, the generic one. The manifest seals whichever was used.
    """
    known = policies()
    own = [policy for policy in known.values() if policy.platform == platform]
    own.sort(key=lambda policy: policy.id)
    own = [policy for policy in own if policy.id != GENERIC]
    if defect_kind is not None:
        kind = defect_kind.strip().casefold()
        for policy in own:
            if kind in (name.casefold() for name in policy.defect_kinds):
                return policy
    return own[0] if own and defect_kind is None else known[GENERIC]
