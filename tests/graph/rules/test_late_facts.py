"""What is missing and may still come, and how what came later differs from what was known."""

from __future__ import annotations

import pytest

from graph.domain.account import CompanyProfile, CrmAccount, JobPost, Opportunity
from graph.domain.evidence import AccountMatch, Origin, Tried
from graph.domain.facts import Absent, Found, Unavailable, value_of
from graph.domain.late_facts import FactChange
from graph.rules.late_facts import differences, filled, filled_crm, missing, only_budget
from tests.fixtures.router import NOW


def found(**known: object) -> Found[CompanyProfile]:
    return Found(CompanyProfile("acme.com", **known), "apollo", NOW)  # type: ignore[arg-type]


def crm(**known: object) -> Found[CrmAccount]:
    return Found(CrmAccount(**known), "hubspot", NOW)  # type: ignore[arg-type]


NOTHING = Absent("apollo", NOW)


def test_an_answer_is_not_missing_and_a_failure_is_named_with_its_reason():
    assert missing(found(), crm()) == ()
    assert missing(NOTHING, Absent("hubspot", NOW)) == ()
    assert missing(Unavailable("apollo", NOW, "resting"), Unavailable("hubspot", NOW, "timeout")) == (
        "apollo: resting",
        "hubspot: timeout",
    )


def test_a_source_that_was_switched_off_is_not_waited_for():
    assert missing(Unavailable("apollo", NOW, "switched off"), None) == ()
    tried = (Tried("table", "absent"), Tried("apollo", "switched off"), Tried("clearbit", "pending"))
    assert missing(found(tried=tried), None) == ("clearbit: pending",)


def test_a_budget_is_known_from_an_outage():
    assert only_budget(("apollo: over budget",))
    assert not only_budget(("apollo: over budget", "clearbit: timeout"))
    assert not only_budget(())


def test_a_later_answer_is_filled_up_with_what_was_known_of_the_same_company():
    before = found(employees=60, industry="software", origins=(Origin("employees", "table", NOW),))
    match = AccountMatch("acme.com", "domain", 1.0, "its own domain")
    after = filled(before, found(industry="banking", country="US", match=match))
    assert value_of(after) == CompanyProfile(
        "acme.com", employees=60, industry="banking", country="US", match=match,
        origins=(Origin("employees", "table", NOW),),
    )  # fmt: skip


def test_a_family_is_kept_as_a_whole_or_not_at_all():
    before = found(parent_domain="old.com", parent_name="Old", parent_employees=9, family=("acme.com", "old.com"))
    kept = value_of(filled(before, found(employees=5)))
    assert kept is not None
    assert (kept.parent_domain, kept.parent_name, kept.family) == ("old.com", "Old", ("acme.com", "old.com"))
    other = value_of(filled(before, found(parent_domain="new.com")))
    assert other is not None
    assert (other.parent_domain, other.parent_name, other.parent_employees) == ("new.com", None, None)


def test_another_company_is_not_filled_up_with_the_facts_of_the_first():
    other = Found(CompanyProfile("labs.com"), "apollo", NOW)
    assert filled(found(employees=60), other) == other


@pytest.mark.parametrize("silent", [NOTHING, Unavailable("apollo", NOW, "timeout")])
def test_silence_takes_nothing_away(silent: object):
    assert filled(found(employees=60), silent) == found(employees=60)  # type: ignore[arg-type]
    assert filled(silent, found(employees=60)) == found(employees=60)  # type: ignore[arg-type]
    assert filled_crm(crm(owner="a@x.example"), Unavailable("hubspot", NOW, "timeout")) == crm(owner="a@x.example")


def test_each_difference_names_its_field_both_values_and_who_says_so():
    before = (found(employees=60, technologies=("Excel",)), crm(owner="ann@x.example"))
    after = (
        found(employees=4_200, technologies=("Excel", "Datadog"), origins=(Origin("employees", "clearbit", NOW),)),
        crm(owner="bob@x.example", open_opportunities=(Opportunity("1", "n", 5, None, "eve@x.example"),)),
    )
    assert differences(before, after) == (
        FactChange("employees", "60", "4,200", "clearbit"),
        FactChange("technologies", "Excel", "Excel, Datadog", "apollo"),
        FactChange("crm.owner", "ann@x.example", "bob@x.example", "hubspot"),
        FactChange("crm.open_opportunities", None, "1 open opportunity of eve@x.example", "hubspot"),
    )


def test_what_routing_asks_for_comes_first_and_long_texts_are_cut():
    posts = tuple(JobPost(f"Site Reliability Engineer {n}") for n in range(20))
    found_now = differences((None, None), (found(name="n" * 500, job_posts=posts, parent_domain="p.com"), None))
    assert [change.field for change in found_now] == ["parent_domain", "name", "job_posts"]
    assert all(len(change.after or "") <= 80 for change in found_now)


def test_evidence_and_leads_counted_by_the_crm_are_no_difference():
    before = (found(tried=(Tried("apollo", "timeout"),)), crm(family_leads_30d=1, contact_id=None))
    assert differences(before, (found(origins=()), crm(family_leads_30d=9, contact_id="77"))) == ()
