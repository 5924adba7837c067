"""Scores as a line: 0 at the bottom, 100 at the top, time to the right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tools.store.account_page import ScoreAt
from tools.web.score_line import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, score_line

START = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)


def at(hours: float, score: float) -> ScoreAt:
    return ScoreAt(START + timedelta(hours=hours), score, "high", "ld_1", 1, "dee@company.com", "qualify")


def test_time_goes_to_the_right_and_the_score_upwards():
    line = score_line([at(0, 0), at(1, 50), at(4, 100)])
    assert line is not None
    wide = WIDTH - LEFT - RIGHT
    assert [(dot.x, dot.y) for dot in line.dots] == [
        (LEFT, HEIGHT - BOTTOM), (LEFT + wide / 4, (TOP + HEIGHT - BOTTOM) / 2), (WIDTH - RIGHT, TOP),
    ]  # fmt: skip
    assert line.path == " ".join(f"{dot.x:g},{dot.y:g}" for dot in line.dots)
    assert (line.first, line.last) == (START, START + timedelta(hours=4))


def test_one_decision_stands_in_the_middle_and_none_makes_no_line():
    line = score_line([at(3, 70)])
    assert line is not None
    assert line.dots[0].x == LEFT + (WIDTH - LEFT - RIGHT) / 2
    assert score_line([]) is None


def test_a_score_outside_of_its_scale_stays_in_the_picture():
    line = score_line([at(0, -5), at(1, 140)])
    assert line is not None
    assert [dot.y for dot in line.dots] == [HEIGHT - BOTTOM, TOP]
