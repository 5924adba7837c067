"""Who gets this lead, by which line of the file, and why.

Walks the file's `precedence` (named accounts, owners from the CRM, rules, map) and ends at DEFAULT, so that a lead
always has exactly one owner. Reads no clock and keeps no ledger: the pools' states come in, and the turn goes out with
the assignment for the commit to write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from graph.domain.routing import Assignment, PoolState, RoutingFacts
from graph.domain.table import Account, RoutingTable, Step, Target
from graph.rules.conditions import holds
from graph.rules.giving import Claim, Held, Run, plan_of
from graph.rules.places import country_of, postal_key
from graph.rules.reasons import account_reason, window_reason

_NOT_HELD: Final = Held({})
_NO_TURNS: Final[Mapping[str, str]] = {}
_NONE_OPEN: Final[Mapping[str, int]] = {}


def route(
    facts: RoutingFacts,
    table: RoutingTable,
    pools: Mapping[str, PoolState],
    now: datetime,
    *,
    prior_turns: Mapping[str, str] = _NO_TURNS,
    holder: str | None = None,
    returned: bool = False,
    open_leads: Mapping[str, int] = _NONE_OPEN,
    excluded: Collection[str] = (),
) -> Assignment:
    """Exactly one owner, always; DEFAULT is last and gets even a lead that it passed.

    pools: states by name, a missing one is a pool without turns yet; now: with a time zone; prior_turns: member by pool
    for the turns this lead took before; holder: who has the lead; returned: they passed it on for a reason, so that
    their turn costs them nothing; open_leads: leads open now by e-mail, of those in `leads_counted(table)`; excluded:
    owner e-mails that passed this lead. The SLA is the one for a lead that a person answers; whoever sends a lead to
    nurture instead drops it.
    """
    held = Held(prior_turns, holder, returned) if prior_turns else _NOT_HELD
    run = Run(facts, table, pools, now, held=held, open_leads=open_leads, excluded=excluded)
    go_on_at = 0
    asked = facts.opportunity_owner or facts.account_owner or facts.parent_owner
    for at, name in run.plan.steps if asked else run.plan.own_steps:
        if at < go_on_at:
            continue
        run.owner_gone = False
        assignment = _TAKERS[name](run)
        if assignment is not None:
            return assignment
        if run.owner_gone:
            go_on_at = run.plan.if_inactive
    return _default(run)


def leads_counted(table: RoutingTable) -> tuple[str, ...]:
    """Those whose open leads a cap of the table asks for, by e-mail."""
    return plan_of(table).counted


_Taker: TypeAlias = Callable[[Run], Assignment | None]


def _named_account(run: Run) -> Assignment | None:
    if not run.plan.named:
        return None
    for account, through in _accounts_of(run):
        rule = f"accounts.{account.domain}"
        if account.window is not None and not account.window.holds(run.now):
            run.skip(rule, window_reason(account.window, run.now))
            continue
        claim = Claim(rule, account.line, account_reason(account, through), run.table.default_sla)
        assignment = run.give(account.owner, claim)
        if assignment is not None or run.owner_gone:
            return assignment
    return None


def _accounts_of(run: Run) -> Iterator[tuple[Account, str | None]]:
    """Named accounts that cover the lead, closest first: its host, the domains above it, its family."""
    named, facts = run.plan.named, run.facts
    found = []
    rest = facts.host or facts.domain or ""
    while rest:
        found.append(rest)
        rest = rest.partition(".")[2]
    if facts.domain and facts.domain not in found:
        found.append(facts.domain)
    for domain in found:
        if domain in named:
            yield named[domain], None
    for domain in facts.family:
        account = run.plan.families.get(domain)
        if account is not None and account.domain not in found:
            yield account, facts.domain or facts.host


def _owner(step: Step, email: str, why: str, run: Run) -> Assignment | None:
    """The owner whom the CRM or the list of accounts names, if the file knows the address; else nobody could say that
    the person is there."""
    email = email.lower()
    if email not in run.table.people_by_email:
        run.owner_gone = True
        run.skip(step, f"{email} is not among the people of the file")
        return None
    claim = Claim(step, run.table.precedence_line, why, run.table.default_sla)
    return run.give(Target(email=email), claim)


def _open_opportunity(run: Run) -> Assignment | None:
    email, of = run.facts.opportunity_owner, run.facts.opportunity_of
    if not email:
        return None
    whose = f"The company's parent {of}" if of else "The company"
    return _owner("open_opportunity", email, f"{whose} has an open opportunity of {email.lower()}.", run)


def _account_owner(run: Run) -> Assignment | None:
    email = run.facts.account_owner
    if not email:
        return None
    named = _named_by(run.facts.account_owner_by)
    return _owner("account_owner", email, f"The company is {email.lower()}'s account {named}.", run)


def _parent_owner(run: Run) -> Assignment | None:
    email = run.facts.parent_owner
    if not email:
        return None
    named = _named_by(run.facts.parent_owner_by)
    return _owner("parent_owner", email, f"The company's parent is {email.lower()}'s account {named}.", run)


def _named_by(source: str | None) -> str:
    return f"by the list of known accounts ({source})" if source else "in the CRM"


def _rules(run: Run) -> Assignment | None:
    """The first rule that holds today and whose target may take the lead."""
    plan = run.plan
    mask = plan.rules.candidates(run.facts)
    while mask:
        lowest = mask & -mask
        mask ^= lowest
        at = lowest.bit_length() - 1
        rule = run.table.rules[at]
        if not plan.certain[at] and not holds(rule.condition, run.view()):
            continue
        claim = plan.rule_claims[at]
        if rule.window is not None and not rule.window.holds(run.now):
            run.skip(claim.rule, window_reason(rule.window, run.now))
            continue
        assignment = run.give(rule.to, claim)
        if assignment is not None:
            return assignment
    run.owner_gone = False
    return None


def _map(run: Run) -> Assignment | None:
    """The most specific place whose target may take the lead."""
    tried = set()
    facts = run.facts
    postal = postal_key(facts.postal) if facts.postal else None
    for entry in run.plan.map.find(country_of(facts.country, facts.state), facts.state, postal):
        if entry.key not in tried:
            tried.add(entry.key)
            assignment = run.give(entry.to, run.plan.map_claims[entry.key])
            if assignment is not None:
                return assignment
    run.owner_gone = False
    return None


def _default(run: Run) -> Assignment:
    """To the person or address of DEFAULT, to their cover while they are away, and to them all the same without one."""
    entry = run.table.default
    email = entry.to.email or ""
    why = f"Nothing else in the file takes this lead, so it goes to DEFAULT, {email}."
    claim = Claim("map.DEFAULT", entry.line, why, run.table.default_sla)
    skipped = len(run.skipped)
    given = run.give(entry.to, claim)
    if given is not None:
        return given
    run.skipped[skipped:] = [f"{reason}, but nobody else is left" for reason in run.skipped[skipped:]]
    return run.assign(email, claim, why)


_TAKERS: Final[Mapping[Step, _Taker]] = {
    "accounts": _named_account,
    "open_opportunity": _open_opportunity,
    "account_owner": _account_owner,
    "parent_owner": _parent_owner,
    "rules": _rules,
    "map": _map,
}
