"""How the leads of an account ended, as columns of the account. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from graph.domain.account import Outcome
from tools.store.past_rows import PAGE
from tools.store.tables import (
    account_leads,
    assignments,
    leads,
    outcomes,
)

MEANING: Mapping[str, tuple[Outcome, str | None]] = {
    "won": ("won", None),
    "lost": ("lost", None),
    "no_show": ("no_decision", "never showed up"),
    "not_a_fit": ("lost", "not a fit"),
}
"""How a lead's end (a code of graph.rules.message_states.OUTCOMES) counts for its account, and the reason if none is told."""
_DAY_S = 86_400


def ended(connection: Connection, lead_ids: Sequence[str]) -> list[str]:
    """Those of them that have ended. Most have not: this is all they cost."""
    if not lead_ids:
        return []
    closed = select(assignments.c.lead_id).where(
        assignments.c.lead_id.in_(lead_ids), assignments.c.outcome.is_not(None)
    )
    told = select(outcomes.c.lead_id).where(outcomes.c.lead_id.in_(lead_ids))
    return sorted(set(connection.scalars(closed.union(told))))


def ends_of_accounts(connection: Connection, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """How the leads of each account ended, as columns of its row; an account of which none has is not in it."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), PAGE):
        of = account_leads.c.account_key.in_(keys[start : start + PAGE])
        wanted = select(account_leads.c.lead_id, account_leads.c.account_key, leads.c.created_at).outerjoin(
            leads, leads.c.lead_id == account_leads.c.lead_id
        )
        held = {row.lead_id: row for row in connection.execute(wanted.where(of))}
        best: dict[str, End] = {}
        for lead_id, end in ends_of_leads(connection, of).items():
            key = held[lead_id].account_key
            if key not in best or end.rank > best[key].rank:
                best[key] = end
        found |= {key: end.columns(held[end.lead_id].created_at) for key, end in best.items()}
    return found


def ends_of_leads(connection: Connection, of: Any) -> dict[str, End]:
    """As `learning.ends_of`, for the leads of some accounts."""
    found: dict[str, End] = {}
    held = select(assignments.c.lead_id, assignments.c.outcome, assignments.c.closed_at).join(
        account_leads, account_leads.c.lead_id == assignments.c.lead_id
    )
    closed = held.where(of, assignments.c.outcome.is_not(None), assignments.c.closed_at.is_not(None))
    for row in connection.execute(closed.order_by(assignments.c.closed_at, assignments.c.number)):
        if row.lead_id not in found or found[row.lead_id].code != "won":
            found[row.lead_id] = End(row.lead_id, row.outcome, row.closed_at)
    told = select(outcomes).join(account_leads, account_leads.c.lead_id == outcomes.c.lead_id).where(of)
    for row in connection.execute(told):  # told from outside: it goes before what the assignment says
        found[row.lead_id] = End(row.lead_id, row.outcome, row.closed_at, row.contract_usd, row.reason)
    return found


@dataclass(frozen=True, slots=True)
class End:
    lead_id: str
    code: str
    closed_at: datetime
    contract_usd: float | None = None
    reason: str | None = None

    @property
    def rank(self) -> tuple[bool, datetime, str]:
        """The highest counts for the account."""
        return self.code == "won", self.closed_at, self.lead_id

    def columns(self, first_at: datetime | None) -> dict[str, Any]:
        """first_at: when the lead was first heard of; None, or later than the end: days are not known."""
        outcome, without = MEANING[self.code]
        after_s = -1.0 if first_at is None else (self.closed_at - first_at).total_seconds()
        return {
            "outcome": outcome,
            "reason": self.reason or without,
            "deal_usd": None if self.contract_usd is None else round(self.contract_usd),
            "days_to_close": int(after_s // _DAY_S) if after_s >= 0 else None,
            "closed_on": self.closed_at.date(),
        }
