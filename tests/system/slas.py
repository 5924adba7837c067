"""Times to accept that go by, from the webhook to the end of the ladder, while the parts that keep them are killed."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import httpx

from tests.system.client import Burst, lead
from tests.system.harness import Product, until
from tests.system.report import Result

ACCEPT_S, TOUCH_S = 2, 6
LADDER_S = 120.0
GENERAL = "general@company.com"
FILE: dict[str, Any] = {
    "DEFAULT": GENERAL,
    "people": {
        "dee": {"email": "dee@company.com", "manager": "rita"},
        "eli": {"email": "eli@company.com", "manager": "rita"},
        "rita": {"email": "rita@company.com"},
    },
    "pools": {"all": {"members": ["dee", "eli"]}},
    "slas": {"hot": {"accept": f"{ACCEPT_S}s", "touch": f"{TOUCH_S}s", "clock": "wall", "remind": "50%"}},
    "default_sla": "hot",
    "rules": [{"id": "all", "to": "pool:all"}],
}
"""Everybody goes through one pool; who is silent moves to the other member, to Rita, and to DEFAULT."""


def use_short_times(product: Product) -> None:
    """Before it is started: a routing file of its own."""
    product.data.mkdir(parents=True, exist_ok=True)
    path = product.folder / "short.json"
    path.write_text(json.dumps(FILE))
    product.environment["ROUTING_FILE"] = str(path)


def ladder(
    product: Product, *, leads: int, answered: int = 3, kill: tuple[str, ...] = ("dispatch", "worker")
) -> Result:
    """Nobody answers but the first `answered` leads; each part of `kill` dies while the others' times run."""
    result, run = (
        Result("SLA ladder, " + (f"kill -9 {' and '.join(kill)}" if kill else "quiet")),
        f"sla{time.time_ns() % 10**9}",
    )
    sent = Burst(product.url, [lead(run, n) for n in range(leads + answered)]).start().join()
    ids = [one.accepted for one in sent if one.accepted]
    result.expect(len(ids) == leads + answered, f"{len(ids)} of {leads + answered} accepted")
    taken = {lead_id for lead_id in ids[:answered] if _accept(product, lead_id)}
    for part in kill:
        time.sleep(ACCEPT_S / 2)
        product.replaced(part, product.kill(part))
    silent = [lead_id for lead_id in ids if lead_id not in taken]
    result.notes.append(f"{len(taken)} answered, {len(silent)} silent")
    took = until(lambda: _ended(product, silent), LADDER_S, "every ladder to end with DEFAULT")
    time.sleep(2 * ACCEPT_S)  # long enough for a timer that should not be there
    _look(product, result, silent, taken)
    result.notes.append(f"the last ladder ended {took:.1f} s after the kills")
    return result


def _accept(product: Product, lead_id: str) -> bool:
    """As the owner does, on the inbox page; False where the lead had moved on."""
    until(lambda: product.one("SELECT count(*) FROM assignments WHERE lead_id = ?", lead_id) > 0, 20, "a decision")
    number = product.one("SELECT max(number) FROM assignments WHERE lead_id = ?", lead_id)
    login = {"authorization": f"Bearer {product.environment['ADMIN_TOKEN']}"}
    httpx.post(f"{product.url}/inbox/accept", data={"value": f"{lead_id}:{number}"}, headers=login, timeout=20)
    return product.one("SELECT count(*) FROM assignments WHERE lead_id = ? AND state = 'accepted'", lead_id) == 1


def _ended(product: Product, silent: list[str]) -> bool:
    marks = ", ".join("?" for _ in silent)
    waiting = f"vendor = 'sla' AND state = 'pending' AND lead_id IN ({marks})"
    at_last = f"SELECT count(*) FROM leads WHERE owner = '{GENERAL}' AND lead_id IN ({marks})"
    open_notices = "SELECT count(*) FROM outbox WHERE vendor = 'notifier' AND state = 'pending'"
    return (
        product.one(at_last, *silent) == len(silent)
        and product.one(f"SELECT count(*) FROM outbox WHERE {waiting}", *silent) == 0
        and product.one(open_notices) == 0
    )


def _look(product: Product, result: Result, silent: list[str], taken: set[str]) -> None:
    with product.sql() as connection:
        rows = connection.execute("SELECT lead_id, owner, state FROM assignments ORDER BY lead_id, number").fetchall()
        decided = Counter(row[0] for row in connection.execute("SELECT lead_id FROM decisions"))
        causes = Counter(
            (lead_id, json.loads(record)["submission"]["submission_id"])
            for lead_id, record in connection.execute("SELECT lead_id, record FROM decisions")
        )
        notes = Counter(connection.execute("SELECT lead_id, owner, text LIKE 'Reminder%' FROM alert_notes").fetchall())
        dead = connection.execute("SELECT count(*) FROM dead_letters").fetchone()[0]
        alerts = connection.execute("SELECT lead_id, owner, closed FROM alerts").fetchall()
    for lead_id in silent:
        steps = [(owner, state) for of, owner, state in rows if of == lead_id]
        result.expect(
            {owner for owner, _ in steps[:2]} == {"dee@company.com", "eli@company.com"}
            and [owner for owner, _ in steps[2:]] == ["rita@company.com", GENERAL]
            and [state for _, state in steps] == ["missed", "missed", "missed", "offered"],
            f"{lead_id} went {steps}",
        )
        result.expect(
            decided[lead_id] == 5, f"{lead_id} was decided {decided[lead_id]} times, not once and four times missed"
        )
        open_alerts = [owner for of, owner, closed in alerts if of == lead_id and not closed]
        result.expect(open_alerts == [GENERAL], f"{lead_id} is open for {open_alerts}")
    for lead_id in taken:
        states = [state for of, _, state in rows if of == lead_id]
        result.expect(states.count("accepted") == 1 and states[-1] == "accepted", f"{lead_id}, accepted, went {states}")
    reminded_twice = [key for key, times in notes.items() if key[2] and times > 1]
    result.expect(not reminded_twice, f"reminded twice: {reminded_twice[:3]}")
    result.expect(max(causes.values()) == 1, "a submission was decided twice")
    result.expect(dead == 0, f"{dead} dead letters")
