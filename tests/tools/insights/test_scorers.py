"""Which scorer answers: the current model, another one as soon as it is promoted, the rules where none can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graph.features.vector import NAMES
from tools.embedded.rule_scorer import RuleScorer
from tools.insights.scorers import AGAIN_S, RULES, CurrentScorer
from tools.ml.registry import ModelError

ROWS = np.full((1, len(NAMES)), np.nan, dtype=np.float32)


class Named(RuleScorer):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.digest = self.name = path.name


class Broken(Named):
    def score(self, rows: Any) -> Any:
        raise ArithmeticError


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def choose(folder: Path, name: str) -> None:
    (folder / "chosen").write_text(name)


def chosen(folder: Path) -> Path | None:
    file = folder / "chosen"
    return folder / file.read_text() if file.exists() else None


def scorer_of(folder: Path, **options: Any) -> CurrentScorer:
    return CurrentScorer(folder, **{"load": Named, "current": chosen} | options)


def test_a_promoted_model_is_noticed_within_a_second(tmp_path: Path):
    choose(tmp_path, "one")
    clock = Clock()
    scorer = scorer_of(tmp_path, clock=clock)
    assert scorer.now().scorer.digest == "one"
    choose(tmp_path, "two")
    assert scorer.now().scorer.digest == "one"
    clock.at = 1.0
    assert (scorer.now().scorer.digest, scorer.now().source, scorer.now().warnings) == ("two", "model", ())


def test_a_model_is_loaded_once(tmp_path: Path):
    loaded = []

    def load(path: Path) -> Named:
        loaded.append(path.name)
        return Named(path)

    choose(tmp_path, "one")
    clock = Clock()
    scorer = scorer_of(tmp_path, load=load, clock=clock)
    for clock.at in range(50):
        scorer.now()
    assert loaded == ["one"]


def test_without_a_model_the_rules_answer_and_say_why(tmp_path: Path):
    answering = scorer_of(tmp_path).now()
    assert (answering.scorer, answering.source) == (RULES, "rules")
    assert "No model" in answering.warnings[0]


def test_one_that_cannot_be_loaded_is_tried_again_later(tmp_path: Path):
    good = False

    def load(path: Path) -> Named:
        if not good:
            raise ModelError("damaged")
        return Named(path)

    choose(tmp_path, "one")
    clock = Clock()
    scorer = scorer_of(tmp_path, load=load, clock=clock)
    assert scorer.now().source == "rules"
    assert "one cannot be loaded" in scorer.now().warnings[0]
    good, clock.at = True, AGAIN_S - 1
    assert scorer.now().source == "rules"
    clock.at = AGAIN_S + 1
    assert scorer.now().scorer.digest == "one"


def test_a_model_that_fails_on_a_row_is_replaced_by_the_rules_for_it(tmp_path: Path):
    choose(tmp_path, "one")
    answering = scorer_of(tmp_path, load=Broken).now()
    assert answering.source == "model"
    outputs, answered = answering.score(ROWS)
    assert (answered.source, answered.scorer) == ("rules", RULES)
    assert "ArithmeticError" in answered.warnings[0]
    assert outputs[0].propensity == RULES.score(ROWS)[0].propensity


def test_rules_alone_need_no_model(tmp_path: Path):
    choose(tmp_path, "one")
    answering = scorer_of(tmp_path).now(rules_only=True)
    assert (answering.source, answering.warnings) == ("rules", ())


def test_where_nobody_can_tell_which_model_serves_the_rules_answer(tmp_path: Path):
    def broken(_: Path) -> Path:
        raise ModelError("not readable")

    answering = scorer_of(tmp_path, current=broken).now()
    assert answering.source == "rules"
    assert "not known" in answering.warnings[0]
