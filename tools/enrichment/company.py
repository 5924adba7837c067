"""The one answer to "which company is this, and what do we know of it": the match and the sources' facts in one profile.

    asks -> Matcher -> domain          the account itself          -> its facts, with the match
                    -> name, phone ..  sure enough, own domain     -> the company's own facts, as one of the account's family
                                       sure enough, no domain      -> the account's facts
                    -> not sure, rivals, claimed, nothing          -> the company's own facts, with the verdict; of no account

A name that a stranger typed above a free-mail address gives nothing of an account, however well it fits. Where sources and
match know nothing at all the fact stays what the sources say: absent or unavailable. All that a decision needs stands in
the profile, so that a replay asks nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from graph.domain.account import CompanyProfile
from graph.domain.evidence import AccountMatch, Dispute, MatchCode, Origin
from graph.domain.facts import Absent, Fact, Found, Unavailable
from graph.domain.values import evolve
from graph.ports import CompanyAsk, Enrichment
from tools.accounts.known import Matcher

LEAST_SURE: Final = 0.9
"""A company that is not an account by its own domain belongs to the account's family only if matches like this one are
right nine times in ten: with the family come an owner and a price."""
SOURCE: Final = "accounts"
BY_DOMAIN: Final[frozenset[MatchCode]] = frozenset({"domain", "domain_family"})
_PARENTS: Final = (  # of a profile's parent, and what it is of an account that is nobody's daughter
    ("parent_domain", "domain"),
    ("parent_name", "name"),
    ("parent_employees", "employees"),
    ("parent_revenue_usd", "revenue_usd"),
    ("parent_owner", "owner"),
)


@dataclass(slots=True)
class _Plan:
    """Places of the questions about the company itself and about the account whose family it joins."""

    match: AccountMatch
    own: int | None = None
    account: int | None = None


class CompanyFacts:
    """Implements `Enrichment`. sources: asked by domain or by an account's key, the book of accounts first. least_sure:
    0..1, see LEAST_SURE."""

    def __init__(self, matcher: Matcher, sources: Enrichment, *, least_sure: float = LEAST_SURE) -> None:
        self._matcher, self._sources, self._least_sure = matcher, sources, least_sure

    async def profiles(self, asks: Sequence[CompanyAsk], now: datetime) -> Sequence[Fact[CompanyProfile]]:
        """One fact for each ask, in order; one match and one question to the sources for the whole batch."""
        questions: list[CompanyAsk] = []
        plans = [self._plan(ask, match, questions) for ask, match in zip(asks, self._matcher.match(asks), strict=True)]
        facts = await self._sources.profiles(questions, now) if questions else []
        return [self._fact(ask, plan, facts, now) for ask, plan in zip(asks, plans, strict=True)]

    async def aclose(self) -> None:
        close = getattr(self._sources, "aclose", None)
        if close is not None:
            await close()

    def _plan(self, ask: CompanyAsk, match: AccountMatch, questions: list[CompanyAsk]) -> _Plan:
        place = len(questions)
        if match.code == "domain" and match.key is not None:
            questions.append(ask if match.key == ask.domain else evolve(ask, domain=match.key))
            return _Plan(match, place)
        match = self._weighed(ask, match)
        if ask.domain is not None:
            questions.append(ask)
        if match.key is not None:
            questions.append(CompanyAsk(match.key, None))  # the form's words are none of the account's facts
        if ask.domain is None:
            return _Plan(match, place if match.key is not None else None)
        return _Plan(match, place, place + 1 if match.key is not None else None)

    def _weighed(self, ask: CompanyAsk, match: AccountMatch) -> AccountMatch:
        """The match, or `none` with what was turned down among its rivals."""
        if match.key is None:
            return match
        if ask.claimed and match.code not in BY_DOMAIN:
            why = "typed above a free-mail address, so nothing follows from it"
        elif match.confidence < self._least_sure:
            why = f"right in {match.confidence:.0%} of such cases, too few to give it to an account's owner"
        else:
            return match
        return AccountMatch(None, "none", match.confidence, f"{match.why.rstrip('. ')}: {why}.", (match.key,))

    def _fact(
        self, ask: CompanyAsk, plan: _Plan, facts: Sequence[Fact[CompanyProfile]], now: datetime
    ) -> Fact[CompanyProfile]:
        own = facts[plan.own] if plan.own is not None else Absent(SOURCE, now)
        match = plan.match
        if match.code == "domain" and isinstance(own, Found):  # most leads of known companies
            return Found(evolve(own.value, match=match), own.source, own.at)
        if plan.account is not None:
            account = facts[plan.account]
            if isinstance(account, Found):
                return _joined(ask, own, account, match, now)
            match = _gone(match)
        if isinstance(own, Found):
            return evolve(own, value=evolve(own.value, match=match))
        if ask.domain is None and match.key is not None:
            match = _gone(match)
        if isinstance(own, Unavailable) or not (match.key or match.rivals or match.confidence):
            return own
        return Found(evolve(_nothing(ask, own), match=match), own.source, now)


def _gone(match: AccountMatch) -> AccountMatch:
    """The index still has an account that the sources do not know (any more)."""
    why = f"{match.why.rstrip('. ')}: nobody answered for that account."
    return AccountMatch(None, "none", match.confidence, why, (match.key,) if match.key else ())


def _nothing(ask: CompanyAsk, fact: Absent) -> CompanyProfile:
    """A profile that says what did not fit, and who was asked."""
    return CompanyProfile(ask.domain or "", tried=getattr(fact, "tried", ()))


def _joined(
    ask: CompanyAsk, own: Fact[CompanyProfile], account: Found[CompanyProfile], match: AccountMatch, now: datetime
) -> Found[CompanyProfile]:
    """The company under its own domain as a member of the account's family. A family that its sources know of goes before
    the match, which is then noted as saying otherwise."""
    if isinstance(own, Found):
        profile, source = evolve(own.value, match=match), own.source
    else:
        profile, source = CompanyProfile(ask.domain or "", match=match, tried=getattr(own, "tried", ())), account.source
    head = account.value.parent_domain or account.value.domain
    if profile.parent_domain is not None or len(profile.family) > 1:
        if head not in (profile.parent_domain, profile.domain):
            profile = evolve(profile, disputes=(*profile.disputes, Dispute("parent_domain", "match", head)))
        return Found(profile, source, now)
    return Found(_inherited(profile, account, now), source, now)


def _inherited(profile: CompanyProfile, account: Found[CompanyProfile], now: datetime) -> CompanyProfile:
    """owner: the account's, since it is the account that the company was taken for."""
    of = account.value
    said = {origin.field: origin for origin in of.origins}
    taken = {name: name if of.parent_domain else itself for name, itself in _PARENTS} | {"owner": "owner"}
    found = {name: value for name, held in taken.items() if (value := getattr(of, held)) is not None}
    if profile.owner is not None:
        found.pop("owner", None)
    origins = [
        Origin(name, origin.source, origin.at)
        if (origin := said.get(taken[name]))
        else Origin(name, account.source, now)
        for name in found
    ]
    family = tuple(sorted({*of.family, of.domain, found["parent_domain"], profile.domain}))
    origins.append(Origin("family", "match", now))
    return evolve(profile, **found, family=family, origins=(*profile.origins, *origins))
