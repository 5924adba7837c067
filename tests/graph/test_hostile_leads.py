"""A whole decision about leads whose fields try something: an order moves nothing, in whichever field it stands."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from graph.build import run_directly
from graph.domain.lead import Form, Submission
from graph.rules.bots import ORDERS
from graph.state import Case
from tests.fixtures.hostile_texts import HOSTILE
from tests.fixtures.ports import context, ports
from tests.fixtures.router import NOW
from tools.embedded.judge import RuleJudge

LEAD: dict[str, Any] = {
    "email": "ann@ann-werke.de", "full_name": "Ann Muster", "company": "Ann Werke", "title": "Director of Engineering",
    "source": "demo_request", "website": "ann-werke.de", "product": "tracing", "city": "Bonn", "country": "Germany",
    "employees": "400", "message": "We look at tracing.",
}  # fmt: skip
WEIGHED = ("message", "title", "source")
"""Fields whose words a score weighs. An order in one counts as a field left empty."""
OTHERS = ("full_name", "company", "industry", "website", "domain", "product", "city", "state", "postal", "phone")


async def decided(**form: Any) -> Case:
    typed = Form(**(LEAD | form))
    (done,) = await run_directly([Case(Submission("s:1", "ld_1", NOW, typed))], _context())
    assert done.failure is None
    return done


@cache
def _context() -> Any:
    return context(ports(judge=RuleJudge()))


def outcome(case: Case) -> tuple[Any, ...]:
    assert case.score is not None
    assert case.assignment is not None
    return case.score.points, case.score.tier, case.assignment.owner, case.assignment.rule, case.path


def orders(case: Case) -> bool:
    assert case.lead is not None
    return not ORDERS.isdisjoint(flag.code for flag in case.lead.flags)


@pytest.mark.parametrize("field", WEIGHED)
async def test_an_order_counts_as_a_field_left_empty(field: str) -> None:
    empty, counted = await decided(**{field: None}), 0
    for name, text in HOSTILE.items():
        hostile = await decided(**{field: text})
        if orders(hostile):
            assert outcome(hostile) == outcome(empty), name
            counted += 1
    assert counted >= 40


@pytest.mark.parametrize("field", OTHERS)
async def test_an_order_in_a_field_that_no_score_reads_moves_nothing(field: str) -> None:
    plain = await decided(**{field: LEAD.get(field)})
    for name, text in HOSTILE.items():
        hostile = await decided(**{field: text})
        assert outcome(hostile)[2:4] == outcome(plain)[2:4], name
        if hostile.path != "manual_review":  # letters hit at random send a lead to a person
            assert outcome(hostile) == outcome(plain), name


async def test_an_order_in_a_field_that_we_do_not_know_moves_nothing() -> None:
    plain = await decided()
    for text in HOSTILE.values():
        assert outcome(await decided(extra={"utm_campaign": text, "gclid": text})) == outcome(plain)


async def test_markup_and_mentions_are_weighed_like_any_text_of_their_length() -> None:
    for name, text in HOSTILE.items():
        hostile = await decided(message=text)
        if not orders(hostile):
            plain = await decided(message=("we read about it and so on " * 200)[: len(text) - 1] + "x")
            assert outcome(hostile)[1:] == outcome(plain)[1:], name
            assert outcome(hostile)[0] <= outcome(plain)[0] + 0.01, name


async def test_the_trace_says_that_an_order_was_not_weighed() -> None:
    case = await decided(message=HOSTILE["english"])
    assert [step.sentence for step in case.trace if step.rule == "not_judged"] == [
        "The message gives orders: it counts as left empty."
    ]


async def test_no_language_model_is_asked_about_a_text_that_tries_something() -> None:
    live = context(ports(judge=RuleJudge(), language_model="openai:m"))
    for field in ("message", "title", "company"):
        for name, text in HOSTILE.items():
            typed = Form(**(LEAD | {field: text}))
            (case,) = await run_directly([Case(Submission("s:1", "ld_1", NOW, typed))], live)
            assert case.lead is not None
            if any(flag.code.startswith("text_") for flag in case.lead.flags):
                assert not any(effect.kind in {"ask_judgement", "write_note"} for effect in case.effects), name
    (plain,) = await run_directly([Case(Submission("s:1", "ld_1", NOW, Form(**LEAD)))], live)
    assert any(effect.kind == "ask_judgement" for effect in plain.effects)
