"""Company facts that came after the decision they were missing from: what is different now, and what that would change."""

from __future__ import annotations

from typing import Literal, TypeAlias

from graph.domain.values import value

What: TypeAlias = Literal["tier", "account", "owner", "way"]


@value(frozen=True)
class FactChange:
    """One field of the company that is known otherwise now. field: of CompanyProfile, or `crm.` and one of CrmAccount;
    before: as text, None for unknown; source: who says so now."""

    field: str
    before: str | None
    after: str | None
    source: str


@value(frozen=True)
class Shift:
    """What of a decision would come out otherwise. account: the ultimate parent; way: qualify, nurture, manual_review."""

    what: What
    before: str | None
    after: str | None
