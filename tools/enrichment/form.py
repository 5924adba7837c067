"""What the form itself says of the company, as a source among others: its typed name, place, size and industry.

It is a stranger's statement: it fills what nobody else knows and spares a question that costs money, and it never makes
a company known. A name typed above a free-mail address is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from graph.domain.account import CompanyProfile
from graph.domain.facts import Absent, Fact, Found
from graph.ports import CompanyAsk
from tools.enrichment.fields import bits

NAME = "form"
FILLS = bits(("name", "employees", "industry", "country", "state", "city"))


class FormFacts:
    """Implements `Enrichment` from the asks alone."""

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        """One fact for each ask, in order."""
        absent = Absent(NAME, now)
        return [absent if (said := _said(ask)) is None else Found(said, NAME, now) for ask in asks]


def _said(ask: CompanyAsk) -> CompanyProfile | None:
    name = None if ask.claimed else ask.name
    if name is None and ask.employees is None and ask.country is None and ask.industry is None:
        return None
    return CompanyProfile(ask.domain or "", name, ask.employees, None, ask.industry, ask.country, ask.state, ask.city)
