"""XML answers: walked by names, located by paths, and nothing in them runs, fetches or grows."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import EvidenceError, FormatError, ShapeError, TooLargeError
from evidence.items import InMemory, Item, Provenance, Role
from evidence.locators import Locator
from evidence.pages import MAX_DEPTH
from evidence.xmlpages import (
    MAX_ELEMENTS,
    Element,
    XmlNode,
    parse_xml,
    resolve_xml,
    written_at,
    xml_page_of,
)
from tests.collectors.http_bench import NOW

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<t:detail xmlns:t="urn:one" xmlns="urn:two" t:pin=" 7023 ">
  <name> Expédié &amp; reçu </name>
  <t:event><at>one</at></t:event><other/><event><at>two</at><at/></event>
  <empty>   </empty>
</t:detail>"""


def page(text: str | bytes) -> XmlNode:
    item = Item(
        role=Role.TRACKING_HISTORY,
        key="k",
        content=InMemory(text.encode() if isinstance(text, str) else text),
        media_type="text/xml",
        collector="canada_post/1",
        origin="canada_post",
        provenance=Provenance.API,
        collected_at=NOW,
    )
    return xml_page_of(item)


def test_a_page_is_walked_by_names_without_namespace() -> None:
    detail = page(PAGE)["detail"]
    assert detail["name"].text() == "Expédié & reçu"
    assert detail["@pin"].text() == "7023"
    assert [event["at"].text() for event in detail.every("event")] == ["one", "two"]
    assert "other" in detail and "else" not in detail
    assert detail["empty"].text_or_none() is detail["else"]["at"].text_or_none() is None
    assert detail["name"].as_written == " Expédié & reçu "
    with pytest.raises(ShapeError, match="elements"):
        detail["event"].text()
    with pytest.raises(ShapeError, match="xml:/detail/else"):
        detail["else"].text()
    assert detail.misshapen("a time").got == "elements"


def test_each_place_is_found_again_by_its_path() -> None:
    root = parse_xml(PAGE.encode())
    second = list(page(PAGE)["detail"].every("event"))[1]
    fact = second["at"].fact("parcel.status")
    assert str(fact.locator) == "xml:/detail/event[2]/at"
    assert Locator.parse(str(fact.locator)) == fact.locator
    found = resolve_xml(root, fact.locator.place)
    assert isinstance(found, Element) and found.text == fact.text == "two"
    assert resolve_xml(root, "/detail/@pin") == " 7023 "
    assert resolve_xml(root, "/detail") is resolve_xml(root, "") is root


def test_what_stands_at_a_place_is_its_text_and_nothing_where_elements_stand() -> None:
    root = parse_xml(PAGE.encode())
    assert written_at(root, "/detail/name") == " Expédié & reçu "
    assert written_at(root, "/detail/@pin") == " 7023 "
    assert written_at(root, "/detail/empty") == "   "
    assert written_at(root, "/detail") is None
    with pytest.raises(FormatError, match="nowhere"):
        written_at(root, "/detail/else")


@pytest.mark.parametrize(
    "place",
    ["detail", "/else", "/detail/event[3]", "/detail/event[0]", "/detail/@else", "/detail//at",
     "/detail/@pin/x", "/detail/event[1", "/"],
)  # fmt: skip
def test_a_path_that_leads_nowhere_is_refused(place: str) -> None:
    root = parse_xml(PAGE.encode())
    with pytest.raises(FormatError, match="nowhere"):
        resolve_xml(root, place)


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{BOMB}]><a>&l9;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://192.0.2.1/p"> %p;]><a/>',
        "<!DOCTYPE html><a/>",
    ],
    ids=["a bomb", "a file", "a far document type", "a parameter entity", "a plain one"],
)
def test_a_document_type_is_refused_before_anything_of_it_is_done(text: str) -> None:
    with pytest.raises(ShapeError, match="document type"):
        page(text)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "<a>", "<a></b>", "<a/><b/>", "<a>&x;</a>", b"\xff\xfe", "<a>\x00</a>",
     '<?xml version="1.0" encoding="no-such-thing"?><a/>', "<a b='1' b='2'/>"],
)  # fmt: skip
def test_what_is_not_xml_is_said_to_be_other_bytes(text: str | bytes) -> None:
    with pytest.raises(ShapeError, match="other bytes"):
        page(text)


def test_depth_and_number_are_bounded_while_it_is_read() -> None:
    assert page("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH).present
    with pytest.raises(ShapeError, match="too deeply"):
        page("<a>" * 1_000_000)
    with pytest.raises(TooLargeError, match="elements"):
        page("<a>" + "<b/>" * (MAX_ELEMENTS + 1) + "</a>")


def test_a_large_text_takes_no_more_than_a_few_times_its_size() -> None:
    data = b"<a>" + b"x&amp;" * 1_000_000 + b"</a>"
    tracemalloc.start()
    assert len(parse_xml(data).text) == 2_000_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * len(data)


@given(st.text(st.sampled_from("<>/&;ab'\"= !-[]?x"), max_size=200))
def test_any_text_is_a_page_or_an_error(text: str) -> None:
    try:
        node = page(text)
    except EvidenceError:
        return
    for child in node.each():
        assert isinstance(resolve_xml(node.value.children[0], child.locator.place), Element)


def test_a_text_that_comes_in_pieces_is_one_text() -> None:
    assert parse_xml(b"<a>" + b"<b/>x" * 50_000 + b"</a>").text == "x" * 50_000
    assert parse_xml(b"<a>" + b"<!--c-->x<?p i?>" * 50_000 + b"</a>").text == "x" * 50_000
