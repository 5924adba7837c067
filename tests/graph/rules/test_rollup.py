"""The account behind a lead: best propensity of the family times contract value."""

from graph.domain.account import CompanyProfile, Family
from graph.rules.rollup import family_chance, priority, roll_up

PROFILE = CompanyProfile(
    domain="sub.example", name="Sub", parent_domain="parent.example", parent_name="Parent", employees=300
)


def test_free_mail_without_a_company_has_no_account():
    assert roll_up(None, None, 0.6, None, 10_000) is None


def test_a_company_that_nobody_knows_is_its_own_account():
    account = roll_up(None, "acme.example", 0.6, None, 10_000)
    assert (account.parent_domain, account.parent_name, account.companies) == ("acme.example", None, 1)
    assert (account.p_max, account.priority_usd) == (0.6, 6000.0)


def test_a_company_without_a_parent_lends_the_account_its_name():
    account = roll_up(CompanyProfile(domain="acme.example", name="Acme"), "acme.example", 0.5, None, 1000)
    assert (account.parent_domain, account.parent_name) == ("acme.example", "Acme")


def test_the_best_company_of_the_family_counts_and_each_company_once():
    family = Family("parent.example", (("a.example", 0.7), ("sub.example", 0.2)))
    account = roll_up(PROFILE, "sub.example", 0.4, family, 100_000)
    assert (account.parent_domain, account.parent_name, account.companies) == ("parent.example", "Parent", 2)
    assert (account.p_max, account.p_calibrated) == (0.7, family_chance((0.7, 0.4)))
    assert account.priority_usd == priority(account.p_calibrated, 100_000)


def test_this_lead_counts_when_it_is_the_best():
    family = Family("parent.example", (("a.example", 0.3), ("b.example", 0.1)))
    account = roll_up(PROFILE, "sub.example", 0.4, family, 100_000)
    assert (account.p_max, account.companies) == (0.4, 3)


def test_a_parent_without_a_name_is_not_given_the_subsidiarys():
    account = roll_up(
        CompanyProfile(domain="sub.example", name="Sub", parent_domain="p.example"), "sub.example", 0.5, None, 1000
    )
    assert account.parent_name is None


def test_an_empty_family_is_a_family_of_one():
    assert roll_up(PROFILE, "sub.example", 0.5, Family("parent.example"), 1000).companies == 1
