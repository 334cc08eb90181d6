"""What can go wrong, each as something that is done to a world and then undone."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos import ends, machine, network, queueing
from tests.chaos.proxy import Mode
from tests.chaos.world import Do


@dataclass(frozen=True, slots=True)
class Fault:
    """`hits` says what the number is that `do` answers; 0 of them: it hit nothing."""

    name: str
    do: Do
    hits: str
    lasts_s: float = 1.0


FAULTS = (
    Fault("kill -9 of a worker", ends.kill_worker, "walks it had under way"),
    Fault("kill -9 of the API", ends.kill_api, "requests refused"),
    Fault("kill -9 of the sequencer's holder", ends.kill_holder, "holders killed"),
    Fault("a worker stands still past its lease", ends.stall_worker, "walks taken over"),
    Fault("Valkey dies and comes back empty", ends.valkey_dies, "collections it knew", 1.5),
    Fault("Valkey is flushed", ends.flush_valkey, "collections it knew"),
    Fault("PostgreSQL dies and recovers", ends.restart_postgres, "connections ended", 0.5),
    Fault("S3 is down", network.through("s3", Mode.CUT), "connections broken", 1.5),
    Fault("S3 is slow", network.through("s3", Mode.SLOW), "pieces held up", 2.0),
    Fault("S3 says 503", network.through("s3", Mode.BUSY), "requests refused", 1.5),
    Fault("S3's bytes are changed", network.through("s3", Mode.CORRUPT), "pieces changed", 1.5),
    Fault("the disk is full", machine.fill_disk, "writes that failed"),
    Fault("the clock jumps an hour ahead", machine.clock(3600), "times read"),
    Fault("the clock jumps an hour back", machine.clock(-3600), "times read"),
    Fault("jobs come twice and in another order", queueing.mix, "jobs moved or doubled"),
    Fault("two workers walk one collection", queueing.two_on_one, "walks taken twice", 1.5),
    Fault("cut: API and PostgreSQL", network.cut("api", "postgres"), "connections broken"),
    Fault("cut: API and Valkey", network.cut("api", "valkey"), "connections broken"),
    Fault("cut: API and S3", network.cut("api", "s3"), "connections broken"),
    Fault("cut: worker and PostgreSQL", network.cut("worker", "postgres"), "connections broken"),
    Fault("cut: worker and Valkey", network.cut("worker", "valkey"), "connections broken"),
    Fault("cut: worker and S3", network.cut("worker", "s3"), "connections broken"),
    Fault("cut: holder and PostgreSQL", network.cut_holder, "connections broken"),
)
