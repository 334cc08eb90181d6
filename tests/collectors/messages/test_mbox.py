"""An mbox file, cut into mails while it streams by."""

import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.messages import mbox
from collectors.messages.mbox import mails_in

MARK = b"From a@b.example Mon Jun  1 09:00:00 2026\n"


def cut(data: bytes, size: int = 1 << 20) -> list[bytes]:
    return [c.data for c in mails_in(data[i : i + size] for i in range(0, len(data), size))]


def test_mails_lie_between_postmarks_without_the_formats_empty_line() -> None:
    assert cut(MARK + b"A: 1\n\none\n\n" + MARK + b"A: 2\n\ntwo\n\n") == [
        b"A: 1\n\none\n",
        b"A: 2\n\ntwo\n",
    ]


def test_crlf_files_are_cut_like_lf_files() -> None:
    data = (MARK + b"A: 1\n\none\n\n" + MARK + b"A: 2\n\ntwo\n\n").replace(b"\n", b"\r\n")
    assert cut(data) == [b"A: 1\r\n\r\none\r\n", b"A: 2\r\n\r\ntwo\r\n"]


def test_a_line_that_begins_with_from_is_no_postmark_where_postmarks_have_dates() -> None:
    body = b"A: 1\n\nHello\n\nFrom what I see it is lost.\n\n>From here on\n"
    assert cut(MARK + body + b"\n" + MARK + b"A: 2\n\n") == [body, b"A: 2\n"]


def test_undated_postmarks_are_believed_in_a_file_that_begins_with_one() -> None:
    assert cut(b"From -\nA: 1\n\none\n\nFrom -\nA: 2\n\ntwo") == [b"A: 1\n\none\n", b"A: 2\n\ntwo"]


def test_a_file_that_begins_otherwise_is_no_mbox() -> None:
    assert cut(b"Subject: a mail\n\n" + MARK) == []
    assert cut(b"x" * 5000) == []


@given(
    st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"From ", b"")), max_size=6),
    st.integers(1, 50),
)
def test_where_the_chunks_end_changes_nothing(bodies: list[bytes], size: int) -> None:
    data = b"".join(MARK + b"A: 1\n\n" + body + b"\n\n" for body in bodies)
    whole = list(mails_in([data] if data else []))
    pieces = list(mails_in(data[i : i + size] for i in range(0, len(data), size)))
    assert whole == pieces
    assert [data[c.offset : c.offset + c.size] for c in whole] == [c.data for c in whole]
    assert [c.data for c in whole] == [b"A: 1\n\n" + body + b"\n" for body in bodies]


def test_the_standard_librarys_mbox_gives_back_what_it_was_given(tmp_path: Path) -> None:
    mails = []
    with_library = mailbox.mbox(tmp_path / "box")
    for number in range(5):
        mail = EmailMessage()
        mail["Subject"] = f"mail {number}"
        mail.set_content(f"line\n\nlast {number}\n")
        mails.append(mail.as_bytes())
        with_library.add(mails[-1])
    with_library.close()
    assert cut((tmp_path / "box").read_bytes(), 7) == mails


def test_a_huge_mail_is_searched_in_part_and_digested_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mbox, "MAX_SEARCHED", 1000)
    found = list(mails_in([MARK, *[b"y" * 700] * 10]))
    assert [(len(c.data), c.size) for c in found] == [(1000, 7000)]
