"""A model of the router's own leads: what counts as an outcome, what is too few, and what is kept where nothing is known."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from sqlalchemy import Engine, select, update

from graph.features.vector import NAMES
from graph.ports import Ports
from tests.fixtures.past import WINDOW, World, with_past
from tests.fixtures.router import NOW, person, settle
from tools.learning.reading import answers, read_history
from tools.learning.training import train_from_store
from tools.ml import registry
from tools.ml.evaluate import auc
from tools.ml.history_rows import contract_values, converted, days_to_close, matured
from tools.ml.reference import REFERENCE, Reference
from tools.ml.registry import current
from tools.ml.router_model import NothingLearned, TooFewOutcomes, trained_until
from tools.store.learning import Told, keep_outcomes, models_named, past_leads
from tools.store.tables import assignments, decisions
from tools.xgb import XgbScorer

SMALL = World(count=60, days=60)
DAY = timedelta(days=1)


async def test_a_lead_is_learned_from_as_it_was_at_its_first_decision(database: Engine, ports: Ports):
    first = person("ann", message="hello")
    await settle(database, ports, first)
    later = person("ann", message="We need a demo and pricing this quarter.")
    await settle(database, ports, later, now=NOW + DAY)
    (lead,) = past_leads(database)
    with database.connect() as connection:
        records = connection.execute(select(decisions.c.record).order_by(decisions.c.revision)).scalars().all()
    recorded = [orjson.loads(raw)["features"] for raw in records]
    assert recorded[0] != recorded[1]
    assert [None if math.isnan(x) else x for x in lead.row] == recorded[0]
    assert (lead.account, lead.outcome) == ("ann-werke.de", None)


async def test_a_decision_under_other_features_is_learned_from_with_todays_from_its_recorded_facts(
    database: Engine, ports: Ports
):
    await settle(database, ports, person("ann", message="We run 400 services on Kubernetes."))
    (before,) = past_leads(database)
    with database.execution_options(immediate=True).begin() as connection:
        record = orjson.loads(connection.execute(select(decisions.c.record)).scalar_one())
        record["versions"]["features"], record["features"] = "ffffffffffffffff", [1.0, 2.0]
        connection.execute(update(decisions).values(record=orjson.dumps(record)))
    (again,) = past_leads(database)
    assert np.array_equal(np.array(again.row), np.array(before.row), equal_nan=True)


async def test_a_lead_counts_as_not_converted_only_after_the_window_and_a_late_sale_does_not_count(
    database: Engine, ports: Ports
):
    await with_past(database, ports, SMALL)
    history = read_history(database)
    ripe = matured(history, NOW, WINDOW)
    assert 0 < len(ripe.leads) < len(history.leads) == 60
    assert all(NOW - lead.received_at >= WINDOW for lead in ripe.leads)
    young = [lead for lead in history.leads if NOW - lead.received_at < WINDOW]
    assert any(lead.outcome == "won" for lead in young), "young winners are left out like the other young ones"
    label = converted(ripe.leads, WINDOW)
    assert label.tolist() == [lead.outcome == "won" for lead in ripe.leads]
    assert converted(ripe.leads, timedelta(days=9)).sum() == 0


async def test_open_leads_are_censored_and_lost_ones_where_they_ended(database: Engine, ports: Ports):
    await with_past(database, ports, SMALL)
    history = read_history(database)
    days, closed = days_to_close(history.leads, NOW)
    for lead, length, done in zip(history.leads, days.tolist(), closed.tolist(), strict=True):
        assert done == (lead.outcome == "won")
        assert length == pytest.approx(
            {"won": 10.0, "lost": 20.0}.get(lead.outcome or "", max(0.5, (NOW - lead.received_at) / DAY))
        )


async def test_an_outcome_told_from_outside_goes_before_that_of_the_assignment_and_contracts_add_up_by_parent(
    database: Engine, ports: Ports
):
    await with_past(database, ports, SMALL)
    told = [
        Told("lead-000000", "won", NOW - 50 * DAY, 1000.0),
        Told("lead-000001", "won", NOW - 40 * DAY, 500.0),
        Told("lead-000004", "won", NOW - 40 * DAY),
        Told("lead-000006", "lost", NOW - 40 * DAY, 900.0),
    ]
    for _ in range(2):  # told again is told anew
        assert keep_outcomes(database, told, "crm.csv", NOW) == 4
    history = read_history(database)
    first, values = contract_values(history)
    assert [lead.lead_id for lead in first.leads] == ["lead-000000"]
    assert values.tolist() == [1500.0]


async def test_of_several_assignments_a_sale_counts(database: Engine, ports: Ports):
    await settle(database, ports, person("ann"))
    with database.execution_options(immediate=True).begin() as connection:
        one = dict(connection.execute(select(assignments)).one()._mapping)
        for number, outcome, day in ((1, "no_show", 1), (2, "won", 2), (3, "lost", 3)):
            given = {"state": "closed", "outcome": outcome, "closed_at": NOW + day * DAY}
            if number == 1:
                connection.execute(update(assignments).values(**given))
            else:
                connection.execute(assignments.insert().values(one | {"number": number} | given))
    (lead,) = past_leads(database)
    assert (lead.outcome, lead.closed_at) == ("won", NOW + 2 * DAY)


async def test_too_few_outcomes_say_how_many_there_are_and_how_many_are_needed(
    database: Engine, ports: Ports, models: Path
):
    await with_past(database, ports, SMALL)
    with pytest.raises(TooFewOutcomes, match=r"leads are at least 30 days old.*At least 60 of each"):
        train_from_store(database, models, NOW, WINDOW)
    assert len([path for path in models.iterdir() if path.is_dir()]) == 1


async def test_what_was_learned_orders_new_leads_and_carries_its_reference(
    database: Engine, ports: Ports, models: Path
):
    champion = current(models)
    await with_past(database, ports, World())
    made = train_from_store(database, models, NOW, WINDOW)
    model = registry.load(made.path)
    assert current(models) == champion, "a trained model serves nobody by itself"
    assert not model.card.synthetic
    assert "kept from" in model.card.training["acv"]
    assert model.files[model.card.heads["acv"].file] == registry.load(champion).files["acv.json"]
    seen = Reference.model_validate_json(model.files[REFERENCE])
    assert set(seen.features) == set(NAMES)
    until = trained_until(model.card)
    assert until is not None
    unseen = matured(read_history(database), NOW, WINDOW).since(until)
    label = converted(unseen.leads, WINDOW)
    promised = answers(models, made.digest, unseen)
    assert auc(promised, label) > 0.65
    assert promised.mean() == pytest.approx(label.mean(), abs=0.1)
    live = [output.propensity for output in XgbScorer(made.path).score(unseen.rows)]
    assert np.allclose(live, promised, atol=1e-9), "what is compared offline is what serves"


async def test_outcomes_that_follow_nothing_train_nobody(database: Engine, ports: Ports, models: Path):
    await with_past(database, ports, World(signal=False))
    with pytest.raises(NothingLearned, match="no usable signal"):
        train_from_store(database, models, NOW, WINDOW)


async def test_models_that_decisions_name_are_known(database: Engine, ports: Ports):
    await with_past(database, ports, SMALL)
    assert models_named(database) == {SMALL.model}
