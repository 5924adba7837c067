"""A lead as its newest decision saw it: the facts that were read then, ready to be scored again.

A prediction looks from the moment of the submission, as the decision did and as models are trained: asked for at another
hour, it is the same. Silence since then is told beside it, as a risk (infra/docs/adr/0017). Blocking: call it from a
thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Engine, select

from graph.domain.account import Family
from graph.domain.facts import value_of
from graph.domain.scoring import Judgement
from graph.features.inputs import FeatureInput
from tools.store.recorded import recorded
from tools.store.tables import decisions, leads


@dataclass(frozen=True, slots=True)
class Seen:
    """account: by which the model that scores it is drawn; family: what was known of the account's companies, for its
    roll-up."""

    lead_id: str
    revision: int
    decided_at: datetime
    account: str
    inp: FeatureInput
    judgement: Judgement | None
    family: Family | None = None


def seen(engine: Engine, lead_ids: Sequence[str]) -> dict[str, Seen]:
    """Those of these leads that were decided."""
    wanted = (
        select(decisions.c.decided_at, decisions.c.record)
        .join(leads, (leads.c.lead_id == decisions.c.lead_id) & (leads.c.revision == decisions.c.revision))
        .where(decisions.c.lead_id.in_(list(lead_ids)))
    )
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
    found = [seen_of(orjson.loads(row.record), row.decided_at) for row in rows]
    return {one.lead_id: one for one in found}


def seen_of(record: dict[str, Any], decided_at: datetime) -> Seen:
    """From a decision record as JSON (see graph.record)."""
    told = recorded(record)
    return Seen(
        lead_id=record["lead_id"],
        revision=record["revision"],
        decided_at=decided_at,
        account=told.account,
        inp=told.inp,
        judgement=value_of(told.reads.judgement),
        family=told.reads.family,
    )
