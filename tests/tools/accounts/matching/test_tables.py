"""Tables that are asked for many texts at once, and names that are scored with and without arrays."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from bench.companies import MIXES, World, ask
from tools.accounts.matching import AccountIndex, sharing
from tools.accounts.matching.tables import NOWHERE, Table, Writer, digest, digests


def table(pairs: list[tuple[str, int]]) -> Table:
    writer = Writer()
    for text, number in pairs:
        writer.add(text, number)
    return Table(*writer.arrays())


def test_texts_that_are_not_there_have_no_span():
    known = table([("acme", 3), ("acme", 1), ("borg", 2), ("acme", 3)])
    spans = known.spans({"acme", "borg", "nobody", ""})
    assert spans.keys() == {"acme", "borg"}
    assert known.at(spans["acme"]) == [1, 3]
    assert known.at(spans["acme"], 1) == [1]
    assert known.at(spans["borg"], 5) == [2]
    assert known.at(NOWHERE) == []
    assert (known.count("acme"), known.count("nobody")) == (2, 0)


def test_an_empty_table_has_nothing():
    nothing = Table(np.empty(0, np.uint64), np.empty(0, np.uint32))
    assert nothing.spans({"acme"}) == {}
    assert table([("acme", 1)]).spans(()) == {}


@pytest.mark.parametrize("texts", [(), ("acme",), ("acme", "größe", ""), ("acme", "\ud800", "?")])
def test_digests_of_many_are_those_of_each(texts: tuple[str, ...]):
    assert digests(texts) == b"".join(map(digest, texts))


def test_a_lone_surrogate_is_found_where_it_was_put():
    known = table([("\ud800cme", 7)])
    assert known.at(known.spans(("\ud800cme", "acme"))["\ud800cme"]) == [7]


def test_scores_without_arrays_are_those_with_arrays(monkeypatch: pytest.MonkeyPatch):
    draw = Random(11)
    made = list(World(11, 300).companies(400))
    index = AccountIndex.build(one.account for one in made)
    asked = [ask(draw.choice(made), draw.choice(MIXES), draw) for _ in range(200)]
    plain = [index.evidence(one) for one in asked], [index.evidence(one, 0.0) for one in asked]
    monkeypatch.setattr(sharing, "FEW", -1)
    assert ([index.evidence(one) for one in asked], [index.evidence(one, 0.0) for one in asked]) == plain
    assert sum(map(len, plain[1])) > 200, "something was weighed at all"
