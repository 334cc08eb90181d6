"""Which witnesses are enough: C2SP's tlog-policy, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import FormatError
from evidence.notes import COSIGNATURE, ED25519, NoteVerifier
from evidence.quorum import MAX_LINES, MAX_POLICY_BYTES, WitnessPolicy


def key(number: int, *, kind: int = COSIGNATURE) -> NoteVerifier:
    public = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32).public_key()
    return NoteVerifier(f"w{number}.example", kind, public.public_bytes_raw())


LOG = key(99, kind=ED25519)
WITNESSES = [key(number) for number in range(1, 6)]
NAMED = "".join(f"witness {'abcde'[n]} {each.vkey}\n" for n, each in enumerate(WITNESSES))


def met(policy: WitnessPolicy) -> set[str]:
    """Every smallest set of witnesses that is enough, such as {"ab", "c"}."""
    keys = {"abcde"[n]: each.key for n, each in enumerate(WITNESSES)}
    enough = [
        set(some)
        for count in range(6)
        for some in combinations("abcde", count)
        if policy.met([keys[name] for name in some])
    ]
    return {"".join(sorted(one)) for one in enough if not any(less < one for less in enough)}


@pytest.mark.parametrize(
    ("lines", "enough"),
    [
        ("quorum none", {""}),
        ("quorum c", {"c"}),
        ("group g any a b\nquorum g", {"a", "b"}),
        ("group g all a b\nquorum g", {"ab"}),
        ("group g 1 a b\nquorum g", {"a", "b"}),
        ("group g 2 a b c\nquorum g", {"ab", "ac", "bc"}),
        ("group g all a b\ngroup h any g c\nquorum h", {"ab", "c"}),
        ("group g any a b\ngroup h 2 g c d\nquorum h", {"ac", "bc", "ad", "bd", "cd"}),
        ("group g any a\ngroup h all b c\nquorum g", {"a"}),
        ("# quorum a\n \t \n  #\n\tquorum \t  b  \n", {"b"}),
        ("quorum a\n#quorum b\nquorumless", None),
    ],
)
def test_those_are_enough_that_the_quorum_names(lines: str, enough: set[str] | None) -> None:
    raw = (NAMED + lines).encode()
    if enough is None:
        with pytest.raises(FormatError, match=r"line 8.*none of log, witness"):
            WitnessPolicy.parse(raw)
    else:
        assert met(WitnessPolicy.parse(raw)) == enough


def test_a_policy_is_read_whole() -> None:
    raw = (
        f"log {LOG.vkey} https://log.example\n{NAMED.replace('witness b', 'witness  b')}quorum e\n"
    )
    policy = WitnessPolicy.parse(raw.encode())
    assert policy.logs == (LOG,)
    assert dict(policy.witnesses) == dict(zip("abcde", WITNESSES, strict=True))
    assert (policy.groups, policy.quorum) == ({}, "e")
    with_url = f"witness a {WITNESSES[0].vkey} https://w.example\nquorum a"
    assert WitnessPolicy.parse(with_url.encode()).witnesses == {"a": WITNESSES[0]}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "it has 0 quorum lines, not one"),
        ("quorum a\nquorum a", "it has 2 quorum lines, not one"),
        ("quorum z", "line 6.*names what does not stand above it"),
        ("quorum", "line 6.*none of log"),
        ("quorum a b", "line 6.*none of log"),
        ("group g any\nquorum a", "line 6.*none of log"),
        ("group g any z\nquorum a", "line 6.*names what does not stand above it"),
        ("group g any a a\nquorum g", "line 6.*one of its members is a member already"),
        ("group g any a\ngroup h any a\nquorum g", "line 7.*a member already"),
        ("group g 0 a b\nquorum g", "line 6.*asks for 0 of 2 members"),
        ("group g 3 a b\nquorum g", "line 6.*asks for 3 of 2 members"),
        ("group g two a b\nquorum g", "The witness policy"),
        ("group a any b\nquorum a", "line 6.*its name is taken"),
        ("group none any b\nquorum none", "line 6.*its name is taken"),
        (f"witness a {key(9).vkey}\nquorum a", "line 6.*its name is taken"),
        (f"witness f {WITNESSES[0].vkey}\nquorum a", "line 6.*its key is there already"),
        (f"witness f {LOG.vkey}\nquorum a", "line 6.*its key is of the wrong type"),
        (f"log {key(9).vkey}\nquorum a", "line 6.*its key is of the wrong type"),
        (f"log {LOG.vkey} u v\nquorum a", "line 6.*none of log"),
        ("group g any g\nquorum g", "line 6.*names what does not stand above it"),
    ],
)
def test_a_mistake_is_refused_naming_the_line(lines: str, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        WitnessPolicy.parse((NAMED + lines).encode())


def test_what_is_too_long_or_no_text_is_refused() -> None:
    quorum = b"quorum none"
    assert WitnessPolicy.parse(b"\n" * MAX_LINES + quorum).met([])
    with pytest.raises(FormatError, match=f"longer than {MAX_LINES} lines"):
        WitnessPolicy.parse(b"\n" * (MAX_LINES + 1) + quorum)
    comment = b"#" * (MAX_POLICY_BYTES - len(quorum) - 1) + b"\n"
    assert WitnessPolicy.parse(comment + quorum).met([])
    with pytest.raises(FormatError, match="longer than"):
        WitnessPolicy.parse(b"#" + comment + quorum)
    with pytest.raises(FormatError, match="not UTF-8"):
        WitnessPolicy.parse(b"\xff\n" + quorum)


@pytest.mark.parametrize(
    ("keys", "need", "enough"),
    [
        (WITNESSES[:3], None, {"abc"}),
        (WITNESSES[:3], 2, {"ab", "ac", "bc"}),
        (WITNESSES[:3], 0, {""}),
        ([], None, {""}),
        ([WITNESSES[0], NoteVerifier("other", COSIGNATURE, WITNESSES[0].key)], None, {"a"}),
    ],
)
def test_so_many_of_these_keys_are_enough(
    keys: Sequence[NoteVerifier], need: int | None, enough: set[str]
) -> None:
    assert met(WitnessPolicy.of(keys, need=need)) == enough


def test_more_than_there_are_and_a_logs_key_are_refused() -> None:
    for need in (-1, 4):
        with pytest.raises(FormatError, match=f"asks for {need} of 3 witnesses"):
            WitnessPolicy.of(WITNESSES[:3], need=need)
    with pytest.raises(FormatError, match="is a log's, not a witness's"):
        WitnessPolicy.of([*WITNESSES[:2], LOG])
