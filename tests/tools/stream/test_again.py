"""A lead comes back for another decision: from the record, once per act."""

from __future__ import annotations

import pytest

from tests.fixtures.router import Bench, person
from tools.stream.again import UnknownLead, again, passed, send, send_raw


async def test_a_retry_is_the_newest_submission_once_more_and_becomes_a_new_revision(bench: Bench):
    ann = person("ann", message="first", consent=True)
    await bench.post(ann)
    await bench.drain()
    await bench.post(person("ann", message="second"))
    await bench.drain()
    retry = again(bench.engine, ann.lead_id, "retry")
    assert (retry.cause, retry.form.message, retry.lead_id) == ("retry", "second", ann.lead_id)
    assert retry.submission_id.startswith("retry:")
    assert (await send(bench.inbox, retry)).new
    await bench.drain()
    rows = bench.rows("decisions", "revision")
    assert [row.revision for row in rows] == [1, 2, 3]
    assert bench.rows("leads")[0].submissions == 2, "an operator's retry is not the person writing again"


async def test_two_retries_are_two_revisions(bench: Bench):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    for _ in range(2):
        assert (await send(bench.inbox, again(bench.engine, ann.lead_id, "retry"))).new
    await bench.drain()
    assert [row.revision for row in bench.rows("decisions", "revision")] == [1, 2, 3]


async def test_extra_fields_survive_a_retry(bench: Bench):
    ann = person("ann", extra={"utm_source": "ad"})
    await bench.post(ann)
    await bench.drain()
    assert again(bench.engine, ann.lead_id, "retry").form == ann.form


async def test_a_lead_without_a_decision_cannot_be_decided_again(bench: Bench):
    with pytest.raises(UnknownLead):
        again(bench.engine, "ld_nobody", "retry")


async def test_an_act_that_is_sent_twice_is_taken_once(bench: Bench):
    ann = person("ann")
    await bench.post(ann)
    await bench.drain()
    act = passed(again(bench.engine, ann.lead_id, "pass"), 1, "maren@company.com", "no time")
    assert act.submission_id == f"pass:{ann.lead_id}:1"
    assert (act.excluded, act.assignment, act.reason) == (("maren@company.com",), 1, "no time")
    assert [(await send(bench.inbox, act)).new for _ in range(2)] == [True, False]


async def test_a_replayed_payload_is_let_in_although_it_was_there_before(bench: Bench):
    assert (await send_raw(bench.inbox, "s:x", "ld_x", b"{}")).new
    assert not (await send_raw(bench.inbox, "s:x", "ld_x", b"{}")).new
    assert (await send_raw(bench.inbox, "s:x", "ld_x", b"{}", fresh=True)).new
