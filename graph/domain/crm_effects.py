"""Effects that the CRM performs, in the order in which they must be. Part of `graph.domain.effects`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from graph.domain.values import value


@value(frozen=True)
class UpsertCompany:
    domain: str
    name: str | None
    country: str | None
    state: str | None
    city: str | None
    industry: str | None
    employees: int | None
    parent_domain: str | None
    kind: Literal["upsert_company"] = "upsert_company"

    @property
    def target(self) -> str:
        return self.domain


@value(frozen=True)
class UpsertContact:
    """`contact_key` is the e-mail, else the phone number. given_name, family_name: None where only the whole is sure."""

    contact_key: str
    email: str | None
    phone: str | None
    full_name: str | None
    title: str | None
    company_domain: str | None
    company_name: str | None
    country: str | None
    state: str | None
    score: float
    tier: str
    path: str
    source: str | None
    message: str | None
    given_name: str | None = None
    family_name: str | None = None
    kind: Literal["upsert_contact"] = "upsert_contact"

    @property
    def target(self) -> str:
        return "contact"


@value(frozen=True)
class AssignOwner:
    """reason: why this owner, as a sentence."""

    contact_key: str
    owner: str
    rule: str
    reason: str = ""
    kind: Literal["assign_owner"] = "assign_owner"

    @property
    def target(self) -> str:
        return self.owner


@value(frozen=True)
class CreateTask:
    contact_key: str
    owner: str
    subject: str
    body: str
    due_at: datetime | None
    kind: Literal["create_task"] = "create_task"

    @property
    def target(self) -> str:
        return self.owner
