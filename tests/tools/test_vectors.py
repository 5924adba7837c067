from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from graph.ports import AccountQuery
from graph.rules.firmographics import INDUSTRIES
from tools.vectors import DIMENSIONS, EMBEDDER_ID, vector

ACME = AccountQuery("acme.com", "Acme Labs", "software", "US", 420, 96_000_000, ("kubernetes", "go", "kafka"))
NOTHING = AccountQuery(None, None, None, None, None, None)


def likeness(one: AccountQuery, other: AccountQuery) -> float:
    return float(np.dot(vector(one).astype(np.float64), vector(other).astype(np.float64)))


def changed(**known: object) -> AccountQuery:
    return AccountQuery(**{**{name: getattr(ACME, name) for name in AccountQuery.__dataclass_fields__}, **known})  # type: ignore[arg-type]


def test_a_vector_has_384_numbers_and_length_one() -> None:
    found = vector(ACME)
    assert (found.dtype, found.shape, DIMENSIONS) == (np.float32, (384,), 384)
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-6)


def test_nothing_known_is_all_zero() -> None:
    assert not vector(NOTHING).any()
    assert not vector(AccountQuery("acme.com", "", "", "", 0, 0, ("", " "))).any()


def test_a_vector_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        vector(ACME)[0] = 1.0


def test_spelling_and_order_do_not_count() -> None:
    other = AccountQuery("x.com", "ACME LABS", "Software", "us", 420, 96_000_000, ("Kafka", "GO", "kubernetes", "go"))
    assert np.array_equal(vector(ACME), vector(other))


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ({"employees": 500}, {"employees": 40_000}),
        ({"revenue_usd": 120_000_000}, {"revenue_usd": 1_000_000}),
        ({"technologies": ("kubernetes", "go", "redis")}, {"technologies": ("sap", "oracle", "vmware")}),
        ({"name": "Acme Laboratories"}, {"name": "Zuiderpoort Bank"}),
        ({"country": None}, {"country": "DE"}),
        ({"name": "Zuiderpoort"}, {"industry": "retail"}),
    ],
)
def test_what_is_alike_is_near(near: dict[str, object], far: dict[str, object]) -> None:
    assert likeness(ACME, changed(**near)) > likeness(ACME, changed(**far))


def test_no_two_industries_are_taken_for_one() -> None:
    only = {name: AccountQuery(None, None, name, None, None, None) for name in INDUSTRIES}
    assert max(likeness(a, b) for n, a in only.items() for m, b in only.items() if n != m) < 0.5


def test_the_numbers_belong_to_the_embedders_id() -> None:
    """Another digest here means another EMBEDDER_ID: stored vectors would not fit any more."""
    rounded = np.round(vector(ACME).astype(np.float64), 4) + 0.0
    assert (EMBEDDER_ID, hashlib.blake2b(rounded.tobytes(), digest_size=8).hexdigest()) == (
        "structured-384-v1",
        "bbdde78ab0133f86",
    )


def test_the_numbers_are_the_same_in_every_process() -> None:
    program = (
        "from graph.ports import AccountQuery\nfrom tools.vectors import vector\n"
        f"print(vector({ACME!r}).tobytes().hex())"
    )
    run = [
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert run == [vector(ACME).tobytes().hex()] * 2
