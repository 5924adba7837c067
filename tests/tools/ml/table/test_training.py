"""From a file to a folder that vouches for itself; no signal is an answer; the guard stops first."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.tools.ml.table.conftest import leads
from tools.ml import registry
from tools.ml.registry import ModelError
from tools.ml.table import folder, inputs
from tools.ml.table.outcomes import Asked
from tools.ml.table.reading import TableError
from tools.ml.table.training import LeaksFound, Request, train


def test_the_folder_carries_the_card_of_every_model(trained):
    model, task, spec = folder.find(trained.path.parent)
    card = model.card
    assert (task, card.kind, card.digest()) == ("propensity", "table", trained.path.name)
    assert (spec.target, spec.id, spec.positive, spec.negative) == ("converted", "lead", "yes", "no")
    assert [column.name for column in spec.columns] == ["visits", "source", "country"]
    assert len(card.features) == 1 + 2 * (3 + 2)
    figures = card.heads[task].figures
    assert figures["auc"] > 0.7
    assert figures["ece"] < 0.08
    assert {"baseline_auc", "base_rate", "held_out", "brier"} <= figures.keys()
    assert {"python", "xgboost", "polars"} <= card.environment.keys()
    assert "by hash of lead" in card.training["split"]
    assert folder.find(trained.path)[0].digest == model.digest


def test_the_same_file_trains_the_same_model_and_earlier_ones_stay(trained, leads_file, tmp_path):
    request = Request(Asked("propensity", "Converted"), leads_file, tmp_path / "m", id="lead")
    first = train(request)
    assert first.path.name == trained.path.name
    second = train(replace(request, exclude=("country",)))
    assert registry.current(tmp_path / "m") == second.path
    assert folder.find(first.path)[0].card.features != second.card.features


def test_a_damaged_folder_is_refused(leads_file, tmp_path):
    path = train(Request(Asked("propensity", "converted"), leads_file, tmp_path / "m", id="lead")).path
    (path / "propensity.json").write_bytes((path / "propensity.json").read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged"):
        folder.find(tmp_path / "m")
    card = json.loads((path / "card.json").read_text())
    card["table"]["columns"][0]["name"] = "other"
    (path / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="damaged"):
        folder.find(path)


def test_the_routers_own_models_are_not_overwritten(model_path, leads_file, tmp_path):
    root = tmp_path / "models"
    registry.save(root, registry.load(model_path).card, registry.load(model_path).files)
    registry.set_current(root, model_path.name)
    with pytest.raises(TableError, match="keeps the router's own models"):
        train(Request(Asked("propensity", "converted"), leads_file, root))
    with pytest.raises(ModelError, match="a model of the router's own leads"):
        folder.find(root)


def test_no_signal_is_said_and_answered_with_the_base_rate(tmp_path):
    random = np.random.default_rng(4)
    path = tmp_path / "noise.csv"
    pl.DataFrame(
        {
            "a": random.normal(size=1_500),
            "b": random.choice(["x", "y"], 1_500),
            "won": random.choice(["Won", "Lost"], 1_500, p=[0.6, 0.4]),
        }
    ).write_csv(path)
    trained = train(Request(Asked("propensity", "won"), path, tmp_path / "m"))
    assert trained.verdict.startswith("no usable signal")
    assert trained.head.signal == "none"
    assert trained.head.fallback == pytest.approx(0.6, abs=0.04)


def test_the_guard_stops_and_both_ways_on_work(tmp_path):
    frame = leads(3, 2_000)
    frame = frame.with_columns(
        pl.when(pl.col("converted") == "yes").then(pl.lit("welcome")).otherwise(None).alias("mail sent")
    )
    path = tmp_path / "leads.csv"
    frame.write_csv(path)
    request = Request(Asked("propensity", "converted"), path, tmp_path / "m", id="lead")
    with pytest.raises(LeaksFound) as stopped:
        train(request)
    assert [finding.column for finding in stopped.value.leaks] == ["mail sent"]
    assert not (tmp_path / "m").exists()
    without = train(replace(request, exclude=("mail sent",)))
    assert without.card.table.excluded == {"mail sent": "excluded on request"}
    kept = train(replace(request, allow=("mail sent",)))
    assert kept.figures["auc"][0] > 0.99
    assert kept.card.training["allowed by a person"] == "mail sent"


def test_a_time_column_holds_the_last_rows_out(tmp_path):
    frame = leads(5, 2_000).with_columns(
        pl.Series("created", np.datetime64("2024-01-01") + (np.arange(2_000) // 5).astype("timedelta64[D]"))
    )
    path = tmp_path / "leads.parquet"
    frame.write_parquet(path)
    trained = train(Request(Asked("propensity", "converted", time="created"), path, tmp_path / "m"))
    assert trained.card.training["split"] == "the last by created are held out"
    assert trained.card.training["period"] == "2024-01-01 to 2025-02-03"
    assert "created" not in [column.name for column in trained.card.table.columns]
    found = inputs.labelled(trained.card.table, "propensity", path)
    assert found.order is not None
    assert len(found.rows) == 2_000


def test_days_to_close_learn_from_open_rows_too(tmp_path):
    random = np.random.default_rng(4)
    n = 1_500
    big = random.random(n) < 0.5
    start = np.datetime64("2024-01-01") + random.integers(0, 300, n).astype("timedelta64[D]")
    days = np.ceil(random.exponential(np.where(big, 80, 15)))
    end = start + days.astype("timedelta64[D]")
    open_still = end > np.datetime64("2024-11-01")
    path = tmp_path / "deals.csv"
    pl.DataFrame(
        {
            "created": start.astype(str),
            "size": np.where(big, "big", "small"),
            "done": np.where(open_still, "", end.astype(str)),
        }
    ).write_csv(path)
    trained = train(Request(Asked("time-to-close", "done", time="created"), path, tmp_path / "m"))
    assert "are still open" in " ".join(trained.notes)
    assert trained.head.signal == "found"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"id": "led"}, '--id: .* no column "led"; did you mean "lead"'),
        ({"features": ("visits", "converted")}, "--features: converted is the target"),
        ({"features": ("lead",), "exclude": ("lead",)}, "no column is left to learn from"),
    ],
)
def test_names_that_do_not_fit_are_errors_that_say_which(leads_file, tmp_path, more, said):
    with pytest.raises(TableError, match=said):
        train(Request(Asked("propensity", "converted"), leads_file, tmp_path / "m", **more))
