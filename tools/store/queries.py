"""What admins ask of the record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, false, or_, select

from tools.store.tables import decisions, leads, outbox

COLUMNS = ("lead_id", "revision", "owner", "path", "tier", "score", "company", "country", "decided_at")


def record_json(engine: Engine, lead_id: str, revision: int | None = None) -> bytes | None:
    """The decision record as it was written; the newest revision unless one is named."""
    wanted = select(decisions.c.record).where(decisions.c.lead_id == lead_id)
    if revision is not None:
        wanted = wanted.where(decisions.c.revision == revision)
    with engine.connect() as connection:
        return connection.scalar(wanted.order_by(decisions.c.revision.desc()).limit(1))


def lead_page(
    engine: Engine, *, limit: int, before: datetime | None = None, after_id: str = ""
) -> list[dict[str, Any]]:
    """The newest decisions first, without what identifies the person. A batch shares its time: with `after_id` the page
    goes on behind that lead of the moment `before`, without it at earlier moments."""
    wanted = select(*(leads.c[name] for name in COLUMNS))
    if before is not None:
        rest = and_(leads.c.decided_at == before, leads.c.lead_id > after_id) if after_id else false()
        wanted = wanted.where(or_(leads.c.decided_at < before, rest))
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(leads.c.decided_at.desc(), leads.c.lead_id).limit(limit))
        return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name


def effects_of(engine: Engine, lead_id: str) -> list[dict[str, Any]]:
    """Each write of a lead with what came of it."""
    names = ("key", "vendor", "kind", "state", "attempts", "error", "external_id", "created_at", "done_at")
    wanted = select(*(outbox.c[name] for name in names)).where(outbox.c.lead_id == lead_id).order_by(outbox.c.id)
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(wanted)]  # noqa: SLF001
