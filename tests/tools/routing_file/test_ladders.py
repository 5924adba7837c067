from __future__ import annotations

import json
from typing import Any

from tools.routing_file import parse
from tools.routing_file.ladders import without_manager


def file(**changed: Any) -> Any:
    people = {
        "dee": {"email": "dee@x.com", "manager": "rita"},
        "pat": {"email": "pat@x.com"},
        "rita": {"email": "rita@x.com"},
    }
    given = {
        "US": "us-team@x.com",
        "DEFAULT": "general@x.com",
        "people": people,
        "pools": {"all": {"members": ["dee", "pat"]}},
        "slas": {"hot": {"accept": "5m"}, "calm": {"accept": "1h", "then": ["DEFAULT"]}},
        "rules": [{"id": "a", "to": "pool:all", "sla": "hot"}],
    }
    return parse(json.dumps({**given, **changed}, indent=1))


def told(**changed: Any) -> list[str]:
    return [str(finding) for finding in without_manager(file(**changed))]


def test_a_ladder_with_a_manager_names_who_has_none():
    (finding,) = told()
    assert finding.startswith(
        "slas.hot.then[1]: pat has no manager: what they miss goes past that rung; write a manager"
    )
    both = told(rules=[{"id": "a", "to": "pool:all", "sla": "hot"}, {"id": "b", "to": "rita", "sla": "hot"}])
    assert "pat and rita have no manager" in both[0]


def test_who_cannot_be_reached_and_shared_addresses_are_not_spoken_of():
    assert told(rules=[{"id": "a", "to": "dee", "sla": "hot"}]) == []
    assert told(rules=[{"id": "a", "to": "pool:all", "sla": "calm"}]) == []
    assert told(rules=[], default_sla="hot") == []
    assert len(told(rules=[], default_sla="hot", DEFAULT="rita@x.com")) == 1
