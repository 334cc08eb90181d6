"""The address guard, with made-up address tuples: nothing is ever connected to."""

import socket

import pytest

from collectors.guard import BlockedAddress, guarded_socket, public_url
from evidence.errors import RequestError


def tuple_for(address: str) -> tuple[object, ...]:
    six = ":" in address
    family = socket.AF_INET6 if six else socket.AF_INET
    place = (address, 443, 0, 0) if six else (address, 443)
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2001:0:1::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fe80::1%eth0",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_gets_no_socket(address: str) -> None:
    with pytest.raises(BlockedAddress):
        guarded_socket(tuple_for(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_a_public_address_gets_a_socket(address: str) -> None:
    made = guarded_socket(tuple_for(address))
    made.close()


def test_a_unix_socket_is_no_address() -> None:
    with pytest.raises(BlockedAddress):
        guarded_socket((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", "/run/docker.sock"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://carrier.example/x",
        "javascript:alert(1)",
        "/x",
        "http://carrier.example:22/",
        "https://carrier.example:80/",
        "https://user@carrier.example/",
        "http://[::1",
        "https://",
    ],
)
def test_a_url_that_is_not_plain_http_is_refused(url: str) -> None:
    with pytest.raises(RequestError):
        public_url(url)


def test_a_plain_url_is_taken() -> None:
    assert str(public_url("https://carrier.example/pod.pdf?x=1")).endswith("pod.pdf?x=1")
