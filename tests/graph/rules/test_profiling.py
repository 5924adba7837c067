"""The next question: one, about what is missing and would decide something, and never what is known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph.domain.account import CompanyProfile
from graph.domain.lead import Flag, Unknown
from graph.domain.profiling import Question
from graph.domain.routing import RoutingFacts
from graph.domain.scoring import Contribution
from graph.domain.values import evolve
from graph.rules.conditions import ConditionIndex, holds, view_of
from graph.rules.places import ANY
from graph.rules.profiling import MOST_BLANK, next_question
from graph.rules.routing import route
from tests.fixtures.ports import NOW, Answering, case, ports, run
from tests.fixtures.ports import context as a_context
from tools.routing_file import parse

DEE, GENERAL = "dee@company.com", "general@company.com"
SIZES = [{"id": "large", "if": {"where": "DE", "employees": ">=1000"}, "to": "dee"}]


def file(**keys: Any) -> Any:
    return parse(json.dumps({"DEFAULT": GENERAL, "people": {"dee": {"email": DEE}}, **keys}))


async def decided(table: Any, profile: CompanyProfile | None = None, **form: Any) -> Any:
    from graph.nodes.route import route as node

    given = a_context(ports(enrichment=Answering(answer=lambda _: profile)), table=table)
    (done,) = await run(node, case(**form), given=given)
    assert done.failure is None, done.failure
    return done


async def asked(table: Any, profile: CompanyProfile | None = None, **form: Any) -> Question | None:
    return (await decided(table, profile, **form)).next_question


KNOWN: dict[str, Any] = {"title": "VP Engineering", "phone": "+49 30 23125118", "company": "Ann Werke"}


async def test_a_country_that_was_not_given_decides_who_gets_the_lead():
    question = await asked(file(DE=DEE), **KNOWN)
    assert question == Question("country", "routing", "The country can change who gets the lead, and it is not known.")


async def test_a_country_that_nobody_understands_is_asked_for_and_not_repeated():
    question = await asked(file(DE=DEE), country="Atlantis", **KNOWN)
    assert question is not None
    assert question.field == "country"
    assert question.why == "The country can change who gets the lead, and what was typed is not understood."


async def test_a_country_that_enrichment_knows_is_not_asked_for():
    assert await asked(file(DE=DEE), CompanyProfile("x.de", country="DE", employees=5), **KNOWN) is None


async def test_a_state_is_asked_for_where_the_file_tells_states_apart():
    table = file(US=GENERAL, **{"US-CA": DEE})
    assert (await asked(table, country="US", **KNOWN)).field == "state"  # type: ignore[union-attr]
    assert await asked(table, country="France", employees="5", **KNOWN) is None


async def test_a_head_count_is_asked_for_where_it_can_change_the_owner():
    table = file(rules=SIZES)
    question = await asked(table, country="Germany", **KNOWN)
    assert (question.field, question.decides) == ("employees", "routing")  # type: ignore[union-attr]
    elsewhere = await decided(table, country="France", **KNOWN)
    assert elsewhere.next_question is None or elsewhere.next_question.decides != "routing"


async def test_a_line_that_decides_before_makes_the_question_idle():
    table = file(rules=[{"id": "all", "if": {"source": "event"}, "to": "dee"}, *SIZES])
    for source, decides in (("event", False), ("other", True)):
        question = await asked(table, country="Germany", source=source, **KNOWN)
        assert (question is not None and question.decides == "routing") is decides, source


async def test_two_missing_facts_of_one_rule_are_asked_for_one_after_the_other():
    rule = {"id": "both", "if": {"employees": ">=1000", "industry": "software"}, "to": "dee"}
    table = file(rules=[rule])
    assert (await asked(table, country="Germany", **KNOWN)).field == "employees"  # type: ignore[union-attr]
    second = await asked(table, country="Germany", employees="5000", **KNOWN)
    assert second is not None
    assert second.field == "industry"
    small = await decided(table, country="Germany", employees="20", **KNOWN)
    assert small.next_question is None or small.next_question.decides != "routing"


async def test_a_named_account_is_settled_and_asks_for_nothing_more():
    table = file(accounts={"ann-werke.de": {"owner": "dee"}}, rules=SIZES)
    done = await decided(table, **KNOWN)
    assert done.assignment.owner == DEE
    assert done.next_question is None or done.next_question.decides != "routing"


async def test_a_company_is_asked_for_where_owners_of_companies_count():
    table = file(accounts={"acme.com": {"owner": "dee"}})
    question = await asked(table, email="ann@gmail.com", title="VP", phone="+49 30 23125118")
    assert (question.field, question.decides) == ("company", "routing")  # type: ignore[union-attr]
    with_name = await decided(table, email="ann@gmail.com", company="Acme", title="VP", phone="+49 30 23125118")
    assert with_name.next_question is None or with_name.next_question.field != "company"


async def test_what_the_score_lost_most_by_is_asked_for_next():
    done = await decided(file(precedence=["accounts", "rules", "map"]), country="Germany", phone=KNOWN["phone"])
    score = evolve(
        done.score,
        contributions=(
            Contribution("logEmployees", "demographic", None, -1.5),
            Contribution("hasTitle", "demographic", 0.0, -2.0),
            Contribution("titleSeniority", "demographic", None, -0.75),
            Contribution("industryGroup", "demographic", None, 4.0),
        ),
    )

    def after(**changed: Any) -> Question | None:
        given = {
            "lead": done.lead, "facts": done.routing_facts, "score": score, "assignment": done.assignment,
            "path": "qualify", "table": file(), "blanks": {},
        } | changed  # fmt: skip
        return next_question(**given)

    assert after() == Question("title", "score", "The job title costs the score 2.75 points, and it is not known.")
    assert after(blanks={"title": MOST_BLANK}) == Question(
        "employees", "score", "The company's head count costs the score 1.5 points, and it is not known."
    )
    assert after(blanks={"title": MOST_BLANK, "employees": MOST_BLANK}) is None, "gains are nothing to ask for"
    little = evolve(score, contributions=(Contribution("hasTitle", "demographic", 0.0, -0.4),))
    assert after(score=little) is None


async def test_a_phone_number_is_asked_for_only_where_a_first_touch_is_promised():
    slas = {"hot": {"accept": "5m", "touch": "15m", "clock": "wall"}}
    known = {"title": "VP", "company": "Ann", "country": "Germany", "employees": "5", "industry": "software"}
    question = await asked(file(slas=slas, default_sla="hot"), **known)
    assert (question.field, question.decides) == ("phone", "sla")  # type: ignore[union-attr]
    without = await decided(file(), **known)
    assert without.next_question is None or without.next_question.field != "phone"


@pytest.mark.parametrize("form", [{"consent": False}, {"honeypot": "x"}, {"fill_time_ms": 20}])
async def test_nothing_is_asked_of_who_refused_consent_or_of_what_may_be_a_bot(form: dict[str, Any]):
    assert await asked(file(DE=DEE), **form) is None


async def test_a_question_left_blank_twice_is_put_no_more():
    table = file(DE=DEE)
    done = await decided(table, **KNOWN)
    for times, field in ((0, "country"), (MOST_BLANK - 1, "country"), (MOST_BLANK, None)):
        question = next_question(
            lead=done.lead, facts=done.routing_facts, score=evolve(done.score, contributions=()),
            assignment=done.assignment, path="qualify", table=table, blanks={"country": times},
        )  # fmt: skip
        assert (question.field if question else None) == field


async def test_a_question_holds_nothing_of_what_was_typed():
    done = await decided(file(DE=DEE), country="SECRET land", full_name="Ann Secret", message="SECRET")
    assert done.next_question is not None
    assert "secret" not in str(done.next_question).casefold()
    assert Unknown("country", "SECRET land") in done.lead.unknown


def test_open_facts_leave_out_no_rule_that_one_of_their_values_would_have_hold():
    table = file(
        rules=[
            {"id": f"r{n}", "if": rule, "to": "dee"}
            for n, rule in enumerate(
                [
                    {"employees": ">=1000"}, {"employees": "<10", "industry": "software"}, {"industry": "banking"},
                    {"not": {"employees": ">=10"}}, {"any": [{"product": "apm"}, {"employees": "50"}]},
                    {"where": "DE", "source": "event"},
                ]
            )
        ]
    )  # fmt: skip
    index = ConditionIndex([rule.condition for rule in table.rules])
    facts = RoutingFacts(country="DE", source="web", product="logs")
    for employees in (1, 9, 10, 50, 999, 1000):
        for industry in ("software", "banking", "other"):
            whole = view_of(evolve(facts, employees=employees, industry=industry))
            opened = index.possible(evolve(whole, employees=ANY, industry=ANY))
            for at, rule in enumerate(table.rules):
                assert not holds(rule.condition, whole) or opened >> at & 1
    assert not index.possible(evolve(view_of(facts), employees=ANY)) >> 5 & 1, "the source is known and another"
    assert index.possible(view_of(facts)) == index.candidates(view_of(facts))


def test_a_reviewed_flag_stops_it_and_an_ordinary_flag_does_not():
    table = file(DE=DEE)
    facts = RoutingFacts(score=0.5)

    async def lead() -> Any:
        return await decided(table, **KNOWN)

    import asyncio

    done = asyncio.run(lead())
    for flag, stops in ((Flag("free_mail", "free"), False), (Flag("bot_speed", "fast", review=True), True)):
        question = next_question(
            lead=evolve(done.lead, flags=(flag,)), facts=facts, score=done.score, path="qualify",
            assignment=route(facts, table, {}, NOW), table=table, blanks={},
        )  # fmt: skip
        assert (question is None) is stops
