"""The server of the tests itself."""

from tests.seaweed import PORTS, ports_of_our_own


def test_who_starts_a_server_at_the_same_time_is_given_other_ports() -> None:
    with ports_of_our_own() as mine, ports_of_our_own() as others:
        assert len({*mine, *others}) == 2 * PORTS
