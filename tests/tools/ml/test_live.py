"""The models in use change while it runs, and one that does not load changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tools.ml.live import AGAIN_EVERY_S, LOOK_EVERY_S, LiveModels
from tools.ml.registry import load
from tools.ml.registry.choosing import Note, challenge, promote, stop_challenge
from tools.ml.registry.roles import ROLES
from tools.ml.standing import models_state

NOTE = Note("ana@sales.example", "a test", datetime(2026, 6, 1, tzinfo=UTC))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def live(models):
    clock = Clock()
    return LiveModels(models[0], clock, load), clock


def test_a_promotion_and_a_challenge_are_noticed_without_a_restart(models, live):
    root, (one, two, three) = models
    serving, clock = live
    assert serving.current().champion.digest == one
    promote(root, two, NOTE)
    challenge(root, three, 0.2, NOTE)
    assert serving.current().champion.digest == one, "the disk is not looked at for each run"
    clock.now += LOOK_EVERY_S
    now = serving.current()
    assert (now.champion.digest, now.challenger.digest, now.share) == (two, three, 0.2)
    stop_challenge(root, NOTE)
    clock.now += LOOK_EVERY_S
    assert serving.current().challenger is None
    assert serving.fault is None


def test_a_champion_that_does_not_load_leaves_the_old_one_serving_until_it_does(models, live):
    root, (one, two, _) = models
    serving, clock = live
    promote(root, two, NOTE)
    whole = (root / two / "acv.json").read_bytes()
    (root / two / "acv.json").write_bytes(b"{}")
    clock.now += LOOK_EVERY_S
    assert serving.current().champion.digest == one
    assert "damaged" in serving.fault
    (root / two / "acv.json").write_bytes(whole)
    clock.now += AGAIN_EVERY_S
    assert serving.current().champion.digest == two
    assert serving.fault is None


def test_a_challenger_that_does_not_load_leaves_the_champion_alone(models, live):
    root, (one, two, _) = models
    serving, clock = live
    challenge(root, two, 0.5, NOTE)
    (root / two / "card.json").unlink()
    clock.now += LOOK_EVERY_S
    now = serving.current()
    assert (now.champion.digest, now.challenger) == (one, None)
    assert two in serving.fault


def test_a_damaged_file_of_roles_changes_nothing(models, live):
    root, (one, _, _) = models
    serving, clock = live
    (root / ROLES).write_text("{")
    clock.now += LOOK_EVERY_S
    assert serving.current().champion.digest == one
    assert ROLES in serving.fault


def test_a_model_in_use_is_not_read_again(models):
    root, (_, two, three) = models
    clock, read = Clock(), []

    def counting(path):
        read.append(path.name)
        return load(path)

    serving = LiveModels(root, clock, counting)
    challenge(root, two, 0.2, NOTE)
    for share in (0.3, 0.4):
        challenge(root, two, share, NOTE)
        clock.now += LOOK_EVERY_S
        assert serving.current().share == share
    promote(root, two, NOTE)
    challenge(root, three, 0.2, NOTE)
    clock.now += LOOK_EVERY_S
    serving.current()
    assert read.count(two) == 1


def test_health_names_champion_challenger_and_what_does_not_load(models):
    root, (one, two, _) = models
    assert models_state(root) == {"champion": one}
    challenge(root, two, 0.2, NOTE)
    assert models_state(root) == {"champion": one, "challenger": two, "share": 0.2}
    (root / two / "acv.json").unlink()
    (root / two / "card.json").touch()
    assert two in models_state(root)["fault"]
    (root / ROLES).write_text("{")
    assert ROLES in models_state(root)["fault"]
