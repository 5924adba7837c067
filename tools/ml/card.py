"""What a model says about itself: one card a folder, for the router's own models and for models of anybody's table.

    Card
      features            the columns of the matrix, in order; `table` says how a file's columns become them
      heads               task -> Head: one booster each, with what turns its margin into an answer
        propensity        Calibration: log-odds -> probability and its range
        acv, time-to-close  Spread: a factor below and above the point, by conformal prediction

A card is data: nothing here trains, reads a file or knows a library for models.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from graph.rules.scoring import sigmoid

Task: TypeAlias = Literal["propensity", "acv", "time-to-close"]
Method: TypeAlias = Literal["sigmoid", "platt", "isotonic", "venn-abers"]
SHORT = 16
"""Hexadecimal digits of a SHA-256 that name a model."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Calibration(_Frozen):
    """Log-odds to probability by a table. margins: rising; probability, low, high: at each of them, linear in between and
    constant beyond the ends. method `sigmoid` has no `probability`: the trees' own is taken. coverage: how often the true
    probability is meant to lie within low..high; rows: leads that the table was made from, none of them trained on."""

    method: Method
    margins: tuple[float, ...]
    probability: tuple[float, ...] = ()
    low: tuple[float, ...]
    high: tuple[float, ...]
    coverage: float
    rows: int

    def at(self, margin: float) -> tuple[float, float, float]:
        """(probability, low, high) for one margin; low <= probability <= high."""
        place, share = self._between(margin)
        point = sigmoid(margin) if self.method == "sigmoid" else _linear(self.probability, place, share)
        return point, min(point, _linear(self.low, place, share)), max(point, _linear(self.high, place, share))

    def _between(self, margin: float) -> tuple[int, float]:
        """The last margin of the table not above this one, and how far it is on the way to the next, 0..1."""
        place = bisect_right(self.margins, margin) - 1
        if place < 0 or place >= len(self.margins) - 1:
            return max(0, min(place, len(self.margins) - 1)), 0.0
        return place, (margin - self.margins[place]) / (self.margins[place + 1] - self.margins[place])


class Spread(_Frozen):
    """A range about a positive point: point x low .. point x high, by conformal prediction on the logarithm. groups: name
    -> (low, high), `all` always there; coverage: the share of actual values meant to lie inside; rows: of the calibration."""

    coverage: float
    groups: dict[str, tuple[float, float]]
    rows: int

    def at(self, point: float, group: str = "all") -> tuple[float, float]:
        low, high = self.groups.get(group) or self.groups["all"]
        return point * low, point * high


class Head(_Frozen):
    """One booster and what its output means. signal: `none` where it did not beat its plain baseline on leads kept aside,
    and `fallback` (base rate, or median of the training leads) is the answer to everything. figures: on leads kept aside."""

    file: str
    parameters: dict[str, float | int | str]
    trees: int
    signal: Literal["found", "none", "stated"] = "found"
    fallback: float | None = None
    calibration: Calibration | None = None
    spread: Spread | None = None
    figures: dict[str, float] = {}


class Column(_Frozen):
    """A column of a file and how it becomes numbers. kind: number and flag stay one number, a date becomes parts or an
    age. A category becomes a yes or no for each of its first `kept` levels, for blank and for all others; one with very
    many levels (kept 0) becomes `codes` of them, and `other` for a level that training did not see. form: how its numbers
    or dates are written (tools.ml.table.cells). parts: of a date, each a column of the matrix. known_at: when it becomes
    known, where that was said."""

    name: str
    kind: Literal["number", "flag", "date", "category"]
    levels: tuple[str, ...] = ()
    codes: tuple[float, ...] = ()
    other: float | None = None
    kept: int = 0
    form: str = ""
    parts: tuple[str, ...] = ()
    known_at: str = "submission"


class TableSpec(_Frozen):
    """How anybody's file becomes the matrix. excluded: columns left out, with the reason. positive, negative: the target's
    spellings of yes and no, divided by |; target_form, time_form: how its numbers or dates, and the time's, are written
    (none where the time is a number); closed: the column that says whether days until closing are final."""

    target: str
    positive: str = ""
    negative: str = ""
    target_form: str = ""
    time_form: str = ""
    closed: str | None = None
    id: str | None = None
    time: str | None = None
    columns: tuple[Column, ...]
    excluded: dict[str, str] = {}


class Card(_Frozen):
    """kind: `router` for models over the features of graph.features, `table` for models of a file. features_digest: of the
    feature code or of `table`. training: rows, period, split, base rate and the like, as text for people."""

    name: str
    kind: Literal["router", "table"]
    synthetic: bool
    note: str
    features: tuple[str, ...]
    features_digest: str
    seed: int
    rows: int
    heads: dict[Task, Head]
    table: TableSpec | None = None
    training: dict[str, str] = {}
    files: dict[str, str] = {}
    created: str = ""
    environment: dict[str, str] = {}

    def digest(self) -> str:
        """Over all that a score depends on, and the figures; not over time and place of training."""
        text = self.model_dump_json(exclude={"created", "environment"})
        return hashlib.sha256(text.encode()).hexdigest()[:SHORT]


def _linear(values: Sequence[float], place: int, share: float) -> float:
    return values[place] + share * (values[place + 1] - values[place]) if share else values[place]
