"""An account as the rest of the product sees it: what all sources told of it, merged field by field.

The highest source that says something of a field is believed; of equal ones the newer. Lists of domains and other names
are joined: each source may know more of them. Exact and recomputable: the same tellings and order give the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graph.rules.company_names import company_key
from tools.accounts.known import KnownAccount
from tools.accounts.telling import NAME, Telling

FILES: Final = "import"
"""A source that the order does not name is a file that somebody imported, and is believed like this one."""
_SINGLE: Final = (
    "name", "owner", "industry", "country", "city", "postal", "street", "phone", "funding_stage", "employees",
    "revenue_usd", "technologies", "hiring", "job_posts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """tellings: what it was made from, the most believed first. said_by: the telling that each field came from; others:
    (field, telling) for those that say something else."""

    key: str
    fields: dict[str, Any]
    names: tuple[str, ...]
    domains: tuple[str, ...]
    tellings: tuple[Telling, ...]
    said_by: dict[str, Telling] = field(default_factory=dict)
    others: tuple[tuple[str, Telling], ...] = ()

    @property
    def name(self) -> str | None:
        return self.names[0] if self.names else None


def rank_of(source: str, order: Sequence[str]) -> int:
    """0 is the highest."""
    for name in (source, FILES):
        if name in order:
            return order.index(name)
    return -1


def merged(key: str, tellings: Iterable[Telling], order: Sequence[str]) -> Account:
    """order: sources, the most believed first."""
    told = sorted(tellings, key=lambda one: (rank_of(one.source, order), -one.told_in, one.source, one.key))
    fields: dict[str, Any] = {}
    said_by: dict[str, Telling] = {}
    others: list[tuple[str, Telling]] = []
    for one in told:
        for name in _SINGLE:
            if (value := one.fields.get(name)) is None:
                continue
            if name not in fields:
                fields[name], said_by[name] = value, one
            elif _differs(name, fields[name], value):
                others.append((name, one))
    _state(fields, said_by, others, told)
    return Account(key, fields, _names(told), _domains(key, told), tuple(told), said_by, tuple(others))


def _differs(name: str, one: Any, other: Any) -> bool:
    if name == "name":
        return company_key(one) != company_key(other)
    return bool(one != other)


def _state(
    fields: dict[str, Any], said_by: dict[str, Telling], others: list[tuple[str, Telling]], told: Sequence[Telling]
) -> None:
    """The state of the country that was taken: one source's country and another's state need not be of one place."""
    country = fields.get("country")
    for one in told:
        state = one.fields.get("state")
        if state is None:
            continue
        if "state" not in fields and country in (None, state[:2]):
            fields["state"], said_by["state"] = state, one
        elif fields.get("state") != state:
            others.append(("state", one))


def _names(told: Sequence[Telling]) -> tuple[str, ...]:
    """Its name, then what else it is called."""
    first = (one.fields["name"] for one in told if "name" in one.fields)
    return tuple(dict.fromkeys([*first, *(alias for one in told for alias in one.fields.get("aliases", ()))]))


def _domains(key: str, told: Sequence[Telling]) -> tuple[str, ...]:
    own = () if key.startswith(NAME) else (key,)
    return tuple(dict.fromkeys([*own, *(domain for one in told for domain in one.fields.get("domains", ()))]))


def known_account(account: Account, head: str | None) -> KnownAccount:
    """head: of its family; itself counts as none."""
    return KnownAccount(
        key=account.key,
        names=account.names,
        domains=account.domains,
        parent=head if head != account.key else None,
        **{name: account.fields.get(name) for name in ("country", "state", "city", "postal", "street", "phone")},
    )
