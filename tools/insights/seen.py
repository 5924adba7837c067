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
from pydantic import TypeAdapter
from sqlalchemy import Engine, select

from graph.domain.account import CompanyProfile, Family, Prior
from graph.domain.lead import Lead
from graph.domain.scoring import Judgement
from graph.features.inputs import FeatureInput
from tools.store.tables import decisions, leads

LEAD: TypeAdapter[Lead] = TypeAdapter(Lead)
PROFILE: TypeAdapter[CompanyProfile] = TypeAdapter(CompanyProfile)
PRIOR: TypeAdapter[Prior] = TypeAdapter(Prior)
FAMILY: TypeAdapter[Family] = TypeAdapter(Family)
JUDGEMENT: TypeAdapter[Judgement] = TypeAdapter(Judgement)


@dataclass(frozen=True, slots=True)
class Seen:
    """family: what was known of the account's companies, for its roll-up."""

    lead_id: str
    revision: int
    decided_at: datetime
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
    reads = record["facts"]
    profile, prior, judgement = (_value(reads[name]) for name in ("profile", "prior", "judgement"))
    family = reads["family"]
    return Seen(
        lead_id=record["lead_id"],
        revision=record["revision"],
        decided_at=decided_at,
        inp=FeatureInput(
            lead=LEAD.validate_python(record["lead"]),
            profile=PROFILE.validate_python(profile) if profile else None,
            received_at=datetime.fromisoformat(record["submission"]["received_at"]),
            prior=PRIOR.validate_python(prior) if prior else None,
        ),
        judgement=JUDGEMENT.validate_python(judgement) if judgement else None,
        family=FAMILY.validate_python(family) if family else None,
    )


def _value(fact: dict[str, Any] | None) -> Any:
    return fact["value"] if fact is not None and fact["kind"] == "found" else None
