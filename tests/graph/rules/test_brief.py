from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest

from graph.domain.account import CompanyProfile, CrmAccount, Opportunity
from graph.domain.brief import Brief
from graph.domain.evidence import AccountMatch, MatchCode
from graph.domain.lead import Flag
from graph.rules.brief import brief_of, facts_of, with_note
from tests.fixtures.alerts import ACCOUNT, ASSIGNMENT, CRM, JUDGEMENT, LEAD, NOW, PROFILE, SCORE, SIMILAR, decision


def brief(**changes) -> Brief:
    return brief_of(**decision(**changes))


def told(label: str, **changes) -> str | None:
    return facts_of(brief(**changes)).get(label)


def test_the_bullets_stand_in_their_fixed_order_and_say_what_is_known():
    assert facts_of(brief()) == {
        "Who": "Maya Ortiz, VP Engineering (decision maker)",
        "Company": "Acme Labs, 4,000 people, software, San Jose CA; parent Acme Corp, 31,000 people",
        "Asked for": "need tracing across 300 services before Q3",
        "Score": "62 in 100 (likely range 55 to 69). Up: message reads as demo request +14, VP +9, "
        "SRE or DevOps hiring +6. Down: no prior visit -4",
        "Account": "you own Acme Corp; 1 open opportunity ($180k, stage 3); 2 other leads from the family in 30 days; "
        "a contract is worth about $140k a year ($61k to $310k); best of 3 companies in the family: 71 in 100",
        "Looks like": "Northwind won $140k in 61 days (tracing rollout); Initech won $95k; Hooli lost (price)",
        "Why you": "Named account acme.com (2026 named list) (routing.json v41, accounts.acme.com, line 73)",
        "Next step": "write now (their 07:02, too early or late to call), first touch by 10:17 EDT. "
        "Open with the Northwind win (tracing rollout)",
    }
    assert list(facts_of(brief(unavailable=("crm",), note="Maya Ortiz asks."))) == [
        *facts_of(brief()),
        "Not known",
        "Note",
    ]


def test_the_headline_names_temperature_company_and_family():
    assert brief().header == "Hot lead: Acme Labs (Acme Corp family)"
    assert brief(score=replace(SCORE, temperature="dead")).header == "Lead: Acme Labs (Acme Corp family)"
    own = replace(PROFILE, parent_domain=PROFILE.domain)
    assert brief(profile=own).header == "Hot lead: Acme Labs"
    assert brief(path="nurture").header == "For nurturing: Acme Labs (Acme Corp family)"


def test_the_deadline_is_an_instant_with_its_clock_and_a_text_in_the_files_zone():
    result = brief()
    assert (result.deadline.kind, result.deadline.at) == ("time", NOW + timedelta(minutes=5))
    assert (result.deadline.text, result.wait, result.clock) == ("10:07 EDT", "5 min", "business")
    assert result.summary == "New hot lead for you: Maya Ortiz, VP Engineering at Acme Labs. Accept by 10:07 EDT."


def test_a_deadline_beyond_half_a_day_says_its_day():
    due = replace(ASSIGNMENT, accept_due_at=NOW + timedelta(hours=23))
    assert brief(assignment=due).deadline[:2] == ("date", "Wed 8 Apr 09:02 EDT")
    assert brief(assignment=due).wait == "5 min"  # of working hours


def test_an_assignment_without_an_sla_has_no_deadline():
    free = replace(ASSIGNMENT, accept_due_at=None, touch_due_at=None, clock=None)
    result = brief(assignment=free)
    assert (result.deadline, result.wait) == (None, "")
    assert "Accept" not in result.summary
    assert "touch" not in facts_of(result)["Next step"]


def test_a_bullet_without_a_fact_is_left_out():
    bare = replace(
        LEAD, full_name=None, email=None, phone=None, title=None, company=None, domain=None, message=None,
        country=None, state=None, source=None,
    )  # fmt: skip
    result = brief(lead=bare, profile=None, crm=None, account=None, judgement=None, similar=())
    assert list(facts_of(result)) == ["Score", "Why you", "Next step"]
    assert result.header == "Hot lead: somebody without a name"
    assert result.summary.startswith("New hot lead for you: somebody.")
    assert facts_of(result)["Next step"] == "write now, first touch by 10:17 EDT"
    assert all(text for text in facts_of(result).values())


def test_unknown_sizes_are_not_said_and_the_leads_own_word_is_called_so():
    unknown = replace(PROFILE, employees=None, parent_employees=None, industry=None, city=None, country=None)
    german = replace(LEAD, country="DE", state=None)
    assert told("Company", profile=unknown, lead=german) == "Acme Labs, DE; parent Acme Corp"
    typed = replace(LEAD, employees=250)
    assert "250 people by their own word" in told("Company", profile=None, lead=typed)


def test_a_lost_neighbour_takes_the_last_place_where_only_others_are_near():
    assert told("Looks like", similar=SIMILAR[:3]).endswith("Umbrella no decision (timing)")
    assert told("Looks like", similar=SIMILAR).endswith("Hooli lost (price)")
    assert told("Looks like", similar=(SIMILAR[3], *SIMILAR[:3])).startswith("Hooli lost (price); Northwind won")


def test_a_lead_of_somebody_elses_account_says_whose():
    theirs = replace(CRM, owner="ana@company.com", parent_owner="us-team@company.com")
    assert told("Account", crm=theirs).startswith("us-team@company.com owns Acme Corp; Ana owns Acme Labs; 1 open")


def test_of_several_opportunities_the_largest_is_shown():
    two = CrmAccount(
        open_opportunities=(Opportunity("1", "a", None, None, None), Opportunity("2", "b", 1_240_000, "closing", None))
    )
    assert "2 open opportunities (largest $1.2M, closing)" in told("Account", crm=two)


def test_a_review_says_please_check_and_why():
    flagged = replace(
        LEAD,
        flags=(
            Flag("bot_honeypot", "The hidden field was filled.", review=True),
            Flag("free_mail", "a free mail address"),
            Flag("bot_speed", "filled in 0.2 s", review=True),
        ),
    )
    result = brief(lead=flagged, path="manual_review")
    assert result.header == "Please check: Acme Labs (the hidden field was filled; filled in 0.2 s)"
    assert result.summary.startswith("Please check a lead: Maya Ortiz")
    assert facts_of(result)["Next step"] == (
        "accept if a person wrote this, pass it on if not. Signs: the hidden field was filled; filled in 0.2 s"
    )
    assert "contract" not in facts_of(result)["Account"]


def test_the_companys_own_past_is_called_so_and_is_no_story_to_open_with():
    own = (replace(SIMILAR[0], name="Acme Labs"), SIMILAR[1])
    assert told("Looks like", similar=own).startswith("Acme Labs itself won $140k")
    assert told("Next step", similar=own).endswith("Open with the Initech win")


def test_what_could_not_be_read_is_admitted_in_one_line():
    assert told("Not known", unavailable=("profile", "crm")) == "enrichment did not answer; the CRM did not answer"
    assert told("Not known") is None


@pytest.mark.parametrize(
    ("hour", "phone", "expected"),
    [
        (17, "+14155550100", "call now (their 10:00)"),
        (12, "+14155550100", "write now (their 05:00, too early or late to call)"),
        (17, None, "write now (their 10:00)"),
    ],
)
def test_the_next_step_minds_the_hour_where_the_lead_is(hour, phone, expected):
    now = datetime(2026, 4, 7, hour, 0, tzinfo=UTC)
    assert told("Next step", now=now, lead=replace(LEAD, phone=phone)).startswith(expected)


def test_a_request_that_is_not_a_sale_is_not_called_one():
    support = replace(JUDGEMENT, intent="support")
    assert told("Next step", judgement=support).startswith("reads as a support request")


def test_an_older_file_without_a_version_is_named_by_its_digest():
    assert "(routing.json 9f2c41ab, accounts.acme.com, line 73)" in told("Why you", routing_version=None)


def test_the_link_to_the_crm_needs_a_public_address():
    assert brief().crm_url == "http://127.0.0.1:8000/inbox/crm/ld_01J9"
    assert not brief(public_url="").crm_url


def test_a_note_that_says_no_more_than_the_bullets_is_added():
    noted = brief(note="Maya Ortiz asks for tracing across 300 services.\nAcme Labs has 4,000 people.")
    assert facts_of(noted)["Note"] == "Maya Ortiz asks for tracing across 300 services. Acme Labs has 4,000 people."
    assert facts_of(noted)["Next step"].endswith("first touch by 10:17 EDT"), "the note replaces the opener"


@pytest.mark.parametrize("note", ["Acme Labs has 9,999 people.", "She knows Larry Page.", "   ", "See www.acme.com"])
def test_a_note_that_says_more_is_dropped(note):
    assert with_note(brief(), note) == brief()


def test_long_names_are_cut():
    result = brief(profile=None, lead=replace(LEAD, company="x" * 500, full_name="y" * 500))
    assert len(result.header) < 100
    assert len(facts_of(result)["Who"]) < 150


def test_a_time_zone_that_does_not_exist_is_refused():
    with pytest.raises(ZoneInfoNotFoundError):
        brief(timezone="Mars/Olympus")


def test_how_the_company_was_matched_stands_beside_it_and_its_own_domain_needs_no_word():
    def company(code: MatchCode, key: str | None, rivals: tuple[str, ...] = ()) -> str:
        match = AccountMatch(key, code, 0.934, "Why.", rivals)
        return told("Company", profile=replace(PROFILE, match=match)) or ""

    known = "Acme Labs, 4,000 people, software, San Jose CA; parent Acme Corp, 31,000 people"
    assert company("domain", "acmelabs.com") == known
    assert company("name_place", "acme.com") == f"{known}; matched by name and place to acme.com, 93% sure"
    assert company("rivals", None, ("a.com", "b.com")) == f"{known}; could be a.com or b.com: nobody decided"


def test_a_verdict_alone_is_told_too():
    verdict = CompanyProfile("", match=AccountMatch(None, "rivals", 0.5, "Two.", ("a.com", "b.com")))
    nameless = replace(LEAD, company=None, domain=None, email="m@gmail.com", country=None, state=None, employees=None)
    told_alone = told("Company", profile=verdict, lead=replace(nameless, industry=None), account=None)
    assert told_alone == "could be a.com or b.com: nobody decided"


def test_parents_opportunities_and_the_owners_on_the_list_of_accounts_are_told():
    deals = (Opportunity("9", "Group deal", 1_200_000, "proposal", "pia@company.com"),)
    account = told("Account", crm=CrmAccount(parent_opportunities=deals), profile=PROFILE, account=None)
    assert account == "1 open opportunity ($1.2M, proposal) at Acme Corp"
    listed = replace(PROFILE, owner="ben@company.com", parent_owner="dee@company.com")
    assert told("Account", crm=None, profile=listed, account=None) == "you own Acme Corp; Ben owns Acme Labs"


def test_a_contract_of_unknown_worth_is_not_called_worth_nothing():
    account = told("Account", account=replace(ACCOUNT, acv_usd=0.0))
    assert account is not None
    assert "worth" not in account
