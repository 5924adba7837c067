"""The figures of models on real data, where LEAD_DATA (default: ../shared/data) is there; a part that is absent is skipped
with its reason. Everything is trained and measured by what `app.py train` and `app.py evaluate` call; only the tables
that these files do not hold as such are put together here:

    bank      rows are in time order without a year: a first of the month is added, a new year where the month falls back
    parents   one row a family of accounts, with what its won deals are worth a year
    deals     opportunities with their account's facts
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.plan import Plan, say
from bench.servers import ROOT
from tools.ml import splits
from tools.ml.card import Task
from tools.ml.evaluating import report, updating
from tools.ml.evaluating.case import Case, case_of
from tools.ml.evaluating.evaluation import Evaluation, evaluate
from tools.ml.registry import Model
from tools.ml.table import folder
from tools.ml.table.outcomes import Asked
from tools.ml.table.training import Request, Trained, train

DATA = Path(os.environ.get("LEAD_DATA", ROOT.parent / "shared" / "data"))
AFTER_INTAKE = (
    "Tags", "Lead Quality", "Last Activity", "Last Notable Activity", "Lead Profile", "Asymmetrique Activity Index",
    "Asymmetrique Profile Index", "Asymmetrique Activity Score", "Asymmetrique Profile Score", "Lead Number",
)  # fmt: skip
"""X Education: written by sales or by later visits; the number sorts leads by time, which the file does not hold otherwise."""
ASKED_LATER = ("What is your current occupation", "What matters most to you in choosing a course")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
X_FOLDS, PARENT_FOLDS = 5, 10
LARGER = ("revenue", "employees", "accounts")
"""A larger family is worth no less, all else equal: what the router's own model of contract value holds to as well."""
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Told:
    """A trained model, measured on rows that it has not seen."""

    trained: Trained
    model: Model
    case: Case
    evaluation: Evaluation

    def figure(self, name: str) -> float:
        return self.evaluation.measured.figures[name].value


def measure(plan: Plan) -> tuple[Figures, dict[str, Any]]:
    """The figures there is data for; `skipped` says why others are absent."""
    parts: dict[str, tuple[Path, Callable[[Path, Path], tuple[Figures, dict[str, Any]]]]] = {
        "x_education": (DATA / "x_education" / "train.csv", _x_education),
        "bank": (DATA / "bank" / "bank-additional-full-15col.csv", _bank),
        "maven": (DATA / "maven_crm", _maven),
    }
    figures: Figures = {}
    detail: dict[str, Any] = {"skipped": {}}
    for name, (path, part) in parts.items():
        if not path.exists():
            detail["skipped"][name] = f"{path} is absent; set LEAD_DATA to the folder that holds it"
            continue
        say(f"scores: {name}")
        work = plan.work / "scores" / name
        work.mkdir(parents=True)
        found, detail[name] = part(path, work)
        figures |= found
    return figures, detail


def _told(task: Task, data: Path, target: str, out: Path, **more: Any) -> Told:
    """`app.py train`, then `app.py evaluate` on the rows held out. more: of Request, and of Asked."""
    asked = Asked(task, target, more.pop("time", None), more.pop("closed", None), more.pop("positive", None),
                  more.pop("negative", None))  # fmt: skip
    trained = train(Request(asked, data, out, **more))
    model, _, _ = folder.find(out)
    case = case_of(model, data)
    return Told(trained, model, case, evaluate(case, data, model.digest))


def _x_education(path: Path, work: Path) -> tuple[Figures, dict[str, Any]]:
    asked, left_out = Asked("propensity", "Converted"), AFTER_INTAKE + ASKED_LATER
    by_fold = cross_validated(list(_read(path)), X_FOLDS, work / "strict", asked, id="Prospect ID", exclude=left_out)
    strict = report.propensity(by_fold.said, by_fold.value, by_fold.baselines)
    held_out = _told("propensity", path, "Converted", work / "held-out", id="Prospect ID", exclude=left_out)
    # these two are asked on the form's second page: blank tells that nobody came so far, so the guard wants a person's word
    full = _told(
        "propensity", path, "Converted", work / "full", id="Prospect ID", exclude=AFTER_INTAKE, allow=ASKED_LATER
    )
    figures = {
        "x_auc": strict.figures["roc_auc"].value,
        "x_ece": strict.figures["ece_equal_width"].value,
        "x_ranges": _covered(held_out.evaluation.measured),
        "x_held_out_ece": held_out.figure("ece_equal_width"),
        "x_fold_ranges": _covered(strict),
        "x_full_auc": full.figure("roc_auc"),
    }
    return figures, {
        "strict": {"folds": by_fold.verdicts, **_plain(strict)},
        "held_out": _summary(held_out),
        "full": _summary(full),
    }


def _bank(path: Path, work: Path) -> tuple[Figures, dict[str, Any]]:
    by_hash = _told("propensity", path, "output", work / "hash", exclude=("duration",))
    dated = work / "dated.csv"
    _write(dated, _with_dates(_read(path)))
    by_time = _told("propensity", dated, "output", work / "time", exclude=("duration",), time="called_on")
    moved = updating.by_month(by_time.case)
    worth = moved.worth
    figures = {
        "bank_auc": by_hash.figure("roc_auc"),
        "bank_time_auc": by_time.figure("roc_auc"),
        "bank_drift_months": float(sum(bool(month.off) for month in by_time.evaluation.months)),
        "bank_brier_before": worth.before["brier"].value,
        "bank_brier_after": worth.after["brier"].value,
        "bank_brier_gain_high": worth.gain["brier"].high if worth.gain["brier"].high is not None else float("nan"),
    }
    return figures, {
        "hash": _summary(by_hash),
        "time": _summary(by_time),
        "months": [month.model_dump() for month in by_time.evaluation.months],
        "recalibration": worth.model_dump(),
    }


def _with_dates(rows: Iterable[Mapping[str, str]]) -> Iterable[dict[str, str]]:
    """The year is where it was: the file starts in May 2008 (its source says so) and no month stands before an earlier one."""
    year, last = 2008, 0
    for row in rows:
        month = MONTHS.index(row["month"]) + 1
        year += month < last
        last = month
        yield {**row, "called_on": date(year, month, 1).isoformat()}


def _maven(path: Path, work: Path) -> tuple[Figures, dict[str, Any]]:
    accounts = {row["account"]: row for row in _read(path / "accounts.csv")}
    deals = list(_read(path / "sales_pipeline.csv"))
    parents = list(_parents(accounts, deals))
    by_fold = cross_validated(
        parents, PARENT_FOLDS, work / "parents", Asked("acv", "value_usd"), id="parent", rising=LARGER
    )
    acv = report.contract_value(by_fold.said, by_fold.value, by_fold.baselines)
    _write(work / "deals.csv", [_deal(row, accounts) for row in deals])
    won = _told("propensity", work / "deals.csv", "deal_stage", work / "won", id="opportunity_id",
                positive="Won", negative="Lost", exclude=("close_date", "close_value"))  # fmt: skip
    # an account is filled in when a deal closes: its facts are blank for two thirds of the open ones, and would tell
    closing = _told("time-to-close", work / "deals.csv", "close_date", work / "days", id="opportunity_id",
                    time="engage_date", features=("sales_agent", "product"), allow=("sales_agent",))  # fmt: skip
    figures = {
        "acv_r2": acv.figures["r2"].value,
        "acv_spearman": acv.figures["spearman"].value,
        "acv_ranges": acv.figures["coverage"].value,
        "won_signal": float(won.evaluation.signal != "none"),
        "days_ranges": closing.figure("coverage"),
    }
    return figures, {
        "parents": {"rows": len(parents), "folds": by_fold.verdicts, **_plain(acv)},
        "won": {"verdict": won.trained.verdict, **_summary(won)},
        "days": {"verdict": closing.trained.verdict, **_summary(closing)},
    }


def _parents(accounts: Mapping[str, Mapping[str, str]], deals: Iterable[Mapping[str, str]]) -> Iterable[dict[str, str]]:
    """One row a family that won something: facts of the parent and sums over the family. The deals close within ten months;
    their sum is taken for a year's."""
    value: Counter[str] = Counter()
    families = defaultdict(list)
    for name, row in accounts.items():
        families[row["subsidiary_of"] or name].append(row)
    for deal in deals:
        if deal["deal_stage"] == "Won" and deal["account"]:
            value[accounts[deal["account"]]["subsidiary_of"] or deal["account"]] += float(deal["close_value"])
    for parent, family in families.items():
        if value[parent]:
            own = accounts[parent]
            yield {
                "parent": parent,
                **{name: own[name] for name in ("sector", "year_established", "office_location")},
                "revenue": f"{sum(float(row['revenue']) for row in family):.2f}",
                "employees": str(sum(int(row["employees"]) for row in family)),
                "accounts": str(len(family)),
                "value_usd": f"{value[parent]:.0f}",
            }


@dataclass(frozen=True, slots=True)
class Folds:
    """The answers about every row, each by a model that was trained on the other folds, joined."""

    said: report.Answers
    value: NDArray[np.float64]
    baselines: dict[str, NDArray[np.float64]]
    verdicts: list[str]


def cross_validated(rows: Sequence[Mapping[str, str]], count: int, work: Path, asked: Asked, **more: Any) -> Folds:
    """more: of Request; its `id` is what stays in one fold."""
    fold = splits.folds([row[more["id"]] for row in rows], count)
    work.mkdir()
    cases, verdicts = [], []
    for one in range(count):
        kept, aside, out = work / f"{one}.csv", work / f"{one}-aside.csv", work / f"{one}"
        _write(kept, [row for row, at in zip(rows, fold, strict=True) if at != one])
        _write(aside, [row for row, at in zip(rows, fold, strict=True) if at == one])
        verdicts.append(train(Request(asked, kept, out, **more)).verdict)
        cases.append(case_of(folder.find(out)[0], aside))
    joined = partial(np.concatenate)
    said = report.Answers(
        *(joined([getattr(case.said, name) for case in cases]) for name in ("point", "low", "high")),
        stated=cases[0].answers.stated,
    )
    baselines = {name: joined([case.baselines[name] for case in cases]) for name in cases[0].baselines}
    return Folds(said, joined([case.value for case in cases]), baselines, verdicts)


def _deal(row: Mapping[str, str], accounts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    facts = accounts.get(row["account"], {})
    names = ("sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of")
    return {**row, **{name: facts.get(name, "") for name in names}}


def _covered(measured: report.Measured) -> float:
    ranges = measured.ranges
    return ranges.covered.value if ranges else float("nan")


def _summary(told: Told) -> dict[str, Any]:
    return {"rows": told.evaluation.rows_used, "signal": told.evaluation.signal, **_plain(told.evaluation.measured)}


def _plain(measured: report.Measured) -> dict[str, Any]:
    shown = measured.model_dump(include={"figures", "baselines", "calibration", "ranges"}, mode="json")
    if shown.get("ranges"):
        shown["ranges"].pop("groups")
    return shown


def _read(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
