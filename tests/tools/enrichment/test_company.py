"""Which account a company is and what is known of it, in one profile: what is inherited, and what never is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from graph.domain.account import CompanyProfile
from graph.domain.evidence import AccountMatch, Dispute, MatchCode, Origin
from graph.domain.facts import Absent, Found, Unavailable
from graph.nodes.route import facts_of, route
from graph.ports import CompanyAsk
from tests.fixtures.ports import NOW, Answering, before, case, context, ports, run
from tools.enrichment.company import CompanyFacts
from tools.routing_file import parse

EARLIER = NOW - timedelta(days=3)
ACME = CompanyProfile(
    "acme.com", "Acme Corp", employees=31_000, revenue_usd=9_800_000_000, industry="software",
    family=("acme.com", "labs.io"), owner="ana@company.com", origins=(Origin("owner", "sales.csv", EARLIER),),
)  # fmt: skip
LABS = CompanyProfile(
    "labs.io", "Acme Labs", employees=420, parent_domain="acme.com", parent_name="Acme Corp", parent_employees=31_000,
    family=("acme.com", "labs.io"), owner="ben@company.com", parent_owner="ana@company.com",
)  # fmt: skip
OWN = CompanyProfile("acme-ulm.de", "Acme Ulm", employees=12, country="DE")
KNOWN = {"acme.com": ACME, "labs.io": LABS, "acme-ulm.de": OWN}


class Fixed:
    """A matcher that gives every ask the same match, and remembers what it was asked."""

    def __init__(self, match: AccountMatch) -> None:
        self._match = match
        self.asks: list[list[CompanyAsk]] = []

    def match(self, asks: Sequence[CompanyAsk]) -> list[AccountMatch]:
        self.asks.append(list(asks))
        return [self._match] * len(asks)


def match(
    code: MatchCode = "name_place", key: str | None = "acme.com", sure: float = 0.93, rivals: tuple[str, ...] = ()
) -> AccountMatch:
    return AccountMatch(key, code, sure, "Its name and city are the account's.", rivals)


def sources(**more: Any) -> Answering:
    known = KNOWN | more
    return Answering(answer=lambda ask: known.get(ask.domain))


async def told(found: AccountMatch, ask: CompanyAsk, asked: Answering | None = None) -> Any:
    (fact,) = await CompanyFacts(Fixed(found), asked or sources()).profiles([ask], NOW)
    return fact


BY_NAME = CompanyAsk("acme-ulm.de", "Acme", city="Ulm", country="DE")


async def test_an_account_by_its_own_domain_is_answered_with_its_facts_and_the_match():
    asked = sources()
    ask = CompanyAsk("acme.com", "ACME")
    fact = await told(match("domain", sure=0.99), ask, asked)
    assert fact == Found(replace(ACME, match=match("domain", sure=0.99)), "test", NOW)
    assert asked.asks == [[ask]]


async def test_another_domain_or_a_host_of_the_account_is_asked_for_by_the_accounts_key():
    asked = sources()
    fact = await told(match("domain"), CompanyAsk("acme.de", "ACME", host="mail.acme.de"), asked)
    assert (fact.value.domain, fact.value.owner) == ("acme.com", "ana@company.com")
    assert asked.asks == [[CompanyAsk("acme.com", "ACME", host="mail.acme.de")]]


async def test_a_company_that_is_surely_of_an_account_keeps_its_own_facts_and_joins_the_family():
    fact = await told(match(), BY_NAME)
    profile = fact.value
    assert (profile.domain, profile.name, profile.employees) == ("acme-ulm.de", "Acme Ulm", 12)
    assert (profile.parent_domain, profile.parent_name, profile.parent_employees, profile.parent_revenue_usd) == (
        "acme.com", "Acme Corp", 31_000, 9_800_000_000,
    )  # fmt: skip
    assert profile.family == ("acme-ulm.de", "acme.com", "labs.io")
    assert (profile.owner, profile.parent_owner, profile.match) == ("ana@company.com", "ana@company.com", match())
    by_field = {origin.field: (origin.source, origin.at) for origin in profile.origins}
    assert by_field["owner"] == by_field["parent_owner"] == ("sales.csv", EARLIER)
    assert by_field["family"] == ("match", NOW)
    assert by_field.keys() == {
        "owner", "parent_owner", "parent_domain", "parent_name", "parent_employees", "parent_revenue_usd", "family",
    }  # fmt: skip


async def test_the_parent_of_the_matched_account_becomes_the_ultimate_parent():
    profile = (await told(match(key="labs.io"), CompanyAsk("unseen.io", "Acme Labs", city="Ulm"))).value
    assert (profile.domain, profile.parent_domain, profile.parent_employees) == ("unseen.io", "acme.com", 31_000)
    assert (profile.owner, profile.parent_owner) == ("ben@company.com", "ana@company.com")
    assert profile.family == ("acme.com", "labs.io", "unseen.io")


async def test_the_matched_account_is_asked_for_without_a_word_of_the_form():
    asked = sources()
    await told(match(), BY_NAME, asked)
    assert asked.asks == [[BY_NAME, CompanyAsk("acme.com", None)]]
    await told(match(), CompanyAsk(None, "Acme", phone="+4973112345"), asked)
    assert asked.asks[-1] == [CompanyAsk("acme.com", None)]


async def test_a_lead_without_any_domain_is_the_account_that_surely_matches():
    fact = await told(match("name_phone"), CompanyAsk(None, "Acme", phone="+4973112345"))
    assert (fact.value.domain, fact.value.owner, fact.value.match) == (
        "acme.com", "ana@company.com", match("name_phone"),
    )  # fmt: skip


@pytest.mark.parametrize("code", ["name", "name_place", "name_phone", "phone", "address", "domain_family"])
async def test_below_the_threshold_nothing_is_inherited_whatever_the_evidence_and_the_profile_says_so(code: MatchCode):
    profile = (await told(match(code, sure=0.899), BY_NAME)).value
    assert replace(profile, match=None) == OWN
    assert (profile.match.key, profile.match.code, profile.match.confidence) == (None, "none", 0.899)
    assert profile.match.rivals == ("acme.com",)
    assert profile.match.why == (
        "Its name and city are the account's: right in 90% of such cases, too few to give it to an account's owner."
    )
    assert (await told(match(code, sure=0.9), BY_NAME)).value.parent_domain == "acme.com"


RIVALS = match("rivals", None, 0.5, ("acme.com", "apex.com"))


async def test_rivals_and_none_never_inherit_and_rivals_alone_are_still_told():
    assert (await told(RIVALS, BY_NAME)).value == replace(OWN, match=RIVALS)
    fact = await told(RIVALS, CompanyAsk("unseen.io", "Ace"))
    assert fact == Found(CompanyProfile("unseen.io", match=RIVALS), "test", NOW)
    fact = await told(RIVALS, CompanyAsk(None, "Ace", claimed=True))
    assert (fact.kind, fact.value) == ("found", CompanyProfile("", match=RIVALS))
    nothing = match("none", None, 0.0)
    assert (await told(nothing, BY_NAME)).value == replace(OWN, match=nothing)


async def test_where_nothing_at_all_is_known_the_fact_stays_absent_and_nobody_is_asked_without_a_domain():
    nothing, asked = match("none", None, 0.0), sources()
    assert await told(nothing, CompanyAsk("unseen.io", "Ace"), asked) == Absent("test", NOW)
    assert await told(nothing, CompanyAsk(None, None), asked) == Absent("accounts", NOW)
    assert len(asked.asks) == 1


async def test_sources_that_did_not_answer_stay_unavailable():
    away = Unavailable("apollo", NOW, "timeout")
    assert await told(RIVALS, CompanyAsk("unseen.io", "Ace"), Answering(answer=lambda _: away)) == away


async def test_a_family_that_the_companys_own_sources_know_goes_before_the_match_which_is_a_dispute():
    own = replace(OWN, parent_domain="zed.com", family=("acme-ulm.de", "zed.com"))
    profile = (await told(match(), BY_NAME, sources(**{"acme-ulm.de": own}))).value
    assert profile == replace(own, match=match(), disputes=(Dispute("parent_domain", "match", "acme.com"),))
    same = replace(own, parent_domain="acme.com")
    profile = (await told(match(), BY_NAME, sources(**{"acme-ulm.de": same}))).value
    assert profile == replace(same, match=match())


async def test_an_account_that_the_sources_do_not_know_any_more_gives_nothing():
    profile = (await told(match(key="gone.com"), BY_NAME)).value
    assert (profile.match.key, profile.match.rivals, profile.parent_domain) == (None, ("gone.com",), None)
    fact = await told(match(key="gone.com"), CompanyAsk(None, "Acme", phone="+4973112345"))
    assert (fact.value.domain, fact.value.match.key, fact.value.bare) == ("", None, True)


async def test_a_batch_is_matched_once_and_asked_once_in_order():
    matcher, asked = Fixed(match()), sources()
    facts = await CompanyFacts(matcher, asked).profiles([BY_NAME, CompanyAsk("labs.io", None), BY_NAME], NOW)
    assert [fact.value.domain for fact in facts if isinstance(fact, Found)] == ["acme-ulm.de", "labs.io", "acme-ulm.de"]
    assert (len(matcher.asks), len(asked.asks)) == (1, 1)
    assert list(await CompanyFacts(matcher, asked).profiles([], NOW)) == []


NAMED = """{
  "DEFAULT": "general@company.com",
  "people": {"ana": {"email": "ana@company.com"}},
  "accounts": {"acme.com": {"owner": "ana", "family": true}}
}"""


async def routed(found: AccountMatch, **form: Any) -> Any:
    given = replace(context(ports(enrichment=CompanyFacts(Fixed(found), sources()))), table=parse(NAMED))
    (done,) = await run(route, case(**form), given=given)
    assert done.failure is None
    return done


@pytest.mark.parametrize("code", ["name", "name_place", "name_phone", "phone", "address"])
async def test_nobody_reaches_a_named_accounts_owner_by_typing_its_name_above_free_mail(code: MatchCode):
    """Nor its number and city: all of them are the stranger's own choice."""
    done = await routed(match(code, sure=1.0), email="x@gmail.com", company="Acme Corp", phone="+49 30 23125 118")
    assert done.assignment.owner == "general@company.com"
    assert done.account is None
    facts = facts_of(done)
    assert (facts.domain, facts.family, facts.account_owner, facts.parent_owner) == (None, (), None, None)
    assert done.reads.profile.value.match.rivals == ("acme.com",)
    assert "may be acme.com" in repr(done.trace) or "May be acme.com" in repr(done.trace)


async def test_the_same_company_under_a_domain_of_its_own_reaches_the_owner_of_the_family():
    done = await routed(match(), email="x@acme-ulm.de", company="Acme")
    assert (done.assignment.owner, done.assignment.rule) == ("ana@company.com", "accounts.acme.com")
    assert done.account.parent_domain == "acme.com"
    assert facts_of(done).employees == 31_000
    done = await routed(match(sure=0.5), email="x@acme-ulm.de", company="Acme")
    assert done.assignment.owner == "general@company.com"


async def test_a_replay_asks_nobody_and_sees_the_same():
    facts = CompanyFacts(Fixed(match()), sources())
    (held,) = await before(route, [case(email="x@acme-ulm.de", company="Acme")], context(ports(enrichment=facts)))
    silent = Answering()
    again = case(email="x@acme-ulm.de", company="Acme")
    again = replace(again, reads=held.reads)
    (replayed,) = await before(route, [again], context(ports(enrichment=silent)))
    assert silent.asks == []
    assert (replayed.reads, replayed.account, replayed.trace) == (held.reads, held.account, held.trace)


async def test_what_came_near_and_was_turned_down_by_the_matcher_is_told_where_nothing_else_is_known():
    near = AccountMatch(None, "none", 0.4, "Too little for acme.com.")
    fact = await told(near, CompanyAsk("unseen.io", "Acme"))
    assert fact == Found(CompanyProfile("unseen.io", match=near), "test", NOW)
