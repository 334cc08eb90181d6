"""What tests start does not get in each other's way."""

from tests.ports import PORTS, free_port, ports_of_our_own


def test_who_starts_a_server_at_the_same_time_is_given_other_ports() -> None:
    with ports_of_our_own() as mine, ports_of_our_own() as others:
        assert len({*mine, *others}) == 2 * PORTS


def test_a_port_is_given_once() -> None:
    assert len({free_port() for _ in range(2 * PORTS)}) == 2 * PORTS
