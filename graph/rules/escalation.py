"""Who gets a lead that its owner did not accept in time: the ladder of escalation of its SLA.

    next        routed again, without those who missed or passed it
    manager     the manager of who missed it
    DEFAULT     the file's last address, which is also the rung after the last one
    an address  that person

Whoever is away has their cover, as everywhere. A rung that has nobody falls to the next. Each miss uses up at least one
rung and none is used twice, so a lead moves at most once a rung and once more to DEFAULT; what DEFAULT misses stays there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from graph.domain.account import Prior
from graph.domain.lead import GIVES_BACK, LATE, Cause
from graph.domain.routing import Assignment, PoolState, RoutingFacts
from graph.domain.table import RoutingTable, Sla, Target
from graph.domain.values import evolve
from graph.rules.chosen import stays_chosen
from graph.rules.giving import Claim, Held, Run
from graph.rules.routing import route
from graph.rules.wording import duration, first_name

_RULE: Final = "slas."


def escalate(
    prior: Prior,
    facts: RoutingFacts,
    table: RoutingTable,
    pools: Mapping[str, PoolState],
    now: datetime,
    *,
    open_leads: Mapping[str, int],
    excluded: Collection[str],
) -> Assignment:
    """The next assignment of a lead whose present one was missed. The same owner: nobody is left, it stays with them.

    prior: the missed assignment; pools, now, open_leads: as for `route`; excluded: lower-case e-mails that passed or missed
    the lead, its owner among them.
    """
    sla = table.slas.get(prior.sla or "")
    held = Held(dict(prior.turns), prior.owner)
    run = Run(facts, table, pools, now, held=held, open_leads=open_leads, excluded=excluded)
    climb = _Climb(prior, sla, run)
    ladder = sla.then if sla is not None else ()
    for at in range(prior.rung, len(ladder)):
        assignment = climb.step(ladder[at])
        if assignment is not None:
            return evolve(assignment, rung=at + 1)
    return evolve(climb.last(), rung=max(prior.rung, len(ladder)))


def kept(
    prior: Prior | None, cause: Cause, facts: RoutingFacts, table: RoutingTable, now: datetime
) -> Assignment | None:
    """The assignment of a lead that a rung of a ladder gave away, or whose owner a person chose in the CRM, when it is
    decided again for another reason than a pass or a miss: whoever took it on, or approved it, keeps it. So does whoever
    has accepted a lead that a late judgement or late facts decide again. None for every other lead."""
    if prior is None or prior.closed or cause in GIVES_BACK:
        return None
    if cause in LATE and prior.accepted_by is not None:
        return _accepted(prior, facts, table, now)
    if (same := stays_chosen(prior, facts, table, now)) is not None:
        return same
    if not prior.rule.startswith(_RULE):
        return None
    person, sla = table.people_by_email.get(prior.owner), table.slas.get(prior.sla or "")
    if person is not None and not person.active:
        return None
    why = f"It was escalated to {first_name(prior.owner)} before, and stays there."
    claim = Claim(prior.rule, sla.line if sla else None, why, sla.name if sla else table.default_sla)
    run = Run(facts, table, {}, now, held=Held({}), open_leads={}, excluded=())
    return evolve(run.assign(prior.owner, claim, why), rung=prior.rung)


def _accepted(prior: Prior, facts: RoutingFacts, table: RoutingTable, now: datetime) -> Assignment:
    """With its owner, whoever they are by now: what becomes known later takes no lead from the person who works
    on it."""
    sla = table.slas.get(prior.sla or "")
    why = f"{first_name(prior.owner)} has accepted it, and keeps it."
    claim = Claim(prior.rule, None, why, sla.name if sla else None)
    run = Run(facts, table, {}, now, held=Held({}), open_leads={}, excluded=())
    return evolve(run.assign(prior.owner, claim, why), rung=prior.rung)


class _Climb:
    """One miss on its way up the ladder."""

    def __init__(self, prior: Prior, sla: Sla | None, run: Run) -> None:
        self._prior, self._sla, self._run = prior, sla, run
        in_time = f"in {duration(sla.accept_s)}" if sla is not None and sla.accept_s is not None else "in time"
        self._missed = f"Not accepted by {first_name(prior.owner)} {in_time}"

    def step(self, rung: str) -> Assignment | None:
        """The assignment by this rung; None, with the reason among the skipped, when it has nobody."""
        if rung == "next":
            return self._next()
        if rung == "DEFAULT":
            return self._default()
        if rung != "manager":
            return self._give(rung, rung, first_name(rung))
        person = self._run.table.people_by_email.get(self._prior.owner)
        if person is None or person.manager is None:
            self._run.skip(self._name(rung), f"{self._prior.owner} has no manager in the file")
            return None
        return self._give(rung, person.manager, f"manager {first_name(person.manager)}")

    def last(self) -> Assignment:
        """DEFAULT, also where it is DEFAULT that missed the lead: then it stays."""
        why = f"{self._missed}, and nobody is left in the ladder."
        return self._default() or self._run.assign(self._prior.owner, self._claim("DEFAULT", why), why)

    def _next(self) -> Assignment | None:
        run = self._run
        found = route(
            run.facts,
            run.table,
            run.pools,
            run.now,
            prior_turns=run.held.turns,
            holder=run.held.owner,
            open_leads=run.open_leads,
            excluded=run.excluded,
        )
        default = found.rule == "map.DEFAULT" or found.owner == run.table.default.to.email
        if default or found.owner in run.excluded:  # DEFAULT has a rung of its own
            run.skip(self._name("next"), "nobody else takes this lead")
            return None
        why = f"{self._missed}, next in the ladder: {first_name(found.owner)}. {found.why}"
        return evolve(found, why=why, skipped=(*run.skipped, *found.skipped))

    def _default(self) -> Assignment | None:
        """To DEFAULT or, while they are away, to their cover; to them all the same where the cover missed it."""
        run, email = self._run, self._run.table.default.to.email or ""
        cover = run.plan.calendars.taker(email, run.now) or email
        if self._prior.owner in (email, cover):
            run.skip(self._name("DEFAULT"), f"{self._prior.owner} has it already")
            return None
        claim = self._claim("DEFAULT", self._words(f"DEFAULT, {email}"))
        return run.give(run.table.default.to, claim) or run.assign(email, claim, claim.why)

    def _give(self, rung: str, email: str, whom: str) -> Assignment | None:
        return self._run.give(Target(email=email), self._claim(rung, self._words(whom)))

    def _words(self, whom: str) -> str:
        return f"{self._missed}, next in the ladder: {whom}."

    def _claim(self, rung: str, why: str) -> Claim:
        sla, table = self._sla, self._run.table
        if sla is None:  # the file no longer has the SLA that was missed
            return Claim(self._name(rung), table.default.line, why, table.default_sla)
        return Claim(self._name(rung), sla.line, why, sla.name)

    def _name(self, rung: str) -> str:
        return f"{_RULE}{self._prior.sla or 'none'}.{rung}"
