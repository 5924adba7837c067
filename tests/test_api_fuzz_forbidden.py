"""No request that the OpenAPI document forbids is answered with a server's error or otherwise than the document says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import requests
from schemathesis import GenerationMode

from tests.fixtures.fuzzing import Answered, ask, forbids_anything, operations, route_of, running_router


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_router() as running:
        yield running


def test_no_wrong_request_is_a_server_error(address: str) -> None:
    wrong = [operation for operation in operations(address) if forbids_anything(operation)]
    answered: Answered = Counter()
    with requests.Session() as session:
        for operation in wrong:
            answered += ask(operation, GenerationMode.NEGATIVE, session)
    assert {route for route, _ in answered} == {route_of(operation) for operation in wrong}
    assert answered["POST /webhooks/lead", 422] > 0
    assert 500 not in {status for _, status in answered}
    for route in {route for route, _ in answered}:
        assert any(status != 401 for name, status in answered if name == route), f"{route} was never let in"


def test_only_routes_that_take_anything_are_left_out(address: str) -> None:
    taking_anything = {
        route_of(o) for o in operations(address) if (o.path_parameters or o.body) and not forbids_anything(o)
    }
    assert taking_anything == {
        *("POST /slack/interactions", "POST /slack/commands", "POST /admin/retry/{lead_id}"),
        *(f"GET /admin/leads/{{lead_id}}/{what}" for what in ("effects", "late-facts", "person")),
    }
