"""The demo: a seller's files and a sandbox UPS in, a sealed and verified bundle out.

Only UPS and the time authority are stand-ins (service/sandbox). Everything else is what `serve` and
`collect` run: the same collectors, ledger, encryption, log, verifiers, signatures, and the offline
auditor at the end.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from auditor.keys import Keys
from auditor.verify import verify_path
from evidence.canonical import canonical
from evidence.errors import RequestError
from evidence.manifest import Manifest
from evidence.verdicts import Severity, Verdict
from service.cli.progress import Progress
from service.demo import story
from service.demo.tamper import flips
from service.runtime import Account, Runtime
from service.sandbox import PORT
from service.sandbox.app import run_sandbox
from service.sandbox.authority import SandboxAuthority
from service.sandbox.scenario import parse_scenario
from service.settings import load_settings
from service.wording.told import told
from storage.ledger.records import State

# Its findings say line by line what the coverage table says shorter.
COVERAGE = "coverage.policy"
_SECRET = "ORDERPROOF_DEMO_UPS_SECRET"
_COLOUR = {"pass": "green", "fail": "red", "inconclusive": "yellow", "not_applicable": "dim"}


async def run(*, keep: Path | None = None, console: Console | None = None) -> dict[str, Any]:
    """Tell the whole story on `console`; returns it as data. Raises if any part did not hold.

    keep  a folder, made if absent and empty if not, where bundle, data and log are left; no key is
    """
    out = console or Console()
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise RequestError(what="the demo's folder", why=f"{keep} is not empty")
    work = Path(tempfile.mkdtemp(prefix="orderproof-demo-"))
    try:
        return await _run(work, keep, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


async def _run(work: Path, keep: Path | None, out: Console) -> dict[str, Any]:
    began = time.monotonic()
    data = work / "data"
    scenario = parse_scenario(story.SCENARIO.encode())
    authority = SandboxAuthority.make()
    trust = work / "trust"
    authority.leave(trust)
    async with run_sandbox(scenario, authority=authority) as sandbox_url:
        config = story.write_story(
            work / "seller", sandbox_url=sandbox_url, data=data, keys=work / "keys", trust=trust
        )
        # Of the environment nothing: where it names the house's own data, an invented order would
        # end up among evidence.
        settings = load_settings(config, environment={_SECRET: "demo-secret"})
        out.print(f"[bold]1. Collect[/] evidence of {story.ORDER} from four sources")
        async with await Runtime.open(settings) as runtime:
            collection, _ = await runtime.request_collection(
                story.ORDER, tenant=settings.tenant, defect=story.DEFECT
            )
            with Progress(out, total=len(runtime.sources)) as progress:
                state = await runtime.walk(settings.tenant, collection.id, progress.watch)
            if state is not State.SEALED:
                raise RequestError(what="the demo", why=f"its collection ended {state}")
            account = await runtime.account(settings.tenant, story.ORDER)
            bundle = work / "bundle.zip"
            await runtime.bundle(settings.tenant, story.ORDER, profile="bagit", to=bundle)
            log_folder = settings.data / "log" / settings.tenant
            own = runtime.vault.public_keys(settings.tenant, settings.origin_of(settings.tenant))
            (trust / "keys.json").write_bytes(canonical({**own, "tsa": [authority.pin]}))
    if account.manifest is None:
        raise RequestError(what="the demo", why="nothing was sealed")
    _show_items(out, account)
    _show_verdicts(out, account.manifest)
    verified, tampered = _verify(out, bundle, work, Keys.parse((trust / "keys.json").read_bytes()))
    if keep is not None:
        _leave(keep, bundle=bundle, data=data, log=log_folder, trust=trust)
        left = "bundle.zip, data/, log/, seller/, trust/ (public keys only)"
        out.print(f"\n[bold]5. Left for you[/] in {keep}: {left}")
    out.print(f"\nDone in {time.monotonic() - began:.1f} s.")
    return {
        "order": str(story.ORDER),
        "complete": account.manifest.complete,
        "items": len(account.manifest.items),
        "verdicts": {j.verifier: str(j.verdict) for j in account.manifest.judgements},
        "verify": verified,
        "tampered": tampered,
        "kept": str(keep) if keep else None,
    }


def _show_items(out: Console, account: Account) -> None:
    table = Table(box=box.SIMPLE)
    for heading in ("seq", "role", "source", "bytes", "sha256", "UTC"):
        right = heading in {"seq", "bytes"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for line in account.items:
        table.add_row(
            str(line.receipt.seq) if line.receipt else "-",
            str(line.role),
            line.source,
            f"{line.size:,}",
            line.sha256[:12],
            line.collected_at.strftime("%H:%M:%S"),
        )
    out.print("\n[bold]2. Stored[/] write-once, encrypted, in the order's hash chain and the log")
    out.print(table)


def _show_verdicts(out: Console, manifest: Manifest) -> None:
    whole = "complete" if manifest.complete else "incomplete"
    out.print(f"\n[bold]3. Verified[/] and sealed: {whole}")
    for judged in manifest.judgements:
        verdict = str(judged.verdict)
        heading = f"  [{_COLOUR[verdict]}]{verdict:>14}[/]  {judged.question}"
        out.print(heading, highlight=False, soft_wrap=True)
        shown = [
            finding
            for finding in judged.findings
            if judged.verifier != COVERAGE
            # The reason first; the manifest has every finding.
            and (judged.verdict is not Verdict.FAIL or finding.severity is Severity.GRAVE)
        ]
        for sentences, do in told(shown):
            for words in [*sentences, *([f"-> {do}"] if do else [])]:
                out.print(f"{'':18}{words}", highlight=False, markup=False, soft_wrap=True)
    for line in manifest.coverage:
        out.print(
            f"  {line.state:>14}  {line.level}: {line.requirement} {line.why}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _verify(out: Console, bundle: Path, work: Path, keys: Keys) -> tuple[bool, dict[str, str]]:
    """Verify the bundle, then three copies with one byte flipped; each must be named."""
    size = bundle.stat().st_size
    out.print(f"\n[bold]4. The stranger's check[/] of bundle.zip ({size:,} bytes), offline")
    report = verify_path(bundle, key=keys)
    out.print(f"  untouched: {_words(report.ok)}, trust: {report.trust}", highlight=False)
    for check in report.checks:
        if check.name == "time":
            out.print(f"{'':6}{check.what}", highlight=False, markup=False, soft_wrap=True)
    named: dict[str, str] = {}
    for what, entry, flip in flips(bundle):
        copy = work / "tampered.zip"
        shutil.copyfile(bundle, copy)
        flip(copy)
        answer = verify_path(copy, key=keys)
        blamed = [check for check in answer.checks if check.state == "fail"]
        if answer.ok or not any(entry in f"{check.where} {check.what}" for check in blamed):
            raise RequestError(what="the demo", why=f"a flipped byte in {entry} was not named")
        named[what] = entry
        out.print(f"  one byte of {what} flipped: {_words(answer.ok)}", highlight=False)
        for check in blamed[:3]:
            out.print(f"{'':6}{check.what}", highlight=False, markup=False, soft_wrap=True)
    if not report.ok:
        raise RequestError(what="the demo", why="its own bundle did not verify")
    return report.ok, named


def _words(ok: bool) -> str:
    return "[green]holds[/]" if ok else "[red]does not hold[/]"


def _leave(keep: Path, *, bundle: Path, data: Path, log: Path, trust: Path) -> None:
    """Copy what may be shown; the keys lie outside the data folder and go with the work folder.

    trust   what a stranger would have got from elsewhere: public keys, the authority's certificates

    The seller's own files are left too, set up to be collected again beside `orderproof sandbox`.
    """
    keep.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(bundle, keep / "bundle.zip")
    skip: Callable[..., Any] = shutil.ignore_patterns("*.sock", "*.lock", ".lock", "spool")
    shutil.copytree(log, keep / "log", ignore=skip)
    shutil.copytree(trust, keep / "trust")
    shutil.copytree(data, keep / "data", ignore=skip)
    sandbox = f"http://127.0.0.1:{PORT}"
    story.write_story(keep / "seller", sandbox_url=sandbox, data=Path("data"), keys=Path("keys"))
