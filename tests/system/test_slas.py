"""An SLA of seconds on an installation of its own: nobody falls off the ladder, whatever is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.system import slas
from tests.system.harness import Product
from tests.system.report import Result


@pytest.fixture(scope="module")
def hurried() -> Iterator[Product]:
    product = Product()
    slas.use_short_times(product)
    with product:
        yield product


def test_a_silent_lead_climbs_the_ladder_once_while_dispatcher_and_worker_are_killed(
    hurried: Product, kept: Callable[[Result], None]
) -> None:
    kept(slas.ladder(hurried, leads=12))
