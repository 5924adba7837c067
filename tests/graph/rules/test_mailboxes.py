from __future__ import annotations

import pytest
from disposable_email_domains import blocklist

from graph.rules.domains import company_domain, is_throw_away, mailbox_type
from graph.rules.mailboxes import _THROWN_AWAY, EMPLOYERS, FREE_MAIL, reader_of
from tests.graph.rules.listed_mailboxes import FOLDER, disposable, free, held, kinds

needs_lists = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is absent; set LEAD_DATA to the public lists")


@pytest.mark.parametrize(
    "host",
    [
        "mailinator.com", "any.mailinator.com", "guerrillamail.com", "yopmail.fr", "temp-mail.org", "x.mailosaur.net",
        "some.qzz.io", "a.b.dpdns.org", "sydney.edu.pl",
    ],
)  # fmt: skip
def test_mail_for_throwing_away_is_known_at_any_level_and_gives_no_company(host: str) -> None:
    assert is_throw_away(host)
    assert (mailbox_type(host), company_domain(host)) == ("free", None)


@pytest.mark.parametrize("host", ["acme.com", "gmail.com", "web.de", "duck.com", "sydney.edu.au", "acme.internal"])
def test_other_mail_is_not_for_throwing_away(host: str) -> None:
    assert not is_throw_away(host)


def test_the_list_of_the_package_is_used_whole_but_for_employers_and_free_providers() -> None:
    kept = {host for host in blocklist if not is_throw_away(host)}
    assert len(blocklist) > 5_000
    assert kept <= FREE_MAIL | EMPLOYERS
    assert len(kept) < 10


@pytest.mark.parametrize(
    "host", ["yahoo.co.nz", "hotmail.co.il", "outlook.lv", "gmx.li", "mail2paul.com", "doctor.com", "a.zzn.com"]
)
def test_brands_and_families_of_free_mail_are_free_under_every_ending(host: str) -> None:
    assert mailbox_type(host) == "free"


@pytest.mark.parametrize("host", ["yahoo.myshopify.com", "yahooinc.com", "mail2.com", "laposte.fr", "mailchimp.com"])
def test_a_name_that_only_looks_like_one_is_a_company(host: str) -> None:
    assert mailbox_type(host) == "corporate"


@pytest.mark.parametrize("employer", sorted(EMPLOYERS))
def test_an_employer_stays_one_with_every_host_below_it(employer: str) -> None:
    assert mailbox_type(employer) in {"corporate", "edu", "government"}
    assert company_domain(f"mail.{employer}") == company_domain(employer) == employer
    assert not is_throw_away(f"mail.{employer}")


def test_no_name_stands_on_two_lists() -> None:
    assert not FREE_MAIL & EMPLOYERS
    assert not FREE_MAIL & _THROWN_AWAY
    assert not EMPLOYERS & _THROWN_AWAY


@pytest.mark.parametrize(
    ("email", "reader"),
    [
        ("maya@acme.com", "person"), ("maya.ortiz@acme.com", "person"), ("info.maya@acme.com", "person"),
        ("maya.sales@acme.com", "person"), ("salesh@acme.com", "person"), ("noreen@acme.com", "person"),
        ("info@acme.com", "role"), ("sales@acme.com", "role"), ("sales-emea@acme.com", "role"),
        ("contact+form@acme.com", "role"), ("vertrieb@acme.de", "role"), ("ventas.mx@acme.com", "role"),
        ("klantenservice@acme.nl", "role"), ("accounts_payable@acme.com", "role"), ("sales.support@acme.com", "role"),
        ("noreply@acme.com", "nobody"), ("no-reply@acme.com", "nobody"), ("do_not_reply@acme.com", "nobody"),
        ("noreply-orders@acme.com", "nobody"), ("mailer-daemon@acme.com", "nobody"),
    ],
)  # fmt: skip
def test_the_name_of_a_mailbox_says_who_reads_it(email: str, reader: str) -> None:
    assert reader_of(email) == reader


@needs_lists
def test_every_employer_is_on_a_public_list_or_above_a_name_there_and_none_is_called_free() -> None:
    public = held([*free(), *disposable()])
    assert {company_domain(host) for host in public} == EMPLOYERS
    assert [host for host in public if mailbox_type(host) == "free"] == []


@needs_lists
def test_nearly_every_name_of_the_public_disposable_list_is_known() -> None:
    known = kinds(disposable())
    assert known["disposable"] / known.total() > 0.99
