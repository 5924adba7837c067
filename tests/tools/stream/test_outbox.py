"""The outbox on both databases: leases, order, outcomes."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, update

from tests.fixtures.effects import NOW, account, alert, due, make_due, owner, rows, states, task
from tools.store.dead import find_dead, list_dead, reopen_effect
from tools.store.engine import open_engine
from tools.store.migrate import migrate
from tools.store.tables import outbox
from tools.stream.outbox import Claimed, Outcome, claim, depth, record

LEASE_S = 60.0


def take(engine: Engine, name: str = "d/crm/1", *, after_s: float = 0.0, limit: int = 100, vendor: str = "crm"):
    return claim(engine, vendor, name, NOW + timedelta(seconds=after_s), limit=limit, lease_s=LEASE_S)


def keys(claimed: list[Claimed]) -> list[str]:
    return [c.order.key for c in claimed]


def test_what_is_due_is_claimed_with_everything_its_performer_needs(database: Engine):
    (key,) = due(database, "ld_1", owner(), revision=3)
    (claimed,) = take(database)
    assert (claimed.order.key, claimed.order.lead_id, claimed.order.revision) == (key, "ld_1", 3)
    assert claimed.order.attempt == 1
    assert claimed.order.effect == owner()
    assert claimed.order.until == NOW + timedelta(seconds=LEASE_S / 2), "a call that is under way has the other half"
    assert claimed.accepted_at == NOW - timedelta(seconds=1)
    row = rows(database)[key]
    assert (row.state, row.attempts, row.lease_by) == ("pending", 1, "d/crm/1")
    assert row.due_at == NOW + timedelta(seconds=LEASE_S)


def test_nothing_due_is_nothing_claimed_and_nothing_written(database: Engine):
    due(database, "ld_1", owner(), at=NOW + timedelta(seconds=1))
    due(database, "ld_1", alert())
    assert take(database) == []
    assert {row.attempts for row in rows(database).values()} == {0}


def test_a_lease_keeps_others_away_and_ends_by_itself(database: Engine):
    (key,) = due(database, "ld_1", owner())
    take(database, "first/crm/1")
    assert take(database, "second/crm/1", after_s=LEASE_S - 0.001) == []
    (again,) = take(database, "second/crm/1", after_s=LEASE_S)
    assert (again.order.key, again.order.attempt) == (key, 2)


def test_a_leads_effects_are_claimed_in_their_order_and_oldest_leads_first(database: Engine):
    young = due(database, "ld_a", task("1"), task("2"), at=NOW)
    old = due(database, "ld_b", task("1"), task("2"), at=NOW - timedelta(seconds=5))
    assert keys(take(database, limit=3)) == sorted([*old, young[0]], key=list(rows(database)).index)


def steps_of_a_claim(engine: Engine, waiting: int) -> int:
    """Hundreds of steps of SQLite's machine that one claim takes while so many effects wait."""
    for lead in range(waiting // 2 - len(rows(engine)) // 2):
        at = NOW - timedelta(milliseconds=lead + 1)  # each its own: an index over due times helps nobody here
        due(engine, f"ld_{waiting}_{lead}", task("1"), task("2"), at=at)
    counted = Counter[str]()
    with engine.connect() as connection:
        connection.connection.dbapi_connection.set_progress_handler(lambda: counted.update("s"), 100)  # type: ignore[union-attr]
    claimed = take(engine, limit=20)
    assert len(claimed) == 20
    record(engine, [Outcome(c, done=True) for c in claimed], NOW)
    return counted["s"]


def test_a_claim_costs_the_same_whatever_else_waits(tmp_path: Path):
    """It once read the whole backlog for each effect, under the write lock: half a second at 12,000."""
    engine = open_engine(f"sqlite:///{tmp_path / 'leads.db'}", pool_size=1)
    migrate(engine)
    few = steps_of_a_claim(engine, 60)
    many = steps_of_a_claim(engine, 1_200)
    assert 0 < many < 2 * few
    engine.dispose()


def test_what_comes_after_a_claimed_effect_of_its_lead_waits_for_it(database: Engine):
    first, second = due(database, "ld_1", task("1"), task("2"))
    assert keys(take(database, "d/crm/1", limit=1)) == [first]
    assert take(database, "d/crm/2") == []
    other = due(database, "ld_2", task("1"))
    assert keys(take(database, "d/crm/3")) == other, "another lead does not wait"
    assert second in rows(database)


def test_a_later_revisions_effects_wait_for_the_earlier_ones(database: Engine):
    (first,) = due(database, "ld_1", task("1"))
    take(database, "d/crm/1")
    (second,) = due(database, "ld_1", task("1"), at=NOW + timedelta(seconds=1), revision=2)
    assert take(database, "d/crm/2", after_s=2) == []
    taken = take(database, "d/crm/3", after_s=LEASE_S)
    assert keys(taken) == [first]
    record(database, [Outcome(taken[0], done=True)], NOW)
    assert keys(take(database, "d/crm/4", after_s=LEASE_S)) == [second]


def test_effects_of_another_vendor_do_not_wait(database: Engine):
    due(database, "ld_1", task("1"))
    take(database)
    assert len(take(database, "d/notifier/1", vendor="notifier")) == 0
    due(database, "ld_1", alert())
    assert len(take(database, "d/notifier/2", vendor="notifier")) == 1


def test_outcomes_are_recorded(database: Engine):
    done, again, untried = due(database, "ld_1", task("1"), task("2"), task("3"))
    (dead,) = due(database, "ld_2", task("1"))
    by_key = {c.order.key: c for c in take(database)}
    later = NOW + timedelta(seconds=30)
    record(
        database,
        [
            Outcome(by_key[done], done=True, external_id="task-7"),
            Outcome(by_key[again], error="crm: 503", retry_at=later),
            Outcome(by_key[untried], untried=True),
            Outcome(by_key[dead], error="crm: 400 no such contact"),
        ],
        NOW,
    )
    found = rows(database)
    assert (found[done].state, found[done].external_id, found[done].done_at) == ("done", "task-7", NOW)
    assert (found[again].state, found[again].due_at, found[again].error) == ("pending", later, "crm: 503")
    assert (found[again].attempts, found[untried].attempts) == (1, 0)
    assert (found[dead].state, found[dead].error) == ("dead", "crm: 400 no such contact")
    assert {row.lease_by for row in found.values()} == {None}
    (letter,) = list_dead(database)
    assert (letter.kind, letter.ref, letter.lead_id) == ("effect", dead, "ld_2")
    assert (letter.reason, letter.attempts) == ("crm: 400 no such contact", 1)
    assert depth(database, NOW) == {("crm", "pending"): 2, ("crm", "dead"): 1}


def test_whatever_a_vendor_answers_can_be_recorded(database: Engine):
    one, two = due(database, "ld_1", task("1")) + due(database, "ld_2", task("1"))
    by_key = {c.order.key: c for c in take(database)}
    odd = "\x00\ud800" + "x" * 5000
    record(database, [Outcome(by_key[one], done=True, external_id=odd), Outcome(by_key[two], error=odd)], NOW)
    assert states(database) == ["done", "dead"]
    assert len(rows(database)[one].external_id) <= 200
    assert len(list_dead(database)[0].reason) <= 2000


def test_an_untried_effect_waits_for_the_one_that_failed_and_goes_at_once_when_that_is_through(database: Engine):
    first, second = due(database, "ld_1", task("1"), task("2"))
    one, two = take(database)
    record(database, [Outcome(one, error="e", retry_at=NOW + timedelta(seconds=10)), Outcome(two, untried=True)], NOW)
    assert take(database, after_s=9) == []
    taken = take(database, after_s=10)
    assert keys(taken) == [first]
    record(database, [Outcome(taken[0], done=True)], NOW)
    assert keys(take(database, after_s=10)) == [second]


def test_an_effect_given_up_lets_the_next_of_its_lead_go(database: Engine):
    _, second = due(database, "ld_1", task("1"), task("2"))
    (first,) = take(database, limit=1)
    record(database, [Outcome(first, error="no")], NOW)
    assert keys(take(database)) == [second]


def test_a_result_that_comes_after_the_lease_went_to_another_changes_nothing(database: Engine):
    for outcome in ("done", "again", "dead"):
        (key,) = due(database, f"ld_{outcome}", task("1"))
        (slow,) = take(database, "slow/crm/1")
        (other,) = take(database, "other/crm/1", after_s=LEASE_S)
        record(database, [Outcome(other, done=True, external_id="theirs")], NOW + timedelta(seconds=LEASE_S))
        late = {
            "done": Outcome(slow, done=True, external_id="mine"),
            "again": Outcome(slow, error="late", retry_at=NOW),
            "dead": Outcome(slow, error="late"),
        }[outcome]
        record(database, [late], NOW + timedelta(seconds=2 * LEASE_S))
        row = rows(database)[key]
        assert (row.state, row.external_id) == ("done", "theirs")
    assert list_dead(database) == [], "what another has performed is no dead letter"


def test_an_effect_that_cannot_be_read_becomes_a_dead_letter_and_its_neighbours_are_claimed(database: Engine):
    bad, good = due(database, "ld_1", task("1"), task("2"))
    with database.execution_options(immediate=True).begin() as connection:
        connection.execute(update(outbox).where(outbox.c.key == bad).values(payload=b'{"kind": "of another release"}'))
    assert keys(take(database)) == [good]
    assert rows(database)[bad].state == "dead"
    (letter,) = list_dead(database)
    assert letter.ref == bad
    assert "cannot be read" in letter.reason


def test_a_dead_effect_that_is_replayed_is_due_again_and_its_adapter_looks_first(database: Engine):
    (key,) = due(database, "ld_1", task("1"))
    (claimed,) = take(database)
    record(database, [Outcome(claimed, error="gone")], NOW)
    (letter,) = list_dead(database)
    reopen_effect(database, letter.id, key)
    assert list_dead(database) == []
    assert find_dead(database, letter.id) is None
    make_due(database)
    (again,) = take(database)
    assert (again.order.key, again.order.attempt) == (key, 2)
    record(database, [Outcome(again, done=True, external_id="x")], NOW)
    assert states(database) == ["done"]


def test_replaying_an_effect_that_was_performed_meanwhile_does_not_perform_it_again(database: Engine):
    (key,) = due(database, "ld_1", task("1"))
    (claimed,) = take(database)
    record(database, [Outcome(claimed, error="gone")], NOW)
    (letter,) = list_dead(database)
    reopen_effect(database, letter.id, key)
    make_due(database)
    record(database, [Outcome(take(database)[0], done=True)], NOW)
    reopen_effect(database, letter.id, key)
    assert states(database) == ["done"]


def test_claimers_at_the_same_time_never_get_the_same_effect_and_keep_each_leads_order(database: Engine):
    for n in range(40):
        due(database, f"ld_{n}", task("1"), task("2"), task("3"))
    order = {key: i for i, key in enumerate(rows(database))}

    def work(name: int) -> list[str]:
        taken: list[str] = []
        while claimed := take(database, f"d{name}/crm/1", limit=7):
            taken += keys(claimed)
            record(database, [Outcome(c, done=True) for c in claimed], NOW)
        return taken

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, range(4)))
    assert Counter(key for share in shares for key in share) == Counter(list(order))
    for share in shares:
        by_lead: dict[str, list[int]] = {}
        for key in share:
            by_lead.setdefault(key.split("@")[0], []).append(order[key])
        assert all(places == sorted(places) for places in by_lead.values())
    assert set(states(database)) == {"done"}


def test_every_kind_of_effect_comes_back_as_it_went(database: Engine):
    from graph.domain.effects import EnrolNurture, UpdateAlert, UpsertCompany, UpsertContact

    effects = [
        UpsertCompany("acme.example", "Acme", "US", None, None, None, 5, None),
        UpsertContact(
            "m@a.example", "m@a.example", None, "Maya", None, None, None, None, None, 1.5, "top", "qualify", None, "m"
        ),
        owner(),
        task("x"),
        alert(),
        UpdateAlert("eli@us.example", 2, {"blocks": [{"type": "section"}]}, "note", closed=True),
        EnrolNurture("m@a.example", "low_score_nurture", "dee@us.example"),
        account("acme.example"),
    ]
    due(database, "ld_1", *effects)
    back = [
        c.order.effect for vendor in ("crm", "notifier", "nurture", "similar") for c in take(database, vendor=vendor)
    ]
    assert back == effects
