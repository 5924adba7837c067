"""Reads from an event's properties what a verdict about bots looks at. Senders spell them in many ways.

The list of crawlers is that of `crawler-user-agents`. Gmail fetches a mail's pictures through a proxy of its own when a
person opens it, so that its user agent is no bot's here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final, TypeAlias

import orjson

from graph.rules.activity_bots import Trace

Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]
AGENT: Final = ("user_agent", "userAgent", "useragent", "ua")
ADDRESS: Final = ("ip", "ip_address", "ipAddress")
MAIL: Final = ("message_id", "messageId", "mail_id", "email_id", "campaign_id", "campaignId")
LINK: Final = ("url", "link", "href")
MACHINE: Final = ("bot", "is_bot", "machine_open", "sg_machine_open", "prefetch")
PROXIES: Final = ("GoogleImageProxy", "YahooMailProxy")
LONGEST: Final = 400


def networks_of(texts: Sequence[str]) -> Networks:
    """Raises ValueError for a text that is no network."""
    return [ip_network(one.strip()) for one in texts if one.strip()]


def trace_of(event_key: str, kind: str, at: datetime, properties: str, networks: Networks) -> Trace:
    """properties: JSON of an object."""
    held = orjson.loads(properties)
    return Trace(
        event_key,
        kind,
        at,
        agent=_is_bot(_first(held, AGENT)),
        network=_is_inside(_first(held, ADDRESS), networks),
        machine=any(held.get(name) is True or held.get(name) in ("true", "True", "1") for name in MACHINE),
        mail=_first(held, MAIL),
        link=_first(held, LINK),
    )


def _first(held: Mapping[str, Any], names: Sequence[str]) -> str:
    found = next((held[name] for name in names if held.get(name) not in (None, "")), "")
    return str(found)[:LONGEST]


@lru_cache(4096)
def _is_bot(agent: str) -> bool:
    if not agent:
        return False
    from crawleruseragents import is_crawler  # noqa: PLC0415 - 40 ms, for those who are told of events

    return not any(proxy in agent for proxy in PROXIES) and bool(is_crawler(agent))


def _is_inside(address: str, networks: Networks) -> bool:
    if not address or not networks:
        return False
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks if network.version == found.version)
