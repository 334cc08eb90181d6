"""Why a verifier may answer otherwise than it did: what each version changed, for `reverify`.

A version without a sentence here is a first one. A test holds this list to the registry.
"""

from __future__ import annotations

CHANGES: dict[str, dict[int, str]] = {
    "matching.order": {
        2: "recipients are weighed against neighbours' rows, and numbers used before are named",
        3: "replaced and shared parcels are told; a proof of a number's earlier use fails",
        4: "of two masked names, letters that are seen and differ are no slip of the pen",
    },
    "matching.asked": {
        2: "shops' order numbers and announced carriers are read in more words",
        3: "another country of the EU with a marketplace of its own is another site",
        4: "an item that names order and parcel as asked may have crossed a border within the EU",
        5: "a row of an export or a record of an answer speaks of the order and parcel it names",
    },
    "marks.carrier": {
        2: "carriers named by a label count, and EMS is of many posts",
        3: "marks of several carriers without a number are a doubt",
        4: "a house's brand in its heading is who carries: La Poste Colissimo",
        5: "faint marks of one house alone say whose it is",
        6: "of several carriers' marks that one's counts whose number the parcel has, and so does "
        "a mail's sender",
    },
    "marks.origin": {
        2: "captures, photos, scans and chats are told apart by their pixels",
        3: "a chat in which only one side has spoken is one",
        4: "a whole sheet in grey was scanned, and what something lies all around was photographed",
        5: "a sheet that was too bright for the camera is no drawn page",
    },
    "timestamps.order": {
        2: "what only a clock change makes possible leaves the answer open",
        3: "events of an earlier parcel with the same number are named and not compared",
        4: "a mail of Spain's post is no statement of another country's",
        5: "a time that is told twice is counted once, and an item that repeats one is no second",
    },
    "timestamps.history": {2: "the same answer captured twice is a history that did not change"},
    "authenticity.items": {
        2: "times are held against each other as the readers understood them",
        3: "a scan's hidden text is compared; an earlier parcel's events contradict nothing",
        4: "beside an editor's name odd figures decide; watermarks and misread years do not",
        5: "odd figures are held against those of other rows; typed words count on photos; a "
        "column of dates is a history",
        6: "words off their line or typed upon a page count half in a line without figures",
        7: "a later day that stands behind words of its own is hardly a second delivery",
        8: "a field with a ground of its own can hide text; one day changed at two places counts",
        9: "so do words on another paper, and all of these where nothing was read",
        10: "half a row is measured as well; a label far from its value is hardly off its line",
        11: "another typeface counts half in a line without figures",
        12: "a time that lost its half of the day, where others have it, is of either half",
        13: "an office file may keep the day of its template",
        14: "a code that no carrier prints, and nearly the printed number, was misread",
        15: "a figure off its line by less than about a pixel does not decide",
        16: "the end of a number that is glued to its label is no number of its own",
        17: "a second way, another parcel and a clock that was never set contradict nothing; a "
        "signed file that was written anew is open; a patch over a part of a line is told",
        18: "the thumbnail of another picture is told; another size of one face is not odd",
        19: "a list of orders, a return and a parcel that waits in a shop contradict nothing; "
        "what is off its line in a system's bar does not decide",
        20: "what making a picture smaller leaves around its letters is no grain of paper",
        21: "a heading that stands as far from its history as the rows do is no row of it",
        22: "a history's delivery is known by the status it repeats, the day over its group and "
        "its place in a sorted list; a note with a figure, set in a layer, does not decide",
        23: "a history's times count as its days do; weekdays of more languages, and over their "
        "date; numbers by more names; one clear figure in a scan without other slips",
        24: "beside an editor's name figures less unlike the rest, and fewer of them, decide; a "
        "scan's hidden clock is compared as it is written",
        25: "a mail that announces a delivery was not sent before it; a stamp that an app printed "
        "over a photo, and a date askew beside another's label or over another day, do not decide",
        26: "an order's status is no delivery where the history dates that as the heading does",
        27: "weekdays and impossible days are told in Thai, with years of the Buddhist era, and in "
        "Vietnamese",
        28: "figures beside an editor's name count as in 23 again; an hour whose half of the day "
        "stands under it may be of either half",
        29: "a rule's span, a correction, a return's label, opening hours, day and month in two "
        "orders on one page, numbers of goods and cases, and a form's values in a font of their "
        "own contradict nothing",
        30: "amounts that do not add up to their total leave the answer open; a date that a page "
        "labels is no camera's stamp",
        31: "words that go on in the next line, a watermark over what was compressed, and dates "
        "whose slashes stand closer contradict nothing; an impossible day in Thai is told again",
        32: "a value in its page's font put in a second time is told again, and of two places that "
        "tell a delivery the surer is held against the capture",
        33: "a mail's body that a gateway, a list or Exchange changes on its way does not decide",
        34: "exchanges, shops where a parcel waits, columns of two zones, a partner's number, "
        "spans of weekdays behind a date and rows under a label that has its date contradict "
        "nothing",
        35: "a date that lost a figure in a picture and stands whole beside has no wrong weekday",
        36: "a part of a number that is read whole has no check digit of its own",
    },
    "strength.witnesses": {2: "a delivery of an earlier parcel with the same number is no witness"},
    "coverage.policy": {
        2: "conditions, thresholds by date and repeated facts are held to",
        3: "a delivery of an earlier parcel with the same number meets no requirement",
    },
    "coverage.deadlines": {2: "a start that is told to the second is exact"},
}


def changes(verifier: str, *, since: int, until: int) -> list[str]:
    """What versions after `since`, up to `until`, changed, oldest first: "3: events of …"."""
    told = CHANGES.get(verifier, {})
    return [f"{version}: {told[version]}" for version in sorted(told) if since < version <= until]
