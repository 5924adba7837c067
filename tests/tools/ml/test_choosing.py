"""Champion and challenger: who serves, who chose it, and the way back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tools.ml.registry import ModelError, current
from tools.ml.registry.choosing import Note, challenge, count_look, find, promote, roll_back, stop_challenge
from tools.ml.registry.roles import ROLES, RolesError, change_roles, read_roles

NOTE = Note("ana@sales.example", "better on June", datetime(2026, 6, 1, tzinfo=UTC), "Brier .141 against .150")


def test_a_promotion_says_who_when_why_and_on_what_evidence(models):
    root, (one, two, _) = models
    promote(root, two, NOTE)
    assert current(root) == root / two
    last = read_roles(root).log[-1]
    assert (last.what, last.digest, last.before, last.by) == ("promoted", two, one, "ana@sales.example")
    assert (last.reason, last.evidence, last.at) == (NOTE.reason, NOTE.evidence, NOTE.at)


def test_rolling_back_goes_one_champion_further_each_time_and_then_says_that_there_is_none(models):
    root, (one, two, three) = models
    promote(root, two, NOTE)
    promote(root, three, NOTE)
    assert roll_back(root, NOTE).champion == two
    assert roll_back(root, NOTE).champion == one
    with pytest.raises(RolesError, match="no earlier champion"):
        roll_back(root, NOTE)
    promote(root, three, NOTE)
    assert roll_back(root, NOTE).champion == one


def test_a_model_that_does_not_load_is_neither_promoted_nor_challenges(models):
    root, (one, two, _) = models
    (root / two / "acv.json").write_bytes(b"{}")
    for attempt in (lambda: promote(root, two, NOTE), lambda: challenge(root, two, 0.2, NOTE)):
        with pytest.raises(ModelError, match="damaged"):
            attempt()
    assert current(root) == root / one


def test_a_challenge_keeps_its_lots_while_its_share_changes_and_ends_with_a_promotion(models):
    root, (one, two, three) = models
    first = challenge(root, two, 0.2, NOTE).challenger
    wider = challenge(root, two, 0.5, NOTE).challenger
    assert first is not None
    assert wider is not None
    assert (wider.salt, wider.share) == (first.salt, 0.5)
    other = challenge(root, three, 0.5, NOTE).challenger
    assert other is not None
    assert other.salt != first.salt
    promote(root, two, NOTE)
    assert read_roles(root).challenger is None
    with pytest.raises(RolesError, match="no model challenges"):
        stop_challenge(root, NOTE)
    assert one in read_roles(root).ever_chosen()


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5, 20.0])
def test_a_share_that_is_none_is_refused(models, share):
    root, (_, two, _) = models
    with pytest.raises(RolesError, match="share"):
        challenge(root, two, share, NOTE)


def test_the_champion_cannot_challenge_itself(models):
    root, (one, _, _) = models
    with pytest.raises(RolesError, match="itself"):
        challenge(root, one, 0.2, NOTE)


def test_looks_are_counted_for_each_model_against_this_champion_and_none_is_lost(models):
    root, (_, two, three) = models
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: count_look(root, two, NOTE), range(24)))
    assert sorted(numbers) == list(range(1, 25))
    assert count_look(root, three, NOTE) == 1
    promote(root, three, NOTE)
    assert count_look(root, two, NOTE) == 1


def test_a_model_is_found_by_the_beginning_of_its_digest(models):
    root, (one, two, three) = models
    assert find(root, one[:10]) == one
    with pytest.raises(RolesError, match="no model"):
        find(root, "zz")
    with pytest.raises(RolesError, match="3 models"):
        find(root, "")
    assert three != two


def test_a_damaged_file_of_roles_is_said_to_be_so_and_never_overwritten(models):
    root, (_, two, _) = models
    (root / ROLES).write_text('{"champion": 3')
    with pytest.raises(RolesError, match="cannot be read"):
        promote(root, two, NOTE)
    assert (root / ROLES).read_text() == '{"champion": 3'


def test_a_change_that_fails_leaves_the_file_as_it_was(models):
    root, _ = models
    before = (root / ROLES).read_bytes()

    def fails(_roles):
        raise RolesError("no")

    with pytest.raises(RolesError):
        change_roles(root, fails)
    assert (root / ROLES).read_bytes() == before
