"""`orderproof profile`: in which form platforms take evidence, and whether a bundle has it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evidence.profile import Profile


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)

    listed = actions.add_parser("list", help="every profile, in a line each")
    listed.set_defaults(run=_list)

    explain = actions.add_parser("explain", help="what a profile makes, its limits, on whose word")
    explain.add_argument("profile", metavar="PROFILE", help="a profile's id or file")
    explain.set_defaults(run=_explain)

    lint = actions.add_parser("lint", help="whether the platform would take the form of a bundle")
    lint.add_argument("bundle", metavar="BUNDLE", type=Path, help="what `bundle --profile` wrote")
    lint.add_argument(
        "--profile", metavar="PROFILE", help="hold it to this one (default: the one it carries)"
    )
    lint.set_defaults(run=_lint)

    for action in (listed, explain, lint):
        action.add_argument("--json", action="store_true", help="answer as JSON")


def _list(arguments: argparse.Namespace) -> int:
    from service.cli.terminal import say, say_json
    from verifiers.profilebook import profiles

    known = profiles().values()
    if arguments.json:
        say_json([{"profile": p.id, "version": p.version, "title": p.title} for p in known])
        return 0
    for profile in known:
        say(f"{profile.id:10}{profile.title}")
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    from service.cli.terminal import say, say_json

    profile = _named(arguments.profile)
    if arguments.json:
        say_json(_json(profile))
        return 0
    for line in _told(profile):
        say(line)
    return 0


def _lint(arguments: argparse.Namespace) -> int:
    """0: the platform would take its form. 1: it would not."""
    from service.cli.terminal import say, say_json
    from verifiers.forms.lint import lint

    profile = _named(arguments.profile) if arguments.profile else None
    with arguments.bundle.open("rb") as file:
        found = lint(file, profile)
    if arguments.json:
        rows = [
            {"limit": b.key, "where": b.where, "says": b.says, "advised": b.advised}
            for b in found.breaches
        ]
        say_json({"profile": found.profile.id, "ok": found.ok, "breaches": rows})
        return 0 if found.ok else 1
    for breach in found.breaches:
        say(f"{'advice' if breach.advised else 'wrong '}  {breach.where}: {breach.says}")
    state = "in the form of" if found.ok else "not in the form of"
    say(f"{state} {found.profile.id}: orders {found.orders}, files {found.files}")
    return 0 if found.ok else 1


def _told(profile: Profile) -> Iterator[str]:
    from verifiers.forms.limits import Limits, compared

    yield profile.title
    for_whom = ", ".join(profile.platforms) or "any platform"
    yield f"{profile.id}, version {profile.version}, for orders of {for_whom}"
    yield profile.how
    limits = Limits(profile)
    if profile.limits:
        yield f"\nLimits, for {'each order' if profile.scope == 'order' else 'the whole appeal'}"
    for name in dict.fromkeys(limit.key for limit in profile.limits):
        readings = profile.limited(name)
        obeyed = limits.firm(name)
        for limit in readings:
            stands_against = obeyed is not None and obeyed.limit is limit and obeyed.others
            mark = "  <- obeyed" if stands_against and compared(name) else ""
            yield f"  {name} = {limit.value}{mark}"
            against = f"; contradicted, see {limit.conflict}" if limit.conflict else ""
            yield f"      {limit.confidence}: {limit.source}, {limit.source_date}{against}"
    if profile.texts:
        yield "\nTexts"
    for text in profile.texts:
        needed = ", required" if text.required else ""
        yield f"  {text.field}{needed}{f': {text.title}' if text.title else ''}"
        if text.choices:
            yield f"      a person chooses of: {', '.join(text.choices)}"
        yield from (f"      {sentence}" for sentence in text.sentences)
    if profile.files:
        yield "\nFiles"
    for file in profile.files:
        needed = ", required" if file.required else ""
        yield f"  {file.field}{needed}: {file.title} ({file.shown})"
        yield f"      {', '.join(file.roles)}"
    if profile.report:
        yield f"  {profile.report}: the order's evidence report, where there is room for it"
    if profile.adds:
        yield f"\nBeside each bag: {', '.join(profile.adds)}"


def _json(profile: Profile) -> dict[str, Any]:
    return {
        "profile": profile.id,
        "version": profile.version,
        "title": profile.title,
        "shape": str(profile.shape),
        "scope": str(profile.scope),
        "platforms": [str(each) for each in profile.platforms],
        "how": profile.how,
        "report": profile.report,
        "adds": [str(each) for each in profile.adds],
        "sha256": profile.sha256,
        "limits": [
            {
                "key": limit.key,
                "value": limit.value,
                "source": limit.source,
                "source_date": limit.source_date,
                "confidence": str(limit.confidence),
                "conflict": limit.conflict,
            }
            for limit in profile.limits
        ],
        "texts": [
            {"field": t.field, "required": t.required, "choices": list(t.choices)}
            for t in profile.texts
        ],
        "files": [
            {"field": f.field, "required": f.required, "roles": [str(r) for r in f.roles]}
            for f in profile.files
        ],
    }


def _named(name: str) -> Profile:
    from verifiers.profilebook import profile_named, read_profile

    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return read_profile(path.read_bytes(), name=path.name)
    return profile_named(name)
