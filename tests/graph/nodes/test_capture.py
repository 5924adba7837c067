"""Capture: the form becomes a lead, with what we know of the same person."""

from __future__ import annotations

from dataclasses import replace

from graph.domain.facts import Absent, Found
from graph.nodes.capture import capture
from graph.nodes.shell import with_read
from tests.fixtures.ports import NOW, Memory, case, context, ports, prior, run
from tools.routing_file import parse


async def test_a_new_lead_is_captured_and_said_to_be_new():
    (done,) = await run(capture, case(full_name=" Ann  Other ", title="VP Sales", country="Germany"))
    assert done.lead is not None
    assert (done.lead.full_name, done.lead.country, done.lead.domain) == ("Ann Other", "DE", "ann-werke.de")
    assert done.lead.lead_id == done.submission.lead_id
    assert done.reads.prior == Absent("test", NOW)
    (step,) = done.trace
    assert (step.node, step.rule) == ("capture", "new")
    assert step.sentence == "Captured with e-mail, company, title, place."


async def test_history_is_asked_once_for_the_whole_batch():
    memory = Memory()
    await run(capture, case("a"), case("b"), case("c"), given=context(ports(history=memory)))
    assert memory.asks == [["ld_a", "ld_b", "ld_c"]]


async def test_what_a_known_person_left_out_is_kept_from_before():
    memory = Memory(known={"ld_ann": prior(revision=4, form={"title": "CTO", "country": "France", "honeypot": "x"})})
    (done,) = await run(capture, case(country="Germany"), given=context(ports(history=memory)))
    assert done.lead is not None
    assert (done.lead.title, done.lead.country, done.lead.flags) == ("CTO", "DE", ())
    assert done.trace[0].rule == "known"
    assert "known since revision 4, owner maren@company.com" in done.trace[0].sentence


async def test_a_field_filled_with_nothing_is_left_out():
    memory = Memory(known={"ld_ann": prior(form={"title": "CTO", "company": "Ann Werke"})})
    (done,) = await run(capture, case(title="n/a", company="-"), given=context(ports(history=memory)))
    assert done.lead is not None
    assert (done.lead.title, done.lead.company) == ("CTO", "Ann Werke")


async def test_a_prior_that_a_replay_brings_is_not_asked_for():
    memory = Memory(known={"ld_ann": prior(form={"title": "other"})})
    held = with_read(case(), "prior", Found(prior(form={"title": "recorded"}), "store", NOW))
    (done,) = await run(capture, held, given=context(ports(history=memory)))
    assert memory.asks == []
    assert done.lead is not None
    assert done.lead.title == "recorded"


async def test_a_pass_says_why_and_names_its_cause():
    held = case(cause="pass")
    held = replace(held, submission=replace(held.submission, reason="on leave"))
    (done,) = await run(capture, held)
    assert done.trace[0].rule == "pass"
    assert "passed on: on leave" in done.trace[0].sentence


async def test_what_was_not_understood_and_what_is_odd_is_said():
    (done,) = await run(capture, case(country="Atlantis", honeypot="x"))
    sentence = done.trace[0].sentence
    assert "not understood: country 'Atlantis'" in sentence
    assert "flags: bot_honeypot" in sentence
    assert done.lead is not None
    assert done.lead.country is None


async def test_a_lead_with_nothing_but_an_address_says_so():
    (done,) = await run(capture, case(email="ann@gmail.com"))
    assert done.trace[0].sentence.startswith("Captured with e-mail")


async def test_one_form_that_breaks_capture_does_not_break_its_neighbours():
    bad = case("bad")
    bad = replace(bad, submission=replace(bad.submission, form=replace(bad.submission.form, message=5)))  # type: ignore[arg-type]
    good, broken = await run(capture, case("good"), bad)
    assert good.failure is None
    assert good.lead is not None
    assert broken.failure is not None
    assert broken.failure.node == "capture"


async def test_a_value_read_by_an_alias_of_the_file_is_named():
    table = parse('{"DEFAULT": "g@company.com", "aliases": {"country": {"Germnay": "DE"}}}')
    given = replace(context(ports()), table=table)
    (done,) = await run(capture, case(country="Germnay"), given=given)
    assert done.lead is not None
    assert (done.lead.country, done.lead.unknown) == ("DE", ())
    assert "; by the file's aliases: country 'Germnay' is DE." in done.trace[0].sentence
