"""Counts what became of the leads, from the product's own tables: nothing is taken from what it says about itself.

Each body of a run names a person of its own, so one lead, one revision and one set of effects is right for it; whoever
was sent several bodies says so by `bodies`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.system.client import Sent, refusals
from tests.system.harness import Product

DRAIN_S = 180.0  # longer than a dispatcher's lease
HELD = "('offered', 'accepted', 'touched')"
BACKLOG = "state = 'pending' AND vendor NOT IN ('sla', 'steps')"  # timers and steps wait for their time by design


@dataclass(slots=True)
class Counts:
    """The table's row. Everything from `lost` to `dead` must be 0."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    decided: int = 0
    lost: int = 0
    decided_twice: int = 0
    effects_twice: int = 0
    turns_twice: int = 0
    not_one_owner: int = 0
    effects_missing: int = 0
    dead: int = 0
    redelivered: int = 0
    taken_over: int = 0
    drained_s: float = 0.0
    detail: dict[str, Any] = field(default_factory=dict)

    def broken(self) -> list[str]:
        names = ("lost", "decided_twice", "effects_twice", "turns_twice", "not_one_owner", "effects_missing", "dead")
        told = [f"{name} = {value}" for name in names if (value := getattr(self, name))]
        if self.accepted != self.sent:
            told.append(f"{self.sent - self.accepted} senders never got an answer of 2xx")
        return told


def drain(product: Product, sent: Sequence[Sent], seconds: float = DRAIN_S, *, effects: bool = True) -> float:
    """Until every accepted lead is decided and no effect waits, or the time is up. Returns the seconds."""
    started = time.monotonic()
    ids = {one.accepted for one in sent if one.accepted}
    while time.monotonic() - started < seconds:
        with product.sql() as connection:
            known = {row[0] for row in connection.execute("SELECT DISTINCT lead_id FROM decisions")}
            waiting = connection.execute(f"SELECT count(*) FROM outbox WHERE {BACKLOG}").fetchone()[0]
        if ids <= known and not (waiting and effects):
            break
        time.sleep(0.1)
    return time.monotonic() - started


def undecided(product: Product, sent: Sequence[Sent]) -> int:
    """Accepted leads without a decision."""
    with product.sql() as connection:
        known = {row[0] for row in connection.execute("SELECT DISTINCT lead_id FROM decisions")}
    return sum(one.accepted is not None and one.accepted not in known for one in sent)


def count(
    product: Product,
    sent: Sequence[Sent],
    *,
    bodies: int = 1,
    twins: bool = True,
    drain_s: float = DRAIN_S,
) -> Counts:
    """bodies: different submissions that each person sent. twins: the embedded parts are in use, so what the outbox
    calls done must stand in their tables."""
    counts = Counts(sent=len(sent), refused=refusals(sent))
    counts.drained_s = drain(product, sent, drain_s, effects=not product.effects_later)
    ids = {one.accepted for one in sent if one.accepted}
    counts.accepted = sum(one.accepted is not None for one in sent)
    with product.sql() as connection:
        _decisions(connection, counts, ids, bodies, product.counted)
        _owners(connection, counts, ids)
        _effects(connection, counts, ids, bodies, twins=twins, later=product.effects_later)
        _turns(connection, counts)
        counts.dead = connection.execute("SELECT count(*) FROM dead_letters").fetchone()[0]
    product.counted |= ids
    taken_over = product.metric("lead_taken_over_total")
    counts.taken_over, product.taken_over = max(0, taken_over - product.taken_over), taken_over
    return counts


def _decisions(connection: sqlite3.Connection, counts: Counts, ids: set[str], bodies: int, before: set[str]) -> None:
    rows = connection.execute("SELECT lead_id, count(*), count(DISTINCT submission_id) FROM decisions GROUP BY lead_id")
    found = {lead_id: (revisions, submissions) for lead_id, revisions, submissions in rows}
    counts.decided = len(ids & found.keys())
    missing = sorted(ids - found.keys())
    counts.lost = len(missing)
    over = {i: n for i, (n, _) in found.items() if i in ids and n > bodies}
    strangers = found.keys() - ids - before  # decided, but nobody was told: its sender would have come again
    counts.decided_twice = sum(n - bodies for n in over.values()) + len(strangers)
    counts.detail |= {"lost": missing[:3], "twice": dict(list(over.items())[:3]), "strangers": sorted(strangers)[:3]}


def _owners(connection: sqlite3.Connection, counts: Counts, ids: set[str]) -> None:
    owners = dict(connection.execute("SELECT lead_id, owner FROM leads WHERE owner <> ''"))
    held: dict[str, list[str]] = {}
    for lead_id, owner in connection.execute(f"SELECT lead_id, owner FROM assignments WHERE state IN {HELD}"):
        held.setdefault(lead_id, []).append(owner)
    decided = {row[0] for row in connection.execute("SELECT lead_id FROM decisions")} & ids
    wrong = [i for i in decided if held.get(i) != [owners.get(i)]]
    counts.not_one_owner = len(wrong)
    counts.detail["not_one_owner"] = {i: [owners.get(i), held.get(i)] for i in wrong[:3]}


_OF_A_KIND = (  # a message is changed by each thing that happens to its lead: those are told apart by their key's end
    "FROM outbox WHERE vendor <> 'steps'"
    " GROUP BY lead_id, kind, CASE kind WHEN 'update_alert' THEN substr(key, instr(key, '/')) END"
)
_MANY = f"SELECT lead_id, kind, count(*), group_concat(key, ' ') {_OF_A_KIND} HAVING count(*) > ? LIMIT 5"


def _effects(
    connection: sqlite3.Connection, counts: Counts, ids: set[str], bodies: int, *, twins: bool, later: bool
) -> None:
    def over(question: str, allowed: int = 1) -> int:
        return sum(max(0, n - allowed) for (n,) in connection.execute(question))

    twice = {
        "outbox": over(f"SELECT count(*) {_OF_A_KIND}", bodies),
        "alerts": over("SELECT count(*) FROM alerts GROUP BY lead_id"),
        "alerts by effect": over("SELECT count(*) FROM alerts GROUP BY effect_key"),
        "tasks": over("SELECT count(*) FROM crm_tasks GROUP BY contact_key, subject", bodies),
        "contacts": over("SELECT count(*) FROM crm_contacts GROUP BY lower(coalesce(email, contact_key))"),
        "enrolments": over("SELECT count(*) FROM nurture_enrolments GROUP BY contact_key, sequence"),
    }
    settled = "'done', 'pending'" if later else "'done'"
    done = "SELECT count(*) FROM outbox o WHERE o.state = 'done' AND o.kind = "
    missing = {
        "not done": f"SELECT count(*) FROM outbox WHERE state NOT IN ({settled})"
        " AND NOT (vendor IN ('sla', 'steps') AND state = 'pending')",
        "alert": done + "'post_alert' AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.lead_id = o.lead_id)",
        "task": done + "'create_task' AND NOT EXISTS (SELECT 1 FROM crm_tasks t WHERE t.effect_key = o.key)",
        "enrolment": done + "'enrol_nurture' AND NOT EXISTS (SELECT 1 FROM nurture_enrolments n WHERE n.lead_id = o.lead_id)",
        "contact": "SELECT max(0, (SELECT count(DISTINCT lead_id) FROM outbox WHERE kind = 'upsert_contact' AND state = 'done')"
        " - (SELECT count(*) FROM crm_contacts))",
    }  # fmt: skip
    asked = missing if twins else {"not done": missing["not done"]}
    found = {name: connection.execute(question).fetchone()[0] for name, question in asked.items()}
    with_effects = {row[0] for row in connection.execute("SELECT DISTINCT lead_id FROM outbox")}
    found["decided without effects"] = counts.decided - len(ids & with_effects)
    counts.effects_twice, counts.effects_missing = sum(twice.values()), sum(found.values())
    counts.redelivered = connection.execute("SELECT coalesce(sum(max(0, attempts - 1)), 0) FROM outbox").fetchone()[0]
    counts.detail |= {"effects twice": +Counter(twice), "effects missing": +Counter(found)}
    if twice["outbox"]:
        counts.detail["outbox"] = connection.execute(_MANY, (bodies,)).fetchall()


def _turns(connection: sqlite3.Connection, counts: Counts) -> None:
    """A pool's ledger counts each turn that was taken; one a lead and pool is right."""
    ledger = {
        pool: sum(json.loads(turns).values()) for pool, turns in connection.execute("SELECT pool, turns FROM pools")
    }
    taken = Counter(row[0] for row in connection.execute("SELECT pool FROM turns"))
    counts.turns_twice = sum(abs(ledger.get(pool, 0) - taken[pool]) for pool in ledger.keys() | taken.keys())
    counts.detail["turns"] = sum(taken.values())
