"""The lot of an account: the same everywhere, of the share that was asked for, and steady while the share grows."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from graph.features.probes import PROBES
from graph.rules.challenge import account_of, is_challengers

LEAD = PROBES[1].lead
LOTS = [False, False, True, False, False, False, False, False, False, False, False, False]
NAMES = [f"company{i}.example" for i in range(20_000)]


def test_about_the_share_of_the_accounts_is_the_challengers():
    for share in (0.05, 0.2, 0.5):
        drawn = sum(is_challengers(name, "salt", share) for name in NAMES) / len(NAMES)
        assert abs(drawn - share) < 0.015  # five standard errors of the widest


@given(st.text(), st.text(), st.floats(0, 1), st.floats(0, 1))
def test_an_account_stays_the_challengers_when_the_share_grows(account: str, salt: str, one: float, other: float):
    if is_challengers(account, salt, min(one, other)):
        assert is_challengers(account, salt, max(one, other))
    assert is_challengers(account, salt, 1.0)
    assert not is_challengers(account, salt, 0.0)


def test_the_lot_does_not_depend_on_the_process():
    assert [is_challengers(name, "a1b2@20260601T000000", 0.2) for name in NAMES[:12]] == LOTS


def test_another_challenge_draws_anew():
    both = sum(is_challengers(name, "one", 0.2) and is_challengers(name, "two", 0.2) for name in NAMES) / len(NAMES)
    assert abs(both - 0.04) < 0.008


def test_an_account_is_the_parent_else_the_person():
    assert account_of("Parent.example", LEAD) == "parent.example"
    assert account_of(None, replace(LEAD, email="Ana@Gmail.com")) == "ana@gmail.com"
    assert account_of(None, replace(LEAD, email=None)) == LEAD.phone
    assert account_of(None, replace(LEAD, email=None, phone=None)) == LEAD.lead_id
