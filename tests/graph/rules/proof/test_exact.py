"""The proof says what trying every lead says, on random files. PROOF_FILES=20000 tries more of them."""

from __future__ import annotations

import os
from random import Random

import pytest

from graph.domain.table import RoutingTable, Target
from graph.domain.working import Window
from graph.rules.conditions import view_of
from graph.rules.map_index import MapIndex
from graph.rules.proof import Proof, Witness, prove
from tests.graph.rules.proof.brute_force import Gaps, claims, passes, verdict
from tests.graph.rules.proof.random_files import NOW, random_table

FILES = int(os.environ.get("PROOF_FILES", "1000"))
PARTS = 20


def proved(table: RoutingTable, gaps: Gaps) -> Proof:
    return prove(table, NOW, lambda _table, pool, _start, _end: tuple(gaps[pool.name]))


def asked_of(table: RoutingTable, witness: Witness) -> list[tuple[str, Target, Window | None]]:
    return list(claims(table, witness.facts, view_of(witness.facts), MapIndex(table.map)))


@pytest.mark.parametrize("part", range(PARTS))
def test_the_proof_agrees_with_trying_every_lead_on_random_files(part):
    for seed in range(part, FILES, PARTS):
        table, gaps = random_table(Random(seed))
        proof, tried = proved(table, gaps), verdict(table, gaps)
        names = {f"rules.{rule.id}" for rule in table.rules} | {f"map.{entry.key}" for entry in table.map}
        dead = {item.name for item in proof.dead}
        assert dead == {name for name in names if not tried.alive.get(name)}, seed
        losing = {name for name in names if tried.losing.get(name) and name.startswith("rules.") and name not in dead}
        assert {item.name for item in proof.partly} == losing, seed
        assert {item.country for item in proof.falls} == tried.falls, seed
        assert any(item.what == "DEFAULT" for item in proof.gaps) == tried.default_gap, seed


@pytest.mark.parametrize("part", range(PARTS))
def test_every_witness_shows_what_it_stands_for(part):
    for seed in range(part, FILES, PARTS):
        table, gaps = random_table(Random(seed))
        proof = proved(table, gaps)
        for partly in proof.partly:
            moment = partly.witness.at or NOW
            asked = [
                (name, to)
                for name, to, window in asked_of(table, partly.witness)
                if (window is None or window.holds(moment)) and not passes(table, gaps, to, moment)[1]
            ]
            own = next(to for name, to in asked if name == partly.name)
            first = next(name for name, to in asked if to == own or not passes(table, gaps, to, moment)[0])
            assert first == partly.by, seed
        for falls in proof.falls:
            moment = falls.witness.at or NOW
            for _, to, window in asked_of(table, falls.witness):
                assert (window is not None and not window.holds(moment)) or passes(table, gaps, to, moment)[0], seed


def test_the_lines_said_to_cover_a_dead_rule_do_so_without_the_others():
    for seed in range(FILES // 4):
        table, gaps = random_table(Random(seed))
        for dead in proved(table, gaps).dead:
            if dead.why == "covered":
                kept = {*dead.by, dead.name}
                fewer = RoutingTable(
                    **{name: getattr(table, name) for name in RoutingTable.__slots__ if name != "__weakref__"}
                    | {
                        "rules": tuple(rule for rule in table.rules if f"rules.{rule.id}" in kept),
                        "map": tuple(entry for entry in table.map if f"map.{entry.key}" in kept),
                    }
                )
                again = {item.name: item.why for item in proved(fewer, gaps).dead}
                assert again.get(dead.name) == "covered", (seed, dead)
