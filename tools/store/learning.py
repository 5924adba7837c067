"""What training, drift and the leaderboard ask of the record: each lead's first decision, and how the lead ended.

An outcome told from outside (`outcomes`) goes before the one that a person chose on the assignment. Blocking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import orjson
from sqlalchemy import Engine, select

from tools.ml.history_rows import PastLead
from tools.store.past_accounts import note_ends
from tools.store.recorded import account_in, parent_in, vector_in
from tools.store.tables import assignments, decisions, leads, outcomes
from tools.store.upsert import upsert

PAGE = 500
End: TypeAlias = tuple[str, datetime, float | None]


@dataclass(frozen=True, slots=True)
class Told:
    """An outcome from outside. outcome: a code of OUTCOMES; contract_usd: a year, None where it is not known; reason: in
    words, None where nobody said; source: what said so, where it is not the same for all that are told."""

    lead_id: str
    outcome: str
    closed_at: datetime
    contract_usd: float | None = None
    reason: str | None = None
    source: str = ""


def past_leads(engine: Engine, since: datetime | None = None, until: datetime | None = None) -> Iterator[PastLead]:
    """One for each lead whose first decision fell into since <= decided_at < until, oldest first, read in pages."""
    ends = ends_of(engine)
    first = decisions.c.revision == 1
    keys = select(decisions.c.received_at, decisions.c.model_digest, decisions.c.record).where(first)
    if since is not None:
        keys = keys.where(decisions.c.decided_at >= since)
    if until is not None:
        keys = keys.where(decisions.c.decided_at < until)
    wanted = keys.order_by(decisions.c.decided_at, decisions.c.lead_id)
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=PAGE).execute(wanted):
            yield _past_lead(orjson.loads(row.record), row.received_at, row.model_digest, ends)


def ends_of(engine: Engine) -> dict[str, End]:
    """lead -> how it ended. Of several assignments a sale counts, else the last that was closed."""
    closed = (
        select(assignments.c.lead_id, assignments.c.outcome, assignments.c.closed_at)
        .where(assignments.c.outcome.is_not(None), assignments.c.closed_at.is_not(None))
        .order_by(assignments.c.closed_at, assignments.c.number)
    )
    found: dict[str, End] = {}
    with engine.connect() as connection:
        for lead_id, outcome, at in connection.execute(closed):
            if lead_id not in found or found[lead_id][0] != "won":
                found[lead_id] = (outcome, at, None)
        for row in connection.execute(select(outcomes)):
            found[row.lead_id] = (row.outcome, row.closed_at, row.contract_usd)
    return found


def keep_outcomes(engine: Engine, told: Sequence[Told], source: str, now: datetime) -> int:
    """Keep what was told; a lead that was told of before is told anew, and its account with it. Returns how many were
    kept."""
    held = [
        {
            "lead_id": one.lead_id,
            "outcome": one.outcome,
            "closed_at": one.closed_at,
            "contract_usd": one.contract_usd,
            "reason": one.reason,
            "source": (one.source or source)[:200],
            "noted_at": now,
        }
        for one in told
    ]
    with engine.execution_options(immediate=True).begin() as connection:
        upsert(connection, outcomes, held, ["lead_id"])
        note_ends(connection, [one.lead_id for one in told], now)
    return len(held)


def leads_by_email(engine: Engine, emails: Sequence[str]) -> dict[str, str]:
    """e-mail in lower case -> lead."""
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for start in range(0, len(emails), PAGE):
            some = [email.lower() for email in emails[start : start + PAGE]]
            wanted = select(leads.c.email, leads.c.lead_id).where(leads.c.email.in_(some))
            found |= {row.email: row.lead_id for row in connection.execute(wanted)}
    return found


def known_leads(engine: Engine, lead_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    with engine.connect() as connection:
        for start in range(0, len(lead_ids), PAGE):
            found |= set(
                connection.scalars(select(leads.c.lead_id).where(leads.c.lead_id.in_(lead_ids[start : start + PAGE])))
            )
    return found


def models_named(engine: Engine) -> set[str]:
    """Every model that a decision names: a replay needs it."""
    with engine.connect() as connection:
        return set(connection.scalars(select(decisions.c.model_digest).distinct()))


def _past_lead(record: dict[str, Any], received_at: datetime, model: str, ends: Mapping[str, End]) -> PastLead:
    score = record["scoring"]
    outcome, closed_at, contract = ends.get(record["lead_id"], (None, None, None))
    return PastLead(
        lead_id=record["lead_id"],
        account=account_in(record),
        parent=parent_in(record),
        received_at=received_at,
        row=np.array(vector_in(record), dtype=np.float32),
        model=model,
        propensity=score["propensity"],
        probability=score["probability"],
        tier=score["tier"],
        outcome=outcome,
        closed_at=closed_at,
        contract_usd=contract,
    )
