"""What company facts that came late may do to a lead. Decides by comparing two decisions; makes none.

nothing of tier, account, owner or way would change   -> kept: nobody is told
it would, and the lead is on offer                    -> anew: decided again, through the stream
it would, and somebody has accepted the lead          -> told: a note in their thread, the lead stays theirs
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from graph.domain.late_facts import FactChange, Shift, What
from graph.domain.values import value

Follows: TypeAlias = Literal["kept", "told", "anew"]
SHOWN: Final = 4
"""Differences that a note names; the rest is counted."""
LABELS: Final = {
    "parent_domain": "parent",
    "revenue_usd": "revenue in US dollars",
    "parent_revenue_usd": "parent's revenue in US dollars",
    "parent_employees": "parent's employees",
    "parent_name": "parent's name",
    "owner": "account owner",
    "parent_owner": "parent's owner",
    "crm.owner": "owner in the CRM",
    "crm.parent_owner": "parent's owner in the CRM",
    "crm.open_opportunities": "opportunities",
}


@value(frozen=True)
class LatePolicy:
    """anew: which of a decision's outcomes are worth another decision. most: what late facts may do at most."""

    anew: tuple[What, ...] = ("tier", "account", "owner", "way")
    most: Follows = "anew"


DEFAULT_POLICY: Final = LatePolicy()


@value(frozen=True)
class Standing:
    """What people see of a decision. account: domain or key of the ultimate parent, None while no company is known."""

    tier: str
    account: str | None
    owner: str
    way: str


def shifts(before: Standing, after: Standing, policy: LatePolicy = DEFAULT_POLICY) -> tuple[Shift, ...]:
    """What would come out otherwise, of what the policy looks at. An alerted lead that a sequence of mails would get stays
    with its owner, so that this is no shift."""
    found = []
    for what in policy.anew:
        old, new = getattr(before, what), getattr(after, what)
        if old != new and (what, old, new) != ("way", "qualify", "nurture"):
            found.append(Shift(what, old, new))
    return tuple(found)


def follows(found: tuple[Shift, ...], *, accepted: bool, policy: LatePolicy = DEFAULT_POLICY) -> Follows:
    """What is done about it. accepted: somebody works on the lead."""
    if not found or policy.most == "kept":
        return "kept"
    return "told" if accepted or policy.most == "told" else "anew"


def late_note(changes: tuple[FactChange, ...], found: tuple[Shift, ...], *, stays: bool) -> str:
    """ "Company facts came late: employees unknown -> 4,200 (apollo): tier medium -> high." stays: the lead is not decided
    again for it."""
    said = "; ".join([_said(change) for change in changes[:SHOWN]])
    if len(changes) > SHOWN:
        said += f"; and {len(changes) - SHOWN} more"
    return effect_said(f"Company facts came late: {said}", found, stays=stays)


def effect_said(what: str, found: tuple[Shift, ...], *, stays: bool) -> str:
    """What became known, and what that changes or would change."""
    if not found:
        return f"{what}."
    effect = ", ".join([f"{shift.what} {shift.before or 'unknown'} -> {shift.after or 'unknown'}" for shift in found])
    return f"{what}: it would be {effect}. It stays where it is." if stays else f"{what}: {effect}."


def _said(change: FactChange) -> str:
    label = LABELS.get(change.field) or change.field.replace("_", " ")
    return f"{label} {change.before or 'unknown'} -> {change.after or 'unknown'} ({change.source})"
