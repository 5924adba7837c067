"""The daily job: judge the running challenge, watch for drift, train anew from the store, let the new model challenge, throw
old ones away, and write it all down. Two of them never run at once.

A new model is chosen by the leads held out from its training, and judged by others: those whose window ended after its
challenge began. One look a week, each with its share of alpha (tools.ml.promotion): so however long this runs every night,
a challenge promotes a model that is no better with a chance of alpha at the most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from tools.learning.comparing import compare_models
from tools.learning.training import train_from_store
from tools.learning.watching import watch_store
from tools.locking import file_lock
from tools.ml import registry
from tools.ml.data import Progress, silent
from tools.ml.promotion import Rules, Verdict, verdict
from tools.ml.registry.choosing import Note, challenge, count_look, promote, stop_challenge
from tools.ml.registry.pruning import prune
from tools.ml.registry.reports import Seen, reports_folder, write_report, write_seen
from tools.ml.registry.roles import LOCK, Challenger, Roles, read_roles
from tools.ml.router_model import NothingLearned, TooFewOutcomes
from tools.store.learning import models_named

BY: Final = "retrain"
LOOK_EVERY: Final = timedelta(days=7)
WATCHED: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Plan:
    """window: what a lead has to convert; share: of the accounts for a new challenger; promotes: whether a challenger that
    won is promoted without asking anybody; longest: a challenge that was not won ends after that; keep: models."""

    window: timedelta
    rules: Rules
    share: float = 0.2
    promotes: bool = False
    longest: timedelta = timedelta(days=60)
    keep: int = 10


def retrain(
    engine: Engine, models: Path, now: datetime, plan: Plan, progress: Progress = silent
) -> tuple[Path, list[str]]:
    """(report, its sentences). Raises Busy when another run holds the lock."""
    with file_lock(reports_folder(models) / LOCK, wait=False):
        told = list(_steps(engine, models, now, plan, progress))
        lines = "\n".join(f"- {sentence}" for sentence in told)
        return write_report(models, now, f"# Retraining of {now:%Y-%m-%d %H:%M} UTC\n\n{lines}\n"), told


def _steps(engine: Engine, models: Path, now: datetime, plan: Plan, progress: Progress) -> Iterator[str]:
    registry.ensure_bootstrap(models)
    yield from _judge(engine, models, now, plan)
    yield from watch_and_keep(engine, models, now, WATCHED, plan.window)
    yield from _train(engine, models, now, plan, progress)
    gone = prune(models, plan.keep, models_named(engine))
    if gone:
        yield f"thrown away: {', '.join(gone)}"


def watch_and_keep(engine: Engine, models: Path, now: datetime, last: timedelta, window: timedelta) -> Iterator[str]:
    """A look at drift, kept for /health."""
    seen = watch_store(engine, models, now, last, window)
    findings = seen.drift.findings
    write_seen(models, Seen(at=now, model=seen.model, findings=tuple((one.kind, one.sentence) for one in findings)))
    if seen.drift.checks and not findings:
        yield f"no drift in {seen.leads} leads, held against {seen.basis}: {len(seen.drift.checks)} checks"
    for one in findings:
        yield f"drift of {one.kind} (known at {one.known_at}): {one.sentence}"
    for sentence in seen.drift.unjudged:
        yield f"not judged: {sentence}"


def look(engine: Engine, models: Path, digest: str, now: datetime, plan: Plan, by: str) -> Verdict:
    """Test a model against the champion, and write the look down. The challenger is tested on leads whose window ended since
    its challenge began, any other on all that neither was trained on."""
    roles = read_roles(models)
    assert roles.champion is not None  # whoever asks has one to compare with
    held = roles.challenger
    since = held.since - plan.window if held is not None and held.digest == digest else None
    found = compare_models(engine, models, roles.champion, digest, now, plan.window, since).found
    if found is None or found.leads < plan.rules.least_leads:
        known = f"{found.leads if found else 0} leads with a known outcome"
        since_when = (
            f" whose window ended since {held.since:%Y-%m-%d}" if held is not None and since is not None else ""
        )
        return Verdict(False, f"too early: {known}{since_when}, at least {plan.rules.least_leads} are asked")
    return verdict(found, plan.rules, count_look(models, digest, Note(by, "", now)))


def _judge(engine: Engine, models: Path, now: datetime, plan: Plan) -> Iterator[str]:
    held = read_roles(models).challenger
    if held is None:
        return
    if not _may_look(read_roles(models), held, now):
        yield f"{held.digest} challenges since {held.since:%Y-%m-%d}; it was looked at less than {LOOK_EVERY.days} days ago"
        return
    found = look(engine, models, held.digest, now, plan, BY)
    yield f"challenger {held.digest}: {found.sentence}"
    if found.better and plan.promotes:
        promote(models, held.digest, Note(BY, "won its challenge", now, found.sentence))
        yield f"{held.digest} is the champion now; `app.py models rollback` takes it back"
    elif found.better:
        yield f"`app.py models promote {held.digest}` makes it the champion"
    elif now - held.since > plan.longest:
        stop_challenge(models, Note(BY, f"not better in {plan.longest.days} days", now, found.sentence))
        yield f"its challenge ended after {plan.longest.days} days"


def _may_look(roles: Roles, held: Challenger, now: datetime) -> bool:
    return now - max([held.since, *roles.looks(held.digest)]) >= LOOK_EVERY


def _train(engine: Engine, models: Path, now: datetime, plan: Plan, progress: Progress) -> Iterator[str]:
    try:
        made = train_from_store(engine, models, now, plan.window, progress=progress)
    except TooFewOutcomes as few:
        yield f"nothing trained: {few}"
        return
    except NothingLearned as none:
        yield f"nothing to register: {none}; the champion stays"
        return
    yield f"trained {made.digest}: {'; '.join(made.told)}"
    roles = read_roles(models)
    assert roles.champion is not None
    if made.digest == roles.champion:
        yield "that is the champion"
        return
    compared = compare_models(engine, models, roles.champion, made.digest, now, plan.window)
    if compared.found is None:
        yield "no lead is left to compare it with the champion"
        return
    yield f"held out, against {roles.champion}: Brier {compared.found.brier[1]:.4f} against {compared.found.brier[0]:.4f}"
    if roles.challenger is not None:
        yield f"{roles.challenger.digest} challenges already; {made.digest} waits in the registry"
    elif compared.found.brier_gain <= 0:
        yield "it is no better on them, so it does not challenge"
    else:
        challenge(models, made.digest, plan.share, Note(BY, "better on the leads held out", now))
        yield f"{made.digest} challenges the champion for {plan.share:.0%} of the accounts"
