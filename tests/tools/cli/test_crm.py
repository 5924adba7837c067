"""`app.py crm ...` and `accounts sync crm --deals`, over the embedded CRM and a local HubSpot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update

import app
from graph.ports import Performer
from tests.fixtures.router import ROUTING, person, ports_of, settle, threads
from tests.servers.hubspot_server import TOKEN, HubSpotServer
from tools.embedded.crm import EmbeddedCrm
from tools.hubspot import HubSpotCrm
from tools.settings import Settings
from tools.store.crm_changes import changes_page
from tools.store.engine import open_engine
from tools.store.learning import ends_of
from tools.store.migrate import migrate
from tools.store.past_reading import find
from tools.store.tables import crm_contacts, crm_tasks, leads, outbox
from tools.stream.dispatcher import Dispatcher, DispatcherOptions


class Shop:
    """A store with decided leads, and the CRM that their writes went to."""

    def __init__(self, settings: Settings, server: HubSpotServer | None) -> None:
        self.settings, self.server = settings, server
        self.engine: Engine = open_engine(settings.database)
        migrate(self.engine)

    def decide(self, *names: str) -> None:
        async def run() -> None:
            with threads() as executor:
                await settle(
                    self.engine,
                    ports_of(self.engine, executor),
                    *(person(name) for name in names),
                    now=datetime.now(UTC),
                )

        asyncio.run(run())
        if self.server is not None:
            self.server.owners |= {"12": "eli@elsewhere.example"}
            self.server.owners |= {str(number): email for number, email in enumerate(self.owners(), 20)}
        self.dispatch()

    def dispatch(self) -> None:
        async def run() -> None:
            with threads() as executor:
                crm: Performer = (
                    EmbeddedCrm(self.engine, executor=executor)
                    if self.server is None
                    else HubSpotCrm(TOKEN, base_url=self.server.url)
                )
                options = DispatcherOptions(gather_s=0.0, idle_s=0.01)
                await Dispatcher(self.engine, executor, {"crm": crm}, "d", options).run(drain=True)

        asyncio.run(run())

    def owners(self) -> list[str]:
        with self.engine.connect() as connection:
            return list(connection.scalars(select(leads.c.owner).distinct().order_by(leads.c.owner)))

    def run(self, *arguments: str) -> int:
        return app.run(app.parser().parse_args(list(arguments)), self.settings)


def settings_for(folder: Path, database: str, **changed: Any) -> Settings:
    given = {"data_dir": folder, "database_url": database, "routing_file": ROUTING, "redis_url": "redis://127.0.0.1:1"}
    return Settings(_env_file=None, **(given | changed))


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(settings_for(tmp_path, f"sqlite:///{tmp_path}/leads.db"), None)
    yield shop
    shop.engine.dispose()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Shop]:
    with HubSpotServer() as server:
        told = {"crm": "live", "hubspot_access_token": TOKEN, "hubspot_base_url": server.url}
        shop = Shop(settings_for(tmp_path, f"sqlite:///{tmp_path}/leads.db", **told), server)
        yield shop
        shop.engine.dispose()


@pytest.mark.parametrize("which", ["embedded", "live"])
def test_a_crm_that_holds_what_was_written_differs_in_nothing(
    which: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    shop: Shop = request.getfixturevalue(which)
    shop.decide("ann", "bo", "cy")
    assert shop.run("crm", "reconcile") == 0
    assert "3 leads compared. None differs." in capsys.readouterr().out


def test_what_went_from_the_embedded_crm_is_told_and_written_again(
    embedded: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    embedded.decide("ann", "bo")
    with embedded.engine.begin() as connection:
        connection.execute(delete(crm_contacts).where(crm_contacts.c.email == "ann@ann-werke.de"))
        connection.execute(delete(crm_tasks).where(crm_tasks.c.contact_key == "bo@bo-werke.de"))
        connection.execute(update(crm_contacts).values(tier="cold", owner="nobody@else.example"))
    assert embedded.run("crm", "reconcile", "--fix", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert sorted(one["what"] for one in told["differences"]) == [
        "contact missing", "owner differs", "task missing", "tier differs"
    ]  # fmt: skip
    assert told["written_again"] > 0
    embedded.dispatch()
    assert embedded.run("crm", "reconcile") == 0


def test_what_went_from_hubspot_is_told_and_written_again_once(live: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    live.decide("ann", "bo")
    server = live.server
    assert server is not None
    ann = next(n for n, has in server.objects["contacts"].items() if has["email"] == "ann@ann-werke.de")
    server.objects["tasks"].pop(
        next(n for n in server.objects["tasks"] if n in server.linked["contacts", ann, "tasks"])
    )
    server.objects["contacts"][ann]["lead_router_tier"] = "cold"
    server.add("companies", domain="bo-werke.de")
    assert live.run("crm", "reconcile", "--fix") == 1
    said = capsys.readouterr().out
    assert "task missing" in said
    assert "tier differs: tier cold there" in said
    assert "2 companies have the domain bo-werke.de: merge them" in said
    live.dispatch()
    assert len(server.objects["tasks"]) == len(server.objects["contacts"]) == 2
    live.run("crm", "reconcile")
    assert "Differences: 1 company twice" in capsys.readouterr().out


def test_an_owner_chosen_in_hubspot_is_no_fault_the_lead_follows(
    live: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    live.decide("ann")
    assert live.server is not None
    (contact,) = live.server.objects["contacts"].values()
    contact["hubspot_owner_id"] = "12"
    assert live.run("crm", "reconcile", "--fix") == 1
    assert "0 writes asked for again, 1 leads follow" in capsys.readouterr().out
    (change,) = changes_page(live.engine)
    assert (change.kind, change.value, change.state) == ("owner", "12", "waiting")
    live.run("crm", "changes")
    assert "waiting" in capsys.readouterr().out
    live.run("crm", "reconcile", "--fix")
    assert len(changes_page(live.engine)) == 1


def test_an_owner_hubspot_does_not_know_needs_a_person(live: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    live.decide("ann")
    assert live.server is not None
    live.server.owners.pop("20")
    assert live.run("crm", "reconcile") == 1
    assert "owner unknown" in capsys.readouterr().out


def test_leads_whose_writes_are_under_way_are_passed_over(embedded: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    embedded.decide("ann")
    with embedded.engine.begin() as connection:
        later = datetime.now(UTC) + timedelta(hours=1)
        connection.execute(update(outbox).where(outbox.c.kind == "log_note").values(state="pending", due_at=later))
    assert embedded.run("crm", "reconcile") == 0
    assert "0 leads compared; 1 still being written were passed over" in capsys.readouterr().out


def test_a_hubspot_that_does_not_answer_changes_nothing(live: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    live.decide("ann")
    settings = settings_for(
        live.settings.data_dir, live.settings.database, crm="live", hubspot_access_token="pat-wrong",
        hubspot_base_url=live.settings.hubspot_base_url,
    )  # fmt: skip
    assert app.run(app.parser().parse_args(["crm", "reconcile", "--fix"]), settings) == 2
    assert "the CRM does not answer: unauthorised" in capsys.readouterr().err
    assert app.run(app.parser().parse_args(["crm", "check"]), settings) == 2


def test_check_names_people_without_an_owner_and_properties_that_are_missing(
    live: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert live.server is not None
    live.server.owners["11"] = "someone@else.example"
    assert live.run("crm", "check") == 1
    said = capsys.readouterr().out
    assert "property contacts.lead_router_tier is missing" in said
    assert "is no active owner in HubSpot" in said
    people = [line.split(" ")[0] for line in said.splitlines() if "is no active owner" in line]
    live.server.owners |= {str(n): email for n, email in enumerate(people, 20)}
    assert live.run("crm", "check", "--make") == 0
    assert "nothing is missing" in capsys.readouterr().out
    assert live.server.groups["contacts"] >= {"lead_router"}


def test_check_of_the_embedded_crm_has_nothing_to_say(embedded: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert embedded.run("crm", "check") == 0
    assert "Nothing to check" in capsys.readouterr().out


def test_closed_deals_fill_similar_accounts_and_the_outcomes_of_leads(
    live: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    live.decide("ann")
    server = live.server
    assert server is not None
    (contact,) = server.objects["contacts"]
    firm = server.add(
        "companies", domain="Northwind.example", name="Northwind", industry="COMPUTER_SOFTWARE", country="Germany",
        numberofemployees="400",
    )  # fmt: skip
    closed = {"hs_is_closed": "true", "createdate": "2026-01-01T00:00:00Z", "closedate": "2026-03-02T00:00:00Z"}
    server.add("deals", to=("companies", firm), **closed, hs_is_closed_won="true", amount="140000")
    lost = {"hs_is_closed_won": "false", "closed_lost_reason": "Too  dear\nfor them"}
    server.add("deals", to=("contacts", contact), **closed, **lost)
    server.add("deals", to=("companies", firm), hs_is_closed="false", amount="1")
    assert live.run("accounts", "sync", "crm", "--deals", "--dry-run") == 0
    assert ends_of(live.engine) == {}
    assert live.run("accounts", "sync", "crm", "--deals") == 0
    assert "2 closed deals: 1 accounts and 1 outcomes of leads kept" in capsys.readouterr().out
    ((key, account, outcome),) = find(live.engine, "northwind.example")
    assert (key, account.country, account.employees, outcome) == ("northwind.example", "DE", 400, "won")
    ((end, at, amount),) = ends_of(live.engine).values()
    assert (end, at, amount) == ("lost", datetime(2026, 3, 2, tzinfo=UTC), None)


def test_the_embedded_crm_has_no_deals(embedded: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert embedded.run("accounts", "sync", "crm", "--deals") == 1
    assert "accounts closed FILE.csv" in capsys.readouterr().err
