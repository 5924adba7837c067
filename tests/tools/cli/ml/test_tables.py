"""`app.py train TASK` and `app.py score` as typed: exit codes, what is printed, ways on that can be pasted."""

import csv
import shlex

import numpy as np
import polars as pl
import pytest

from app import main
from tests.tools.ml.table.conftest import leads


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "leads.csv"
    leads(1, 2_000).write_csv(path)
    return path


def command(file, tmp_path, *more):
    said = [
        "train",
        "propensity",
        "--data",
        str(file),
        "--target",
        "converted",
        "--id",
        "lead",
        "--out",
        str(tmp_path / "m"),
    ]
    return [*said, *more]


def test_train_then_score(file, tmp_path, capsys):
    assert main(command(file, tmp_path)) == 0
    said = capsys.readouterr()
    assert "logistic regression" in said.out
    assert "auc" in said.out
    assert "\r" not in said.err
    assert [line.split(" (")[0] for line in said.err.splitlines()][:2] == ["reading", "looking for leaks"]
    assert (
        main(
            [
                "score",
                "--model",
                str(tmp_path / "m"),
                "--data",
                str(file),
                "--out",
                str(tmp_path / "o.csv"),
                "--reasons",
                "1",
            ]
        )
        == 0
    )
    assert "2,000 rows" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "o.csv").open()))
    assert all(row["reasons"].count(";") == 0 for row in rows)


def test_one_command_trains_measures_and_writes_the_card(file, tmp_path, capsys):
    assert main([*command(file, tmp_path), "--card"]) in (0, 1)
    said = capsys.readouterr().out
    assert said.index("kept as ") < said.index("rows; the others were looked at in training") < said.index("card.html")
    (folder,) = (tmp_path / "m").glob("evaluation-*")
    assert {"card.html", "card.md", "evaluation.json", "plots"} == {path.name for path in folder.iterdir()}
    assert (folder / "plots" / "calibration.svg").stat().st_size > 1_000


def test_the_guard_stops_with_1_and_what_it_says_can_be_pasted(file, tmp_path, capsys):
    told = pl.read_csv(file, infer_schema=False)
    told.with_columns(pl.col("converted").alias("is it, a customer"), pl.col("converted").alias("deal")).write_csv(file)
    assert main(command(file, tmp_path)) == 1
    said = capsys.readouterr().out
    assert "Stopped: 2 columns look decided after the outcome" in said
    assert "AUC 1.00" in said
    (pasted,) = [line.split(":", 1)[1] for line in said.splitlines() if "leave them out" in line]
    assert main(command(file, tmp_path, *shlex.split(pasted))) == 0
    (pasted,) = [line.split(":", 1)[1] for line in said.splitlines() if "known in time" in line]
    assert main(command(file, tmp_path, *shlex.split(pasted))) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "propensity"], "needs --data, --target, --out"),
        (["score", "--model", "none", "--data", "x.csv", "--out", "y.csv"], "no model there"),
    ],
)
def test_what_cannot_be_tried_ends_with_2(arguments, said, capsys):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_wrong_column_is_suggested(file, tmp_path, capsys):
    assert main(["train", "acv", "--data", str(file), "--target", "vists", "--out", str(tmp_path / "m")]) == 2
    assert 'did you mean "visits"?' in capsys.readouterr().err


def ladder(tmp_path, *options):
    """What a model of few, noisy deals says of 60 companies that differ in size alone, from small to large."""
    random = np.random.default_rng(11)
    size = random.uniform(1, 100, 240)
    deals = pl.DataFrame({"size": size, "age": random.uniform(1, 9, 240)})
    deals.with_columns(value=np.round(900 * size**0.7 * random.lognormal(0, 0.5, 240))).write_csv(tmp_path / "d.csv")
    pl.DataFrame({"size": np.linspace(2, 99, 60), "age": [5.0] * 60}).write_csv(tmp_path / "l.csv")
    model, out = str(tmp_path / "m"), str(tmp_path / "o.csv")
    learn = ["train", "acv", "--data", str(tmp_path / "d.csv"), "--target", "value", "--out", model, *options]
    assert main(learn) == 0
    assert main(["score", "--model", model, "--data", str(tmp_path / "l.csv"), "--out", out]) == 0
    steps = np.diff(pl.read_csv(out)["value"].to_numpy())
    return int((steps < 0).sum()), int((steps > 0).sum())


def test_more_never_lowers_what_was_said_to_rise(tmp_path):
    down, up = ladder(tmp_path, "--rising", "size")
    assert (down, up > 2) == (0, True)


def test_more_never_raises_what_was_said_to_fall(tmp_path):
    assert ladder(tmp_path, "--falling", "SIZE")[1] == 0


def test_without_a_word_the_trees_follow_the_noise(tmp_path):
    assert ladder(tmp_path)[0] > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rising", "source"], "--rising: source was read as a category; only numbers, yes and no have a direction"),
        (["--falling", "vists"], 'did you mean "visits"'),
        (["--rising", "visits", "--falling", "visits"], "visits cannot do both; name it once"),
        (["--rising", "visits", "--exclude", "visits"], "--rising: visits is not learnt from (left out on request)"),
    ],
)
def test_a_direction_that_cannot_be_kept_is_named(file, tmp_path, capsys, options, said):
    assert main(command(file, tmp_path, *options)) == 2
    assert said in capsys.readouterr().err
