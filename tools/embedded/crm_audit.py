"""The embedded CRM as a comparison asks for it. Blocking; reads only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, func, select

from tools.crm_audit import ContactHeld
from tools.store.tables import crm_companies, crm_contacts, crm_tasks


class EmbeddedAudit:
    """Implements CrmAudit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def contacts(self, contact_keys: Sequence[str]) -> dict[str, ContactHeld]:
        wanted = select(crm_contacts).where(crm_contacts.c.contact_key.in_(contact_keys))
        with self._engine.connect() as connection:
            return {
                row.contact_key: ContactHeld(
                    str(row.contact_id), row.owner, row.owner.lower() if row.owner else None, row.tier, row.score
                )
                for row in connection.execute(wanted)
            }

    def tasks(self, numbers: Sequence[str]) -> set[str]:
        wanted = select(crm_tasks.c.task_id).where(crm_tasks.c.task_id.in_([int(n) for n in numbers]))
        with self._engine.connect() as connection:
            return {str(number) for number in connection.scalars(wanted)}

    def companies(self, domains: Sequence[str]) -> dict[str, int]:
        of = crm_companies.c
        wanted = select(of.domain, func.count()).where(of.domain.in_(domains)).group_by(of.domain)
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(wanted)}

    def owners(self) -> None:
        return None
