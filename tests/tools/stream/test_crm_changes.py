"""What follows when somebody changes a contact or a deal in HubSpot: through the outbox, against a local HubSpot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from graph.ports import VendorError
from tests.fixtures.router import Bench, context_of, person
from tests.servers.base import Answer
from tests.servers.hubspot_server import TOKEN, HubSpotServer, event
from tools.embedded.notifier import EmbeddedNotifier
from tools.hubspot import HubSpotCrm
from tools.hubspot.calls import HubSpotCalls
from tools.hubspot.changes import ChangesReader
from tools.store.acts import accept, close
from tools.store.crm_changes import changes_page, keep_changes
from tools.store.inbox import alerts
from tools.store.learning import ends_of
from tools.store.tables import assignments, leads, outbox
from tools.stream.again import again, send
from tools.stream.crm_changes import CrmChanges
from tools.stream.dispatcher import Dispatcher, DispatcherOptions
from tools.web.hubspot import change_of

ANN = "ann@ann-werke.de"
ELI = "eli@elsewhere.example"


class Office:
    """A router whose CRM is HubSpot, with the dispatcher's performers."""

    def __init__(self, bench: Bench, server: HubSpotServer) -> None:
        self.bench, self.server, self.engine = bench, server, bench.engine
        bench.now = datetime.now(UTC)
        calls = HubSpotCalls(TOKEN, server.url, timeouts_s=(3.0, 10.0), connections=2)
        self.changes = CrmChanges(bench.engine, bench.executor, bench.inbox, ChangesReader(calls))
        self.events = 0

    async def lead(self, name: str = "ann", **form: Any) -> str:
        submission = person(name, **form)
        await self.bench.post(submission)
        await self.work()
        self.server.owners.setdefault("11", self.held(submission.lead_id).owner)
        await self.dispatch()
        return submission.lead_id

    async def work(self) -> None:
        await self.bench.worker("w", context=lambda: context_of(self.bench.ports, datetime.now(UTC))).run(drain=True)

    async def dispatch(self) -> None:
        notifier = EmbeddedNotifier(self.engine, executor=self.bench.executor)
        crm = HubSpotCrm(TOKEN, base_url=self.server.url)
        performers = {"crm": crm, "notifier": notifier, "changes": self.changes}
        options = DispatcherOptions(gather_s=0.0, idle_s=0.01)
        await Dispatcher(self.engine, self.bench.executor, performers, "d", options).run(drain=True)
        await crm.aclose()

    def tell(self, kind: str, number: str, *, ago_s: float = -1.0, **more: Any) -> None:
        """HubSpot sends an event of a person's change, a second after now unless ago_s says otherwise."""
        self.events += 1
        at = datetime.now(UTC) - timedelta(seconds=ago_s)
        change = change_of(event(self.events, kind, number, round(at.timestamp() * 1000), **more))
        assert change is not None
        keep_changes(self.engine, [change], datetime.now(UTC))

    def gives(self, contact: str, owner_id: str, **more: Any) -> None:
        self.server.objects["contacts"][contact]["hubspot_owner_id"] = owner_id
        self.tell("contact.propertyChange", contact, propertyName="hubspot_owner_id", propertyValue=owner_id, **more)

    def contact(self) -> str:
        (number,) = self.server.objects["contacts"]
        return number

    def held(self, lead_id: str) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(leads).where(leads.c.lead_id == lead_id)).one()

    def notes(self) -> list[tuple[str, str]]:
        return [(row.state, row.note or "") for row in changes_page(self.engine)]


@pytest.fixture
def office(bench: Bench) -> Iterator[Office]:
    with HubSpotServer() as server:
        server.owners["12"], server.users["12"] = ELI, "45678"
        yield Office(bench, server)


async def test_an_owner_chosen_in_hubspot_has_the_lead_with_an_alert_and_the_old_one_is_closed(office: Office) -> None:
    lead_id = await office.lead()
    before = office.held(lead_id)
    office.gives(office.contact(), "12")
    await office.dispatch()
    await office.work()
    await office.dispatch()
    after = office.held(lead_id)
    assert (after.owner, after.revision, after.assignment) == (ELI, 2, 2)
    with office.engine.connect() as connection:
        first, second = connection.execute(select(assignments).order_by(assignments.c.number)).all()
    assert (first.state, first.acted_by, first.reason) == ("moved", ELI, f"{ELI} made {ELI} the owner in the CRM.")
    assert (second.owner, second.state, second.rule, second.accept_due_at) == (ELI, "offered", "crm.owner", None)
    (old,) = alerts(office.engine, before.owner)
    assert old.closed
    assert old.notes[-1].text == f"Moved to {ELI}. {ELI} made Eli the owner in the CRM."
    (new,) = alerts(office.engine, ELI)
    assert not new.closed
    assert office.notes() == [("taken", f"moved from {before.owner} to {ELI}, by {ELI}")]
    with office.engine.connect() as connection:
        pending = select(outbox.c.kind).where(outbox.c.vendor == "sla", outbox.c.state == "pending")
        assert connection.scalars(pending).all() == []


async def test_what_we_write_to_hubspot_comes_back_and_moves_nothing(office: Office) -> None:
    lead_id = await office.lead()
    contact = office.contact()
    assert office.server.objects["contacts"][contact]["hubspot_owner_id"] == "11"
    office.gives(contact, "11")  # as if nothing told that it was us
    await office.dispatch()
    assert office.held(lead_id).revision == 1
    assert office.notes() == [("ignored", f"{office.held(lead_id).owner} has the lead already")]


async def test_the_move_itself_writes_the_same_owner_back_and_does_not_go_on(office: Office) -> None:
    lead_id = await office.lead()
    office.gives(office.contact(), "12")
    for _ in range(3):
        await office.dispatch()
        await office.work()
        office.gives(office.contact(), office.server.objects["contacts"][office.contact()]["hubspot_owner_id"])
    assert office.held(lead_id).revision == 2
    assert office.server.objects["contacts"][office.contact()]["hubspot_owner_id"] == "12"


async def test_a_change_older_than_our_newest_decision_is_ignored_and_listed(office: Office) -> None:
    lead_id = await office.lead()
    office.gives(office.contact(), "12", ago_s=3600.0)
    await office.dispatch()
    assert office.held(lead_id).revision == 1
    ((state, note),) = office.notes()
    assert state == "ignored"
    assert note.startswith("older than our decision of ")


async def test_events_out_of_order_and_twice_end_where_hubspot_stands(office: Office) -> None:
    lead_id = await office.lead()
    contact = office.contact()
    office.server.owners["13"] = "kim@elsewhere.example"
    office.gives(contact, "13", ago_s=-2.0)
    office.gives(contact, "12", ago_s=-1.0)
    office.server.objects["contacts"][contact]["hubspot_owner_id"] = "13"
    office.events = 0
    office.gives(contact, "13", ago_s=-2.0)
    await office.dispatch()
    await office.work()
    await office.dispatch()
    assert office.held(lead_id).owner == "kim@elsewhere.example"
    assert ("ignored", "the owner was changed again since") in office.notes()


async def test_the_chosen_owner_keeps_the_lead_when_the_person_writes_again(office: Office) -> None:
    lead_id = await office.lead()
    office.gives(office.contact(), "12")
    await office.dispatch()
    await office.work()
    await office.bench.post(person("ann", message="and another thing"))
    await office.work()
    held = office.held(lead_id)
    assert (held.owner, held.revision, held.assignment) == (ELI, 3, 2)


async def test_who_has_accepted_a_lead_loses_it_to_a_persons_choice_too(office: Office) -> None:
    lead_id = await office.lead()
    accept(office.engine, lead_id, 1, office.held(lead_id).owner, datetime.now(UTC))
    office.gives(office.contact(), "12")
    await office.dispatch()
    await office.work()
    assert office.held(lead_id).owner == ELI


async def test_a_closed_lead_goes_to_nobody(office: Office) -> None:
    lead_id = await office.lead()
    owner = office.held(lead_id).owner
    accept(office.engine, lead_id, 1, owner, datetime.now(UTC))
    close(office.engine, lead_id, 1, owner, "won", datetime.now(UTC))
    office.gives(office.contact(), "12")
    await office.dispatch()
    assert office.held(lead_id).revision == 1
    assert office.notes()[0][0] == "ignored"


async def test_while_our_own_write_is_still_to_come_a_change_waits(office: Office) -> None:
    lead_id = await office.lead()
    with office.engine.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.kind == "assign_owner").values(state="pending"))
    office.gives(office.contact(), "12")
    (change,) = changes_page(office.engine)
    order = _order(change.change_id)
    with pytest.raises(VendorError) as raised:
        await office.changes.perform(order)
    assert (raised.value.code, raised.value.retry_after_s) == ("owner_owed", 30.0)
    assert office.notes() == [("waiting", "")]
    assert office.held(lead_id).revision == 1


def _order(change_id: str) -> Any:
    from graph.domain.effects import TakeChange
    from graph.ports import Order

    return Order(f"take_change/{change_id}", "contact:1", 0, 1, TakeChange(change_id))


@pytest.mark.parametrize(
    ("owner_id", "note"),
    [("", "nobody owns the contact now"), ("99", "HubSpot has no active owner of that id")],
)
async def test_an_owner_who_is_nobody_moves_nothing(office: Office, owner_id: str, note: str) -> None:
    lead_id = await office.lead()
    office.gives(office.contact(), owner_id)
    await office.dispatch()
    assert (office.held(lead_id).revision, office.notes()) == (1, [("ignored", note)])


async def test_a_contact_that_is_no_lead_or_is_gone_is_ignored(office: Office) -> None:
    office.gives(office.server.add("contacts", email="stranger@else.example"), "12")
    office.tell("contact.propertyChange", "999", propertyName="hubspot_owner_id", propertyValue="12")
    await office.dispatch()
    assert sorted(office.notes()) == [
        ("ignored", "the contact is no lead of ours"),
        ("ignored", "the contact is not there any more"),
    ]


async def test_a_hubspot_that_is_away_is_asked_again_later(office: Office) -> None:
    await office.lead()
    office.gives(office.contact(), "12")
    office.server.always(Answer(503))
    (change,) = changes_page(office.engine)
    with pytest.raises(VendorError):
        await office.changes.perform(_order(change.change_id))
    office.server.always(None)
    await office.changes.perform(_order(change.change_id))
    again_ = await office.changes.perform(_order(change.change_id))
    assert again_.repeated
    await office.work()
    assert [row.revision for row in office.bench.rows("decisions", "revision")] == [1, 2]


DEAL = {
    "dealname": "Tracing",
    "amount": "180000.00",
    "deal_currency_code": "USD",
    "hs_is_closed": "true",
    "hs_is_closed_won": "false",
    "createdate": "2026-01-01T09:00:00Z",
    "closedate": "2099-03-01T09:00:00.000Z",
    "closed_lost_reason": "No budget",
}


async def test_a_deal_that_closes_is_the_outcome_of_its_contacts_lead(office: Office) -> None:
    lead_id = await office.lead()
    deal = office.server.add("deals", to=("contacts", office.contact()), **DEAL)
    office.tell("deal.propertyChange", deal, propertyName="hs_is_closed", propertyValue="true")
    await office.dispatch()
    assert ends_of(office.engine)[lead_id] == ("lost", datetime(2099, 3, 1, 9, tzinfo=UTC), 180_000.0)
    assert office.notes() == [("taken", "the lead was lost with the deal")]


async def test_a_deal_without_a_known_contact_counts_for_the_newest_lead_of_its_company(office: Office) -> None:
    lead_id = await office.lead()
    company = next(n for n, has in office.server.objects["companies"].items() if has["domain"] == "ann-werke.de")
    won = office.server.add("deals", to=("companies", company), **(DEAL | {"hs_is_closed_won": "true"}))
    office.tell("deal.propertyChange", won, propertyName="dealstage", propertyValue="closedwon")
    await office.dispatch()
    assert ends_of(office.engine)[lead_id][0] == "won"


async def test_a_lost_deal_takes_no_sale_of_another_deal_away_but_its_own(office: Office) -> None:
    lead_id = await office.lead()
    at = ("contacts", office.contact())
    won = office.server.add("deals", to=at, **(DEAL | {"hs_is_closed_won": "true"}))
    lost = office.server.add("deals", to=at, **(DEAL | {"closedate": "2099-05-01T09:00:00Z"}))
    for deal in (won, lost):
        office.tell("deal.propertyChange", deal, propertyName="dealstage", propertyValue=deal)
        await office.dispatch()
    assert ends_of(office.engine)[lead_id][0] == "won"
    office.server.objects["deals"][won]["hs_is_closed_won"] = "false"
    office.tell("deal.propertyChange", won, propertyName="dealstage", propertyValue="closedlost")
    await office.dispatch()
    assert ends_of(office.engine)[lead_id][0] == "lost"


async def test_an_open_deal_or_one_of_strangers_changes_no_outcome(office: Office) -> None:
    await office.lead()
    open_ = office.server.add("deals", to=("contacts", office.contact()), **(DEAL | {"hs_is_closed": "false"}))
    theirs = office.server.add("deals", **DEAL)
    for deal in (open_, theirs):
        office.tell("deal.propertyChange", deal, propertyName="dealstage", propertyValue="x")
    await office.dispatch()
    assert ends_of(office.engine) == {}
    assert {state for state, _ in office.notes()} == {"ignored"}


async def test_a_contact_that_is_deleted_is_noted_for_its_lead(office: Office) -> None:
    lead_id = await office.lead()
    contact = office.contact()
    del office.server.objects["contacts"][contact]
    office.tell("contact.deletion", contact)
    await office.dispatch()
    (row,) = changes_page(office.engine)
    assert (row.state, row.lead_id) == ("taken", lead_id)
    assert "deleted in HubSpot" in row.note


async def test_an_operators_retry_of_a_moved_lead_keeps_the_choice_in_the_record(office: Office) -> None:
    lead_id = await office.lead()
    office.gives(office.contact(), "12")
    await office.dispatch()
    await office.work()
    await send(office.bench.inbox, again(office.engine, lead_id, "retry"))
    await office.work()
    records = [orjson.loads(row.record) for row in office.bench.rows("decisions", "revision")]
    assert [record["rule"] for record in records[1:]] == ["crm.owner", "crm.owner"]
    assert (records[1]["submission"]["to"], records[1]["submission"]["by"]) == (ELI, ELI)
    assert records[1]["assignment"]["why"] == f"{ELI} made Eli the owner in the CRM."
