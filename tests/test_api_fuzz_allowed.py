"""No request that the OpenAPI document allows is answered with a server's error or otherwise than the document says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import requests
from schemathesis import GenerationMode

from tests.fixtures.fuzzing import Answered, ask, operations, running_router


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_router() as running:
        yield running


@pytest.fixture(scope="module")
def answered(address: str) -> Answered:
    found: Answered = Counter()
    with requests.Session() as session:
        for operation in operations(address):
            found += ask(operation, GenerationMode.POSITIVE, session)
    return found


def test_no_request_is_a_server_error(answered: Answered) -> None:
    assert 500 not in {status for _, status in answered}


def test_every_documented_route_was_asked_and_the_good_was_among_it(address: str, answered: Answered) -> None:
    document = requests.get(f"{address}/openapi.json", timeout=10).json()
    asked = {route for route, _ in answered}
    assert asked == {f"{m.upper()} {path}" for path, routes in document["paths"].items() for m in routes}
    assert answered["POST /webhooks/lead", 202] > 0
    for route in asked:
        assert any(status != 401 for name, status in answered if name == route), f"{route} was never let in"
