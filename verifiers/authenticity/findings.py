"""Every finding on authenticity, with its weight.

A weight of 0 is told and never counts. A weight near 1 is enough alone; the others count together.
The false-alarm rates that they rest on are in docs/verifiers.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.verdicts import Finding


@dataclass(frozen=True, slots=True)
class Trait:
    """A finding and how far it speaks for an edit.

    together  findings of one cause: of those that share it, the strongest counts
    """

    finding: Finding
    weight: float
    together: str = ""


_ORIGINAL = "Send the original as its issuer made it, or ask the issuer for it again."
_AS_SAVED = "Send the file as it was downloaded, or as the camera saved it."
_MAIL = "Export the mail anew as a file from the mailbox that received it, and send that."
_LOOK = "Look at the place, and send the original if there is one."
# Of another compression, or of another typeface: two causes of one finding.
_PART = Finding.grave("part-of-another-making", do=_ORIGINAL)

TRACES: dict[str, Trait] = {
    "trace.signature.holds": Trait(Finding.good("signature-holds"), 0.0),
    "trace.signature.broken": Trait(Finding.grave("signature-broken", do=_ORIGINAL), 1.0),
    # Whoever merges files or takes pages out leaves it so, and it is of the program that did.
    "trace.signature.lapsed": Trait(Finding.note("signature-lapsed", do=_AS_SAVED), 0.5, "editor"),
    "trace.signature.changed_after": Trait(
        Finding.grave("changed-after-signing", do=_ORIGINAL), 1.0
    ),
    "trace.signature.unchecked": Trait(
        Finding.note("signature-unchecked", do="Open it in a viewer that knows its kind."), 0.0
    ),
    "trace.revision.replaced": Trait(Finding.grave("revision-replaced-text", do=_ORIGINAL), 1.0),
    "trace.revision.added": Trait(Finding.note("revision-added-text", do=_LOOK), 0.6, "revision"),
    "trace.revision.removed": Trait(
        Finding.note("revision-removed-text", do=_LOOK), 0.6, "revision"
    ),
    "trace.revision.redacted": Trait(
        Finding.note("revision-redacted", do="Say what was redacted, and why."), 0.0
    ),
    "trace.revision.field": Trait(
        Finding.note("revision-changed-field", do=_LOOK), 0.8, "revision"
    ),
    "trace.revision.pages": Trait(Finding.note("revision-changed-pages", do=_LOOK), 0.5),
    "trace.cover.replaced": Trait(Finding.grave("text-painted-over", do=_ORIGINAL), 1.0),
    "trace.cover.hidden": Trait(Finding.note("text-hidden", do=_LOOK), 0.8),
    "trace.cover.redaction": Trait(
        Finding.note(
            "redaction-readable", do="Redact with a tool that takes the text out, not over it."
        ),
        0.0,
    ),
    "trace.text.odd_run": Trait(Finding.grave("text-unlike-its-neighbours", do=_LOOK), 1.0),
    "trace.text.layer": Trait(Finding.grave("scan-unlike-its-text", do=_ORIGINAL), 1.0),
    "trace.credential.holds": Trait(Finding.good("credential-holds"), 0.0),
    "trace.credential.broken": Trait(Finding.grave("credential-broken", do=_ORIGINAL), 1.0),
    "trace.picture.strange_part": Trait(_PART, 1.0),
    "trace.picture.typeface": Trait(_PART, 1.0),
    "trace.picture.typed_upon": Trait(Finding.grave("typed-upon", do=_ORIGINAL), 1.0),
    "trace.picture.strange_paper": Trait(
        Finding.grave("paper-of-another-grain", do=_ORIGINAL), 1.0
    ),
    "trace.picture.off_line": Trait(Finding.grave("off-the-line", do=_LOOK), 1.0),
    "trace.picture.odd_figures": Trait(Finding.note("figures-unlike-the-rest", do=_ORIGINAL), 1.0),
    "trace.picture.thumbnail": Trait(Finding.grave("thumbnail-differs", do=_AS_SAVED), 1.0),
    "trace.picture.marked": Trait(Finding.good("marked-by-hand"), 0.0),
    "trace.picture.text_layer": Trait(Finding.grave("text-layer-in-picture", do=_ORIGINAL), 1.0),
    "trace.picture.history": Trait(
        Finding.note("editing-history", do=_AS_SAVED),
        1.0,
        "editor",
    ),
    "trace.mail.body_holds": Trait(Finding.good("mail-body-holds"), 0.0),
    "trace.mail.body_changed": Trait(Finding.grave("mail-body-changed", do=_MAIL), 1.0),
    "trace.mail.clocks": Trait(Finding.grave("mail-clocks-contradict", do=_ORIGINAL), 1.0),
    "trace.file.editor": Trait(
        Finding.note("passed-through-editor", do=_AS_SAVED),
        1.0,
        "editor",
    ),
    "trace.file.times": Trait(Finding.note("file-times-contradict", do=_ORIGINAL), 1.0),
    "trace.file.stated_twice": Trait(Finding.note("file-states-differ", do=_AS_SAVED), 0.5),
}

CONTRADICTIONS: dict[str, Trait] = {
    "weekday": Trait(Finding.grave("weekday-wrong", do="Compare the date with the source."), 1.0),
    "day": Trait(Finding.grave("day-impossible", do="Compare the date with the source."), 1.0),
    "check-digit": Trait(
        Finding.grave("number-impossible", do="Read the number again from the carrier."), 1.0
    ),
    "barcode": Trait(
        Finding.grave("barcode-differs", do="Scan the barcode, and ask the carrier for both."), 1.0
    ),
    "order": Trait(Finding.grave("events-out-of-order", do="Collect the tracking again."), 1.0),
    "twice": Trait(Finding.grave("event-told-twice", do="Collect the tracking again."), 1.0),
    "made-before": Trait(Finding.grave("made-before-it-tells", do=_ORIGINAL), 1.0),
    "stamp": Trait(Finding.grave("stamp-differs", do=_AS_SAVED), 1.0),
    "sum": Trait(
        Finding.grave("amounts-add-up-to-another", do="Compare the amounts with the source."), 1.0
    ),
}

UNCHECKED = Finding.note("traces-unchecked", do="Install the extra `forensics`, or mend the file.")
CLEAN = Finding.good("no-trace-found")
