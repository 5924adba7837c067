"""What a person does after the decision: weighed once, and decided again, told, or kept, by what it changes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from graph.domain.scoring import ModelOutput
from graph.features.vector import NAMES
from graph.ports import Order, VendorError
from graph.rules.late_policy import LatePolicy
from tests.fixtures.router import ROUTING, Bench, context_of, person
from tests.fixtures.told import tell, told, weighings
from tools.embedded.notifier import EmbeddedNotifier
from tools.embedded.rule_scorer import RuleScorer
from tools.insights.seen import seen
from tools.replaying import Replayer, stored_records
from tools.routing_file import parse
from tools.settings import Settings
from tools.store.acts import accept, close, touch
from tools.store.inbox import alerts
from tools.store.learning import ends_of, past_leads
from tools.store.routing_versions import keep_version
from tools.store.tables import outbox
from tools.stream.activity import POLICY, ActivityWeighing
from tools.stream.dispatcher import Dispatcher
from tools.stream.outbox import EFFECT

DEE, GENERAL = "dee@company.com", "general@company.com"
FILE = {
    "DEFAULT": GENERAL,
    "people": {"dee": {"email": DEE}},
    "rules": [{"id": "all", "to": "dee"}],
    "nurture": {"if": {"score": "<0.25"}, "sequence": "low_score_nurture"},
}
CLICKS = NAMES.index("emailClickCount")


class ByClicks(RuleScorer):
    """.1 without a link followed, .3 with one, .6 from five; so that a test knows the tier."""

    def score(self, rows: Any) -> list[ModelOutput]:
        return [replace(o, propensity=_chance(r[CLICKS])) for o, r in zip(super().score(rows), rows, strict=True)]


def _chance(clicks: float) -> float:
    return 0.1 if clicks < 1 else 0.3 if clicks < 5 else 0.6


class Desk:
    """A router that is told of what people do: leads are decided, what is due is performed."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.engine = bench, bench.engine
        self.table = parse(json.dumps(FILE))
        keep_version(self.engine, self.table.digest, self.table.text, self.table.files)
        bench.now = datetime.now(UTC)
        bench.ports = replace(bench.ports, scorer=ByClicks())
        self.weighing = self.performer()

    def performer(self, policy: LatePolicy = POLICY) -> ActivityWeighing:
        return ActivityWeighing(self.engine, self.bench.executor, self.bench.inbox, self.context, policy)

    def context(self) -> Any:
        return context_of(self.bench.ports, datetime.now(UTC), self.table)

    async def lead(self, *, clicks: int = 0, name: str = "ann") -> str:
        submission = person(name, employees=None, title=None)
        submission = replace(submission, received_at=datetime.now(UTC))
        if clicks:
            self.did(submission.lead_id, clicks, at=submission.received_at - timedelta(hours=1))
        await self.bench.post(submission)
        await self.decide()
        return submission.lead_id

    def did(self, lead_id: str, clicks: int = 1, at: datetime | None = None) -> None:
        """So many links followed, a minute apart, the last of them now."""
        last = at or datetime.now(UTC)
        tell(
            self.engine,
            *[told(f"{lead_id}-{last}-{n}", lead_id, last - timedelta(minutes=n), "click") for n in range(clicks)],
            now=last,
        )

    def told(
        self, lead_id: str, kind: str, *, source: str = "webhook", at: datetime | None = None, **more: Any
    ) -> None:
        now = datetime.now(UTC)
        event = told(f"{kind}-{now}", lead_id, at or now, kind, source=source, **more)
        tell(self.engine, event, now=now)

    async def decide(self) -> None:
        await self.bench.worker(context=self.context).run(drain=True)

    async def dispatch(self) -> None:
        notifier = EmbeddedNotifier(self.engine, executor=self.bench.executor)
        async with asyncio.timeout(30):
            performers = {"notifier": notifier, "activity": self.weighing}
            await Dispatcher(self.engine, self.bench.executor, performers, "d").run(drain=True)

    async def later(self) -> None:
        """The seconds are over; what follows is decided and told."""
        with self.engine.execution_options(immediate=True).begin() as connection:
            held = update(outbox).where(outbox.c.state == "pending", outbox.c.vendor == "activity")
            connection.execute(held.values(due_at=datetime.now(UTC)))
        await self.dispatch()
        await self.decide()
        await self.dispatch()

    def order(self) -> Order:
        row = weighings(self.engine)[0]
        return Order(row.key, row.lead_id, row.revision, 1, EFFECT.validate_json(row.payload))

    def notes(self, owner: str = DEE) -> list[str]:
        return [note.text for one in alerts(self.engine, owner) for note in one.notes]

    def records(self) -> list[dict[str, Any]]:
        return [orjson.loads(row.record) for row in self.bench.rows("decisions", "lead_id", "revision")]

    def standing(self) -> list[tuple[str, str, str]]:
        return [(one["path"], one["tier"], one["submission"]["cause"]) for one in self.records()]

    def assignment(self) -> Any:
        return self.bench.rows("assignments", "number")[-1]


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


async def test_a_nurtured_lead_that_qualifies_is_handed_over_with_what_they_did(desk: Desk):
    lead_id = await desk.lead()
    assert desk.standing() == [("nurture", "low", "submission")]
    assert not alerts(desk.engine, DEE)
    desk.did(lead_id)
    await desk.later()
    assert desk.standing()[1] == ("qualify", "medium", "activity")
    record = desk.records()[1]
    (alert,) = alerts(desk.engine, DEE)
    assert "1 link followed" in json.dumps(alert.message)
    assert record["submission"]["reason"].startswith("Since the decision: 1 link followed; the last")
    assert record["submission"]["reason"].endswith("tier low -> medium, way nurture -> qualify.")
    assert next(step["rule"] for step in record["trace"] if step["node"] == "score") == "activity"
    assert desk.assignment().state == "offered"


async def test_what_changes_nothing_is_kept_and_nobody_is_told(desk: Desk):
    lead_id = await desk.lead()
    desk.told(lead_id, "view")
    await desk.later()
    assert desk.standing() == [("nurture", "low", "submission")]
    assert [row.external_id for row in weighings(desk.engine)] == ["kept"]


async def test_a_lead_on_offer_whose_tier_rises_is_decided_again_and_its_message_says_why(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    await desk.dispatch()
    desk.did(lead_id, 5)
    await desk.later()
    assert desk.standing() == [("qualify", "medium", "submission"), ("qualify", "high", "activity")]
    assert desk.assignment().number == 1, "it stays with its owner, whose times go on"
    assert any("Since the decision: 5 links followed" in note for note in desk.notes())


async def test_whoever_has_accepted_a_lead_is_told_once_and_keeps_it(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    await desk.dispatch()
    accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC))
    for _ in range(2):
        desk.did(lead_id, 5)
        await desk.later()
    assert len(desk.records()) == 1
    said = [note for note in desk.notes() if "it would be" in note]
    assert len(said) == 1
    assert said[0].endswith("it would be tier medium -> high. It stays where it is.")


async def test_settings_may_take_the_deciding_away(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    await desk.dispatch()
    desk.weighing = desk.performer(replace(POLICY, most="told"))
    desk.did(lead_id, 5)
    await desk.later()
    assert len(desk.records()) == 1
    assert any("it would be tier medium -> high" in note for note in desk.notes())


async def test_a_weighing_that_is_performed_again_after_a_crash_decides_once(desk: Desk):
    lead_id = await desk.lead()
    desk.did(lead_id)
    receipts = [await desk.weighing.perform(desk.order()) for _ in range(3)]
    assert {receipt.external_id for receipt in receipts} == {f"activity:{lead_id}:1"}
    assert [receipt.repeated for receipt in receipts] == [False, True, True]
    await desk.decide()
    assert len(desk.records()) == 2
    assert (await desk.weighing.perform(desk.order())).external_id == "kept", "the newer decision has seen it"
    await desk.decide()
    assert len(desk.records()) == 2


async def test_several_dispatchers_weigh_once(desk: Desk):
    lead_id = await desk.lead()
    desk.did(lead_id)
    order = desk.order()
    await asyncio.gather(*(desk.performer().perform(order) for _ in range(4)))
    await desk.decide()
    assert len(desk.records()) == 2


async def test_a_stream_that_is_away_is_asked_again_later(desk: Desk):
    lead_id = await desk.lead()
    desk.did(lead_id)

    class Away:
        async def accept(self, _envelope: Any) -> Any:
            from tools.stream.inbox import StreamUnavailable

            raise StreamUnavailable("away")

    weighing = ActivityWeighing(desk.engine, desk.bench.executor, Away(), desk.context)  # type: ignore[arg-type]
    with pytest.raises(VendorError, match="stream_unavailable"):
        await weighing.perform(desk.order())


@pytest.mark.parametrize("outcome", ["won", "lost"])
async def test_an_outcome_closes_the_lead_and_says_who_told_it(desk: Desk, outcome: str):
    lead_id = await desk.lead(clicks=1)
    await desk.dispatch()
    desk.told(lead_id, "outcome", source="hubspot", outcome=outcome, contract_usd=12_000)
    await desk.later()
    held = desk.assignment()
    assert (held.state, held.outcome) == ("closed", outcome)
    assert ends_of(desk.engine)[lead_id][::2] == (outcome, 12_000)
    assert any("closed by hubspot event" in note for note in desk.notes())
    desk.did(lead_id, 5)
    await desk.later()
    assert len(desk.records()) == 1, "a closed lead is weighed no more"


async def test_an_outcome_that_nobody_signed_or_of_an_earlier_deal_closes_nothing(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    desk.told(lead_id, "outcome", source="unsigned", outcome="lost")
    desk.told(lead_id, "outcome", outcome="lost", at=datetime.now(UTC) - timedelta(days=30))
    await desk.later()
    assert desk.assignment().state == "offered"


async def test_a_call_of_the_owner_takes_the_lead_and_is_the_first_touch(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    await desk.dispatch()
    desk.told(lead_id, "call", by="Dee@Company.com")
    await desk.later()
    held = desk.assignment()
    assert (held.state, held.acted_by, held.touch) == ("touched", DEE, "call")


async def test_a_call_that_nobody_of_ours_made_is_no_touch(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    desk.told(lead_id, "call")
    desk.told(lead_id, "call", source="unsigned", by=DEE)
    await desk.later()
    assert desk.assignment().state == "offered"


async def test_a_colleague_s_meeting_touches_an_accepted_lead_alone(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    desk.told(lead_id, "meeting", by="tom@company.com")
    await desk.later()
    assert desk.assignment().state == "offered"
    accept(desk.engine, lead_id, 1, DEE, datetime.now(UTC))
    desk.told(lead_id, "meeting", by="tom@company.com")
    await desk.later()
    assert (desk.assignment().state, desk.assignment().touch) == ("touched", "booked")


async def test_an_owner_hears_of_a_reply_once(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    await desk.dispatch()
    desk.told(lead_id, "reply")
    await desk.later()
    desk.told(lead_id, "view")
    await desk.later()
    assert len([note for note in desk.notes() if note.startswith("They answered by mail")]) == 1


async def test_a_lead_that_was_closed_meanwhile_is_left_alone(desk: Desk):
    lead_id = await desk.lead(clicks=1)
    now = datetime.now(UTC)
    accept(desk.engine, lead_id, 1, DEE, now)
    touch(desk.engine, lead_id, 1, DEE, "call", now)
    desk.did(lead_id, 5)
    close(desk.engine, lead_id, 1, DEE, "lost", now)
    assert (await desk.weighing.perform(desk.order())).external_id == "not needed"


async def test_a_record_replays_bit_for_bit_though_more_is_known_now(desk: Desk, tmp_path: Path):
    lead_id = await desk.lead(clicks=2)
    desk.did(lead_id, 5)
    await desk.later()
    desk.did(lead_id, 3)
    assert len(desk.records()) == 2
    settings = Settings(_env_file=None, data_dir=tmp_path, routing_file=ROUTING)
    replayer = Replayer(settings, desk.engine, desk.bench.ports)
    replayer._scorer = lambda _digest: ByClicks()  # type: ignore[method-assign,assignment,return-value]
    count, differences = await replayer.run(stored_records(desk.engine))
    assert (count, differences) == (2, [])


async def test_predictions_and_training_see_what_the_decision_saw(desk: Desk):
    lead_id = await desk.lead(clicks=2)
    (record,) = desk.records()
    desk.told(lead_id, "view")
    desk.did(lead_id, 1, at=datetime.now(UTC) - timedelta(hours=3))
    found = seen(desk.engine, [lead_id])[lead_id]
    assert [kind for kind, _ in found.inp.activities] == ["email_click"] * 2
    (row,) = past_leads(desk.engine)
    assert row.row[CLICKS] == record["features"][CLICKS] == 2.0
