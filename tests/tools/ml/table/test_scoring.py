"""Files of any size are answered batch by batch with the same bits, here and on a cluster; a stranger's text is data."""

import csv
import re

import polars as pl
import pytest

from tests.tools.ml.table.conftest import leads
from tools.ml.predict import Predictor
from tools.ml.table import folder, matrix, naming, reasons, scoring
from tools.ml.table.cluster import cluster
from tools.ml.table.reading import TableError


def test_every_row_gets_an_answer_a_range_and_reasons(trained, later_file, tmp_path):
    told = scoring.score(trained.path.parent, later_file, tmp_path / "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert told.rows == len(rows) == 1_000
    assert list(rows[0]) == ["id", "probability", "low", "high", "reasons"]
    assert [row["id"] for row in rows] == leads(2, 1_000)["lead"].to_list()
    assert all(0 <= float(row["low"]) <= float(row["probability"]) <= float(row["high"]) <= 1 for row in rows)
    referral = next(row for row, source in zip(rows, leads(2, 1_000)["source"], strict=True) if source == "referral")
    assert re.search(r"source referral: \+\d+ points", referral["reasons"])


def test_points_add_up_to_the_distance_from_the_base(trained, later_file):
    model, task, spec = folder.find(trained.path)
    predictor = Predictor(model.card.heads[task], model.files["propensity.json"])
    rows = matrix.read(pl.read_csv(later_file, infer_schema=False), spec.columns)[0]
    told = predictor.predict(rows)
    points = reasons.effects(predictor, rows, naming.owners(spec.columns).tolist(), told.margins)
    base = predictor.head.calibration.at(predictor.base)[0]
    assert points.sum(axis=1) / 100 + base == pytest.approx(told.point, abs=1e-6)
    assert points.shape == (1_000, 3)


def test_the_size_of_a_batch_changes_no_byte(trained, later_file, tmp_path):
    for rows in (7, 333, 50_000):
        scoring.score(trained.path, later_file, tmp_path / f"{rows}.csv", rows=rows)
    assert len({(tmp_path / f"{rows}.csv").read_bytes() for rows in (7, 333, 50_000)}) == 1


def test_parquet_in_and_out_say_the_same_as_csv(trained, later_file, tmp_path):
    pl.read_csv(later_file, infer_schema=False).write_parquet(tmp_path / "later.parquet")
    scoring.score(trained.path, tmp_path / "later.parquet", tmp_path / "out.parquet", rows=300)
    scoring.score(trained.path, later_file, tmp_path / "out.csv")
    assert pl.read_parquet(tmp_path / "out.parquet").equals(pl.read_csv(tmp_path / "out.csv"))


def test_a_dask_cluster_gives_the_same_bytes(trained, later_file, tmp_path):
    scoring.score(trained.path, later_file, tmp_path / "here.csv", rows=100)
    with cluster("local") as workers:
        scoring.score(trained.path, later_file, tmp_path / "there.csv", rows=100, spread=workers.spread)
    assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "there.csv").read_bytes()


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("tools.ml.table.cluster._WAIT_S", 1)
    with pytest.raises(TableError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1"), cluster("tcp://127.0.0.1:1"):
        pass


def test_formulas_in_cells_are_text_and_numbers_stay_numbers(trained, tmp_path):
    ids = ["=HYPERLINK(1)", "+1+cmd", "@x", "-5", "-x", "+49 170", "plain"]
    frame = leads(2, len(ids)).with_columns(pl.Series("lead", ids), pl.lit("=cmd|'/C calc'!A0").alias("country"))
    frame.write_csv(tmp_path / "in.csv")
    told = scoring.score(trained.path, tmp_path / "in.csv", tmp_path / "out.csv", most=9)
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert [row["id"] for row in rows] == ["'=HYPERLINK(1)", "'+1+cmd", "'@x", "-5", "'-x", "'+49 170", "plain"]
    assert not any(row["reasons"].startswith("=") for row in rows)
    assert told.said == ("country: 7 cells hold a level that training did not see: taken as rare",)


def test_without_reasons_there_is_no_column_for_them(trained, later_file, tmp_path):
    scoring.score(trained.path, later_file, tmp_path / "out.csv", most=0)
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == "id,probability,low,high"


def test_an_empty_table_is_answered_with_a_header(trained, later_file, tmp_path):
    (tmp_path / "in.csv").write_text(later_file.read_text().splitlines()[0] + "\n")
    for name in ("out.csv", "out.parquet"):
        assert scoring.score(trained.path, tmp_path / "in.csv", tmp_path / name).rows == 0
    assert pl.read_parquet(tmp_path / "out.parquet").columns == ["id", "probability", "low", "high", "reasons"]


def test_an_error_leaves_what_was_there(trained, later_file, tmp_path):
    (tmp_path / "out.csv").write_text("mine")
    broken = later_file.read_text() + "a,b,c,d,e,f,g,h\n"
    (tmp_path / "in.csv").write_text(broken)
    with pytest.raises(TableError, match="cells, the header 5"):
        scoring.score(trained.path, tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv", "in.csv", "later.csv"}


def test_another_kind_of_column_is_refused(trained, later_file, tmp_path):
    pl.read_csv(later_file).with_columns(pl.lit("often").alias("visits")).write_csv(tmp_path / "in.csv")
    with pytest.raises(TableError, match='column "visits" should hold numbers'):
        scoring.score(trained.path, tmp_path / "in.csv", tmp_path / "out.csv")
