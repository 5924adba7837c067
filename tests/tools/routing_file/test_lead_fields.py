"""A lead as a test of the file writes it, read and written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.domain.routing import RoutingFacts
from tools.routing_file import RoutingFileError, parse
from tools.routing_file.lead_fields import lead_json, read_lead

TABLE = parse(
    """{"DEFAULT": "g@company.com", "people": {"ana": {"email": "ana@company.com"}}, "pools": {"smb": {"members": ["ana"]}}}"""
)
facts = st.builds(
    lambda place, domain, **rest: RoutingFacts(
        country=place[0], state=place[1], host=domain[0], domain=domain[1], **rest
    ),
    place=st.sampled_from([(None, None), ("US", None), ("US", "US-CA"), ("GB", "GB-LND")]),
    domain=st.sampled_from([(None, None), ("acme.com", "acme.com"), ("labs.acme.co.uk", "acme.co.uk")]),
    postal=st.sampled_from([None, "10013", "SW1A 1AA", "01067"]),
    industry=st.sampled_from([None, "insurance"]),
    employees=st.none() | st.integers(0, 10**9),
    revenue_usd=st.none() | st.integers(0, 10**12),
    source=st.sampled_from([None, "event"]),
    product=st.sampled_from([None, "Tracing 2"]),
    score=st.none() | st.floats(0, 1),
    tier=st.sampled_from([None, "top", "low"]),
    family=st.sampled_from([(), ("acme.com", "daughter.io")]),
    account_owner=st.sampled_from([None, "ana@company.com"]),
)


@given(facts)
def test_what_is_written_is_read_as_it_was(lead: RoutingFacts) -> None:
    assert read_lead(json.dumps(lead_json(lead)), TABLE) == lead


def test_a_person_of_the_file_may_be_named_by_id() -> None:
    assert read_lead('{"account_owner": "ana"}', TABLE).account_owner == "ana@company.com"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"account_owner": "anna"}', 'account_owner: person "anna" does not exist, did you mean "ana"?'),
        ('{"account_owner": "smb"}', "account_owner: a pool cannot stand here"),
        ('{"contry": "US"}', 'contry: unknown key, did you mean "country"?'),
        ("[]", "this is not JSON with an object"),
    ],
)
def test_a_lead_that_is_wrong_says_where(text: str, message: str) -> None:
    with pytest.raises(RoutingFileError) as caught:
        read_lead(text, TABLE)
    assert message in str(caught.value)
