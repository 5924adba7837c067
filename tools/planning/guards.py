"""What the live file lets an edit do at most. The draft's own guards do not count: an edit cannot loosen its own leash.

Shares may be overridden with a reason that is kept; a failing test, a fault of the proof or a missing approval may not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graph.domain.table import Guards
from tools.planning.plan import Plan

GUARDS = "guards"


@dataclass(frozen=True, slots=True)
class Stop:
    """A guard that stops an edit: the figure, the limit and the way on."""

    guard: str
    message: str
    overridable: bool = True

    def __str__(self) -> str:
        return f"{self.guard}: {self.message}"


def stops(plan: Plan, guards: Guards) -> list[Stop]:
    """The shares that go beyond their limits. A share to DEFAULT that the edit does not raise never stops it."""
    found = []
    moved, limit = plan.moved_share, guards.max_moved
    if limit is not None and moved > limit:
        found.append(
            Stop(
                "max_moved",
                f"{_percent(moved)} of the leads would move ({len(plan.moved):,} of {plan.leads:,}), the limit is "
                f"{_percent(limit)}. Make the edit in smaller steps, or apply it with --override REASON.",
            )
        )
    share, limit = plan.default_share_after, guards.max_default_share
    if limit is not None and share > limit and plan.default_after > plan.default_before:
        found.append(
            Stop(
                "max_default_share",
                f"{_percent(share)} of the leads would fall through to DEFAULT ({plan.default_after:,} of {plan.leads:,}, "
                f"{plan.default_before:,} today), the limit is {_percent(limit)}. Give them a rule or a place in the map, "
                "or apply it with --override REASON.",
            )
        )
    return found


def approvals_needed(sections: Iterable[str], guards: Guards) -> int:
    """How many people besides the author must approve an edit of these sections (top-level keys; `map` for places).

    Who edits `guards` could edit them away, so that it takes as many as any section does.
    """
    needed = dict(guards.approvals)
    changed = set(sections)
    if GUARDS in changed:
        return max(needed.values(), default=0)
    return max((needed.get(section, 0) for section in changed), default=0)


def _percent(share: float) -> str:
    return f"{share:.1%}"
