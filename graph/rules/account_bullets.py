"""The bullets of a brief that tell of the account: who owns it, what is open, what it is worth, and whom it is like."""

from __future__ import annotations

from graph.domain.account import Opportunity, SimilarAccount
from graph.domain.brief import Bullet
from graph.rules.bullets import SHOWN_ACCOUNTS, Told, bullet_of, cut
from graph.rules.wording import counted, first_name, money, plain


def account(told: Told) -> Bullet | None:
    crm, of = told.crm, told.account
    facts = _ownership(told)
    if crm is not None:
        if crm.open_opportunities:
            facts.append(_opportunities(crm.open_opportunities))
        if crm.parent_opportunities:
            parent = told.parent or cut(crm.parent_name or crm.parent_domain or "the parent")
            facts.append(f"{_opportunities(crm.parent_opportunities)} at {parent}")
        if crm.family_leads_30d:
            least = "at least " if crm.family_leads_more else ""
            others = counted(crm.family_leads_30d, "other lead", "other leads")
            facts.append(f"{least}{others} from the family in 30 days")
    if of is not None and told.path != "manual_review":  # what nobody may have asked for is worth nothing yet
        if of.acv_usd > 0:  # rules that answer for a model know of none
            low, high = money(told.score.acv_low_usd), money(told.score.acv_high_usd)
            facts.append(f"a contract is worth about {money(of.acv_usd)} a year ({low} to {high})")
        if told.score.days is not None:
            ends = f"{told.score.days_low:.0f} to {told.score.days_high:.0f}"
            facts.append(f"a signature takes about {told.score.days:.0f} days ({ends})")
        if of.companies > 1:
            facts.append(f"best of {of.companies} companies in the family: {100 * of.p_max:.0f} in 100")
    return bullet_of("Account", "; ".join(facts)) if facts else None


def _ownership(told: Told) -> list[str]:
    """By the CRM, else by the list of known accounts, as routing has it."""
    you, crm, profile = told.assignment.owner, told.crm, told.profile
    parents = (crm.parent_owner if crm else None) or (profile.parent_owner if profile else None)
    own = (crm.owner if crm else None) or (profile.owner if profile else None)
    held = ((told.parent or "the parent", parents), (told.company or "the company", own))
    yours = [name for name, owner in held if owner == you]
    theirs = [f"{first_name(owner)} owns {name}" for name, owner in held if owner and owner != you]
    return ([f"you own {' and '.join(yours)}"] if yours else []) + theirs


def _opportunities(found: tuple[Opportunity, ...]) -> str:
    largest = max(found, key=lambda o: o.amount_usd or 0)  # the first of equal ones
    known = [money(largest.amount_usd)] if largest.amount_usd is not None else []
    if largest.stage:
        known.append(cut(plain(largest.stage), 40))
    detail = f" ({'largest ' if len(found) > 1 else ''}{', '.join(known)})" if known else ""
    return f"{counted(len(found), 'open opportunity', 'open opportunities')}{detail}"


def looks_like(told: Told) -> Bullet | None:
    """The nearest, with a lost one among them where there is one: from wins alone nobody learns."""
    if not told.similar:
        return None
    shown = list(told.similar[:SHOWN_ACCOUNTS])
    if all(near.outcome != "lost" for near in shown):
        lost = next((near for near in told.similar[SHOWN_ACCOUNTS:] if near.outcome == "lost"), None)
        if lost is not None:
            shown[-1] = lost
    return bullet_of("Looks like", "; ".join([_outcome(near, told.company) for near in shown]))


def _outcome(near: SimilarAccount, company: str) -> str:
    """ "Northwind won $140k in 61 days (tracing rollout)"; the company's own past is called so."""
    words = [f"{cut(near.name)} itself" if near.name == company else cut(near.name), plain(near.outcome)]
    if near.outcome == "won":
        if near.deal_usd is not None:
            words.append(money(near.deal_usd))
        if near.days_to_close is not None:
            words.append(f"in {counted(near.days_to_close, 'day', 'days')}")
    if near.reason:
        words.append(f"({cut(plain(near.reason), 60)})")
    return " ".join(words)
