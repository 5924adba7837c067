"""What a step does when it comes due, under a clock that is set; mails stay in the store unless a test has a server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from sqlalchemy import Engine, insert, select, update

from tests.fixtures.mail_server import mail_server
from tests.fixtures.nurture import (
    BEGIN,
    HEAD,
    MAYA,
    OWNER,
    Clock,
    decide,
    enrol,
    enrolment,
    event,
    file_of,
    history,
    mails,
    put_lead,
    run_until,
    shipped,
    steps_of,
    tick,
)
from tools.nurture.steps import Limits
from tools.nurture.tokens import Tokens
from tools.nurture.versions import keep_versions
from tools.store.nurture_leaving import leave, leave_address
from tools.store.nurture_places import move
from tools.store.people_edges import say
from tools.store.tables import assignments, lead_events, nurture_unsubscribes, outbox, outcomes

DAY = timedelta(days=1)
MAIL = {"id": "mail", "do": "EMAIL", "template": "hello"}
WAIT = {"id": "wait", "do": "WAIT", "for": "3d"}
LATER = {"id": "later", "do": "EMAIL", "template": "hello"}
TWO = file_of([MAIL, WAIT, LATER])


async def begun(database: Engine, file: Any = TWO, **lead: Any) -> Clock:
    """Enrolled, and everything done that is due at once."""
    clock = Clock()
    put_lead(database, **lead)
    await enrol(database, file)
    await tick(database, steps_of(database, clock, file), clock.now)
    return clock


async def finish(database: Engine, clock: Clock, file: Any = TWO, days: int = 5) -> list[str]:
    """The states of all mails once the time has gone by."""
    await run_until(database, steps_of(database, clock, file), clock, clock.now + days * DAY, timedelta(hours=12))
    return [mail.state for mail in mails(database)]


async def test_the_shipped_sequence_writes_on_days_1_7_and_21_within_working_hours_there(database: Engine):
    put_lead(database)
    clock = Clock()
    await enrol(database, shipped())
    await run_until(database, steps_of(database, clock, shipped()), clock, BEGIN + 29 * DAY, timedelta(hours=1))
    kept = mails(database)
    assert [mail.template for mail in kept] == ["welcome", "guide", "question"]
    seattle = ZoneInfo("America/Los_Angeles")  # its clocks go forward on the sixth day
    there = [mail.intended_at.astimezone(seattle) for mail in kept]
    assert [(at.date() - BEGIN.date()).days for at in there] == [1, 7, 21]
    assert {at.hour for at in there} == {10}
    with database.connect() as connection:
        sent = connection.execute(select(lead_events).where(lead_events.c.type == "email_sent")).all()
    assert len(sent) == 3
    assert {row.lead_id for row in sent} == {"ld_1"}


@pytest.mark.parametrize(
    ("kind", "status"), [("reply", "COMPLETED"), ("meeting", "COMPLETED"), ("call", "COMPLETED"), ("outcome", "COMPLETED"),
                         ("unsubscribe", "CANCELLED"), ("email_bounce", "CANCELLED")],
)  # fmt: skip
async def test_what_the_person_does_ends_the_sequence(sqlite_engine: Engine, kind: str, status: str):
    clock = await begun(sqlite_engine)
    event(sqlite_engine, kind, clock.now + DAY)
    assert await finish(sqlite_engine, clock) == ["kept"]
    assert (enrolment(sqlite_engine).status, enrolment(sqlite_engine).step) == (status, None)


async def test_what_does_not_count_ends_nothing_but_a_bounce_always_does(sqlite_engine: Engine):
    clock = await begun(sqlite_engine)
    event(sqlite_engine, "reply", clock.now, counts=False, reason="an out-of-office note")
    event(sqlite_engine, "email_click", clock.now)
    assert await finish(sqlite_engine, clock) == ["kept", "kept"]


async def test_a_reply_from_before_the_enrolment_ends_nothing(sqlite_engine: Engine):
    put_lead(sqlite_engine)
    event(sqlite_engine, "reply", BEGIN - DAY)
    await enrol(sqlite_engine, TWO)
    assert await finish(sqlite_engine, Clock()) == ["kept", "kept"]


async def test_a_lead_that_qualifies_is_handed_over_and_gets_no_more(database: Engine):
    clock = await begun(database)
    decide(database, path="qualify", decided_at=clock.now + DAY)
    assert await finish(database, clock) == ["kept"]
    assert (enrolment(database).status, enrolment(database).reason) == ("COMPLETED", "Handed over to Dee.")


@pytest.mark.parametrize("where", ["assignment", "crm"])
async def test_a_lead_that_was_won_or_closed_gets_no_more(sqlite_engine: Engine, where: str):
    clock = await begun(sqlite_engine)
    at = clock.now + DAY
    with sqlite_engine.execution_options(immediate=True).begin() as connection:
        if where == "crm":
            told = {"lead_id": "ld_1", "outcome": "won", "closed_at": at, "source": "crm.csv", "noted_at": at}
            connection.execute(insert(outcomes), [told])
        else:
            row = {"lead_id": "ld_1", "number": 1, "owner": OWNER, "rule": "r", "state": "closed", "offered_at": BEGIN}
            connection.execute(insert(assignments), [row | {"closed_at": at, "outcome": "won"}])
    assert await finish(sqlite_engine, clock) == ["kept"]
    assert enrolment(sqlite_engine).reason == "Closed: won."


async def test_what_a_person_does_under_another_address_counts(database: Engine):
    clock = await begun(database)
    put_lead(database, "ld_2", "maya@home.example", path="nurture")
    say(database, "ld_1", "ld_2", "same", by="dee@us.example", why="same person", now=BEGIN)
    event(database, "reply", clock.now + DAY, email="maya@home.example", lead_id="ld_2")
    assert await finish(database, clock) == ["kept"]
    assert enrolment(database).reason == "The person answered."


async def test_unsubscribing_holds_for_all_addresses_for_ever_and_at_enrolment(database: Engine):
    clock = await begun(database)
    put_lead(database, "ld_2", "maya@home.example")
    say(database, "ld_1", "ld_2", "same", by="dee@us.example", why="same person", now=BEGIN)
    (mail,) = mails(database)
    assert leave(database, mail.mail_id, "one_click", clock.now)
    assert leave(database, mail.mail_id, "one_click", clock.now + DAY)  # again: nothing changes
    assert (enrolment(database).status, enrolment(database).reason) == ("CANCELLED", "The person wants no more mails.")
    with database.connect() as connection:
        kept = {row.address: row.how for row in connection.execute(select(nurture_unsubscribes))}
    assert kept == {MAYA: "one_click", "maya@home.example": "linked"}
    receipt = await enrol(database, TWO, lead_id="ld_2", email="maya@home.example")
    assert receipt.detail == {"status": "CANCELLED"}
    assert await finish(database, clock) == ["kept"]


async def test_somebody_linked_later_to_who_unsubscribed_gets_none_either(sqlite_engine: Engine):
    clock = await begun(sqlite_engine)
    assert leave_address(sqlite_engine, "Maya@Home.example", clock.now) == 0
    put_lead(sqlite_engine, "ld_2", "maya@home.example")
    say(sqlite_engine, "ld_1", "ld_2", "same", by="dee@us.example", why="same person", now=BEGIN)
    assert await finish(sqlite_engine, clock) == ["kept"]


@pytest.mark.parametrize(
    ("country", "consent", "needs", "sent"),
    [("US", None, "by_country", 1), ("DE", None, "by_country", 0), ("DE", True, "by_country", 1),
     (None, None, "by_country", 0), ("US", False, "not_refused", 0), ("US", None, "given", 0), ("DE", None, "not_refused", 1)],
)  # fmt: skip
async def test_without_the_consent_that_it_needs_no_mail_is_sent_and_the_history_says_why(
    sqlite_engine: Engine, country: str | None, consent: bool | None, needs: str, sent: int
):
    await begun(sqlite_engine, file_of([MAIL], consent=needs), country=country, state=None, consent=consent)
    assert len(mails(sqlite_engine)) == sent
    assert history(sqlite_engine) == [("mail", "mail" if sent else "not_sent")]
    assert enrolment(sqlite_engine).status == "COMPLETED"


async def test_consent_withdrawn_in_a_later_form_counts_from_then_on(sqlite_engine: Engine):
    clock = await begun(sqlite_engine)
    put_again = orjson.dumps({"lead": {"consent": False, "country": "US"}, "submission": {"form": {}}})
    from tools.store.tables import decisions

    with sqlite_engine.execution_options(immediate=True).begin() as connection:
        connection.execute(update(decisions).values(record=put_again))
    assert await finish(sqlite_engine, clock) == ["kept"]
    assert history(sqlite_engine)[-1] == ("later", "not_sent")


async def test_in_quiet_hours_a_mail_waits_for_the_morning_there(sqlite_engine: Engine):
    """Saturday evening in Tokyo: Monday nine o'clock, by their clock."""
    file = file_of([MAIL], hours={"from": "09:00", "until": "17:00"})
    put_lead(sqlite_engine, country="JP", state=None)
    clock = Clock(datetime(2026, 3, 7, 12, tzinfo=UTC))
    await enrol(sqlite_engine, file, clock.now)
    await run_until(sqlite_engine, steps_of(sqlite_engine, clock, file), clock, clock.now + 3 * DAY, timedelta(hours=1))
    assert [mail.intended_at for mail in mails(sqlite_engine)] == [datetime(2026, 3, 9, 0, tzinfo=UTC)]
    assert history(sqlite_engine) == [("mail", "later"), ("mail", "mail")]


async def test_conditions_count_events_since_the_enrolment_and_branch(sqlite_engine: Engine):
    ask = {"id": "ask", "do": "CONDITION", "if": {"clicked": 2, "score": "<0.2"}, "then": "task", "else": "END"}
    task = {"id": "task", "do": "TASK", "subject": "Call Maya", "due": "2d"}
    file = file_of([WAIT, ask, task])
    clock = await begun(sqlite_engine, file)
    event(sqlite_engine, "email_click", BEGIN - DAY)  # before the enrolment
    event(sqlite_engine, "email_click", BEGIN + DAY)
    event(sqlite_engine, "email_click", BEGIN + 2 * DAY)
    await finish(sqlite_engine, clock, file)
    assert history(sqlite_engine) == [("wait", "nothing"), ("ask", "nothing"), ("task", "task")]
    with sqlite_engine.connect() as connection:
        (row,) = connection.execute(select(outbox).where(outbox.c.kind == "create_task")).all()
    effect = orjson.loads(row.payload)
    assert (effect["owner"], effect["subject"], effect["contact_key"]) == (OWNER, "Call Maya", MAYA)


async def test_a_notification_without_an_alert_is_a_quiet_line_to_the_owner(sqlite_engine: Engine):
    file = file_of([{"id": "tell", "do": "NOTIFICATION", "text": "Reads a lot."}])
    await begun(sqlite_engine, file, full_name="<!channel> Maya")
    with sqlite_engine.connect() as connection:
        (row,) = connection.execute(select(outbox).where(outbox.c.vendor == "notifier")).all()
    effect = orjson.loads(row.payload)
    assert (effect["kind"], effect["channel"]) == ("post_line", "U01DEE")
    assert "Reads a lot." in effect["message"]["text"]
    assert "<!channel>" not in effect["message"]["text"]


async def test_paused_nothing_comes_and_resumed_it_goes_on_where_it_was(database: Engine):
    clock = await begun(database)
    (paused,) = move(database, "ld_1", "pause", "dee@us.example", clock.now)
    assert (paused.status, paused.done) == ("PAUSED", True)
    assert await finish(database, clock) == ["kept"]
    (resumed,) = move(database, "ld_1", "resume", "dee@us.example", clock.now)
    assert resumed.done
    assert await finish(database, clock) == ["kept", "kept"]
    (over,) = move(database, "ld_1", "cancel", "dee@us.example", clock.now)
    assert (over.status, over.done) == ("COMPLETED", False)


async def test_a_step_that_comes_twice_does_nothing_the_second_time(database: Engine):
    clock = Clock()
    put_lead(database)
    await enrol(database, TWO)
    steps = steps_of(database, clock, TWO)
    from tools.stream.outbox import claim

    (one,) = claim(database, "steps", "a/steps/1", clock.now, limit=9, lease_s=60)
    assert (await steps.perform(one.order)).external_id == "mail"
    assert (await steps.perform(one.order)).repeated
    assert len(mails(database)) == 1


async def test_two_dispatchers_with_the_same_step_send_one_mail(database: Engine):
    clock = Clock()
    put_lead(database)
    await enrol(database, TWO)
    from tools.stream.outbox import claim

    (one,) = claim(database, "steps", "a/steps/1", clock.now, limit=9, lease_s=60)
    with mail_server() as server:
        both = [steps_of(database, clock, TWO, smtp_port=server.port) for _ in range(2)]
        await asyncio.gather(*(steps.perform(one.order) for steps in both))
        assert len(server.received) == 1
    assert [mail.state for mail in mails(database)] == ["sent"]


async def test_a_server_that_says_not_now_is_asked_again_with_the_same_message_id(sqlite_engine: Engine):
    clock = Clock()
    put_lead(sqlite_engine)
    await enrol(sqlite_engine, TWO)
    with mail_server() as server:
        steps = steps_of(sqlite_engine, clock, TWO, smtp_port=server.port)
        server.at_rcpt = "451 4.7.1 greylisted"
        await tick(sqlite_engine, steps, clock.now)
        server.at_rcpt, server.at_data = None, "452 4.3.1 no room"
        await tick(sqlite_engine, steps, clock.on(minutes=1))
        assert [mail.state for mail in mails(sqlite_engine)] == ["intended"]
        server.at_data = None
        await tick(sqlite_engine, steps, clock.on(minutes=1))
        assert server.ids == [mails(sqlite_engine)[0].message_id]
        assert server.tries == 3
    assert history(sqlite_engine)[0] == ("mail", "mail")


async def test_a_server_that_is_away_delays_the_mail(sqlite_engine: Engine):
    clock = Clock()
    put_lead(sqlite_engine)
    await enrol(sqlite_engine, TWO)
    with mail_server() as server:
        port = server.port
    await tick(sqlite_engine, steps_of(sqlite_engine, clock, TWO, smtp_port=port), clock.now)
    assert [mail.state for mail in mails(sqlite_engine)] == ["intended"]
    with mail_server() as server:
        steps = steps_of(sqlite_engine, clock, TWO, smtp_port=server.port)
        await tick(sqlite_engine, steps, clock.on(minutes=1))
        assert len(server.received) == 1


async def test_an_address_that_the_server_refuses_ends_the_sequence_as_a_bounce(sqlite_engine: Engine):
    clock = Clock()
    put_lead(sqlite_engine)
    await enrol(sqlite_engine, TWO)
    with mail_server() as server:
        server.at_rcpt = "550 5.1.1 no such user"
        await tick(sqlite_engine, steps_of(sqlite_engine, clock, TWO, smtp_port=server.port), clock.now)
    assert [mail.state for mail in mails(sqlite_engine)] == ["refused"]
    assert (enrolment(sqlite_engine).status, enrolment(sqlite_engine).reason) == (
        "CANCELLED",
        "Mail to the address came back.",
    )
    with sqlite_engine.connect() as connection:
        assert connection.scalar(select(lead_events.c.type)) == "email_bounce"


async def test_a_mail_that_is_refused_for_what_it_says_is_shown_and_the_sequence_goes_on(sqlite_engine: Engine):
    clock = Clock()
    put_lead(sqlite_engine)
    await enrol(sqlite_engine, TWO)
    with mail_server() as server:
        server.at_data = "554 5.7.1 looks like spam"
        await tick(sqlite_engine, steps_of(sqlite_engine, clock, TWO, smtp_port=server.port), clock.now)
    assert history(sqlite_engine)[0] == ("mail", "refused")
    assert enrolment(sqlite_engine).status == "ACTIVE"


async def test_when_the_connection_breaks_after_the_content_the_mail_is_unknown_and_not_sent_again(database: Engine):
    clock = Clock()
    put_lead(database)
    await enrol(database, TWO)
    with mail_server() as server:
        server.hang_up = True
        steps = steps_of(database, clock, TWO, smtp_port=server.port)
        await tick(database, steps, clock.now)
        server.hang_up = False
        await run_until(database, steps, clock, BEGIN + 2 * DAY, timedelta(hours=6))
        assert len(server.received) == 1
    assert [mail.state for mail in mails(database)] == ["unknown"]
    assert history(database)[0] == ("mail", "unknown")


async def test_who_unsubscribes_while_the_server_is_asked_gets_nothing(sqlite_engine: Engine):
    """The last look comes just before the content is given to the server."""
    clock = Clock()
    put_lead(sqlite_engine)
    await enrol(sqlite_engine, TWO)
    with mail_server() as server:
        steps = steps_of(sqlite_engine, clock, TWO, smtp_port=server.port)
        ready = steps._smtp._addressed

        async def and_meanwhile(*arguments: Any) -> None:
            await ready(*arguments)
            leave_address(sqlite_engine, MAYA, clock.now)

        steps._smtp._addressed = and_meanwhile
        await tick(sqlite_engine, steps, clock.now)
        assert server.received == []
    assert enrolment(sqlite_engine).status == "CANCELLED"


@pytest.mark.parametrize(("limits", "span"), [(Limits(1, 9), timedelta(days=1)), (Limits(9, 1), timedelta(minutes=1))])
async def test_beyond_the_limit_a_mail_waits(sqlite_engine: Engine, limits: Limits, span: timedelta):
    clock = Clock()
    for number in range(2):
        email = f"p{number}@acme.example"
        put_lead(sqlite_engine, f"ld_{number}", email)
        await enrol(sqlite_engine, file_of([MAIL]), lead_id=f"ld_{number}", email=email)
    steps = steps_of(sqlite_engine, clock, file_of([MAIL]), limits=limits)
    await tick(sqlite_engine, steps, clock.now)
    assert len(mails(sqlite_engine)) == 1
    clock.now += span
    await tick(sqlite_engine, steps, clock.now)
    assert len(mails(sqlite_engine)) == 2


@pytest.mark.parametrize(("running", "words"), [("finish", "Old"), ("move", "New")])
async def test_an_enrolment_goes_on_under_its_version_unless_the_change_says_move(
    sqlite_engine: Engine, running: str, words: str
):
    old = file_of([WAIT, LATER], mail="Subject: Old\n\nOld.")
    new = file_of([WAIT, LATER], mail="Subject: New\n\nNew.", running=running)
    clock = await begun(sqlite_engine, old)
    keep_versions(sqlite_engine, new, clock.now)
    await finish(sqlite_engine, clock, new)
    assert [mail.subject for mail in mails(sqlite_engine)] == [words]


async def test_who_stands_at_a_step_that_the_new_version_lacks_finishes_the_old_one(sqlite_engine: Engine):
    old, new = file_of([WAIT, LATER]), file_of([{**MAIL, "id": "other"}], running="move")
    clock = await begun(sqlite_engine, old)
    keep_versions(sqlite_engine, new, clock.now)
    await finish(sqlite_engine, clock, new)
    assert [mail.step for mail in mails(sqlite_engine)] == ["later"]


async def test_again_begins_the_sequence_anew_as_often_as_the_file_says(sqlite_engine: Engine):
    file = file_of([MAIL], revisit={"after": "5d", "then": "again", "times": 1})
    asked: list[tuple[str, str]] = []
    clock = Clock()
    put_lead(sqlite_engine)
    await enrol(sqlite_engine, file)
    steps = steps_of(sqlite_engine, clock, file, revisited=asked)
    for _ in range(2):
        await run_until(sqlite_engine, steps, clock, clock.now + 5 * DAY, timedelta(hours=12))
        decide(sqlite_engine, submission_id=asked[-1][1])
        await tick(sqlite_engine, steps, clock.on(minutes=11))
    assert len({submission for _, submission in asked}) == len(asked) == 2
    assert len(mails(sqlite_engine)) == 2
    assert enrolment(sqlite_engine).status == "COMPLETED"


async def test_a_sequence_that_the_file_does_not_have_is_paused_and_says_so(sqlite_engine: Engine):
    from graph.domain.effects import EnrolNurture
    from graph.ports import Order
    from tools.embedded.nurture import EmbeddedNurture

    put_lead(sqlite_engine)
    order = Order("ld_1@1/enrol_nurture/gone", "ld_1", 1, 1, EnrolNurture(MAYA, "gone", OWNER))
    await EmbeddedNurture(sqlite_engine, lambda: TWO.sequences).perform(order)
    assert enrolment(sqlite_engine).status == "PAUSED"
    assert "gone" in enrolment(sqlite_engine).reason
    assert not move(sqlite_engine, "ld_1", "resume", "x", BEGIN)[0].done


async def test_counted_links_and_leaving_are_signed_and_the_mail_names_its_owner(sqlite_engine: Engine):
    file = file_of([MAIL], mail="Subject: Hi {first_name|you}\n\nRead [this](https://example.com/a?b=1).")
    clock, head = Clock(), replace(HEAD, clicks=True)
    put_lead(sqlite_engine)
    await enrol(sqlite_engine, file)
    with mail_server() as server:
        steps = steps_of(sqlite_engine, clock, file, smtp_port=server.port, head=head)
        await tick(sqlite_engine, steps, clock.now)
        (message,) = server.received
    (mail,) = mails(sqlite_engine)
    tokens = Tokens(b"k" * 32)
    assert message["Subject"] == "Hi Maya"
    assert message["Reply-To"] == OWNER
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"] == f"<https://leads.us.example/unsubscribe/{tokens.token(mail.mail_id)}>"
    for part in ("plain", "html"):
        body = message.get_body((part,))
        assert body is not None
        assert f"https://leads.us.example/c/{tokens.token(mail.mail_id, 0)}" in body.get_content()
        assert "1 Main Street" in body.get_content()
        assert "https://example.com" not in body.get_content()
