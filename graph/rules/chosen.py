"""A lead whose owner a person chose in the CRM: that goes before every line of the routing file.

It has no times: nobody promised to answer within five minutes, and a ladder would take the lead from whom somebody chose.
It stays with them, whatever becomes known later, until they pass it on, are no longer active, or somebody chooses anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from graph.domain.account import Prior
from graph.domain.routing import Assignment, RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.giving import Claim, Held, Run
from graph.rules.wording import first_name

RULE: Final = "crm.owner"


def chosen(to: str, by: str | None, facts: RoutingFacts, table: RoutingTable, now: datetime) -> Assignment:
    """to: the owner's e-mail, who need not stand in the file; by: who chose, as the CRM says."""
    return _given(to, f"{by or 'Somebody'} made {first_name(to)} the owner in the CRM.", facts, table, now)


def stays_chosen(prior: Prior, facts: RoutingFacts, table: RoutingTable, now: datetime) -> Assignment | None:
    """The assignment of a lead whose owner was chosen before, when it is decided again; None for every other one, and where
    the file says that the owner is no longer active."""
    if prior.rule != RULE:
        return None
    person = table.people_by_email.get(prior.owner)
    if person is not None and not person.active:
        return None
    return _given(prior.owner, f"{first_name(prior.owner)} was chosen in the CRM, and keeps it.", facts, table, now)


def _given(to: str, why: str, facts: RoutingFacts, table: RoutingTable, now: datetime) -> Assignment:
    run = Run(facts, table, {}, now, held=Held({}), open_leads={}, excluded=())
    return run.assign(to, Claim(RULE, None, why, None), why)
