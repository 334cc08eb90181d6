"""Which witnesses must have cosigned a head: a C2SP tlog-policy.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>…      members are witnesses or groups named above
    quorum <name>|none                      exactly one

Source: C2SP tlog-policy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from evidence.checkpoint import parse_decimal
from evidence.errors import FormatError
from evidence.notes import COSIGNATURE, NoteVerifier

MAX_POLICY_BYTES = 1 << 20
MAX_LINES = 1_000

_WHAT = "The witness policy"
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Group:
    """Met once `need` of its members are."""

    need: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessPolicy:
    """Witnesses by name, groups of them by name, and which must be met.

    quorum   the name of a witness or a group; None asks for nobody
    """

    logs: tuple[NoteVerifier, ...] = ()
    witnesses: Mapping[str, NoteVerifier] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str | None = None

    @classmethod
    def of(cls, keys: Iterable[NoteVerifier], *, need: int | None = None) -> WitnessPolicy:
        """`need` of these witnesses; every one of them if it is None.

        Raises FormatError for a key that is no witness's, and if so many cannot be had.
        """
        found = {key.key: key for key in keys}  # one key under two names is one witness
        witnesses = {f"w{number}": key for number, key in enumerate(found.values())}
        if any(key.kind != COSIGNATURE for key in witnesses.values()):
            raise FormatError(what=_WHAT, why="a key in it is a log's, not a witness's (type 04)")
        need = len(witnesses) if need is None else need
        if not 0 <= need <= len(witnesses):
            why = f"it asks for {need} of {len(witnesses)} witnesses"
            raise FormatError(what=_WHAT, why=why)
        return cls(
            witnesses=witnesses,
            groups={"all": Group(need, tuple(witnesses))},
            quorum="all" if need else None,
        )

    @classmethod
    def parse(cls, raw: bytes) -> WitnessPolicy:
        """Read a policy file. Raises FormatError naming the line."""
        if len(raw) > MAX_POLICY_BYTES or raw.count(b"\n") > MAX_LINES:
            raise FormatError(what=_WHAT, why=f"it is longer than {MAX_LINES} lines")
        try:
            lines = raw.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise FormatError(what=_WHAT, why="it is not UTF-8") from error
        reading = _Reading()
        for number, line in enumerate(lines, start=1):
            words = line.replace("\t", " ").split(" ")
            words = [word for word in words if word]
            if words and not words[0].startswith("#"):
                reading.line(number, words)
        return reading.policy()

    def met(self, keys: Collection[bytes]) -> bool:
        """Whether the witnesses with these 32-byte keys are enough."""
        return self.quorum is None or self._met(self.quorum, keys)

    def _met(self, name: str, keys: Collection[bytes]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].key in keys
        group = self.groups[name]  # groups name only what stands above them, so this ends
        return sum(self._met(member, keys) for member in group.members) >= group.need


class _Reading:
    """A policy, line by line."""

    def __init__(self) -> None:
        self._logs: list[NoteVerifier] = []
        self._witnesses: dict[str, NoteVerifier] = {}
        self._groups: dict[str, Group] = {}
        self._quorum: list[str] = []
        self._keys: set[bytes] = set()
        self._members: set[str] = set()
        self._at = 0

    def line(self, number: int, words: list[str]) -> None:
        self._at = number
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._logs.append(self._key(vkey, witness=False))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._witnesses[self._new(name)] = self._key(vkey, witness=True)
            case ["group", name, need, *members] if members:
                self._groups[self._new(name)] = self._group(need, members)
            case ["quorum", name]:
                if name != _NONE:
                    self._known(name)
                self._quorum.append(name)
            case _:
                raise self._wrong("it is none of log, witness, group and quorum with their words")

    def policy(self) -> WitnessPolicy:
        if len(self._quorum) != 1:
            raise FormatError(what=_WHAT, why=f"it has {len(self._quorum)} quorum lines, not one")
        (quorum,) = self._quorum
        return WitnessPolicy(
            logs=tuple(self._logs),
            witnesses=self._witnesses,
            groups=self._groups,
            quorum=None if quorum == _NONE else quorum,
        )

    def _key(self, vkey: str, *, witness: bool) -> NoteVerifier:
        key = NoteVerifier.parse(vkey)
        if (key.kind == COSIGNATURE) != witness:
            raise self._wrong("its key is of the wrong type: a witness has type 04, a log has not")
        if key.key in self._keys:
            raise self._wrong("its key is there already")
        self._keys.add(key.key)
        return key

    def _group(self, need: str, members: list[str]) -> Group:
        for member in members:
            self._known(member)
            if member in self._members:
                raise self._wrong("one of its members is a member already")
            self._members.add(member)
        few = {"all": len(members), "any": 1}.get(need)
        count = parse_decimal(need, what=_WHAT) if few is None else few
        if not 1 <= count <= len(members):
            raise self._wrong(f"it asks for {count} of {len(members)} members")
        return Group(count, tuple(members))

    def _new(self, name: str) -> str:
        if name == _NONE or name in self._witnesses or name in self._groups:
            raise self._wrong("its name is taken")
        return name

    def _known(self, name: str) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise self._wrong("it names what does not stand above it")

    def _wrong(self, why: str) -> FormatError:
        return FormatError(what=f"{_WHAT}, line {self._at}", why=why)
