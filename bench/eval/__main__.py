"""`python -m bench.eval make --seed N --cases M -o DIR` · `python -m bench.eval score DIR`.

Seeds below 5000 are for development, those from 5000 on for hold-out sets: other fonts, layouts,
wordings, date forms, programs and some other carriers. Tune on the former; look at the latter only
to report.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.eval.browser import BrowserAbsentError
from bench.eval.fonts import FontAbsentError
from bench.eval.make import FILES, HOLDOUT, make_set
from bench.eval.score import as_json, default_command, inspected, printed, score


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.eval", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write a set of cases")
    make.add_argument("--seed", type=int, required=True)
    make.add_argument("--cases", type=int, default=60, help=f"of {FILES} files each (60)")
    make.add_argument(
        "--only", nargs="+", default=(), metavar="NAME",
        help="only these classes (honest, pixels, metadata, ...), media (screen, ...) or ways",
    )  # fmt: skip
    make.add_argument("-o", "--out", type=Path, required=True)
    judge = commands.add_parser("score", help="ask `orderproof inspect` and count")
    judge.add_argument("folder", type=Path)
    judge.add_argument("--inspect", default=default_command(), metavar="CMD")
    judge.add_argument(
        "--baseline", action="store_true", help="the plain baseline beside it (slow)"
    )
    judge.add_argument(
        "--failures", type=int, default=0, metavar="N", help="show N of each question"
    )
    judge.add_argument(
        "--only", nargs="+", default=(), metavar="NAME",
        help="count only these families, media, layouts, languages, classes or ways",
    )  # fmt: skip
    judge.add_argument(
        "--kept", type=Path, metavar="DIR", help="keep the answers there, and ask only what is new"
    )
    judge.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    asked = parser.parse_args(arguments)
    try:
        return _make(asked) if asked.command == "make" else _score(asked)
    except (
        BrowserAbsentError,
        FontAbsentError,
        FileNotFoundError,
        FileExistsError,
        ValueError,
    ) as error:
        print(error, file=sys.stderr)
        return 2


def _make(asked: argparse.Namespace) -> int:
    kind = "hold-out" if asked.seed >= HOLDOUT else "development"
    files = 0
    for case in make_set(asked.seed, asked.cases, asked.out, only=asked.only):
        files += len(case.files)
        if sys.stderr.isatty():
            print(f"\r{case.name} of {asked.cases}", end="", file=sys.stderr, flush=True)
    print(f"{files} files in {asked.cases} cases of a {kind} set under {asked.out}")
    return 0


def _score(asked: argparse.Namespace) -> int:
    scores, spent = score(asked.folder, inspected(asked.inspect, kept=asked.kept), only=asked.only)
    print(printed(scores, failures=asked.failures))
    print(
        f"\n{spent.files} files, {spent.wall_s:.0f} s in all, "
        f"{spent.cpu_s / max(1, spent.files):.2f} CPU s a file"
    )
    for reason, count in scores.unread.most_common(5):
        print(f"unread: {count} x {reason}")
    if asked.json:
        asked.json.write_text(as_json(scores, spent), encoding="utf-8")
    if asked.baseline:
        from bench.eval.baseline import baseline

        plain, took = score(asked.folder, baseline, only=asked.only)
        print("\nThe plain baseline: ELA threshold, EXIF software tag, regexes on tesseract's text")
        print(printed(plain))
        print(f"{took.wall_s:.0f} s in all, {took.cpu_s / max(1, took.files):.2f} CPU s a file")
    return 0


if __name__ == "__main__":
    sys.exit(main())
