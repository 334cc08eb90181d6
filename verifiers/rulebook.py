"""The policies that come with the program, those of an operator, and which one answers a defect.

A policy is a TOML file in `policies/`; to add a platform's rules is to add a file. Examples that a
policy must judge as written lie in `policies/examples/`, under the policy's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from evidence.orders import Platform
from evidence.policy import Policy, parse_policy
from verifiers.folder import read_folder

# Answers every defect that no policy of the platform knows.
GENERIC = "generic.delivery"


def read_policies(folder: Traversable | Path) -> dict[str, Policy]:
    """A folder's policies by their ids. FormatError names the file and the field that is wrong."""
    return read_folder(folder, lambda raw, name: parse_policy(raw, name=name), called="policy")


def built_in() -> Traversable:
    return files("verifiers") / "policies"


@lru_cache(maxsize=1)
def _read() -> dict[str, Policy]:
    return read_policies(built_in())


def policies() -> dict[str, Policy]:
    """Every policy that comes with the program, by its id."""
    return dict(_read())


def policy_for(
    platform: Platform | str,
    defect_kind: str | None = None,
    *,
    on: date | None = None,
    among: Mapping[str, Policy] | None = None,
) -> Policy:
    """The policy of this platform for this kind of defect, in effect on a day.

    A kind that no policy of the platform names is looked for among those of processors and card
    networks ("stripe fraudulent", "visa 10.4"), which are no platform's. Without a kind, the
    platform's default; where nothing fits, the generic one. The manifest seals whichever was used.
    """
    known = policies() if among is None else among
    in_effect = [known[id] for id in sorted(known) if on is None or _in_effect(known[id], on)]
    own = [policy for policy in in_effect if policy.platform == platform and policy.id != GENERIC]
    if defect_kind is None:
        return next((policy for policy in own if policy.default), known[GENERIC])
    anyone = [policy for policy in in_effect if policy.platform is Platform.OTHER]
    return next(_answering([*own, *anyone], defect_kind), known[GENERIC])


def _answering(some: Iterable[Policy], defect_kind: str) -> Iterator[Policy]:
    return (policy for policy in some if policy.answers(defect_kind))


def _in_effect(policy: Policy, on: date) -> bool:
    begun = policy.effective_from is None or policy.effective_from <= on
    return begun and (policy.effective_to is None or on <= policy.effective_to)
