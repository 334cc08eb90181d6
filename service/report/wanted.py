"""What is asked for: which report, in which language and form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.errors import RequestError
from evidence.times import zone_of


class Kind(StrEnum):
    EVIDENCE = "evidence"
    GAPS = "gaps"
    CHANNEL = "channel"


class Language(StrEnum):
    EN = "en"
    ZH = "zh"
    BOTH = "both"


class Form(StrEnum):
    """PDF/A-1a, or PDF/A-3a, which may carry the manifest inside."""

    A1 = "pdfa-1a"
    A3 = "pdfa-3a"

    @property
    def standard(self) -> str:
        """As typst names it."""
        return self.value.removeprefix("pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """zone: an IANA name or offset that our own times are shown in beside UTC, or None."""

    kind: Kind = Kind.EVIDENCE
    language: Language = Language.EN
    form: Form = Form.A1
    signed: bool = False
    zone: str | None = None

    def __post_init__(self) -> None:
        if self.zone is not None:
            zone_of(self.zone)

    @classmethod
    def of(cls, *, kind: str, language: str, form: str, signed: bool, zone: str | None) -> Wanted:
        """Of words; RequestError names the one that is not known."""
        words: tuple[tuple[str, type[StrEnum], str], ...] = (
            ("the kind of report", Kind, kind),
            ("the language", Language, language),
            ("the form", Form, form),
        )
        for what, choices, said in words:
            if said not in set(choices):
                why = f"{said[:40]!r} is not one of {', '.join(choices)}"
                raise RequestError(what=what, why=why)
        return cls(
            kind=Kind(kind), language=Language(language), form=Form(form), signed=signed, zone=zone
        )

    def parameters(self) -> dict[str, str]:
        """For the transform record: all that making it again needs beside the manifest."""
        told = {
            "kind": str(self.kind), "language": str(self.language), "form": str(self.form),
            "signed": "yes" if self.signed else "no",
        }  # fmt: skip
        return told | ({"zone": self.zone} if self.zone else {})
