"""Where a webhook may go: addresses of the public internet, over https. Decided from what the name resolves to at the moment
of sending, and the connection goes to that very address: a name that resolves to something else a moment later gains
nothing. Sends nothing itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

import httpx

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) -> addresses as text; raises OSError."""
LONGEST_URL: Final = 2000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """The sentence says why nothing is sent there."""


def checked_url(url: str, *, private: bool = False) -> httpx.URL:
    """The URL as httpx reads it. private: http is fine too. Raises Refused."""
    try:
        read = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
        raise Refused("this is no URL") from None
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        raise Refused(f"a URL has at most {LONGEST_URL} characters, and no blanks")
    if read.scheme not in (("https", "http") if private else ("https",)):
        raise Refused("a webhook goes over https" + ("" if private else " (WEBHOOKS_PRIVATE=true lets http through)"))
    if not read.host:
        raise Refused("the URL names no host")
    if read.userinfo:
        raise Refused("no user and password in the URL: the signature says who we are")
    if read.fragment:
        raise Refused("the URL ends in a #fragment, which is never sent: leave it out")
    if read.port is not None and not 0 < read.port < 65_536:
        raise Refused(f"there is no port {read.port}")
    return read


def is_public(address: str) -> bool:
    """Whether the address belongs to the public internet, by itself and by what it carries inside (IPv4 in IPv6)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        if (inside := _carried(ip)) is not None:
            return all(is_public(str(one)) for one in inside)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _carried(ip: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...] | None:
    """The IPv4 addresses that a gateway would go to for this one; None where it stands for itself."""
    if ip in _NAT64:
        return (ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF),)
    if (mapped := ip.ipv4_mapped or ip.sixtofour) is not None:
        return (mapped,)
    return ip.teredo


async def resolve(host: str, port: int) -> Sequence[str]:
    """As the system does: a number in any writing (`2130706433`, `0x7f.1`) is resolved too. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


async def target_of(url: httpx.URL, *, private: bool, resolve: Resolve = resolve) -> str:
    """The address to connect to. Raises Refused where any address of the host is not public, and OSError where the name
    is not known."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = list(await resolve(url.host, port))
    except UnicodeError:  # a label that is too long
        raise Refused("the host's name cannot be one") from None
    if not found:
        raise OSError("the name has no address")
    if not private:
        for address in found:
            if not is_public(address):
                raise Refused("the host resolves to an address that is not of the public internet")
    return found[0]
