"""Rows about refused attempts, attachments and whole accounts, each by its id."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web

from service.sandbox.app import served
from service.sandbox.authority import PATH, SandboxAuthority
from service.settings import AuthoritySettings
from tests.cases.house import ORDER, Clock, House, house, said

ORDERS = [f"112-4872913-55314{n:02}" for n in range(12)]
PDF = b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
RULES = """
id = "amazon.tests"
version = "{version}"
platform = "amazon"
defect_kinds = ["odr test"]
title = "For tests"

[[requirement]]
id = "T-1.parcel"
text = "The tracking number"
any_of = ["order.record"]
level = "required"
facts = ["shipment.tracking_number"]
where = "the ERP"
source = "tests"
source_date = "n.d."
confidence = "general"
"""
MORE = """
[[requirement]]
id = "T-2.delivery"
text = "The proof of delivery"
any_of = ["pod.document"]
level = "required"
where = "the carrier"
source = "tests"
source_date = "n.d."
confidence = "general"
"""


def rules(folder: Path, text: str) -> Path:
    found = folder / "rules"
    found.mkdir(exist_ok=True)
    (found / "amazon.tests.toml").write_text(text, "utf-8")
    return found


@contextlib.asynccontextmanager
async def authority(folder: Path, clock: Clock) -> AsyncIterator[AuthoritySettings]:
    """One that stamps by the test's clock."""
    made = SandboxAuthority.make(clock=clock)

    async def answer(request: web.Request) -> web.Response:
        body = made.reply(await request.read())
        return web.Response(body=body, content_type="application/timestamp-reply")

    app = web.Application()
    app.router.add_post(PATH, answer)
    async with served(app) as url:
        tsa, root = made.leave(folder / "tsa")
        yield AuthoritySettings(name="here", url=url + PATH, certificate_file=tsa, roots_file=root)


async def refused(here: House, case: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    case = await here.steps(case, "collect", "ready")
    answer = await here.submitted(case, papers=[{"text": text}], **more)
    assert answer.status == 200, answer.body
    return await here.step(answer.json, "deny", papers=[{"text": "Your appeal was not accepted."}])


# -- why an attempt was refused -----------------------------------------------------------------


async def test_S0_08_the_first_attempt_lacks_a_policy_reference_and_nothing_else(
    tmp_path: Path,
) -> None:
    clock = Clock()
    own = rules(tmp_path, RULES.format(version="1"))
    async with (
        authority(tmp_path, clock) as tsa,
        house(tmp_path, clock=clock, policies=own, authorities=(tsa,)) as here,
    ):
        here.exports((ORDER, "1Z999AA10123456784", "Ground", ""))
        await here.collected(ORDER, policy="amazon.tests")
        case = await here.opened(kinds=["odr test"])
        case = await refused(here, case, "The parcel was delivered on 14 November.")
        text = "By the order defect rate policy this claim does not count."
        case = await refused(here, case, text, evidence=["ef" * 32], platform_case_id="A-78")
        first, second = (await here.report(case, "replay"))["attempts"]
        assert [line["requirement"] for line in first["unmet"]] == ["policy-reference"]
        assert first["causes"] == ["policy-reference: The text names no rule of the platform's."]
        assert (first["names_a_reason"], len(first["denial"])) == (False, 1)
        (rule,) = first["orders"][0]["rules"]
        assert (rule["when"], rule["policy"], rule["unmet"]) == ("then", "amazon.tests", [])
        # With the reference there is no gap, and no cause is made up.
        assert second["causes"] == ["no rule-based cause found"]
        denial = await here.ask.get(f"/v1/cases/{case['id']}/papers/{first['denial'][0]}")
        assert denial.body == b"Your appeal was not accepted."


async def test_S0_08_the_time_was_not_proven_and_todays_rules_ask_for_more(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, policies=rules(tmp_path, RULES.format(version="1"))) as here:
        here.exports((ORDER, "1Z999AA10123456784", "Ground", ""))
        await here.collected(ORDER, policy="amazon.tests")
        case = await here.opened(kinds=["odr test"])
        case = await refused(here, case, "See the order defect rate policy.")
        (attempt,) = (await here.report(case, "replay"))["attempts"]
        assert [line["requirement"] for line in attempt["unmet"]] == ["timestamp-proof"]
        assert "no time authority" in attempt["causes"][0]
    newer = rules(tmp_path, RULES.format(version="2") + MORE)
    async with house(tmp_path, policies=newer) as here:
        (attempt,) = (await here.report(case, "replay"))["attempts"]
        then, now = attempt["orders"][0]["rules"]
        assert (then["version"], then["unmet"]) == ("1", [])
        assert (now["version"], [u["requirement"] for u in now["unmet"]]) == ("2", ["T-2.delivery"])
        assert any("amazon.tests 2 (now)" in cause for cause in attempt["causes"])


async def test_S0_08_only_what_was_sealed_and_handed_in_by_then_counts(tmp_path: Path) -> None:
    own = rules(tmp_path, RULES.format(version="1"))
    async with house(tmp_path, policies=own) as here:
        case = await here.opened(kinds=["odr test"])
        case = await refused(here, case, "See the order defect rate policy.")
        here.exports((ORDER, "1Z999AA10123456784", "Ground", ""))
        here.clock.passes(hours=1)
        await here.collected(ORDER, policy="amazon.tests")
        (attempt,) = (await here.report(case, "replay"))["attempts"]
        assert [line["requirement"] for line in attempt["unmet"]] == ["sealed-account"]
        assert "chance" not in json.dumps(attempt)


# -- letters, translations, notarised papers -----------------------------------------------------


async def test_S0_34_one_notarised_paper_lies_in_two_cases_under_two_platforms_limits(
    here: House,
) -> None:
    hints = {
        "kind": "notarised",
        "issuer": "Notary of Reno",
        "date": "2026-11-01",
        "language": "en",
    }
    amazon = await here.opened(kinds=["letters"])
    ebay = await here.opened(platform="ebay", kinds=["inr"], orders=["12-12345-12345"], papers=[])
    for case in (amazon, ebay):
        answer = await here.ask.post(
            f"/v1/cases/{case['id']}/papers",
            params={"name": "statement.pdf", "hints": json.dumps(hints), "note": "Notarised."},
            data=PDF,
            headers={"Content-Type": "application/pdf"},
        )
        assert answer.status == 200, answer.body
    (line,) = (await here.report(amazon, "attachments"))["attachments"]
    assert (line["kind"], line["issuer"], line["date"]) == (
        "notarised", "Notary of Reno", "2026-11-01",
    )  # fmt: skip
    assert (line["is"], line["taken"], line["breaches"]) == ("application/pdf", True, [])
    (other,) = (await here.report(ebay, "attachments"))["attachments"]
    assert other["sha256"] == line["sha256"] and other["taken"] is False
    assert "only image/jpeg, image/png are taken" in other["breaches"][0]
    for case in (amazon, ebay):
        with zipfile.ZipFile(await here.sealed(case)) as bundle:
            assert PDF in [bundle.read(name) for name in bundle.namelist()]
        assert (await here.verified(case)).ok


async def test_S0_34_a_translation_stands_beside_its_original(here: House) -> None:
    case = await here.opened(kinds=["letters"])
    letter = {"kind": "letter", "issuer": "Carrier", "date": "2026-11-02", "language": "en"}
    case = await here.step(case, "document", papers=[{"text": "Delivered.", "hints": letter}])
    original = case["events"][-1]["papers"][0]["sha256"]
    told = {"kind": "translation", "original": original, "translator": "T. Roe",
            "date": "2026-11-03", "language": "zh"}  # fmt: skip
    await here.step(case, "document", papers=[{"text": "已送达。", "hints": told}])
    first, second = (await here.report(case, "attachments"))["attachments"]
    assert first["translations"] == [second["sha256"]]
    assert (second["translator"], second["date"], second["original"]) == (
        "T. Roe", "2026-11-03", original,
    )  # fmt: skip


async def test_a_file_that_is_empty_or_too_large_or_has_odd_hints_is_refused(here: House) -> None:
    case = await here.opened(kinds=["letters"])
    path = f"/v1/cases/{case['id']}/papers"
    assert (await here.ask.post(path, data=b"")).status == 422
    for hints in ("[", "[]", '{"kind": 5}'):
        answer = await here.ask.post(path, params={"hints": hints}, data=PDF)
        assert answer.status == 422, hints
    assert (await here.ask.post(path, data=b"x" * ((32 << 20) + 1))).status == 413
    assert (await here.ask.get(f"/v1/cases/{case['id']}")).json["version"] == 1


# -- whole accounts -----------------------------------------------------------------------------


async def test_S4_01_an_account_stands_on_the_seals_of_its_twelve_orders(here: House) -> None:
    here.exports(*((id, f"1Z999AA101234567{n:02}", "Ground", "") for n, id in enumerate(ORDERS)))
    await here.collected(*ORDERS)
    asins = ["B0TESTASIN", "B0OTHERASN"]
    case = await here.opened(
        kinds=["account suspension"], account=True, orders=ORDERS, asins=asins, freeze=False
    )
    case = await here.step(
        case, "promise", text="Every parcel is weighed.", due="2026-12-01T00:00:00Z"
    )
    proofs = said(case, "promise")["proofs"]
    papers = [{"text": f"log of {proof}", "hints": {"proof": proof}} for proof in proofs]
    case = await here.step(case, "prove", measure="M1", papers=papers)
    text = "## Root cause\n**The labels** of orders were printed too early."
    case = await here.step(case, "draft", papers=[{"role": "draft", "text": text}])
    file = await here.sealed(case)
    found = await here.report(case, "account")
    assert len(found["orders"]) == 12 and found["asins"] == asins
    assert all(line["statement"] and line["items"] for line in found["orders"])
    (measure,) = found["measures"]
    assert measure["verdict"] == "pass"
    assert [p["proof"] for p in measure["proofs"]] == proofs
    with zipfile.ZipFile(file) as bundle:
        kept = {name.rpartition("/")[2]: bundle.read(name) for name in bundle.namelist()}
        (index,) = [data for name, data in kept.items() if name.endswith("account.json")]
        (plain,) = [data for name, data in kept.items() if name.endswith("appeal.txt")]
        proven = {p["sha256"] for p in measure["proofs"]}
        assert proven <= {_sha256(data) for data in kept.values()}
    assert json.loads(index)["orders"] == found["orders"]
    # The text has no markup, and no evidence is in it.
    assert plain == b"Root cause\nThe labels of orders were printed too early."
    assert json.loads(index)["text"]["sha256"] == _sha256(plain)
    # Whoever has an order's bundle finds its statement named in the index.
    answer = await here.ask.get(f"/v1/orders/amazon/{ORDERS[7]}/statement")
    assert _sha256(answer.body) == found["orders"][7]["statement"]
    taken = await here.ask.get(f"/v1/orders/amazon/{ORDERS[7]}/bundle")
    with zipfile.ZipFile(io.BytesIO(taken.body)) as bundle:
        assert bundle.namelist()[0].startswith(f"{found['orders'][7]['bundle']}/")
    # Sealed again without a change, nothing is added.
    version = (await here.ask.get(f"/v1/cases/{case['id']}")).json["version"]
    assert (await here.ask.post(f"/v1/cases/{case['id']}/seal")).json["version"] == version
    assert (await here.verified(case)).ok


async def test_S4_01_an_order_that_nothing_is_sealed_of_is_named_as_such(here: House) -> None:
    case = await here.opened(
        kinds=["account suspension"], account=True, orders=ORDERS[:2], freeze=False
    )
    lines = (await here.report(case, "account"))["orders"]
    assert [line["statement"] for line in lines] == [None, None]


def _sha256(data: bytes) -> str:
    from evidence.canonical import digest

    return digest(data)
