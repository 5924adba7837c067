"""The reasons of one run: a step is data first, a sentence for people second."""

from __future__ import annotations

from graph.domain.values import value


@value(frozen=True)
class Step:
    """What one node did for one lead. `rule` is the stable name of the rule that decided, `sentence` says it."""

    node: str
    rule: str
    sentence: str


@value(frozen=True)
class Failure:
    """Why a lead could not be decided in this run. `error` is a type name; `detail` is for operators, not for answers."""

    node: str
    error: str
    detail: str


@value(frozen=True)
class Versions:
    """Digests of everything besides the facts that a decision depends on."""

    code: str
    routing: str
    model: str
    features: str
    prompts: str
