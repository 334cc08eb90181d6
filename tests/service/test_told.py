"""What several items have in common is said once."""

from evidence.verdicts import Finding, Severity
from service.wording.told import told


def finding(sentence: str, do: str = "") -> Finding:
    return Finding(code="a-code", severity=Severity.NOTE, sentence=sentence, do=do)


def test_equal_sentences_are_counted_and_what_to_do_follows_the_last_of_them() -> None:
    findings = [finding("It names it."), finding("It names it."), finding("Nothing.", "Ask.")]
    findings += [finding("Unread.", "Ask."), finding("It names it.")]
    assert list(told(findings)) == [
        (["It names it. (2 times)"], ""),
        (["Nothing.", "Unread."], "Ask."),
        (["It names it."], ""),
    ]
