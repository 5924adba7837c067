"""Public holidays by ISO code, from the `holidays` library, which is imported only for a file that names some."""

from __future__ import annotations

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=2048)
def holidays_of(code: str, year: int) -> frozenset[date]:
    """The days of one year without work; code: `DE` or `DE-BY`. Substitute days are among them.

    Every country of ISO 3166 is known. A subdivision that the library does not list has no days of its own: it has the country's.
    """
    from holidays import country_holidays  # noqa: PLC0415 - takes a second that most files need not wait

    country, _, part = code.partition("-")
    subdivision = part if part in _countries()[country] else None
    return frozenset(country_holidays(country, subdiv=subdivision, years=year))


@lru_cache(maxsize=1)
def _countries() -> dict[str, frozenset[str]]:
    from holidays import list_supported_countries  # noqa: PLC0415 - the same

    return {country: frozenset(parts) for country, parts in list_supported_countries().items()}
