"""Why a lead is whose, in one sentence that a salesperson understands; and why a rule above was passed over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from graph.domain.table import Account, Condition, MapEntry, Range, Rule, Target
from graph.domain.working import Leave, Window
from graph.rules.wording import first_name

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def rule_reason(rule: Rule) -> str:
    """The rule's own `why`, else what it asks for: "Leads from DACH in the segment enterprise go to the pool dach."."""
    if rule.why:
        return _sentence(rule.why)
    return f"{_leads(rule.condition)} go to {_target(rule.to)}."


def account_reason(account: Account, domain: str | None) -> str:
    """domain: the lead's own, where it came in by its family."""
    through = f"{domain} belongs to the family of {account.domain}, a" if domain else f"{account.domain} is a"
    reason = f"{through} named account of {_target(account.owner)}"
    return _sentence(f"{reason}: {account.why}" if account.why else reason)


def map_reason(entry: MapEntry) -> str:
    return f"Leads from {entry.key} go to {_target(entry.to)}."


def window_reason(window: Window, now: datetime) -> str:
    """Why a window does not hold now."""
    if window.starts_at is not None and now < window.starts_at:
        return f"it starts on {window.from_day}"
    return f"it ended on {window.until_day}"


def away_reason(email: str, leave: Leave) -> str:
    """ "Ben is away until 13 March" """
    until = leave.window.until_day
    return f"{first_name(email)} is away" + (f" until {until.day} {_MONTHS[until.month - 1]}" if until else "")


def in_words(condition: Condition) -> str:
    """The condition as it follows "leads": "from NYC in industry banking or insurance"."""
    said = []
    if condition.where:
        said.append(f"from {_or(where.name for where in condition.where)}")
    if condition.segments:
        said.append(f"in the segment {_or(segment.name for segment in condition.segments)}")
    for label, words in (
        ("in industry", condition.industry),
        ("that came by", condition.source),
        ("interested in", condition.product),
        ("of tier", condition.tier),
    ):
        if words:
            said.append(f"{label} {_or(words)}")
    for label, ranges in (
        ("with employees", condition.employees),
        ("with revenue", condition.revenue),
        ("with score", condition.score),
    ):
        if ranges:
            said.append(f"{label} {_or(_range(item) for item in ranges)}")
    if condition.any_of:
        said.append(f"({'; or '.join(in_words(item) or 'any' for item in condition.any_of)})")
    if condition.negated is not None:
        said.append(f"but not those {in_words(condition.negated)}")
    return " ".join(said)


def _leads(condition: Condition) -> str:
    said = in_words(condition)
    return f"Leads {said}" if said else "All leads"


def _range(item: Range) -> str:
    return item.text.replace("..", " to ")


def _target(target: Target) -> str:
    return f"the pool {target.pool}" if target.pool else str(target.email)


def _or(words: Iterable[str]) -> str:
    return " or ".join(words)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
