"""Rows about drafts and quotations, each by its id, through the HTTP API of one service."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from collectors.secrets import Secret
from service.cases.quotes import messages_of
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import Account, everyone
from service.settings import SourceSettings
from tests.cases.house import ORDER, SHARED, House, house, said

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLAYED = "112-4832917-2201845"
GOOD = f"""Root cause
The label of order {ORDER} was printed on 28 October before the stock was counted on 29 October.
Corrective action
The stock was counted on 10 November and the listing was closed at 16:20 UTC.
Preventive action
The stock is counted every Monday by two people, and the sheet is kept for a year.
"""
OWN = """
id = "amazon"
version = "tests"

[[clause]]
id = "CL-1"
text = "Signature confirmation is required"
version = "2025"
words = ["signature rule"]
valid_from = 2025-01-01
valid_to = 2026-10-31
replaced_by = "CL-2"
source = "tests"
source_date = "n.d."
confidence = "general"

[[clause]]
id = "CL-2"
text = "Proof of delivery is required"
version = "2026"
words = ["delivery rule"]
valid_from = 2026-11-01
source = "tests"
source_date = "n.d."
confidence = "general"
"""


@pytest_asyncio.fixture(scope=SHARED, loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("drafts")
    _ABOUT.clear()
    books = folder / "books"
    books.mkdir()
    (books / "amazon.toml").write_text(OWN, "utf-8")
    secret = Account().client_secret
    async with run_sandbox(everyone()) as url:
        more = (
            SourceSettings(
                name="zendesk",
                collector="zendesk",
                base_url=f"{url}/zendesk",
                options={"email": "agent@sandbox.test"},
                secrets={"api_token": Secret("api_token", secret)},
            ),
        )
        async with house(folder, more=more, playbooks=books) as found:
            found.exports((PLAYED, "1Z84A7V90344127810", "Ground", "2026-10-28T19:02:10-07:00"))
            await found.collected(PLAYED)
            yield found


_ABOUT: dict[str, dict[str, Any]] = {}


async def case_of(here: House, kind: str = "draft tests", **changes: Any) -> dict[str, Any]:
    """One case a kind is enough: asking changes nothing."""
    if kind not in _ABOUT:
        _ABOUT[kind] = await here.opened(kinds=[kind], **changes)
    return _ABOUT[kind]


async def checked(here: House, case: dict[str, Any], text: str) -> dict[str, Any]:
    body = {"check": "draft", "text": text}
    answer = await here.ask.post(f"/v1/cases/{case['id']}/checks", json=body)
    assert answer.status == 200, answer.body
    return dict(answer.json["said"])


def found(report: dict[str, Any]) -> set[str]:
    return {each["code"] for each in report["findings"]}


async def test_a_draft_that_says_what_happened_may_go(here: House) -> None:
    report = await checked(here, await case_of(here), GOOD)
    assert report["findings"] == [] and report["sendable"]


async def test_S4_19_a_part_or_an_order_or_an_asin_that_is_left_out_is_named(here: House) -> None:
    text = "ASIN B0TESTASIN and order " + ORDER + " are affected."
    papers = [{"role": "notice", "text": text}]
    case = await case_of(here, "policy violation", papers=papers)
    report = await checked(here, case, GOOD)
    assert found(report) == {"asin-not-answered"}
    without = GOOD.partition("Preventive action")[0].replace(ORDER, "112-4872913-5531420")
    report = await checked(here, case, without)
    assert found(report) == {
        "part-missing-preventive", "order-not-answered", "order-mistyped", "asin-not-answered",
    }  # fmt: skip
    assert not report["sendable"]


async def test_S1_11_an_accusation_needs_the_ruling_of_the_platform(here: House) -> None:
    case = await case_of(here, "accusation")
    text = GOOD + "The buyer lied about the delivery."
    assert found(await checked(here, case, text)) == {"wording-blame"}
    ruling = {"text": "The claim was closed in favour of the seller.", "hints": {"kind": "ruling"}}
    await here.step(case, "document", papers=[ruling])
    assert found(await checked(here, case, text)) == set()


async def test_S0_22_vague_words_are_found_with_their_place_and_a_quotation_is_not(
    here: House,
) -> None:
    case = await case_of(here)
    text = GOOD + "Maybe the scan was late."
    (finding,) = (await checked(here, case, text))["findings"]
    assert (finding["code"], finding["severity"]) == ("wording-vague", "advice")
    assert text[finding["begin"] : finding["end"]] == "Maybe"
    quoted = GOOD + 'The buyer wrote: "Maybe my neighbour has it."'
    assert found(await checked(here, case, quoted)) == set()


async def test_S4_20_a_promise_of_an_outcome_is_refused_and_nobody_is_asked_for_reviews(
    here: House,
) -> None:
    case = await case_of(here)
    report = await checked(here, case, GOOD + "Delivery is guaranteed from now on.")
    assert found(report) == {"wording-promise"} and not report["sendable"]
    report = await checked(here, case, GOOD + "We asked the buyer to change the review.")
    assert found(report) == {"wording-review"}
    assert here.ask.client.app is not None
    paths = {route.resource.canonical for route in here.ask.client.app.router.routes()}  # type: ignore[union-attr]
    assert not any("review" in path for path in paths)


async def test_S4_08_the_plain_text_has_no_markup_and_its_length_is_held_to(here: House) -> None:
    case = await case_of(here)
    marked = (
        "## Root cause\n\n**Order** " + ORDER + " [here](https://example.com)\n<b>x</b>\n" + GOOD
    )
    report = await checked(here, case, marked)
    assert not set("#*<") & set(report["plain_text"])
    assert "here (https://example.com)" in report["plain_text"]
    room = report["limit"] - len((await checked(here, case, GOOD))["plain_text"]) - 1
    assert "too-long" not in found(await checked(here, case, GOOD + "y" * room))
    assert "too-long" in found(await checked(here, case, GOOD + "y" * (room + 1)))


async def test_S1_09_a_text_in_which_only_numbers_changed_is_like_the_earlier_one(
    here: House,
) -> None:
    earlier = await case_of(here, "an earlier one", orders=["113-7777777-7777777"])
    text = GOOD.replace(ORDER, "113-7777777-7777777").replace("28 October", "3 November")
    await here.step(earlier, "draft", papers=[{"text": text}])
    report = await checked(here, await case_of(here), GOOD)
    (finding,) = report["findings"]
    assert finding["code"] == "like-an-earlier-one" and "100%" in finding["text"]
    other = f"""Why it happened: the carrier held order {ORDER} at customs for six days.
    What was done: we sent a second lamp by air on the ninth. To prevent it, every box that crosses
    a border now carries its commercial invoice outside, and Ms. Roe signs each of them."""
    assert found(await checked(here, await case_of(here), other)) == set()


async def test_S4_10_a_second_attempt_in_the_words_of_the_first_is_told(here: House) -> None:
    case = await case_of(here, "twice", orders=["114-7777777-7777777"])
    case = await here.steps(case, "collect", "ready")
    text = f"Entirely different words about 114-7777777-7777777, root cause and all. {ORDER[:3]}"
    case = (await here.submitted(case, papers=[{"text": text}])).json
    case = await here.step(case, "deny", papers=[{"text": "No."}])
    assert "like-an-earlier-one" in found(await checked(here, case, text))
    case = await here.steps(case, "collect", "ready")
    same = await here.submitted(case, papers=[{"text": text}], evidence=["12" * 32])
    assert [w["code"] for w in said(same.json, "submit")["warnings"]] == ["text-unchanged"]


async def test_S1_16_a_text_for_one_site_does_not_do_for_another(here: House) -> None:
    case = await case_of(here, "for Germany", site="DE")
    assert found(await checked(here, case, GOOD)) >= {
        "language-of-another-site", "statement-missing",
    }  # fmt: skip
    german = f"""Grund: Das Etikett der Bestellung {ORDER} wurde am 28. Oktober gedruckt und nicht
    geprüft. Root cause, corrective action, preventive action. Wir halten die DSGVO ein, und die
    Daten der Käufer werden nach einem Jahr gelöscht."""
    assert found(await checked(here, case, german)) == set()


async def test_S0_27_a_repealed_clause_is_told_with_both_days(here: House) -> None:
    case = await case_of(here, "clauses", placed_on="2026-10-15")
    report = await checked(here, case, GOOD + "By the signature rule, CL-1.")
    (finding,) = [f for f in report["findings"] if f["code"] == "clause-not-in-force"]
    assert not report["sendable"]
    for day in ("2026-10-31", "2026-10-15", "2026-11-20", "CL-2"):
        assert day in finding["text"]
    report = await checked(here, case, GOOD + "By CL-2.")
    assert "clause-in-force" in found(report) and report["sendable"]


async def test_S0_25_the_registry_tells_which_clause_held_on_which_day(here: House) -> None:
    case = await case_of(here, "clauses", placed_on="2026-10-15")
    clauses = {each["id"]: each for each in (await here.report(case, "clauses"))["clauses"]}
    assert (clauses["CL-1"]["held_when_placed"], clauses["CL-1"]["holds_today"]) == (True, False)
    assert (clauses["CL-2"]["held_when_placed"], clauses["CL-2"]["holds_today"]) == (False, True)


async def test_S0_17_a_repealed_clause_cannot_be_put_into_a_draft(here: House) -> None:
    case = await case_of(here, "a-to-z", orders=[PLAYED])
    path = f"/v1/cases/{case['id']}/reports/skeleton"
    assert (await here.ask.get(f"{path}?clauses=CL-1")).status == 422
    answer = (await here.ask.get(f"{path}?clauses=CL-2")).json["said"]
    assert any("CL-2, version 2026" in s["text"] for s in answer["parts"][0]["sentences"])
    policy = here.runtime.policy("amazon.a2z.delivery")
    assert len(answer["references"]) == len(policy.requirements)
    assert {each["policy"] for each in answer["references"]} == {f"{policy.id} {policy.version}"}


async def test_S1_05_the_skeleton_has_three_parts_and_no_sentence_without_a_tag(
    here: House,
) -> None:
    case = await case_of(here, "a-to-z", orders=[PLAYED])
    answer = await here.report(case, "skeleton")
    assert [part["id"] for part in answer["parts"]] == ["root-cause", "corrective", "preventive"]
    sentences = [each for part in answer["parts"] for each in part["sentences"]]
    assert all(each["open"] or each["rests_on"] for each in sentences)
    assert sum(each["open"] for each in sentences) == 3
    filled = [each for each in sentences if not each["open"]]
    assert len(filled) >= 2 and all(PLAYED in each["text"] for each in filled)
    items = {line.sha256 for line in await here.runtime.ledger.items(await played(here))}
    assert {r["item"] for each in filled for r in each["rests_on"]} <= items
    assert PLAYED in answer["text"] and "chance" not in answer["text"]


async def played(here: House) -> Any:
    from evidence.orders import OrderRef, Platform

    return await here.runtime.find("default", OrderRef(Platform.AMAZON, PLAYED))


async def test_S3_18_a_quotation_stands_word_for_word_with_its_neighbours(here: House) -> None:
    case = await case_of(here, "a-to-z", orders=[PLAYED])
    manifest = (await here.runtime.account("default", (await played(here)).ref)).manifest
    assert manifest is not None
    transcript = messages_of(manifest)
    middle = transcript[1]
    quote = {"message_id": middle.id, "text": middle.body.text}

    async def asked(**changes: str) -> dict[str, Any]:
        body = {"check": "quotes", "quotes": [quote | changes]}
        answer = await here.ask.post(f"/v1/cases/{case['id']}/checks", json=body)
        assert answer.status == 200, answer.body
        return dict(answer.json["said"]["quotes"][0])

    right = await asked()
    assert right["verdict"] == "pass" and right["whole"]
    assert [each["message_id"] for each in right["neighbours"]] == [
        transcript[0].id, transcript[2].id,
    ]  # fmt: skip
    assert right["transcript"] in {item.sha256 for item in manifest.items}
    assert (await asked(text=middle.body.text.replace("a", "e", 1)))["verdict"] == "fail"
    assert (await asked(message_id="none"))["verdict"] == "fail"
    assert (await asked(at=str(right["at"])))["verdict"] == "pass"
    assert (await asked(at="2026-01-01T00:00:00Z"))["verdict"] == "fail"
    assert (await asked(transcript=str(right["transcript"])))["verdict"] == "pass"
    assert (await asked(transcript="ab" * 32))["verdict"] == "fail"
    assert (await asked(text=middle.body.text[:-1] + "x"))["verdict"] == "fail"


async def test_S0_34_letters_and_translations_say_who_made_them(here: House) -> None:
    case = await case_of(here, "letters")
    letter = {"text": "Notarised.", "name": "letter.txt"}
    hints = {"kind": "notarised", "issuer": "Notary", "date": "2026-11-01", "language": "en"}
    lacking = await here.tried(case, "document", papers=[letter | {"hints": {"kind": "notarised"}}])
    assert lacking.status == 422
    case = await here.step(case, "document", papers=[letter | {"hints": hints}])
    sha256 = case["events"][-1]["papers"][0]["sha256"]
    told = {"kind": "translation", "original": "ab" * 32, "translator": "T. Roe",
            "date": "2026-11-02", "language": "zh"}  # fmt: skip
    alone = await here.tried(case, "document", papers=[{"text": "公证。", "hints": told}])
    assert alone.status == 422 and "original" in alone.json["detail"]
    together = {"text": "公证。", "hints": told | {"original": sha256}}
    case = await here.step(case, "document", papers=[together])
    # Another platform's case holds the same bytes under the same digest.
    ebay = await here.opened(platform="ebay", kinds=["inr"], orders=["12-12345-12345"],
                             papers=[letter | {"role": "document", "hints": hints}])  # fmt: skip
    assert ebay["events"][0]["papers"][0]["sha256"] == sha256
    file = await here.sealed(case)
    with zipfile.ZipFile(file) as bundle:
        assert any("公证。" in bundle.read(n).decode("utf-8", "replace") for n in bundle.namelist())


async def test_a_draft_that_is_kept_stands_with_what_the_checks_said_of_it(here: House) -> None:
    case = await case_of(here, "kept", orders=["115-7777777-7777777"])
    case = await here.step(case, "draft", papers=[{"text": "Maybe."}])
    told = said(case, "draft")["checks"]
    assert "wording-vague" in {each["code"] for each in told["findings"]}
    assert not told["sendable"]


async def test_S2_07_messages_of_several_places_stand_in_one_line_each_with_its_source(
    here: House,
) -> None:
    """And S2-05: the automatic answer and the person's, out of a help desk's own record."""
    case = await case_of(here, "a-to-z", orders=[PLAYED])
    (order,) = (await here.report(case, "responses"))["orders"]
    (line,) = order["messages"]
    assert (line["message_id"], line["automatic_minutes"]) == ("9001", 0.52)
    assert line["substantive_minutes"] == 327.85
    verdicts = {limit["limit"]: limit["verdict"] for limit in line["limits"]}
    assert verdicts["official"] == verdicts["substantive"] == "met"
    assert verdicts["house.urgent"] == "missed"
    manifest = (await here.runtime.account("default", (await played(here)).ref)).manifest
    assert manifest is not None
    merged = messages_of(manifest)
    assert [each.id for each in merged] == ["9001", "9002", "9003"]
    assert len({each.body.item for each in merged}) == 3
