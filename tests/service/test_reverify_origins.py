"""A mail's grade is checked again from the sealed mail and the sealed DNS answer, offline."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.messages.proof import hints_of
from evidence.items import Provenance, Role
from evidence.manifest import Manifest, SealedItem
from service.audit.reverify import reverify
from service.demo import story
from service.runtime import Runtime
from service.settings import load_settings
from tests import shape
from tests.collectors.messages.signing import Zone, answered, name_of, record_of, rsa_key, sign
from tests.service.test_reverify import sealed, wrong

RELAY = "marketplace.amazon.com"
MAIL = f"""From: "Ann" <abcdefgh12@{RELAY}>
To: seller@exhibit.test
Subject: Order {story.ORDER.id}
Date: Wed, 04 Nov 2026 09:15:30 +0000
Message-ID: <1@{RELAY}>
Content-Type: multipart/mixed; boundary=b

--b

Where is it?
--b
Content-Disposition: attachment; filename=note.txt

as agreed
--b--
""".encode()


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    """A seller with a mailbox in which one mail is signed and one is not."""
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "1.eml").write_bytes(sign(MAIL, RELAY))
    (tmp_path / "mail" / "2.eml").write_bytes(MAIL.replace(b"Where", b"Here"))
    async with Zone({name_of(RELAY): [record_of(rsa_key())]}).served() as server:
        config = tmp_path / "orderproof.toml"
        config.write_text(f'[sources.mailbox]\nfolder = "mail"\ndns = "{server}"\n')
        async with await Runtime.open(
            load_settings(shape.configured(config), environment={})
        ) as opened:
            yield opened


def graded(item: SealedItem, provenance: Provenance) -> SealedItem:
    return replace(item, provenance=str(provenance))


async def test_a_sealed_mail_is_proven_again_without_any_network(
    runtime: Runtime, tmp_path: Path
) -> None:
    bundle = await sealed(runtime, tmp_path / "b.zip", lambda manifest: manifest)
    answer = await reverify(bundle)  # the resolver is not asked: nothing here knows it
    assert answer.ok and not wrong(answer)
    assert answer.answers()["origins"] == "same"
    assert "1 mails are signed" in " ".join(check.what for check in answer.checks)
    with zipfile.ZipFile(bundle) as archive:
        names = [name for name in archive.namelist() if "/data/" in name]
    assert len(names) == 4  # two mails, what is attached to both, and the answer
    assert any("dns" in name for name in names), names


async def test_a_grade_that_the_signature_does_not_give_is_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    def bend(manifest: Manifest) -> Manifest:
        items = tuple(
            graded(item, Provenance.DKIM_MAIL) if item.role is Role.MESSAGE_MAIL else item
            for item in manifest.items
        )
        return replace(manifest, items=items)

    answer = await reverify(await sealed(runtime, tmp_path / "b.zip", bend))
    assert answer.verified.ok
    ((name, what),) = [said for said in wrong(answer) if said[0] == "origins"]
    assert name == "origins" and "is not" in what and "same versions" in what


async def test_a_part_that_has_a_grade_which_its_mail_has_not_is_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    def bend(manifest: Manifest) -> Manifest:
        items = tuple(
            graded(item, Provenance.DKIM_MAIL) if item.role is Role.MESSAGE_ATTACHMENT else item
            for item in manifest.items
        )
        return replace(manifest, items=items)

    answer = await reverify(await sealed(runtime, tmp_path / "b.zip", bend))
    # The same bytes hang on both mails: only one of them is signed. What the evidence weighs rests
    # on grades, so that verdict is not come to again either.
    assert [name for name, _ in wrong(answer)] == ["verdicts", "origins"]


async def test_a_mail_that_was_checked_with_another_answer_than_the_sealed_is_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    """A seller who signs with a key of his own and says that it was the sender's."""
    own = hints_of({name_of(RELAY): answered(name_of(RELAY), [record_of(rsa_key(1024))])})

    def bend(manifest: Manifest) -> Manifest:
        items = tuple(
            replace(item, hints={**item.hints, **own}) if item.role is Role.MESSAGE_MAIL else item
            for item in manifest.items
        )
        return replace(manifest, items=items)

    answer = await reverify(await sealed(runtime, tmp_path / "b.zip", bend))
    said = [what for name, what in wrong(answer) if name == "origins"]
    assert len(said) == 2 and "not sealed" in said[0]
