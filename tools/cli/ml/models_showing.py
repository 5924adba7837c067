"""What `app.py models` shows and does not change: the list, a card, the history, a comparison, the leaderboard."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tools.cli.ml.learning import plan_of, window_of

if TYPE_CHECKING:
    from tools.learning.leaderboard import Row
    from tools.settings import Settings
    from tools.store.predictions import Accuracy


def show_list(_arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.planning.showing import table

    print("\n".join(table([("", "digest", "name", "created", "rows", "AUC", "Brier", "tasks"), *_rows(settings)])))
    return 0


def _rows(settings: Settings) -> Iterator[tuple[str, ...]]:
    from tools.ml.registry import ModelError, load
    from tools.ml.registry.choosing import digests
    from tools.ml.registry.roles import read_roles

    root, roles = settings.models_dir, read_roles(settings.models_dir)
    held = dict.fromkeys(digests(root), "")
    if roles.challenger is not None:
        held[roles.challenger.digest] = f"challenger, {roles.challenger.share:.0%}"
    if roles.champion is not None:
        held[roles.champion] = "champion"
    rows: list[tuple[str, ...]] = []
    for digest, role in held.items():
        try:
            card = load(root / digest).card
        except ModelError as error:
            rows.append((role, digest, f"does not load: {error}", "", "", "", "", ""))
            continue
        figures = card.heads["propensity"].figures if "propensity" in card.heads else {}
        auc, brier = (f"{figures[name]:.3f}" if name in figures else "" for name in ("auc", "brier"))
        rows.append((role, digest, card.name, card.created[:16], f"{card.rows:,}", auc, brier, ", ".join(card.heads)))
    yield from sorted(rows, key=lambda row: row[3], reverse=True)


def show_card(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.ml.registry.choosing import find
    from tools.ml.registry.folders import CARD, load
    from tools.ml.router_model import environment

    digest = find(settings.models_dir, arguments.digest)
    print((settings.models_dir / digest / CARD).read_text())
    card = load(settings.models_dir / digest).card
    other = [
        f"{name} {card.environment[name]}, here {here}"
        for name, here in environment().items()
        if card.environment.get(name, here) != here
    ]
    print(f"{digest} is whole and fits the features of this code.")
    if other:
        print(f"It was trained elsewhere: {'; '.join(other)}.")
    return 0


def show_history(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.ml.registry.roles import read_roles
    from tools.planning.showing import plain, table

    rows = [("when (UTC)", "what", "model", "before", "by", "why", "evidence")]
    for entry in reversed(read_roles(settings.models_dir).log[-max(1, arguments.limit) :]):
        why, evidence = plain(entry.reason, 80), plain(entry.evidence, 200)
        rows.append(
            (f"{entry.at:%Y-%m-%d %H:%M}", entry.what, entry.digest, entry.before or "", entry.by, why, evidence)
        )
    print("\n".join(table(rows)))
    return 0


def show_comparison(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import store_of
    from tools.learning.comparing import compare_models
    from tools.ml.promotion import verdict
    from tools.ml.registry.choosing import find
    from tools.planning.period import moment

    try:
        since = None if arguments.since is None else moment(arguments.since)
    except ValueError as error:
        print(f"--since: {error}", file=sys.stderr)
        return 2
    root, plan = settings.models_dir, plan_of(settings)
    a, b = find(root, arguments.a), find(root, arguments.b)
    with store_of(settings) as engine:
        compared = compare_models(engine, root, a, b, datetime.now(UTC), plan.window, since)
    if compared.found is None:
        print("no lead with a known outcome that neither model was trained on", file=sys.stderr)
        return 1
    found = compared.found
    print(f"{found.leads} leads of {found.accounts} accounts, {found.converted} converted, that neither model knew:")
    print(
        f"  Brier     {a} {found.brier[0]:.4f}   {b} {found.brier[1]:.4f}   p {found.brier_p:.4f} (bootstrap over accounts)"
    )
    print(f"  log loss  {a} {found.log_loss[0]:.4f}   {b} {found.log_loss[1]:.4f}   p {found.log_loss_p:.4f}")
    print(f"  AUC       {a} {found.auc[0]:.4f}   {b} {found.auc[1]:.4f}   p {found.auc_p:.4f} (DeLong, two-sided)")
    for arm in compared.arms:
        print(
            f"  live: {arm.leads} leads scored by {arm.model}, {arm.converted} converted ({arm.converted / arm.leads:.1%})"
        )
    print(f"{b} is {verdict(found, plan.rules).sentence}")
    return 0


def show_leaderboard(_arguments: argparse.Namespace, settings: Settings) -> int:
    """What scores promised and what came; below it what people said of predictions, which needs no window to be over."""
    from tools.cli.rules.editing import store_of
    from tools.learning.leaderboard import leaderboard
    from tools.learning.reading import read_history
    from tools.planning.showing import table
    from tools.store.predictions import accuracy

    with store_of(settings) as engine:
        rows = leaderboard(read_history(engine), datetime.now(UTC), window_of(settings))
        judged = accuracy(engine)
    if rows:
        print("\n".join(table([_PROMISED, *map(_promised, rows)])))
    else:
        print(f"no lead is {settings.conversion_window_d} days old yet: nothing can have come true")
    if judged:
        print("\nPredictions that people judged (POST /api/lead-scoring/predictions/ID/validate):")
        print("\n".join(table([("model", "prediction", "judged", "accurate", "Brier"), *map(_judged, judged)])))
    return 0


_PROMISED = ("model", "period", "tier", "leads", "promised", "came", "off", "Brier", "AUC")


def _promised(row: Row) -> tuple[str, ...]:
    return (
        row.model, row.period, row.tier, f"{row.leads:,}", f"{row.promised:.1%}", f"{row.came:.1%}",
        f"{row.sigmas:+.1f} sigma", "" if row.brier is None else f"{row.brier:.4f}",
        "" if row.auc is None else f"{row.auc:.3f}",
    )  # fmt: skip


def _judged(one: Accuracy) -> tuple[str, ...]:
    total = one.validated + one.invalidated
    brier = "" if one.brier is None else f"{one.brier:.4f}"
    return one.version, one.type, f"{total:,}", f"{one.validated / total:.1%}", brier
