"""Conditions on past accounts as people write them, and an account as they describe it. What is wrong names the field.

A size is a band (startup, smb, mid_market, enterprise) or a range of employees: 200-2000, 200- or -2000.
"""

from __future__ import annotations

from datetime import date

from graph.domain.account import Outcome
from graph.features.firmographic import SIZE_FROM, SIZES
from graph.ports import AccountQuery
from graph.rules.countries import country_code
from tools.account_metadata import OUTCOMES, Wanted

BIGGEST = 2**53


class ConditionError(ValueError):
    """A condition that cannot be read; the text is for the person who wrote it."""


def wanted_of(
    *,
    outcome: str | None = None,
    industry: str | None = None,
    country: str | None = None,
    size: str | None = None,
    min_deal: int | None = None,
    max_deal: int | None = None,
    since: str | None = None,
) -> Wanted:
    """Raises ConditionError."""
    least, most = (None, None) if not size else size_of(size)
    return Wanted(
        outcomes=outcomes_of(outcome) if outcome else (),
        industry=industry or None,
        country=country_of(country) if country else None,
        min_employees=least,
        max_employees=most,
        min_deal_usd=min_deal,
        max_deal_usd=max_deal,
        since=day_of(since) if since else None,
    )


def outcomes_of(text: str) -> tuple[Outcome, ...]:
    """`won`, or several with commas."""
    found: list[Outcome] = []
    for part in text.split(","):
        code = part.strip().lower().replace(" ", "_").replace("-", "_")
        outcome = next((one for one in OUTCOMES if one == code), None)
        if outcome is None:
            raise ConditionError(f"outcome {part.strip()[:40]!r} is none of {', '.join(OUTCOMES)}")
        found.append(outcome)
    return tuple(found)


def country_of(text: str) -> str:
    code = country_code(text)
    if code is None:
        raise ConditionError(f"country {text[:40]!r} is not known; write its name or ISO code, such as Germany or DE")
    return code


def size_of(text: str) -> tuple[int | None, int | None]:
    """(least, most) employees."""
    band = text.strip().lower().replace("-", "_")
    if band in SIZES:
        place = SIZES.index(band)
        return (
            SIZE_FROM[place - 1] if place else 1,
            SIZE_FROM[place] - 1 if place < len(SIZE_FROM) else None,
        )
    first, dash, last = text.replace(" ", "").replace(",", "").partition("-")
    ends = [int(end) if end.isascii() and end.isdigit() and len(end) < 12 else None for end in (first, last)]
    valid = (
        dash
        and (first or last)
        and all(end is not None or not typed for end, typed in zip(ends, (first, last), strict=True))
    )
    least, most = ends
    if not valid or (least is not None and most is not None and least > most):
        raise ConditionError(f"size {text[:40]!r} is none of {', '.join(SIZES)}, nor a range such as 200-2000")
    return least, most


def day_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConditionError(f"since {text[:40]!r} is no day such as 2026-04-30") from None


def described(
    *,
    industry: str | None = None,
    country: str | None = None,
    employees: int | None = None,
    revenue: int | None = None,
    technologies: str | None = None,
    name: str | None = None,
) -> AccountQuery:
    """An account that nobody knows yet. technologies: with commas. Raises ConditionError."""
    for field, number in (("employees", employees), ("revenue", revenue)):
        if number is not None and not 0 < number < BIGGEST:
            raise ConditionError(f"{field} {number} is no number above 0; leave it out where it is unknown")
    known = tuple(part for one in (technologies or "").split(",") if (part := one.strip()))
    return AccountQuery(
        None, name or None, industry or None, country_of(country) if country else None, employees, revenue, known
    )
