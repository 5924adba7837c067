"""Fourth node: the company's score becomes its ultimate parent's: best propensity in the family times contract value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph.domain.account import Family
from graph.domain.facts import value_of
from graph.domain.values import evolve
from graph.nodes.shell import alive, each, lead_of, step, with_read
from graph.record import parent_of
from graph.rules.rollup import roll_up
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:  # LangGraph takes a second to import, and only the graph around the nodes needs it
    from langgraph.runtime import Runtime

NODE = "rollup"


async def rollup(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
    cases = alive(state)
    parents = {i: parent_of(case) for i, case in cases.items() if case.reads.family is None}
    wanted = sorted({parent for parent in parents.values() if parent})
    families = await runtime.context.ports.history.families(wanted, runtime.context.now) if wanted else {}
    for i, parent in parents.items():
        if parent:
            cases[i] = with_read(cases[i], "family", families.get(parent) or Family(parent))
    return each(NODE, cases, _roll)


def _roll(case: Case) -> Case:
    score = case.score
    if score is None:
        raise RuntimeError("the lead was not scored before its roll-up")
    profile = value_of(case.reads.profile)
    account = roll_up(profile, lead_of(case).domain, score.propensity, case.reads.family, score.acv_usd)
    if account is None:
        return evolve(case, trace=step(case, NODE, "no_company", "No company is known, so there is no account."))
    name = account.parent_name or account.parent_domain
    over = f"{account.companies} compan{'y' if account.companies == 1 else 'ies'}"
    calibrated = f", {account.p_calibrated:.2f} without the luck of the best" if account.companies > 1 else ""
    sentence = (
        f"Account {name}: best chance {account.p_max:.2f} over {over}{calibrated}; "
        f"x ${account.acv_usd:,.0f} = ${account.priority_usd:,.0f}."
    )
    return evolve(case, account=account, trace=step(case, NODE, "p_max", sentence))
