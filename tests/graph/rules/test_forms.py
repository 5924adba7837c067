"""What is kept from one form to the next, and how blanks are counted."""

from __future__ import annotations

import pytest

from graph.domain.lead import Form
from graph.rules.forms import blanks_of, form_fields, merged
from tests.fixtures.ports import prior


def test_the_newest_words_win_and_what_is_left_out_is_kept():
    before = prior(form={"email": "a@b.de", "country": "Germany", "employees": "10"})
    form = merged(Form(email="a@b.de", employees="400"), before)
    assert (form.country, form.employees) == ("Germany", "400")


def test_a_question_that_is_answered_counts_no_blank():
    assert merged(Form(email="a@b.de", asked="employees", employees="400"), None).blanks is None


def test_blanks_are_counted_by_field_over_all_forms():
    first = merged(Form(email="a@b.de", asked="employees"), None)
    assert first.blanks == "employees:1"
    second = merged(Form(email="a@b.de", asked="title"), prior(form=form_fields(first)))
    third = merged(Form(email="a@b.de", asked="employees"), prior(form=form_fields(second)))
    assert blanks_of(third.blanks) == {"employees": 2, "title": 1}
    later = merged(Form(email="a@b.de"), prior(form=form_fields(third)))
    assert later.blanks == third.blanks, "a form that asks for nothing keeps the count"


def test_what_a_form_asked_for_is_its_own():
    form = merged(Form(email="a@b.de", asked="employees"), None)
    assert "asked" not in form_fields(form)


@pytest.mark.parametrize("field", ["email", "honeypot", "no such field", "blanks", ""])
def test_only_questions_of_ours_are_counted(field: str):
    assert merged(Form(phone="1", asked=field), None).blanks is None


@pytest.mark.parametrize("written", [None, 7, "", "employees", "employees:x", "employees:-1", "secret:3", ":::"])
def test_a_count_that_is_none_is_nothing(written: object):
    assert blanks_of(written) == {}
