"""Which scorer answers: the champion, another one as soon as it is promoted, the challenger for its share, the rules where
none can."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graph.features.vector import NAMES
from graph.rules.challenge import is_challengers
from tools.embedded.rule_scorer import RuleScorer
from tools.insights.scorers import LOOK_EVERY_S, RULES, CurrentScorer
from tools.ml.live import AGAIN_EVERY_S
from tools.ml.registry import ModelError
from tools.ml.registry.roles import ROLES, Challenger, change_roles

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


def choose(folder: Path, name: str, challenger: Challenger | None = None) -> None:
    """The models of these tests have no files to check."""
    change_roles(folder, lambda roles: roles.model_copy(update={"champion": name, "challenger": challenger}))


def scorer_of(folder: Path, **options: Any) -> CurrentScorer:
    return CurrentScorer(folder, **{"load": Named} | options)


def test_a_promoted_model_is_noticed_within_a_second(tmp_path: Path):
    choose(tmp_path, "one")
    clock = Clock()
    scorer = scorer_of(tmp_path, clock=clock)
    assert scorer.now().champion.scorer.digest == "one"
    choose(tmp_path, "two")
    assert scorer.now().champion.scorer.digest == "one"
    clock.at = 1.0
    answering = scorer.now().champion
    assert (answering.scorer.digest, answering.source, answering.warnings) == ("two", "model", ())


def test_the_challenger_answers_for_its_share_of_the_accounts(tmp_path: Path):
    choose(tmp_path, "one", Challenger(digest="two", share=0.3, salt="s", since=datetime(2026, 6, 1, tzinfo=UTC)))
    answers = scorer_of(tmp_path).now()
    accounts = [f"company{n}.example" for n in range(50)]
    lots = {account: is_challengers(account, "s", 0.3) for account in accounts}
    assert set(lots.values()) == {True, False}
    assert [answers.of(account).scorer.digest for account in accounts] == [
        "two" if lot else "one" for lot in lots.values()
    ]


def test_without_a_model_the_rules_answer_and_say_why_until_there_is_one(tmp_path: Path):
    clock = Clock()
    scorer = scorer_of(tmp_path, clock=clock)
    answering = scorer.now().champion
    assert (answering.scorer, answering.source) == (RULES, "rules")
    assert "No model" in answering.warnings[0]
    assert not list(tmp_path.iterdir()), "nothing was trained"
    choose(tmp_path, "one")
    clock.at = LOOK_EVERY_S
    assert scorer.now().champion.scorer.digest == "one"


def test_one_that_cannot_be_loaded_is_tried_again_later(tmp_path: Path):
    good = False

    def load(path: Path) -> Named:
        if not good:
            raise ModelError("damaged")
        return Named(path)

    choose(tmp_path, "one")
    clock = Clock()
    scorer = scorer_of(tmp_path, load=load, clock=clock)
    assert scorer.now().champion.source == "rules"
    assert "can be loaded" in scorer.now().champion.warnings[0]
    good, clock.at = True, AGAIN_EVERY_S - 1
    assert scorer.now().champion.source == "rules"
    clock.at = AGAIN_EVERY_S + 1
    assert scorer.now().champion.scorer.digest == "one"


def test_a_model_that_fails_on_a_row_is_replaced_by_the_rules_for_it(tmp_path: Path):
    choose(tmp_path, "one")
    answering = scorer_of(tmp_path, load=Broken).now().champion
    assert answering.source == "model"
    outputs, answered = answering.score(ROWS)
    assert (answered.source, answered.scorer) == ("rules", RULES)
    assert "ArithmeticError" in answered.warnings[0]
    assert outputs[0].propensity == RULES.score(ROWS)[0].propensity


@pytest.mark.parametrize("account", ["a.example", "b.example"])
def test_rules_alone_need_no_model(tmp_path: Path, account: str):
    choose(tmp_path, "one", Challenger(digest="two", share=0.5, salt="s", since=datetime(2026, 6, 1, tzinfo=UTC)))
    answering = scorer_of(tmp_path).now(rules_only=True).of(account)
    assert (answering.source, answering.warnings) == ("rules", ())


def test_where_nobody_can_tell_which_model_serves_the_rules_answer(tmp_path: Path):
    (tmp_path / ROLES).write_text("{")
    answering = scorer_of(tmp_path).now().champion
    assert answering.source == "rules"
    assert "can be loaded" in answering.warnings[0]
