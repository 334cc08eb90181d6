"""What commands say to a person, where scripts are answered in JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from evidence.orders import OrderRef, Platform
from service.cli import main
from service.runtime import Runtime
from service.settings import load_settings

pytestmark = pytest.mark.embedded

ORDERS = [f"112-4832917-220184{n}" for n in range(3)]

Ask = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`orderproof WORDS…` in a folder that orders can be collected from."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drop").mkdir()
    text = '[sources.notes]\ncollector = "folder"\nfolder = "drop"\n'
    (tmp_path / "orderproof.toml").write_text(text, encoding="utf-8")

    async def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


async def given_up(*orders: str) -> list[str]:
    """Collections that were put aside; their ids."""
    found = []
    async with await Runtime.open(load_settings(Path("orderproof.toml"))) as runtime:
        for id in orders:
            ref = OrderRef(Platform.AMAZON, id)
            made, _ = await runtime.request_collection(ref, tenant="default")
            await runtime.give_up("default", made.id, "the worker was killed by it")
            found.append(made.id)
    return found


async def test_what_was_parked_is_listed_retried_and_dropped_by_its_id(ask: Ask) -> None:
    first, second, third = await given_up(*ORDERS)
    code, out, _ = await ask("queue", "list")
    assert code == 1 and "No worker is alive." in out and out.count("killed by it") == 3
    code, out, _ = await ask("queue", "list", "--json")
    aside = [each["collection"] for each in json.loads(out)["parked"]]
    assert code == 1 and aside == [first, second, third]
    code, out, _ = await ask("queue", "drop", first)
    assert (code, out) == (0, f"{first} dropped\n")
    code, out, err = await ask("queue", "retry", first, second)
    assert code == 1 and err.startswith(f"{first}: ") and "dropped before" in err
    assert out.startswith(f"{second} retried as ")
    code, out, _ = await ask("queue", "drop", "--all", "--json")
    assert (code, json.loads(out)) == (0, {"done": {third: None}})
    code, out, _ = await ask("queue", "list")
    assert code == 1 and "1 queued, the oldest since " in out and "parked" not in out
    for words in (("drop",), ("retry", second, "--all")):
        code, _, err = await ask("queue", *words)
        assert code == 2 and "name ids, or give --all" in err


async def test_a_collection_that_waits_or_failed_is_told_as_such(ask: Ask) -> None:
    code, out, err = await ask("collect", ORDERS[0], "--no-wait")
    assert code == 0 and out.startswith("queued ") and "A worker takes it up" in err
    kind, when = ("--defect", "item-not-received"), ("--noticed-at", "yesterday")
    code, _, err = await ask("collect", ORDERS[1], *kind, *when)
    assert code == 2 and "it is not a time such as" in err
    when = ("--noticed-at", "2026-11-22T08:15:00Z")
    code, out, _ = await ask("collect", ORDERS[1], *kind, *when)
    assert code == 0 and "sealed, incomplete" in out and "empty    notes" in out


async def test_keys_are_listed_with_the_time_of_each_and_what_became_of_it(ask: Ask) -> None:
    assert (await ask("collect", ORDERS[0]))[0] == 0
    assert (await ask("keys", "rotate", "manifest"))[0] == 0
    code, out, _ = await ask("keys", "list")
    states = [line for line in out.splitlines() if line.startswith(" ")]
    assert code == 0 and sum("in use" in line for line in states) == 2
    (replaced,) = [line for line in states if "replaced, until 20" in line]
    old = out.splitlines()[out.splitlines().index(replaced) - 1].split()[-1]
    assert (await ask("keys", "revoke", old, "--since", "2026-11-20T00:00:00Z"))[0] == 0
    assert "revoked since 2026-11-20" in (await ask("keys", "list"))[1]
    code, _, err = await ask("keys", "rotate", "log", "--overlap", "4000")
    assert code == 2 and "between 0 and 3660 days" in err


async def test_the_doctor_names_each_part_and_what_to_do_about_an_ill_one(ask: Ask) -> None:
    code, out, _ = await ask("doctor")
    assert code == 0 and "well  ledger" in out and "ILL" not in out
    Path("drop").rmdir()
    code, out, _ = await ask("doctor")
    lines = out.splitlines()
    (ill,) = [number for number, line in enumerate(lines) if line.startswith("ILL")]
    assert code == 1 and "notes" in lines[ill] and lines[ill + 1].strip().startswith("-> ")


async def test_profiles_are_listed_explained_and_read_from_a_file(ask: Ask) -> None:
    code, out, _ = await ask("profile", "list", "--json")
    known = {each["profile"] for each in json.loads(out)}
    assert code == 0 and {"court", "tiktok"} <= known
    code, out, _ = await ask("profile", "list")
    assert code == 0 and {line.split()[0] for line in out.splitlines()} == known
    for name in known:
        code, out, _ = await ask("profile", "explain", name)
        assert code == 0 and f"\n{name}, version " in out
    Path("mine.toml").write_text("id = 5", encoding="utf-8")
    code, _, err = await ask("profile", "explain", "mine.toml")
    assert code == 2 and "mine.toml" in err


async def test_what_was_erased_is_told_with_what_no_erasure_reaches(ask: Ask) -> None:
    Path("orderproof.toml").write_text(
        Path("orderproof.toml").read_text("utf-8") + "[retention]\ndays = 0\n", "utf-8"
    )
    (Path("drop") / f"{ORDERS[0]} note.txt").write_text("Left at the door.", "utf-8")
    assert (await ask("collect", ORDERS[0]))[0] == 0
    Path("there.pdf").touch()
    code, _, err = await ask("derive", ORDERS[0], "0", "--shrink", "9", "-o", "there.pdf")
    assert code == 2 and "there.pdf" in err
    code, out, err = await ask("erase", ORDERS[0], "--reason", "subject-request")
    assert code == 0 and out.startswith("erased at 20") and "\norder " in out
    assert "Bundles that were handed out" in err
    code, _, err = await ask("bundle", ORDERS[0], "-o", "b.zip")
    assert code == 1 and "it was never collected, or it was erased" in err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("verify", "drop", "--order", ORDERS[0]), "it is for a report (a PDF)"),
        (
            ("verify", "drop", "--witness-policy", "orderproof.toml", "--quorum", "1"),
            "leave out --witness and --quorum",
        ),
        (("backfill", "orders.csv", "--ahead", "0"), "a number from 1 to 100000"),
    ],
    ids=["an order for no report", "a policy and a quorum", "none ahead"],
)
async def test_words_that_do_not_go_together_are_refused(
    ask: Ask, words: tuple[str, ...], why: str
) -> None:
    Path("orders.csv").write_text(f"order\n{ORDERS[0]}\n", "utf-8")
    code, out, err = await ask(*words)
    assert (code, out) == (2, "") and why in err, err
