"""A webhook goes to the public internet, whatever its URL is written like and whatever its name resolves to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from tools.outgoing.addresses import Refused, checked_url, is_public, resolve, target_of

INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # the metadata service of clouds
    "100.64.0.1",  # carriers
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "not an address",
]
OUTSIDE = ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_is_not_public_is_known_as_such(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_public_internet_is_known_as_such(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:7f00:1]", "169.254.169.254"],
)
async def test_however_the_address_is_written_it_is_looked_at_as_the_system_reads_it(host: str):
    with pytest.raises((Refused, OSError)):
        await target_of(checked_url(f"https://{host}/hook"), private=False)


@pytest.mark.parametrize("host", ["2130706433", "127.1", "localhost"])
async def test_those_writings_do_reach_this_machine_where_private_addresses_are_let_through(host: str):
    """The table above proves nothing if the system does not read them."""
    assert await target_of(checked_url(f"https://{host}/hook"), private=True) in {"127.0.0.1", "::1"}


async def test_one_private_address_among_several_is_enough_to_refuse():
    async def both(host: str, port: int) -> Sequence[str]:
        return ["8.8.8.8", "10.0.0.1"]

    with pytest.raises(Refused, match="public internet"):
        await target_of(checked_url("https://hooks.example/x"), private=False, resolve=both)


async def test_the_name_is_resolved_once_and_that_address_is_the_target():
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        assert (host, port) == ("hooks.example", 8443)
        return next(answers)

    url = checked_url("https://hooks.example:8443/x")
    assert await target_of(url, private=False, resolve=rebinding) == "8.8.8.8"
    with pytest.raises(Refused):
        await target_of(url, private=False, resolve=rebinding)


async def test_a_name_that_nobody_knows_is_no_refusal_but_a_fault_of_the_moment():
    with pytest.raises(socket.gaierror):
        await target_of(checked_url("https://no-such-host.invalid/"), private=False)
    with pytest.raises(Refused, match="cannot be one"):
        await target_of(checked_url(f"https://{'a' * 70}.example/"), private=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example/", "https"),
        ("ftp://hooks.example/", "https"),
        ("file:///etc/passwd", "https"),
        ("hooks.example/x", "https"),
        ("https:///x", "no host"),
        ("https://me:secret@hooks.example/", "password"),
        ("https://hooks.example/#part", "fragment"),
        ("https://hooks.example:0/", "no port 0"),
        ("https://hooks.example:99999/", "no port 99999"),
        ("https://hooks.example/a b", "blanks"),
        ("https://hooks.example/" + "x" * 2000, "characters"),
        ("https://hooks.example/\x00", "no URL"),
        ("https://[::1/", "no URL"),
    ],
)
def test_a_url_that_cannot_be_one_is_refused_with_a_reason(url: str, why: str):
    with pytest.raises(Refused, match=why):
        checked_url(url)


def test_http_is_fine_where_private_addresses_are():
    assert checked_url("http://127.0.0.1:8080/x", private=True).port == 8080


async def test_the_systems_answer_is_a_list_of_addresses():
    assert "127.0.0.1" in await asyncio.wait_for(resolve("127.0.0.1", 80), 5)
