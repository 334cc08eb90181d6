"""Which mails of a mailbox are an order's, what they say, and what hostile ones can do."""

import base64
import io
import mailbox as library
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.messages import mailbox as module
from collectors.messages.mailbox import Mailbox
from evidence.canonical import canonical
from evidence.errors import TooLargeError
from evidence.facts import Facts
from evidence.items import InMemory, Item, Provenance, Role
from evidence.mail import parse_mail
from evidence.orders import order_ref
from evidence.times import Instant, LocalTime
from tests.collectors.folder_script import NOW, ORDER, collect

# But for sockets that an earlier test left to be collected while one of these runs.
# But for what another test left behind, which may be swept up during one of these.
pytestmark = pytest.mark.filterwarnings(
    "error", "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def mail(
    subject: str = f"Order {ORDER.id}",
    body: str = "Hello",
    *,
    sender: str = "a@b.example",
    to: str = "seller@exhibit.test",
    message_id: str = "<1@b.example>",
    date: str = "Wed, 17 Jun 2026 09:15:30 +0000",
    more: str = "",
) -> bytes:
    head = (
        f"From: {sender}\nTo: {to}\nSubject: {subject}\nDate: {date}\nMessage-ID: {message_id}\n"
        f"{more}\n"
    )
    return head.encode() + body.encode()


def save(folder: Path, *mails: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for number, data in enumerate(mails):
        (folder / f"{number}.eml").write_bytes(data)
    return folder


def item_of(data: bytes, role: Role = Role.MESSAGE_MAIL) -> Item:
    return Item(
        role=role,
        key="k",
        content=InMemory(data),
        media_type="message/rfc822",
        collector="mailbox/1",
        origin="mail",
        provenance=Provenance.UPLOAD,
        collected_at=NOW,
        about={"order.id": ORDER.id},
    )


def facts_of(data: bytes) -> Facts:
    return Facts(Mailbox().read(item_of(data)))


def numbers(items: list[Item]) -> list[str]:
    return sorted(item.key[:2] for item in items if item.role is Role.MESSAGE_MAIL)


@pytest.mark.needs_shared
@pytest.mark.parametrize(
    ("order_id", "expected"),
    [
        # 02 and 03 name no order: the buyer's alias leads to 03, and its In-Reply-To to 02.
        ("114-9876543-1234560", "01 02 03 07 09 10 12 13 14 15"),
        ("301-0000001-0000001", "04"),
        ("250-1234567-8901234", "05"),
        ("305-0000005-0000005", "08"),
        ("304-0000004-0000004", "11"),
        # Named in a body alone: the same buyer's other mails are about the other order.
        ("113-0000009-0000009", "14"),
        ("113-0000009-0000008", ""),
        ("114-9876543-123456", ""),
    ],
)
def test_the_mails_of_an_order_are_found_and_no_others(
    shared: Path, order_id: str, expected: str
) -> None:
    folder = shared / "contracts/market/amazon-mail/eml"
    order = ORDER if not order_id.endswith("-123456") else order_ref("other", order_id)
    order = order if order_id in {order.id} else order_ref("amazon", order_id)
    assert numbers(collect(Mailbox(), folder, order)) == expected.split()


@pytest.mark.needs_shared
def test_the_raw_mails_are_the_same_out_of_eml_maildir_and_mbox(
    shared: Path, tmp_path: Path
) -> None:
    originals = sorted((shared / "contracts/market/amazon-mail/eml").iterdir())
    raw = [path.read_bytes().replace(b"\r\n", b"\n") for path in originals]
    raw = [data if data.endswith(b"\n") else data + b"\n" for data in raw]
    kinds = ("eml", "maildir", "mbox")
    eml, maildir, mbox = (tmp_path / kind for kind in kinds)
    save(eml, *raw)
    for folder in ("cur", "new", "tmp"):
        (maildir / folder).mkdir(parents=True)
    for number, data in enumerate(raw):
        (maildir / ("cur" if number % 2 else "new") / f"17.{number}.host:2,S").write_bytes(data)
    mbox.mkdir()
    box = library.mbox(mbox / "Inbox")
    for data in raw:
        box.add(data)
    box.close()
    found = [[item.sha256 for item in collect(Mailbox(), tmp_path / kind)] for kind in kinds]
    assert len(found[0]) == 11  # ten mails and one attachment
    assert found[0] == found[1] == found[2]


@pytest.mark.needs_shared
def test_whose_word_a_mail_is_follows_the_relays_rules(shared: Path) -> None:
    items = collect(Mailbox(), shared / "contracts/market/amazon-mail/eml")
    origins = {item.key[:2]: item.origin for item in items}
    assert origins == {
        "01": "buyer", "02": "seller", "03": "buyer", "07": "amazon", "09": "amazon",
        "10": "amazon", "14": "buyer", "15": "buyer",
        "12": "mail",  # a look-alike domain
        "13": "mail",  # the receiving server saw DMARC fail
    }  # fmt: skip
    assert {item.provenance for item in items} == {Provenance.UPLOAD}


@pytest.mark.needs_shared
def test_a_mail_without_a_zone_stays_local_and_both_its_orders_are_facts(shared: Path) -> None:
    path = shared / "contracts/market/amazon-mail/eml/14-no-zone-date-and-two-order-ids.eml"
    facts = facts_of(path.read_bytes())
    (sent,) = facts.named("message.sent.at")
    assert isinstance(sent.value, LocalTime)
    assert sent.value.unit_s == 60
    assert facts.values("order.id") == [ORDER.id, "113-0000009-0000009"]


@pytest.mark.needs_shared
def test_japanese_mail_in_iso_2022_jp_is_found_and_read(shared: Path) -> None:
    folder = shared / "contracts/market/amazon-mail/eml"
    (item,) = collect(Mailbox(), folder, order_ref("amazon", "250-1234567-8901234"))
    facts = Facts(Mailbox().read(item))
    (body,) = facts.named("message.body")
    assert "商品が届いていません" in body.text
    (subject,) = facts.named("message.subject")
    assert "注文" in subject.text


@pytest.mark.parametrize("charset", ["gb2312", "gbk", "gb18030"])
def test_chinese_mail_is_found_by_a_number_inside_base64(tmp_path: Path, charset: str) -> None:
    body = f"您好，订单{ORDER.id}没有收到。".encode("gb18030")
    data = mail(
        "=?gb18030?B?" + base64.b64encode("没有收到".encode("gb18030")).decode() + "?=",
        base64.b64encode(body).decode(),
        more=f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n",
    )
    (item,) = collect(Mailbox(), save(tmp_path / "m", data))
    facts = Facts(Mailbox().read(item))
    assert facts.values("message.subject") == ["没有收到"]
    assert facts.values("message.body") == [f"您好，订单{ORDER.id}没有收到。"]
    (found,) = facts.named("order.id")
    assert str(found.locator) == "part:1/line:1"


@pytest.mark.parametrize(
    "written",
    [
        "114=2D9876543=2D1234560",
        "114-98765=\n43-1234560",
        "114=E2=80=919876543=E2=80=911234560",
    ],
    ids=["escaped hyphens", "a soft line break", "non-breaking hyphens"],
)
def test_a_number_is_found_however_it_was_typeset(tmp_path: Path, written: str) -> None:
    more = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n"
    folder = save(tmp_path / "m", mail("Hi", f"Order {written}.", more=more))
    assert len(collect(Mailbox(), folder)) == 1


def test_a_number_inside_a_longer_number_is_not_this_order(tmp_path: Path) -> None:
    folder = save(tmp_path / "m", mail("Hi", f"9{ORDER.id} and {ORDER.id}7"))
    assert collect(Mailbox(), folder) == []


def test_html_is_read_as_its_words_and_number_split_by_marks_is_found(tmp_path: Path) -> None:
    html = (
        "<html><style>p{x:114-9876543-1234560}</style><p>Order 114-<b>9876543</b>-1234560</p>"
        "<p>Wo ist mein Paket?&nbsp;&Auml;rgerlich</p></html>"
    )
    data = mail("Hi", html, more="Content-Type: text/html; charset=utf-8\n")
    (item,) = collect(Mailbox(), save(tmp_path / "m", data))
    (body,) = Facts(Mailbox().read(item)).named("message.body")
    assert body.text.splitlines() == [f"Order {ORDER.id}", "Wo ist mein Paket? Ärgerlich"]


def test_a_thread_is_followed_both_ways_and_not_into_another_order(tmp_path: Path) -> None:
    asked = mail("Where is it", message_id="<1@x>", date="Mon, 1 Jun 2026 09:00:00 +0000")
    named = mail(message_id="<2@x>", more="In-Reply-To: <1@x>\n")
    answer = mail("Re: it", message_id="<3@x>", more="References: <1@x> <2@x>\n")
    other = mail("Order 111-1111111-1111111", message_id="<4@x>", more="In-Reply-To: <3@x>\n")
    behind = mail("Re: that", message_id="<5@x>", more="In-Reply-To: <4@x>\n")
    stranger = mail("Hello", message_id="<6@x>")
    items = collect(Mailbox(), save(tmp_path / "m", answer, named, asked, other, behind, stranger))
    assert [item.key for item in items] == ["2.eml", "0.eml", "1.eml"]  # oldest first, then by path


def test_a_mail_to_many_buyers_does_not_tie_them_together(tmp_path: Path) -> None:
    one, two = ("aaaaaaaa1@marketplace.amazon.com", "bbbbbbbb2@marketplace.amazon.com")
    bulk = mail(to=f"{one}, {two}", message_id="<1@x>")
    strange = mail("Hi", sender=two, message_id="<2@x>")
    assert len(collect(Mailbox(), save(tmp_path / "m", bulk, strange))) == 1


def test_a_forged_alias_draws_no_buyers_mails_into_the_order(tmp_path: Path) -> None:
    alias = "aaaaaaaa1@marketplace.amazon.com"
    failed = "Authentication-Results: mx.exhibit.test; dkim=fail; dmarc=fail\n"
    strange = mail("Hi", sender=alias, message_id="<2@x>")
    forged = mail(sender=alias, message_id="<1@x>", more=failed)
    (item,) = collect(Mailbox(), save(tmp_path / "m", forged, strange))
    assert (item.key, item.origin) == ("0.eml", "mail")
    genuine = mail(sender=alias, message_id="<1@x>")
    assert len(collect(Mailbox(), save(tmp_path / "m", genuine, strange))) == 2


def test_a_tracking_number_leads_to_the_carriers_mail(tmp_path: Path) -> None:
    folder = save(tmp_path / "m", mail("Your parcel 1Z999AA10123456784 is on its way"))
    assert collect(Mailbox(), folder) == []
    known = {"shipment.tracking_number": ("1Z999AA10123456784",)}
    (item,) = collect(Mailbox(), folder, facts=known)
    (found,) = Facts(Mailbox().read(item)).named("shipment.tracking_number")
    assert (found.text, str(found.locator)) == ("1Z999AA10123456784", "header:Subject")


def test_the_top_received_header_is_our_servers_clock() -> None:
    more = (
        "Received: by mx.exhibit.test (8.1) id 5; Wed, 17 Jun 2026 17:15:40 +0800\n"
        "Received: from far; Wed, 17 Jun 2026 01:00:00 +0000\n"
    )
    (received,) = facts_of(mail(more=more)).named("message.received.at")
    assert isinstance(received.value, Instant)
    assert received.value.at.hour == 9


def test_a_date_that_cannot_be_read_is_said_so_and_the_rest_is_read() -> None:
    facts = facts_of(mail(date="Blursday, soon"))
    assert facts.named("message.sent.at") == []
    (failed,) = facts.named("reading.failed")
    assert str(failed.locator) == "header:Date"
    assert facts.values("message.body") == ["Hello"]


def test_an_unknown_charset_costs_the_body_only(tmp_path: Path) -> None:
    data = mail(more="Content-Type: text/plain; charset=x-klingon\n") + b"\xff\xfe"
    (item,) = collect(Mailbox(), save(tmp_path / "m", data))
    facts = Facts(Mailbox().read(item))
    (failed,) = facts.named("reading.failed")
    assert "x-klingon" in failed.text
    assert facts.values("order.id") == [ORDER.id]


def test_a_mail_that_cannot_be_parsed_is_brought_for_its_bytes(tmp_path: Path) -> None:
    huge = b"X-A: " + b"a" * (300 << 10) + b"\n" + mail()
    good = mail(message_id="<2@x>")
    items = collect(Mailbox(), save(tmp_path / "m", huge, good))
    assert [item.key for item in items] == ["0.eml", "1.eml"]
    facts = Facts(Mailbox().read(items[0]))
    assert len(facts.named("reading.failed")) == 1
    assert facts.values("order.id") == [ORDER.id]


def test_attachments_are_brought_as_bytes_and_a_bomb_is_never_unpacked(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros", "w", force_zip64=True) as member,
    ):
        for _ in range(1024):
            member.write(bytes(1 << 20))
    message = EmailMessage()
    message["Subject"] = ORDER.id
    message["Message-ID"] = "<zip@x>"
    message.set_content("see attached")
    message.add_attachment(
        packed.getvalue(), maintype="image", subtype="png", filename="..\\../\u202egnp.zip"
    )
    whole, attached = collect(Mailbox(), save(tmp_path / "m", message.as_bytes()))
    assert attached.content.read(8 << 20) == packed.getvalue()
    assert attached.media_type == "application/zip"  # by its bytes, not by what it claims
    assert attached.role is Role.MESSAGE_ATTACHMENT
    assert attached.part_of is not None
    assert (attached.part_of.sha256, str(attached.part_of.locator), attached.part_of.encoding) == (
        whole.sha256,
        "part:2",
        "base64",
    )
    assert attached.name == "..%5C..%2F%E2%80%AEgnp.zip"
    names = Facts(Mailbox().read(whole)).values("message.attachment")
    assert names == ["..%5C..%2F%E2%80%AEgnp.zip"]


def test_a_mail_inside_a_mail_keeps_its_bytes_and_its_own_attachments(tmp_path: Path) -> None:
    inner = (
        b"Subject:   odd   spacing \r\n\tfolded\r\nDate: Mon, 1 Jun 2026 09:00:00 +0000\r\n"
        b"Message-ID: <inner@x>\r\n"
        b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\n"
        + ORDER.id.encode()
        + b"\r\n--i\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\r\n--i--\r\n"
    )
    outer = (
        b"Subject: Fwd\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nsee\r\n"
        b"--o\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--o--\r\n"
    )
    _, nested, picture = collect(Mailbox(), save(tmp_path / "m", outer))
    assert nested.content.read(10_000) == inner
    assert nested.media_type == "message/rfc822"
    assert picture.content.read(10) == b"\xff\xd8\xff"
    assert picture.key == "0.eml#part:2#part:2"
    assert Facts(Mailbox().read(nested)).values("message.id") == ["<inner@x>"]


@pytest.mark.parametrize(
    "data",
    [
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000)
        ),
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
        b"".join(b"H%d: x\n" % n for n in range(25_000)) + b"\nbody",
        b"To: " + b"(" * 7000 + b"\n\n",
        b"To: " + b"a@b, " * 40_000 + b"\n\n",
        b"Subject: " + b"=?utf-8?q?=C3?= " * 10_000 + b"\n\n",
        b"Content-Type: text/html\n\n" + b"<" * 2_000_000,
        b"Content-Type: text/html\n\n" + b"<!--" * 500_000,
        b"Content-Type: text/plain; charset=utf-8; " + b"name*0=a; " * 5_000 + b"\n\n",
        b"Content-Type: multipart/mixed; boundary=" + b"-" * 150 + b"\n\n" + b"-" * 3_000_000,
    ],
    ids=[
        "nested for ever", "countless parts", "countless headers", "comments", "addresses",
        "encoded words", "angle brackets", "comments in HTML", "parameters", "boundary of dashes",
    ],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_a_mail_made_to_be_slow_is_not(tmp_path: Path, data: bytes) -> None:
    data = b"Message-ID: <slow@x>\n" + data + b"\n" + ORDER.id.encode()
    items = collect(Mailbox(), save(tmp_path / "m", data))
    assert items[0].content.read(64 << 20) == data
    assert Mailbox().read(items[0])


def test_a_mail_too_large_to_bring_is_named_after_the_others_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BROUGHT", 10_000)
    folder = save(tmp_path / "m", mail(body="x" * 20_000, message_id="<1@x>"))
    with pytest.raises(TooLargeError, match=r"0\.eml"):
        collect(Mailbox(), folder)


def test_the_same_bytes_twice_are_one_mail(tmp_path: Path) -> None:
    assert len(collect(Mailbox(), save(tmp_path / "m", mail(), mail()))) == 1


def test_a_maildir_mail_keeps_its_key_when_it_is_read_and_flagged(tmp_path: Path) -> None:
    for folder in ("cur", "new"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "17.1.host").write_bytes(mail())
    (before,) = collect(Mailbox(), tmp_path)
    (tmp_path / "new" / "17.1.host").rename(tmp_path / "cur" / "17.1.host:2,FS")
    (after,) = collect(Mailbox(), tmp_path)
    assert before.key == after.key == "17.1.host"


_HEADS = (
    b"Subject: =?x?q?=",
    b"From: <<",
    b"Date: 1 Jan 1 1:1",
    b'Content-Type: multipart/a; boundary="',
    b"Content-Type: text/plain; charset=utf-16",
    b"Content-Transfer-Encoding: base64",
    b"To: \xff\xfe",
    b"Message-ID: \x00",
    b"Received: ;;",
)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400)
    | st.builds(
        lambda heads, body: b"\n".join(heads) + b"\n\n" + body,
        st.lists(st.sampled_from(_HEADS)),
        st.binary(max_size=200),
    )
)
@pytest.mark.filterwarnings("default")
def test_any_bytes_give_facts_that_can_be_sealed(data: bytes) -> None:
    for role in (Role.MESSAGE_MAIL, Role.MESSAGE_ATTACHMENT):
        item = item_of(data, role)
        facts = Mailbox().read(item)
        assert Mailbox().read(item) == facts
        canonical([fact.to_json() for fact in facts])


@given(st.binary(max_size=300))
def test_parts_lie_inside_their_mail(body: bytes) -> None:
    data = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + body + b"\n--b\n\nx\n--b--"
    for part in parse_mail(data).parts:
        assert 0 <= part.start <= part.stop <= len(data)
