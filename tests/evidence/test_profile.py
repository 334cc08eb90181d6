"""A profile is read whole, and refused where it is mistyped."""

from __future__ import annotations

import pytest

from evidence.canonical import digest
from evidence.errors import FormatError
from evidence.items import Role
from evidence.orders import Platform
from evidence.policy import Confidence, Limit
from evidence.profile import (
    Added,
    FileField,
    Profile,
    Scope,
    Sentence,
    Shape,
    Shown,
    Tabled,
    TextField,
    parse_profile,
)

HEAD = """id = "stripe"
version = "7"
title = "Evidence of a dispute"
shape = "fields"
scope = "order"
how = "Upload each."
"""
MORE = """platforms = ["ebay", "other"]
adds = ["hashes", "custody"]
report = "other_file"
"""
LIMIT = """[[limit]]
key = "files.count"
value = "9"
source = "p. 1"
source_date = "2026"
confidence = "seed"
"""
SAID = """[[text]]
field = "what"
title = "What it was"
sentences = ["Sold: {order.item.title} for {order.total}.", "{order.id}", "No slot."]
required = true
once = true
"""
CHOSEN = """[[text]]
field = "why"
choices = ["Late", "Lost"]
"""
FILE = """[[file]]
field = "proof.of_delivery"
title = "Proof"
roles = ["pod.document", "pod.photo"]
facts = ["scan.delivered.at"]
as = "pictures"
required = true
table = "ce3"
"""
WHOLE = HEAD + MORE + LIMIT + SAID + CHOSEN + FILE


def test_a_whole_profile_is_read_with_every_field() -> None:
    raw = WHOLE.encode()
    read = parse_profile(raw)
    assert read == Profile(
        id="stripe", version="7", title="Evidence of a dispute", shape=Shape.FIELDS,
        scope=Scope.ORDER, how="Upload each.", raw=raw,
        platforms=(Platform.EBAY, Platform.OTHER),
        limits=(
            Limit(key="files.count", value="9", source="p. 1", source_date="2026",
                  confidence=Confidence.SEED),
        ),
        texts=(
            TextField(
                field="what", title="What it was", required=True, once=True,
                sentences=(
                    Sentence(("Sold: ", " for ", "."), ("order.item.title", "order.total")),
                    Sentence(("", ""), ("order.id",)),
                    Sentence(("No slot.",), ()),
                ),
            ),
            TextField(field="why", choices=("Late", "Lost")),
        ),
        files=(
            FileField(
                field="proof.of_delivery", title="Proof",
                roles=(Role.POD_DOCUMENT, Role.POD_PHOTO), shown=Shown.PICTURES,
                facts=("scan.delivered.at",), required=True, table=Tabled.CE3,
            ),
        ),
        adds=(Added.HASHES, Added.CUSTODY), report="other_file",
    )  # fmt: skip
    assert read.sha256 == digest(raw)
    assert read.limited("files.count") == [read.limits[0]] and read.limited("pages") == []
    said = "Sold: {order.item.title} for {order.total}."
    assert [str(each) for each in read.texts[0].sentences] == [said, "{order.id}", "No slot."]


def test_what_a_profile_leaves_out_is_as_docs_say() -> None:
    raw = HEAD.encode()
    assert parse_profile(raw) == Profile(
        id="stripe", version="7", title="Evidence of a dispute", shape=Shape.FIELDS,
        scope=Scope.ORDER, how="Upload each.", raw=raw,
    )  # fmt: skip
    short = FILE.partition("facts")[0] + 'as = "document"\n'
    (file,) = parse_profile((HEAD + short).encode()).files
    assert (file.facts, file.required, file.table) == ((), False, Tabled.NONE)
    (text,) = parse_profile((HEAD + CHOSEN).encode()).texts
    assert (text.title, text.sentences, text.required, text.once) == ("", (), False, False)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('how = "Upload each."\n', "", "the profile is malformed: it lacks how"),
        ('how = "', 'hwo = ""\nhow = "', "fields nobody reads: hwo"),
        ('id = "stripe"', 'id = "Stripe"', "id is not a lower-case word"),
        ('id = "stripe"', f'id = "{"s" * 41}"', "id is not a lower-case word"),
        ('shape = "fields"', 'shape = "form"', "shape is not one of archive"),
        ('scope = "order"', 'scope = "day"', "scope is not one of order, appeal"),
        ('"ebay", "other"', '"ebuy"', "platforms is not one of"),
        ('"hashes", "custody"', '"hash"', "adds is not one of"),
        ('report = "other_file"', 'report = "other file"', "report is not a word of letters"),
        ('report = "other_file"', 'report = ""', "report is not a word of letters"),
        ('value = "9"', "value = 9", "limit 'files.count'.*value is not text"),
        ('field = "what"', 'field = "9what"', "field is not a word of letters"),
        ('field = "what"', f'field = "{"w" * 61}"', "field is not a word of letters"),
        ('field = "what"', 'field = "why"', "two fields are called 'why'"),
        ('field = "what"', 'field = "proof.of_delivery"', "two fields are called 'proof.of_del"),
        ('title = "What it was"', 'titel = "x"', "text 1.*fields nobody reads: titel"),
        ("once = true", 'once = "yes"', "once is not true or false"),
        ('choices = ["Late", "Lost"]', "", "sentences is not there, or choices instead"),
        ("once = true", 'choices = ["a"]', "sentences is not there, or choices instead"),
        ("{order.id}", "{order.id", "sentences is not free of braces"),
        ("{order.id}", "order.id}", "sentences is not free of braces"),
        ("{order.id}", "{order.idd}", "sentences is not a fact name"),
        ('title = "Proof"\n', "", "file 1.*it lacks title"),
        ('"pod.photo"]', '"pod.foto"]', "roles is not one of"),
        ('["scan.delivered.at"]', '["scan.at"]', "facts is not a fact name"),
        ('as = "pictures"', 'as = "picture"', "as is not one of document, pictures, received"),
        ('table = "ce3"', 'table = "ce4"', "table is not one of"),
        ("required = true\ntable", "required = 1\ntable", "required is not true or false"),
    ],
)
def test_a_mistake_is_refused_naming_table_and_field(old: str, new: str, says: str) -> None:
    assert old in WHOLE
    with pytest.raises(FormatError, match=says):
        parse_profile(WHOLE.replace(old, new, 1).encode())


def test_an_error_names_the_file() -> None:
    with pytest.raises(FormatError, match=r"own\.toml"):
        parse_profile(b"id = ", name="own.toml")
    with pytest.raises(FormatError, match=r"own\.toml.*two fields"):
        parse_profile((HEAD + CHOSEN + CHOSEN).encode(), name="own.toml")
