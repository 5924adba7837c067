"""One cell of a file of accounts as a value, or what is wrong with it and how to mend it. Never guesses."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from graph.rules.domains import host_of, registrable
from graph.rules.firmographics import MOST_EMPLOYEES, employees_from
from graph.rules.mailboxes import FREE_MAIL
from graph.rules.text import choice

UNITS: Final = {"dollars": 1, "thousands": 1_000, "millions": 1_000_000, "billions": 1_000_000_000}
_AMOUNT = re.compile(
    r"(?:us)?\$?\s*(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<part>\.\d+)?\s*(?P<unit>k|m|mm|mn|mio|million|b|bn|billion)?"
    r"\s*(?:usd|us\$|\$)?\Z",
    re.IGNORECASE,
)
_UNIT: Final = {"k": 1_000, "m": 10**6, "b": 10**9}
_SHARE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(%?)\Z")
_MOST_USD: Final = 10**14  # more than the world earns in a year is a slip of the unit
LONGEST: Final = 200
_MOST_LISTED: Final = 200


class Bad(ValueError):
    """The cell cannot be used; the message says how to write it."""


def domain(typed: str) -> str:
    """`https://www.acme.com/about -> acme.com`; a host below a domain stays one: it may be a subsidiary's own."""
    host = host_of(typed)
    if host is None or registrable(host) is None:
        raise Bad("is no domain; write it as acme.com, or leave it blank")
    if host in FREE_MAIL:
        raise Bad("is a free mail provider's; write the company's own domain, or leave it blank")
    return host


def domains(typed: str) -> list[str]:
    return sorted({domain(part) for part in re.split(r"[;,\s]+", typed) if part})


def listed(typed: str) -> list[str]:
    """Separated by `;`, or where there is none by `,`."""
    parts = typed.split(";" if ";" in typed else ",")
    return list(dict.fromkeys(text for part in parts if (text := choice(part, LONGEST))))[:_MOST_LISTED]


def names(typed: str) -> list[str]:
    """Separated by `;` or `|`: a comma may be part of a name (`Acme, Inc.`)."""
    parts = re.split(r"[;|]", typed)
    return list(dict.fromkeys(text for part in parts if (text := choice(part, LONGEST))))[:_MOST_LISTED]


def employees(typed: str) -> int:
    """`250`, `1,000`, `51-200` (the least that fits)."""
    if typed.isascii() and typed.isdigit() and 0 <= int(typed[:12]) <= MOST_EMPLOYEES:
        return int(typed)
    if (count := employees_from(typed.removesuffix(".0"))) is None:
        raise Bad("is no number of people; write digits, as 250 or 51-200")
    return count


def revenue(typed: str, unit: int) -> int:
    """US dollars of a year. unit: what a number without a unit of its own counts."""
    match = _AMOUNT.match(typed.strip())
    if match is None:
        raise Bad("is no amount of US dollars; write digits, as 1250000 or 1.25M")
    digits = match["digits"].replace(",", "") + (match["part"] or "")
    factor = _UNIT[match["unit"][0].lower()] if match["unit"] else unit
    if len(digits) > 30 or (usd := round(float(digits) * factor)) > _MOST_USD:
        raise Bad("is more than all the world earns in a year; look at the unit")
    return usd


def ownership(typed: str) -> float:
    """Percent, 0 to 100."""
    match = _SHARE.match(typed.strip())
    if match is None:
        raise Bad("is no share; write percent, as 75 or 75%")
    share = float(match[1].replace(",", "."))
    if 0 < share < 1 and not match[2]:
        raise Bad(f"may be {share:g}% or {share * 100:g}%; write it with the sign %")
    if share > 100:
        raise Bad("is more than 100 percent")
    return share


def job_post(item: str) -> list[Any]:
    """`2026-02-10 Site Reliability Engineer: OpenTelemetry, on call` as [title, ISO time, text]; date and text may be
    missing."""
    title, _, words = (part.strip() for part in item.partition(":"))
    first, _, rest = title.partition(" ")
    if not first[:4].isdigit():
        return [title, None, words or None]
    try:
        posted_at = datetime.strptime(first, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Bad("has a post that begins with no date; write 2026-02-10, or no date") from None
    return [rest.strip(), posted_at.isoformat(), words or None]


def job_posts(typed: str) -> list[list[Any]]:
    return [job_post(item.strip()) for item in typed.split(";") if item.strip()]
