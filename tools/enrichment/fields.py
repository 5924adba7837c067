"""The fields that sources fill: what a good value is, and when two sources contradict each other.

A field is a bit, a set of fields an `int`: what a source said is weighed for every lead, and sets of bits are what a
table of known cases can be looked up by. The family above a company is one field, `parent`: a parent of one source is
never shown with the size that another gave of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pycountry

from graph.domain.account import CompanyProfile
from graph.domain.values import evolve
from graph.rules.company_names import company_key
from graph.rules.firmographics import MOST_EMPLOYEES
from graph.rules.text import fold
from tools.provider_order import FIELDS

PARENT: Final = ("parent_domain", "parent_name", "parent_employees", "parent_revenue_usd", "parent_owner", "family")
"""What the field `parent` is made of, its parts as `CompanyProfile` names them."""
SIZE_FACTOR: Final = 3.0
"""Two head counts or revenues within this factor do not contradict each other: sources count other entities in other years."""
MOST_REVENUE_USD: Final = 5 * 10**12  # several times the revenue of the largest company

BIT: Final = {name: 1 << number for number, name in enumerate(FIELDS)}
_EMPTY: Final = CompanyProfile("")
ALL: Final = (1 << len(FIELDS)) - 1
_COUNTRIES: Final = frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}
_NEVER_DISPUTED: Final = BIT["technologies"] | BIT["hiring"] | BIT["job_posts"]
"""Lists are never complete: two sources that list other things may both be right."""


def bits(names: Iterable[str]) -> int:
    """The set of these fields."""
    found = 0
    for name in names:
        found |= BIT[name]
    return found


def names_of(held: int) -> tuple[str, ...]:
    """The fields of a set, in the order of FIELDS."""
    return tuple(name for name, bit in BIT.items() if held & bit)


def good(profile: CompanyProfile) -> int:  # noqa: C901, PLR0912 - one line a field, in the order of FIELDS
    """The fields of which the profile holds a value that can be true; a head count of 0 or a country that does not exist
    is none."""
    found = 0
    if profile.name:
        found = 1
    if (employees := profile.employees) is not None and 0 < employees <= MOST_EMPLOYEES:
        found |= 2
    if (revenue := profile.revenue_usd) is not None and 0 < revenue <= MOST_REVENUE_USD:
        found |= 4
    if profile.industry:
        found |= 8
    if (country := profile.country) is not None and country in _COUNTRIES:
        found |= 16
        if profile.state and profile.state.startswith(country):
            found |= 32
    if profile.city:
        found |= 64
    if profile.technologies:
        found |= 128
    if profile.hiring:
        found |= 256
    if profile.job_posts:
        found |= 512
    if profile.funding_stage:
        found |= 1024
    if profile.owner:
        found |= 2048
    if profile.parent_domain or profile.family:
        found |= 4096
    return found


def without_bad(profile: CompanyProfile, held: int) -> CompanyProfile:
    """The profile with nothing in it but the fields `held`."""
    blank = {part: getattr(_EMPTY, part) for name in names_of(ALL & ~held) for part in parts_of(name)}
    return evolve(profile, **blank)


def parts_of(name: str) -> tuple[str, ...]:
    """What a field is called in `CompanyProfile`."""
    return PARENT if name == "parent" else (name,)


def comparable(held: int) -> int:
    """Of these fields those in which sources can contradict each other."""
    return held & ~_NEVER_DISPUTED


def contradicts(name: str, taken: CompanyProfile, other: CompanyProfile) -> bool:
    """Whether the other source says something else of this field, both being good."""
    if name == "parent":
        return taken.parent_domain != other.parent_domain
    one, two = getattr(taken, name), getattr(other, name)
    if one == two:
        return False
    if name in {"employees", "revenue_usd"}:
        return bool(max(one, two) > SIZE_FACTOR * min(one, two))
    if name == "name":
        keys = company_key(one), company_key(two)
        return not (keys[0] in keys[1] or keys[1] in keys[0])  # Acme and Acme Corp Germany
    return fold(one) != fold(two)


def said(name: str, profile: CompanyProfile) -> str:
    """The field's value as text."""
    value: Any = profile.parent_domain if name == "parent" else getattr(profile, name)
    return "no parent" if value is None else str(value)
