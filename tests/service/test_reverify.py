"""Read and judge again from a bundle: the same, or what differs, even where every seal is right."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.report import State
from evidence.errors import RequestError
from evidence.items import Role
from evidence.manifest import Manifest
from evidence.verdicts import Verdict
from service.audit.reverify import Reverified, reverify
from service.demo import story
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import load_settings
from service.steps import seal
from service.steps.fan_out import unwatched
from service.steps.walk import _account, _known
from storage.ledger.records import State as Walked
from tests import shape
from tests.auditor.bundles import House, make, reviewers
from tests.service.test_cli import orderproof
from verifiers.changes import CHANGES
from verifiers.registry import VERIFIERS

Bend = Callable[[Manifest], Manifest]


class _BeforeSealing(Exception):
    pass


async def _stop(step: str, words: str) -> None:
    if step == "seal":
        raise _BeforeSealing


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        config = story.write_story(
            tmp_path / "seller", sandbox_url=url, data=tmp_path / "data", keys=tmp_path / "keys"
        )
        environment = {"ORDERPROOF_DEMO_UPS_SECRET": "demo-secret"}
        async with await Runtime.open(
            load_settings(shape.configured(config), environment=environment)
        ) as opened:
            yield opened


async def sealed(runtime: Runtime, to: Path, bend: Bend) -> Path:
    """The demo's order, sealed by its own key over a manifest that was bent before.

    A worker that finds a manifest of its collection takes that one and goes on: what a seller with
    the key could have sealed.
    """
    tenant = runtime.settings.tenant
    collection, _ = await runtime.request_collection(
        story.ORDER, tenant=tenant, defect=story.DEFECT
    )
    with pytest.raises(_BeforeSealing):
        await runtime.walk(tenant, collection.id, _stop)
    order = await runtime.find(tenant, story.ORDER)
    found = await runtime.ledger.collection(tenant, collection.id)
    assert found is not None and found.state is Walked.VERIFYING
    known = await _known(runtime, order, found)
    manifest = bend(await _account(runtime, order, found, known, unwatched))
    signer = runtime.vault.manifest_signer(tenant)
    signed = seal.seal_manifest(manifest, signer=signer, at=runtime.clock())
    await runtime.shelf(order, collection.id).keep("orderproof", [signed.item])
    assert await runtime.walk(tenant, collection.id) is Walked.SEALED
    await runtime.bundle(tenant, story.ORDER, profile="bagit", to=to)
    return to


def wrong(answer: Reverified) -> list[tuple[str, str]]:
    return [(check.name, check.what) for check in answer.checks if check.state is State.FAIL]


async def test_an_honest_bundle_is_the_same_read_and_judged_again(
    runtime: Runtime, tmp_path: Path
) -> None:
    bundle = await sealed(runtime, tmp_path / "b.zip", lambda manifest: manifest)
    answer = await reverify(bundle)
    assert answer.ok and not wrong(answer) and answer.versions == {}
    assert (set(answer.answers().values()), answer.said) == ({"ok", "same"}, "same")
    assert [c.name for c in answer.checks] == [
        "verdicts", "coverage", "parts", "facts", "origins",
    ]  # fmt: skip
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "bag")
    (bag,) = (tmp_path / "bag").iterdir()
    assert (await reverify(bag)).answers() == answer.answers()


async def test_a_verdict_that_nobody_would_come_to_is_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    def bend(manifest: Manifest) -> Manifest:
        first, *rest = manifest.judgements
        flipped = Verdict.FAIL if first.verdict is Verdict.PASS else Verdict.PASS
        return replace(manifest, judgements=(replace(first, verdict=flipped, findings=()), *rest))

    answer = await reverify(await sealed(runtime, tmp_path / "b.zip", bend))
    assert answer.verified.ok  # every seal is right
    ((name, what),) = wrong(answer)
    assert name == "verdicts" and "matching.order" in what and "same versions" in what
    assert answer.answers() | {"verdicts": ""} == {
        "verify": "ok", "verdicts": "", "parts": "same", "facts": "same",
        "origins": "same",
    }  # fmt: skip


async def test_a_fact_that_the_bytes_do_not_hold_is_named(runtime: Runtime, tmp_path: Path) -> None:
    def bend(manifest: Manifest) -> Manifest:
        at = next(
            number
            for number, fact in enumerate(manifest.facts)
            if fact.name == "shipment.tracking_number"
        )
        told = replace(manifest.facts[at], value="1Z999AA10123456784")
        return replace(manifest, facts=(*manifest.facts[:at], told, *manifest.facts[at + 1 :]))

    answer = await reverify(await sealed(runtime, tmp_path / "b.zip", bend))
    assert answer.answer("facts") == "differs"
    said = [what for name, what in wrong(answer) if name == "facts"]
    assert len(said) == 1 and "shipment.tracking_number" in said[0]
    assert "1Z999AA10123456784" not in json.dumps(answer.to_json())


async def test_coverage_and_a_part_that_are_not_so_are_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    def bend(manifest: Manifest) -> Manifest:
        (line, *rest) = manifest.coverage
        other = "missing" if line.state == "present" else "present"
        items = []
        for item in manifest.items:
            if item.role is Role.POD_SIGNATURE or item.part_of is None:
                items.append(item)
            else:
                moved = dict(item.part_of) | {"locator": "json:/trackResponse"}
                items.append(replace(item, part_of=moved))
        return replace(manifest, coverage=(replace(line, state=other), *rest), items=tuple(items))

    answer = await reverify(await sealed(runtime, tmp_path / "b.zip", bend))
    names = {name for name, _ in wrong(answer)}
    assert names >= {"coverage", "parts"}
    assert "facts" not in names


async def test_what_other_versions_say_otherwise_is_shown_and_no_failure(
    runtime: Runtime, tmp_path: Path
) -> None:
    def bend(manifest: Manifest) -> Manifest:
        first, *rest = manifest.judgements
        older = replace(first, version=first.version + 7, verdict=Verdict.NOT_APPLICABLE)
        versions = dict(manifest.versions) | {f"verifier.{first.verifier}": str(older.version)}
        return replace(manifest, judgements=(older, *rest), versions=versions)

    answer = await reverify(await sealed(runtime, tmp_path / "b.zip", bend))
    assert answer.ok and (answer.answer("verdicts"), answer.said) == ("newer", "newer")
    here = str(VERIFIERS[0].version)
    assert answer.versions == {"verifier.matching.order": (str(VERIFIERS[0].version + 7), here)}
    (said,) = [c.what for c in answer.checks if c.state is State.INCONCLUSIVE]
    assert f"verifier.matching.order {VERIFIERS[0].version + 7} -> {here}" in said
    assert "sealed as not_applicable and is pass" in said and "parcel-tied" not in said


async def test_a_newer_verifier_says_what_it_finds_now_and_why(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Sealed by an older program, which knew no other question and one finding less."""

    def bend(manifest: Manifest) -> Manifest:
        first, *rest = manifest.judgements
        older = replace(first, version=2, findings=first.findings[1:])
        kept = [one for one in rest if one.verifier != "matching.shipments"]
        versions = dict(manifest.versions) | {f"verifier.{first.verifier}": "2"}
        del versions["verifier.matching.shipments"]
        return replace(manifest, judgements=(older, *kept), versions=versions)

    answer = await reverify(await sealed(runtime, tmp_path / "b.zip", bend))
    assert answer.ok and answer.said == "newer"
    said = "\n".join(c.what for c in answer.checks if c.state is State.INCONCLUSIVE)
    now = VERIFIERS[0].version
    assert f"found now; other versions: verifier.matching.order 2 -> {now}, 3: " in said
    assert CHANGES["matching.order"][3] in said
    assert "matching.shipments is asked here and was not then" in said


def test_every_version_of_a_verifier_says_what_it_changed() -> None:
    versions = {verifier.name: verifier.version for verifier in VERIFIERS}
    assert CHANGES.keys() <= versions.keys()
    for name, version in versions.items():
        assert list(CHANGES.get(name, {})) == list(range(2, version + 1)), name


async def test_a_bundle_that_does_not_hold_is_asked_nothing_further(
    runtime: Runtime, tmp_path: Path
) -> None:
    bundle = await sealed(runtime, tmp_path / "b.zip", lambda manifest: manifest)
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    answer = await reverify(bundle)
    assert not answer.ok and answer.checks == ()
    assert answer.answers()["verdicts"] == "not compared"


async def test_a_reviewers_copy_could_not_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "copy.zip"
    path.write_bytes(reviewers(make(4)).zip())
    with pytest.raises(RequestError, match="manifest is withheld"):
        await reverify(path)


async def test_a_seller_of_other_questions_is_told_apart_not_believed(tmp_path: Path) -> None:
    """Nothing of an invented manifest's answers is one of ours: said, not crashed over."""
    path = tmp_path / "bundle.zip"
    house = House()
    path.write_bytes(make(3, house=house).zip())
    answer = await reverify(path, key=house.keys)
    assert answer.verified.ok
    assert answer.answer("verdicts") == "newer"  # it names no verifier of ours
    assert answer.answer("facts") in {"newer", "differs"}


def test_the_command_answers_0_1_and_2(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert orderproof("demo", "--keep", str(kept), "--json", cwd=tmp_path).code == 0
    bundle = kept / "bundle.zip"
    said = orderproof("reverify", str(bundle), cwd=tmp_path)
    assert (said.code, said.out.splitlines()[-1][:4]) == (0, "same"), said.out
    answer = json.loads(orderproof("reverify", str(bundle), "--json", cwd=tmp_path).out)
    assert answer["answers"] == {
        "verify": "ok", "verdicts": "same", "parts": "same", "facts": "same",
        "origins": "same",
    }  # fmt: skip
    data = bytearray(bundle.read_bytes())
    data[len(data) // 3] ^= 1
    bundle.write_bytes(data)
    assert orderproof("reverify", str(bundle), cwd=tmp_path).code == 1
    said = orderproof("reverify", str(tmp_path), cwd=tmp_path)
    assert (said.code, said.err.count("\n")) == (2, 1)
