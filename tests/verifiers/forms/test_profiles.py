"""The profiles that come with the program: sourced, conflicts told, the stricter reading kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evidence.errors import FormatError, RequestError
from evidence.policy import Confidence
from evidence.profile import Profile, parse_profile
from service.cli import main
from verifiers.forms.limits import Limits
from verifiers.forms.page import within
from verifiers.profilebook import profile_named, profiles, read_profile

EVERY = sorted(profiles().values(), key=lambda profile: profile.id)


def test_there_is_a_profile_for_each_who_takes_evidence() -> None:
    names = {"bagit", "amazon", "tiktok", "ebay", "shopify", "stripe", "paypal", "bank", "court"}
    assert names <= set(profiles())


@pytest.mark.parametrize("profile", EVERY, ids=lambda profile: profile.id)
def test_every_limit_says_where_it_is_from(profile: Profile) -> None:
    for limit in profile.limits:
        assert limit.source.strip() and limit.source_date.strip()
    for key in {limit.key for limit in profile.limits}:
        readings = profile.limited(key)
        assert len({each.value for each in readings}) == 1 or all(r.conflict for r in readings)


@pytest.mark.needs_shared
def test_no_limit_is_surer_than_the_fact_it_is_from(shared: Path) -> None:
    order = ("general", "seed", "documented-3p", "documented")
    known: dict[str, str] = {}
    for line in (shared / "mission" / "POLICY_FACTS.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 6 and re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)+", cells[0]):
            known[cells[0]] = cells[5]
    checked = 0
    for profile in EVERY:
        for limit in profile.limits:
            id = re.match(r"[A-Z0-9]+(-[A-Z0-9]+)+", limit.source)
            if id and id[0] in known:
                assert order.index(limit.confidence) <= order.index(known[id[0]]), limit
                checked += 1
    assert checked > 45


def test_of_two_readings_both_are_told_and_the_stricter_is_obeyed() -> None:
    stripe = Limits(profile_named("stripe"))
    total = stripe.firm("files.total_bytes")
    assert total and total.number == 4_500_000
    assert [other.value for other in total.others] == ["5000000"]
    bank = Limits(profile_named("bank"))
    assert bank.words("files.types") == ("image/jpeg", "image/tiff", "application/pdf")
    assert bank.number("files.total_bytes") == 3_000_000
    assert bank.number("pdf.pages") == 19


def test_what_a_source_only_advises_is_not_firm() -> None:
    amazon = Limits(profile_named("amazon"))
    assert amazon.firm("pdf.standard") is None
    advice = amazon.get("pdf.standard")
    assert advice and advice.advised and advice.limit.confidence is Confidence.SEED


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(RequestError, match="amazon"):
        profile_named("amzon")


GOOD = profile_named("ebay").raw.decode()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('key = "files.count"', 'key = "files.cuont"', "files.cuont"),
        ('value = "5"', 'value = "five"', "files.count"),
        ("{shipment.carrier}", "{shipment.carier}", "shipment.carier"),
        ("{shipment.carrier}", "{shipment.carrier", "braces"),
        ('"pod.photo"', '"pod.foto"', "pod.foto"),
        ('as = "pictures"', 'as = "pictures"\ncolour = "red"', "colour"),
        ('field = "carrier"', 'field = "tracking"', "two fields"),
        ('sentences = ["{shipment.carrier}"]', "", "sentences"),
        ('id = "ebay"', 'id = "E Bay"', "id"),
        ('shape = "fields"', 'shape = "heap"', "heap"),
    ],
)
def test_a_mistyped_profile_is_refused_by_name(old: str, new: str, why: str) -> None:
    assert old in GOOD
    with pytest.raises(FormatError, match=re.escape(why)):
        read_profile(GOOD.replace(old, new, 1).encode())


def test_sentences_are_text_and_slots_for_facts() -> None:
    (carrier,) = [text for text in parse_profile(GOOD.encode()).texts if text.field == "carrier"]
    (sentence,) = carrier.sentences
    assert (sentence.texts, sentence.facts) == (("", ""), ("shipment.carrier",))
    assert str(sentence) == "{shipment.carrier}"


def test_the_command_tells_of_profiles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(profile.id in listed for profile in EVERY)
    assert main(["profile", "explain", "stripe"]) == 0
    said = capsys.readouterr().out
    assert "files.total_bytes = 4500000  <- obeyed" in said and "5000000" in said
    assert "documented-3p" in said and "contradicted" in said
    assert main(["profile", "explain", "amazon", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"] == "archive"


def test_the_command_checks_a_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.verifiers.forms.by_hand import amazon, pdf

    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(amazon())
    bad.write_bytes(amazon({"1.pdf": pdf()}))
    assert main(["profile", "lint", str(good)]) == 0
    assert main(["profile", "lint", str(bad)]) == 1
    assert "lacks the seller's id A1B2C3D4" in capsys.readouterr().out
    # The same bytes by other rules.
    assert main(["profile", "lint", str(good), "--profile", "stripe", "--json"]) == 1


def test_the_page_shows_the_limits_as_they_are() -> None:
    page = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text("utf-8")
    assert within(page) == page
