"""What RevOps says that people mean: spellings the vocabulary does not know, from the `aliases` of the routing file.

An alias is asked only where a value is not understood without it (country, state, industry), or names its own word
(source, product, where every word is understood). It never changes what a form says clearly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from graph.domain.lead import Form, Lead
from graph.domain.routing import RoutingFacts
from graph.domain.values import evolve
from graph.rules.conditions import word
from graph.rules.firmographics import source_key
from graph.rules.states import state_code

Aliases: TypeAlias = Mapping[str, Mapping[str, str]]

FIELDS: Final = ("country", "state", "industry", "source", "product")
NONE: Final[Aliases] = {}


def alias_key(field: str, typed: str) -> str:
    """A spelling as aliases compare it: case, blanks, `-` and `_` do not count (`Fin-Svcs` is `fin svcs`)."""
    return (source_key(typed) or "") if field == "source" else word(typed)


def meaning(aliases: Aliases, field: str, typed: str | None) -> str | None:
    """What the file says the spelling means; None when it says nothing."""
    own = aliases.get(field)
    return own.get(alias_key(field, typed)) if own and typed else None


def read_again(facts: RoutingFacts, unknown: Iterable[tuple[str, str]], aliases: Aliases) -> RoutingFacts:
    """The facts of a lead decided before, with what aliases of another file say of it. unknown: (field, typed) of what was
    not understood then."""
    typed = dict(unknown)
    changes = {
        field: meant
        for field in ("country", "industry")
        if getattr(facts, field) is None and (meant := meaning(aliases, field, typed.get(field))) is not None
    }
    country = changes.get("country", facts.country)
    if "state" in typed and (country is not None or "country" not in typed):
        state = state_code(typed["state"], country) or meaning(aliases, "state", typed["state"])
        if state is not None and country in (None, state[:2]):
            changes |= {"country": state[:2], "state": state}
    for field in ("source", "product"):
        meant = meaning(aliases, field, getattr(facts, field))
        if meant is not None:
            changes[field] = meant
    return evolve(facts, **changes)


def used(aliases: Aliases, form: Form, lead: Lead) -> list[tuple[str, str, str]]:
    """(field, typed, meaning) of every alias that made the lead what it is."""
    found = []
    for field in aliases:
        typed, meant = getattr(form, field), meaning(aliases, field, getattr(form, field))
        if meant is not None and getattr(lead, field) == meant:
            found.append((field, typed, meant))
    return found
